"""What the figures of an evaluation mean."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score

import pharmaspam
from pharmaspam.errors import CorpusError
from pharmaspam.evaluation import Estimate, Rate, calibration, evaluate, overlap, precision_at, ranking_of
from pharmaspam.records import Labelled, Post, Span, Verdict

SCORES = st.lists(st.integers(0, 20).map(lambda step: step / 20), min_size=1, max_size=40)


def post(label, text="some words", **more):
    return Labelled(Post(text, id=more.pop("id", text)), label, **more)


def verdict(score, action=None, seeking=0.0, spans=()):
    action = action or ("block" if score >= 0.9 else "review" if score >= 0.5 else "allow")
    return Verdict(score, seeking, "legit", action, spans=tuple(Span(*span) for span in spans), model="m", policy="default")


def corpus(legit, illicit):
    """Posts and verdicts with these scores."""
    posts = [post("legit", f"l{i}") for i in range(len(legit))] + [post("illicit", f"i{i}") for i in range(len(illicit))]
    return posts, [verdict(score) for score in (*legit, *illicit)]


def test_the_figures_of_a_handful_of_posts():
    posts = [post("legit"), post("legit"), post("legit"), post("legit"), post("illicit"), post("illicit"), post("seeking"), post("seeking")]
    verdicts = [verdict(s) for s in (0.1, 0.2, 0.3, 0.6, 0.4, 0.95)] + [verdict(0.1, "review", 0.8), verdict(0.2, "block")]
    found = evaluate(posts, verdicts, resamples=0)
    assert found.posts == {"legit": 4, "seeking": 2, "illicit": 2}
    assert (found.caught, found.blocked) == (Rate(1, 2), Rate(1, 2))
    assert (found.false_flags, found.false_blocks) == (Rate(1, 4), Rate(0, 4))
    assert (found.seeking_reviewed, found.seeking_blocked) == (Rate(1, 2), Rate(1, 2))
    assert found.auc == Estimate(0.875, 0.875, 0.875)
    assert found.recalls[0].share.value == 0.5
    assert found.recalls[0].threshold == 0.6
    assert (found.model, found.policy) == ("m", "default")


@given(legit=SCORES, illicit=SCORES)
def test_rankings_agree_with_scikit_learn(legit, illicit):
    truth, scores = [0] * len(legit) + [1] * len(illicit), legit + illicit
    ranking = ranking_of(np.array(legit), np.array(illicit))
    assert ranking.auc() == pytest.approx(roc_auc_score(truth, scores))
    assert ranking.average_precision() == pytest.approx(average_precision_score(truth, scores))


@given(legit=SCORES, illicit=SCORES, share=st.sampled_from([0.0, 0.001, 0.01, 0.1, 0.5]))
def test_recall_keeps_to_its_false_alarms(legit, illicit, share):
    ranking = ranking_of(np.array(legit), np.array(illicit))
    threshold = ranking.threshold(share)
    assert sum(score > threshold for score in legit) <= share * len(legit)
    assert sum(score >= threshold for score in legit) > np.floor(share * len(legit))
    assert ranking.recall(share) == pytest.approx(np.mean([score > threshold for score in illicit]))


@given(legit=SCORES, illicit=SCORES)
def test_the_curve_goes_from_nothing_to_everything(legit, illicit):
    points = ranking_of(np.array(legit), np.array(illicit)).curve()
    assert (points[-1].recall, points[-1].false_alarms) == (1.0, 1.0)
    assert [p.recall for p in points] == sorted(p.recall for p in points)
    assert [p.threshold for p in points] == sorted((p.threshold for p in points), reverse=True)


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        pytest.param(0, 100, 0.0, 0.037, id="nothing wrong yet is not never"),
        pytest.param(5, 100, 0.0215, 0.1118, id="few"),
        pytest.param(50, 100, 0.4038, 0.5962, id="half"),
        pytest.param(10, 10, 0.7225, 1.0, id="all"),
    ],
)
def test_wilson(hits, total, low, high):
    rate = Rate(hits, total)
    assert (rate.low, rate.high) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))


def test_a_rate_of_nothing_is_none():
    assert Rate(0, 0).value is Rate(0, 0).low is Rate(0, 0).high is None


def test_intervals_hold_the_figure_and_follow_the_seed():
    rnd = np.random.default_rng(1)
    posts, verdicts = corpus(rnd.beta(2, 5, 80).tolist(), rnd.beta(5, 2, 60).tolist())
    first, again, other = (evaluate(posts, verdicts, seed=seed, resamples=100).auc for seed in (0, 0, 1))
    assert first == again != other
    assert first.low < first.value < first.high


def test_twins_are_drawn_together():
    rnd = np.random.default_rng(2)
    posts, verdicts = corpus(rnd.beta(2, 4, 60).tolist(), rnd.beta(4, 2, 60).tolist())
    apart = evaluate([replace(p, group=f"g{i}") for i, p in enumerate(posts)], verdicts, resamples=200).auc
    fours = evaluate([replace(p, group=f"g{i // 4}") for i, p in enumerate(posts * 4)], sorted(verdicts * 4, key=id), resamples=200)
    assert fours.auc.high - fours.auc.low > 0
    one = evaluate([replace(p, group=f"g{i % 6}") for i, p in enumerate(posts)], verdicts, resamples=200).auc
    assert one.value == apart.value
    assert one != apart


@pytest.mark.parametrize(
    ("caught", "false", "expected"),
    [
        pytest.param(Rate(100, 100), Rate(0, 1000), 1.0, id="no false alarm"),
        pytest.param(Rate(100, 100), Rate(10, 1000), 0.2313, id="one in a hundred wrong is three in four at 0.3 %"),
        pytest.param(Rate(0, 100), Rate(10, 1000), 0.0, id="nothing found"),
    ],
)
def test_precision_at_a_prevalence(caught, false, expected):
    found = precision_at(0.003, caught, false)
    assert found.value == pytest.approx(expected, abs=1e-3)
    assert found.low <= found.value <= found.high


def test_precision_of_no_alarm_is_none():
    assert precision_at(0.03, Rate(0, 10), Rate(0, 10)) is None
    assert precision_at(0.03, Rate(0, 0), Rate(0, 10)) is None


def test_no_false_alarm_yet_leaves_precision_unsure():
    assert precision_at(0.003, Rate(100, 100), Rate(0, 100)).low < 0.1


def test_calibration():
    score = np.array([0.0, 0.0, 0.5, 0.5, 1.0])
    illicit = np.array([False, False, True, False, True])
    found = calibration(score, illicit)
    assert found.error == 0.0
    assert found.brier == pytest.approx(brier_score_loss(illicit, score))
    assert sum(row.posts for row in found.bins) == 5
    assert calibration(np.array([0.9] * 10), np.array([True] * 5 + [False] * 5)).error == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("true", "found", "precision", "recall"),
    [
        pytest.param([(0, 10)], [(0, 10)], 1.0, 1.0, id="exact"),
        pytest.param([(0, 10)], [(5, 15)], 0.5, 0.5, id="half"),
        pytest.param([(0, 10)], [(0, 4), (2, 8)], 1.0, 0.8, id="found twice counts once"),
        pytest.param([(0, 4), (6, 10)], [(0, 10)], 0.8, 1.0, id="one round two"),
        pytest.param([(0, 10)], [], 0.0, 0.0, id="nothing found"),
    ],
)
def test_overlap(true, found, precision, recall):
    got = overlap([post("illicit", "x" * 20, spans=tuple(true))], [verdict(0.9, spans=found)])
    assert (got.precision, got.recall) == (pytest.approx(precision), pytest.approx(recall))


def test_spans_count_in_illicit_posts_with_marks_only():
    posts = [post("illicit"), post("legit"), post("illicit", "x" * 20, spans=((0, 5),)), post("illicit", "y" * 20, spans=((0, 5),))]
    found = evaluate(posts, [verdict(0.9, spans=[(0, 5)]), verdict(0.9, spans=[(0, 5)]), verdict(0.9, spans=[(0, 5)]), verdict(0.1)])
    assert (found.spans.posts, found.spans.f1) == (2, pytest.approx(2 / 3, abs=1e-6))
    assert (found.spans_caught.posts, found.spans_caught.f1) == (1, pytest.approx(1.0, abs=1e-6))
    assert overlap(posts[:2], [verdict(0.1), verdict(0.1)]) is None


def test_pairs_are_right_where_every_illicit_twin_is_above_every_legit_one():
    rows = [("p", "legit", 0.2), ("p", "illicit", 0.3), ("q", "legit", 0.4), ("q", "illicit", 0.4), ("q", "illicit", 0.9)]
    rows += [("r", "legit", 0.1), ("r", "seeking", 0.0), (None, "illicit", 0.0)]
    posts = [post(label, pair=pair) for pair, label, _ in rows]
    assert evaluate(posts, [verdict(score) for *_, score in rows], resamples=0).pairs == Rate(1, 2)


def test_slices():
    posts = [post("legit", lang="en", scenario="tapering"), post("illicit", lang="en", source="posts_en"), post("legit", lang="nl")] * 10
    found = evaluate(posts, [verdict(0.6), verdict(0.9), verdict(0.1)] * 10, resamples=0)
    english, dutch = found.of("language")
    assert (english.name, english.posts, english.caught, english.flagged) == ("en", 20, Rate(10, 10), Rate(10, 10))
    assert (english.auc, english.recall) == (1.0, 1.0)
    assert (dutch.name, dutch.auc, dutch.recall) == ("nl", None, None)
    assert [part.name for part in found.of("patients")] == ["tapering"]
    assert [part.name for part in found.of("scenario")] == ["none given", "tapering"]
    assert {part.name for part in found.of("source")} == {"authored", "no source"}


def test_a_rare_scenario_is_no_slice():
    posts, verdicts = corpus([0.1] * 12, [0.9] * 3)
    posts = [replace(p, scenario="rare" if p.label == "illicit" else "often") for p in posts]
    assert [part.name for part in evaluate(posts, verdicts, resamples=0).of("scenario")] == ["often"]


def test_worst_errors_come_first_with_their_words(reader):
    text = "Long before it. Buy xanax online now. And after it."
    posts = [
        post("legit", text, id="a"),
        post("legit", text, id="b"),
        post("illicit", text, id="c", spans=((16, 36),)),
        post("seeking", id="d"),
    ]
    said = Span(16, 36, reasons=("drug: xanax",))
    verdicts = [replace(verdict(0.6), spans=(said,)), replace(verdict(0.95), spans=(said,)), verdict(0.1), verdict(0.99)]
    found = evaluate(posts, verdicts, reader=reader, resamples=0)
    assert [row.id for row in found.false_alarms] == ["d", "b", "a"]
    assert found.false_alarms[1].excerpt == ("Long before it. ", "Buy xanax online now", ". And after it.")
    assert found.false_alarms[1].reasons == ("drug: xanax",)
    assert [row.id for row in found.missed] == ["c"]
    assert "drug: xanax" in found.missed[0].reasons


def test_excerpts_are_short_and_left_out_where_wanted():
    words = "secretword " * 400
    found = evaluate([post("illicit", words, id="a", spans=((2000, 4000),)), post("legit", "b")], [verdict(0.1), verdict(0.1)], resamples=0)
    assert sum(map(len, found.missed[0].excerpt)) < 300
    assert "secretword" in json.dumps(found.to_json())
    assert "secretword" not in json.dumps(found.to_json(excerpts=False))


@pytest.mark.parametrize("label", ["legit", "seeking", "illicit"])
def test_one_label_alone_has_no_ranking(label):
    found = evaluate([post(label)] * 3, [verdict(0.5)] * 3)
    assert found.auc is found.average_precision is None
    assert found.recalls == found.curve == ()
    json.dumps(found.to_json())


def test_json_holds_plain_values_only():
    posts, verdicts = corpus([0.1, 0.7], [0.2, 0.9])
    found = json.loads(json.dumps(evaluate(posts, verdicts).to_json()))
    assert found["auc"]["value"] == 0.75
    assert found["caught"] == {
        "hits": 1,
        "total": 2,
        "value": 0.5,
        "low": pytest.approx(0.0945, abs=1e-3),
        "high": pytest.approx(0.9055, abs=1e-3),
    }


def test_order_does_not_matter():
    posts, verdicts = corpus([0.1, 0.2, 0.7, 0.3], [0.2, 0.9, 0.8])
    turned = evaluate(posts[::-1], verdicts[::-1], resamples=0)
    assert turned == evaluate(posts, verdicts, resamples=0)


def test_a_detector_judges_where_there_are_no_verdicts(detector, posts):
    some = posts[:12]
    given_verdicts = evaluate(some, list(detector.score_many(p.post for p in some)), reader=detector.reader, resamples=20)
    assert pharmaspam.evaluate(some, detector=detector, resamples=20) == given_verdicts


def test_no_posts_or_too_few_verdicts_are_refused():
    with pytest.raises(CorpusError, match="no labelled posts"):
        evaluate([], [])
    with pytest.raises(CorpusError, match="1 verdicts for 2 posts"):
        evaluate([post("legit")] * 2, [verdict(0.1)])
