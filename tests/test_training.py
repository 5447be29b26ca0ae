import dataclasses
import random

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from conftest import PARAMS, PHRASES
from pharmaspam.corpus import hash_of
from pharmaspam.errors import CorpusError
from pharmaspam.model import ARRAYS
from pharmaspam.reading import Reader
from pharmaspam.records import Labelled, Post
from pharmaspam.training import OutOfFold, Params, _Trainer, assemble, encode, facts_of, is_background, thresholds, to_model, train

QUICK = dataclasses.replace(PARAMS, made=6, min_posts=5)


@pytest.fixture(scope="module")
def reader(lexicon):
    return Reader(lexicon)


@pytest.fixture(scope="module")
def quick(posts, lexicon, reader):
    return train(posts, lexicon, PHRASES, QUICK, reader=reader)


def same(one, two):
    assert one.weights.names == two.weights.names
    for name in ARRAYS:
        assert_array_equal(getattr(one.weights, name), getattr(two.weights, name), err_msg=name)
    assert one.thresholds == two.thresholds
    assert_array_equal(one.out_of_fold.score, two.out_of_fold.score)
    assert one.out_of_fold.spans == two.out_of_fold.spans


def test_one_seed_gives_one_model(posts, lexicon, reader, quick):
    same(train(posts, lexicon, PHRASES, QUICK, reader=reader), quick)


def test_the_number_of_jobs_changes_nothing(posts, lexicon, reader, quick):
    same(train(posts, lexicon, PHRASES, dataclasses.replace(QUICK, jobs=2), reader=reader), quick)


def test_spacy_is_the_default_and_changes_nothing(posts, lexicon, quick):
    same(train(posts, lexicon, PHRASES, QUICK), quick)


def test_another_seed_gives_another_model(posts, lexicon, reader, quick):
    other = train(posts, lexicon, PHRASES, dataclasses.replace(QUICK, seed=1), reader=reader)
    assert not np.array_equal(other.weights.posts_coef, quick.weights.posts_coef)


def test_every_post_is_scored_by_a_model_that_has_not_seen_its_group(posts, quick):
    judged = quick.out_of_fold
    assert [post.post.id for post in judged.posts][: len(posts)] == [post.post.id for post in posts]
    assert ((judged.score > 0) & (judged.score < 1)).all()
    assert ((judged.seeking > 0) & (judged.seeking < 1)).all()


def test_a_stage_does_not_know_the_labels_of_posts_it_is_not_fitted_on(posts, reader):
    inside = np.arange(len(posts)) % 3 > 0
    turned = {"legit": "illicit", "illicit": "legit", "seeking": "legit"}
    relabelled = [
        post if learned else dataclasses.replace(post, label=turned[post.label]) for post, learned in zip(posts, inside, strict=True)
    ]
    one, two = (_Trainer(rows, encode(rows, reader), QUICK).fit(inside, 0) for rows in (posts, relabelled))
    assert_array_equal(one.table, two.table)
    assert_array_equal(one.bias, two.bias)


def test_groups_never_straddle_a_fold(posts, lexicon):
    everything = assemble(posts, PHRASES, lexicon, PARAMS)
    folds = {}
    for post in everything:
        folds.setdefault(post.group, set()).add(hash_of(post.group) % PARAMS.folds)
        if post.pair:
            folds.setdefault("pair " + post.pair, set()).add(hash_of(post.group) % PARAMS.folds)
    assert all(len(numbers) == 1 for numbers in folds.values())


def test_a_word_of_one_source_alone_is_not_learned(posts, lexicon, reader):
    marked = [
        dataclasses.replace(post, post=dataclasses.replace(post.post, text=post.post.text + " zanzibar")) if post.source == "mail" else post
        for post in posts
    ]
    names = train(marked, lexicon, (), dataclasses.replace(QUICK, made=0), reader=reader).weights.names
    assert "w:doctor" in names
    assert not [name for name in names if "zanzi" in name]


def test_no_address_number_or_handle_becomes_a_word_of_the_model(quick):
    text = " ".join(quick.weights.names)
    assert "dreamline" not in text
    assert not [name for name in quick.weights.names if name.startswith("w:") and any(char.isdigit() for char in name)]


def test_the_model_knows_offers_from_talk(detector, posts):
    right = [(detector.score(post.post).action == "allow") == (post.label == "legit") for post in posts]
    assert np.mean(right) > 0.8


@pytest.mark.parametrize(("label", "left"), [("illicit", "illicit"), ("legit", "legit")])
def test_too_few_posts_of_a_label_are_refused(posts, lexicon, label, left):
    few = [post for post in posts if post.label != label]
    with pytest.raises(CorpusError, match=f"fewer than 2 posts are {left}; add some or lower the folds"):
        train(few, lexicon, (), QUICK)


def test_no_posts_at_all_are_refused(lexicon):
    with pytest.raises(CorpusError, match="fewer than"):
        train([], lexicon, (), QUICK)


def test_a_corpus_without_asking_posts_never_says_seeking(posts, lexicon, reader):
    without = [post for post in posts if post.label != "seeking"]
    weights = train(without, lexicon, (), dataclasses.replace(QUICK, made=0), reader=reader).weights
    assert not weights.posts_coef[1].any()
    assert weights.posts_bias[1] == -8.0


def test_a_corpus_without_marks_can_be_learned(posts, lexicon, reader):
    plain = [dataclasses.replace(post, spans=()) for post in posts]
    trained = train(plain, lexicon, (), dataclasses.replace(QUICK, made=0), reader=reader)
    assert np.isfinite(trained.weights.table).all()


def test_empty_posts_can_be_learned_from(posts, lexicon, reader):
    empty = [Labelled(Post("", id=f"e{number}"), "legit", group=f"e{number}", source="mail") for number in range(4)]
    trained = train([*posts, *empty], lexicon, (), dataclasses.replace(QUICK, made=0), reader=reader)
    assert np.isfinite(trained.out_of_fold.score).all()


def test_progress_is_told(posts, lexicon, reader):
    told = []
    train(posts, lexicon, (), dataclasses.replace(QUICK, made=0), reader=reader, progress=told.append)
    assert told[0] == "reading 48 posts"
    assert "final fit done" in told


def test_encoding_marks_the_tokens_of_the_spans(posts, reader):
    encoded = encode(posts, reader)
    assert encoded.posts == len(posts)
    for number, post in enumerate(posts):
        low, high = encoded.bounds[number : number + 2]
        assert encoded.marked[low:high].any() == bool(post.spans)


def judged(legit, asking=(), background=()):
    posts = [Labelled(Post("x"), "legit", source="forum")] * len(legit)
    posts += [Labelled(Post("x"), "seeking", source="forum")] * len(asking)
    posts += [Labelled(Post("x"), "legit", source="train_board")] * len(background)
    score = np.array([*legit, *asking, *background])
    return OutOfFold(posts, score, score * 0.5, [[]] * len(posts))


def test_thresholds_keep_the_budget_of_false_alarms():
    rnd = random.Random(2)
    scores = [rnd.random() ** 3 for _ in range(1000)]
    params = Params(budget=0.05)
    found = thresholds(judged(scores), params)
    assert 0 < np.mean(np.array(scores) >= found["review"]) <= params.budget
    assert found["review"] <= found["block"]
    assert found["block"] >= 0.5


def test_background_posts_have_a_budget_of_their_own():
    alone = thresholds(judged([0.6] * 100), Params())
    both = thresholds(judged([0.6] * 100, background=[0.7] * 100), Params())
    assert alone["review"] == pytest.approx(0.6)
    assert both["review"] == pytest.approx(0.7)


def test_who_asks_counts_for_the_block_threshold():
    assert thresholds(judged([0.1] * 100, asking=[0.8] * 100), Params())["block"] == pytest.approx(0.8)


def test_thresholds_are_probabilities():
    found = thresholds(judged([1.0] * 10), Params())
    assert all(0 <= value <= 1 for value in found.values())
    assert found["review"] <= found["block"]


def test_background_is_real_text_by_the_name_of_its_file():
    assert is_background(Labelled(Post("x"), "legit", source="train_legit_board"))
    assert not is_background(Labelled(Post("x"), "legit", source="posts_en"))


def test_a_model_is_rounded_once(trained, lexicon, posts):
    model = to_model(trained, lexicon, "small", facts_of(posts, PARAMS, "2026-01-01"))
    assert model.arrays["table"].dtype == np.float32
    assert model.facts["created"] == "2026-01-01"
    assert len(model.names) == len(model.arrays["table"]) == len(set(model.names))
