import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from pharmaspam import scorer as scorers
from pharmaspam.records import FORMATS, Post
from pharmaspam.scorer import Scorer, sigmoid
from pharmaspam.training import encode
from pharmaspam.views import NOTHING
from test_markup import SOUP


@pytest.fixture(scope="module")
def read(detector):
    return lambda text, format="auto": detector.reader.read(Post(text, format))


@pytest.mark.parametrize(("logit", "probability"), [(0.0, 0.5), (-1e9, 0.0), (1e9, 1.0), (2.0, 0.880797)])
def test_sigmoid(logit, probability):
    assert sigmoid(logit) == pytest.approx(probability, abs=1e-6)


def test_nothing_is_scored_too(detector, read):
    scores = detector.scorer.see(read(""))
    assert_array_equal(scores.seen.post, [NOTHING, NOTHING])
    assert 0 < scores.illicit < 0.5
    assert detector.scorer.spans(scores.seen, 0) == []


def test_what_is_remembered_does_not_change_what_is_said(detector, lexicon, posts, monkeypatch):
    monkeypatch.setattr(scorers, "REMEMBER", 5)
    forgetful = Scorer(detector.model, lexicon)
    for post in posts:
        reading = detector.reader.read(post.post)
        assert forgetful.see(reading).illicit == detector.scorer.see(reading).illicit
        assert len(forgetful._words) <= 5


def test_training_and_scoring_see_the_same_evidence(trained, detector, posts, lexicon):
    """The final stage on the training matrices against the scorer, token by token."""
    encoded = encode(posts, detector.reader)
    column = {name: index for index, name in enumerate(encoded.names)}
    model = detector.model
    known = [(row, column[name]) for row, name in enumerate(model.names) if name in column]
    rows, columns = (np.array(side) for side in zip(*known, strict=True))
    table = np.zeros((len(encoded.names), model.arrays["table"].shape[1]))
    table[columns] = model.arrays["table"][rows]
    by_word, by_place = encoded.words @ table, encoded.context @ table
    for number, post in enumerate(posts):
        reading = detector.reader.read(post.post)
        low, high = encoded.bounds[number : number + 2]
        tags = scorers.token_tags(reading, lexicon)
        ours = detector.scorer.contributions(reading, tags)
        assert_allclose(ours, by_word[encoded.token_word[low:high]] + by_place[low:high], atol=1e-9)


def test_a_word_the_model_does_not_know_adds_nothing(detector, read):
    reading = read("qwrtzp")
    tags = scorers.token_tags(reading, detector.reader.lexicon)
    assert not detector.scorer.contributions(reading, tags)[:, :8].any()


def test_spans_of_a_flagged_post_are_never_none(detector, read, posts):
    for post in posts:
        scores = detector.scorer.see(detector.reader.read(post.post))
        for target in (0, 1):
            assert detector.scorer.spans(scores.seen, target)


def test_scores_are_the_second_stage_of_the_evidence(detector, read):
    scores = detector.scorer.see(read("buy xanax online, no prescription"))
    assert dataclasses.is_dataclass(scores)
    assert scores.illicit > detector.scorer.see(read("my doctor was kind")).illicit


@given(text=st.text(st.characters()) | SOUP, format=st.sampled_from(FORMATS))
def test_any_text_has_probabilities_and_spans_of_tokens(detector, read, text, format):
    reading = read(text, format)
    scores = detector.scorer.see(reading)
    assert 0 <= scores.illicit <= 1
    assert 0 <= scores.seeking <= 1
    end = -1
    for first, last, score in detector.scorer.spans(scores.seen, 0):
        assert end < first < last <= len(reading)
        assert 0 <= score <= 1
        end = last
