"""A model's card, and what holds later models to it."""

from __future__ import annotations

import json

import pytest

from pharmaspam.card import SOURCES, card, metrics, worse
from pharmaspam.evaluation import evaluate
from pharmaspam.records import Labelled, Post, Verdict
from pharmaspam.training import Params, facts_of

THRESHOLDS = {"review": 0.5, "block": 0.9, "seeking": 0.6}


def some(flagged=1, blocked=0, total=50):
    """An evaluation with a slice of patients of whom some are flagged and blocked, and illicit posts."""
    posts = [Labelled(Post(f"tapering {i}"), "legit", scenario="taper", lang="en", source="posts_en") for i in range(total)]
    actions = ["block"] * blocked + ["review"] * (flagged - blocked) + ["allow"] * (total - flagged)
    posts += [
        Labelled(Post(f"secretword {i}"), "illicit", scenario="advert", lang="nl", source="train_illicit_comments") for i in range(20)
    ]
    actions += ["block"] * 15 + ["allow"] * 5
    score = {"allow": 0.1, "review": 0.6, "block": 0.95}
    verdicts = [Verdict(score[action], 0.0, "legit", action, model="small") for action in actions]
    return posts, evaluate(posts, verdicts, resamples=20)


@pytest.fixture(scope="module")
def text():
    posts, evaluation = some()
    return card("2026-12-01-a", facts_of(posts, Params(), "2026-12-01T10:00:00+00:00"), THRESHOLDS, evaluation)


@pytest.mark.parametrize(
    "part",
    [
        pytest.param("# Model 2026-12-01-a", id="its name"),
        pytest.param("Made on 2026-12-01", id="its date"),
        pytest.param("Review from 0.5000, block from 0.9000, seeking from 0.6000", id="thresholds"),
        pytest.param("judged by one of 5 models", id="how it was measured"),
        pytest.param("| tapering | 50 | 2.0 % (1 of 50) |", id="patients"),
        pytest.param("advert (75.0 % of 20)", id="where it is weak"),
        pytest.param("written for this project (1 files of `data/posts`) | 50 |", id="authored posts"),
        pytest.param(f"| {SOURCES['train_illicit_comments'][0]} | 20 |", id="real posts and where they are from"),
        pytest.param("never blocked for asking", id="what it must not do"),
    ],
)
def test_the_card_says(part, text):
    assert part in text


def test_no_word_of_a_post_is_on_the_card_or_in_the_manifest(text):
    assert "secretword" not in text
    assert "secretword" not in json.dumps(metrics(some()[1]))


def test_posts_held_out_are_called_so():
    posts, evaluation = some()
    facts = facts_of(posts, Params(), "2026-12-01T10:00:00+00:00")
    assert "None of these posts took part in training" in card("a", facts, THRESHOLDS, evaluation, "held out")


def test_metrics_are_small_and_plain():
    found = metrics(some()[1])
    assert {part["kind"] for part in found["slices"]} == {"patients", "language"}
    assert json.loads(json.dumps(found)) == found
    assert len(json.dumps(found)) < 20_000


@pytest.mark.parametrize(
    ("flagged", "blocked", "found"),
    [
        pytest.param(1, 0, 0, id="the same"),
        pytest.param(0, 0, 0, id="better"),
        pytest.param(2, 0, 0, id="one post more is within chance"),
        pytest.param(3, 0, 1, id="worse"),
        pytest.param(2, 2, 1, id="blocked is worse than flagged"),
        pytest.param(5, 3, 2, id="both"),
    ],
)
def test_worse(flagged, blocked, found):
    lines = worse(metrics(some()[1]), some(flagged, blocked)[1])
    assert len(lines) == found
    assert all(line.startswith("tapering: ") for line in lines)


def test_a_slice_the_card_does_not_know_is_not_held_against_it():
    before = metrics(some()[1])
    before["slices"] = [part for part in before["slices"] if part["kind"] != "patients"]
    assert worse(before, some(20)[1]) == ()
