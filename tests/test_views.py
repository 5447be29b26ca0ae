import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from pharmaspam.views import (
    COLUMNS,
    LIMIT,
    NORM,
    NOTHING,
    RADIUS,
    SMOOTH,
    SUMMARY,
    TOKEN_EVIDENCE,
    VIEWS,
    WEIGHTS,
    around,
    evidence,
    segments,
    summary,
    token_evidence,
)

NUMBERS = st.floats(-9, 9, allow_nan=False)


@pytest.fixture
def seen():
    rnd = np.random.default_rng(7)
    contributions = np.abs(rnd.normal(size=(40, COLUMNS)))
    contributions[:, :WEIGHTS] -= 1
    contributions[:, WEIGHTS:] *= SMOOTH
    bias = rnd.normal(size=(len(VIEWS), 2))
    position = np.arange(40.0)
    ranges = np.array([(0, 12), (12, 30), (30, 40)])
    return contributions, position, ranges, bias, evidence(contributions, position, ranges, bias)


def by_hand(contributions, bias, view, first, last):
    window = contributions[first:last].sum(axis=0)
    return window[2 * view : 2 * view + 2] / np.sqrt(window[NORM[VIEWS[view]]] + SMOOTH) + bias[view]


def test_around():
    first, last = around(np.array([0.0, 1.0, 2.0, 10.0]), 1.5)
    assert_array_equal(first, [0, 0, 1, 3])
    assert_array_equal(last, [2, 3, 3, 4])


def test_evidence_of_every_window_is_its_sum(seen):
    contributions, position, ranges, bias, found = seen
    assert_allclose(found.post, by_hand(contributions, bias, 0, 0, 40), atol=1e-12)
    for row, (first, last) in zip(found.sentence, ranges, strict=True):
        assert_allclose(row, by_hand(contributions, bias, 1, first, last), atol=1e-12)
    for view, rows in ((2, found.tight), (3, found.wide)):
        first, last = around(position, RADIUS[VIEWS[view]])
        for row, begin, stop in zip(rows, first, last, strict=True):
            assert_allclose(row, by_hand(contributions, bias, view, begin, stop), atol=1e-12)


def test_nothing_says_nothing():
    found = evidence(np.empty((0, COLUMNS)), np.empty(0), np.empty((0, 2), dtype=int), np.zeros((4, 2)))
    assert_array_equal(found.post, [NOTHING, NOTHING])
    assert summary(found).shape == (SUMMARY,)
    assert token_evidence(found, 0).shape == (0, TOKEN_EVIDENCE)


def test_words_without_a_known_feature_say_the_bias():
    bias = np.array([[-1.0, -2.0]] * 4)
    found = evidence(np.zeros((3, COLUMNS)), np.arange(3.0), np.array([(0, 3)]), bias)
    assert_allclose(found.tight, [[-1.0, -2.0]] * 3)


def test_summary_and_token_evidence_have_one_width_and_are_bounded(seen):
    found = seen[-1]
    assert summary(found).shape == (SUMMARY,)
    for target in (0, 1):
        rows = token_evidence(found, target)
        assert rows.shape == (40, TOKEN_EVIDENCE)
        assert np.abs(rows).max() <= LIMIT


def test_more_of_nothing_does_not_weaken_the_strongest_window(seen):
    contributions, position, ranges, bias, _found = seen
    quiet = np.vstack([contributions, np.tile([0.0] * WEIGHTS + [1.0] * (COLUMNS - WEIGHTS), (30, 1))])
    longer = evidence(quiet, np.arange(70.0), np.vstack([ranges, [(40, 70)]]), np.minimum(bias, 0.0))
    shorter = evidence(contributions, position, ranges, np.minimum(bias, 0.0))
    # Windows that do not reach into the added words are as they were.
    assert_allclose(longer.wide[:28], shorter.wide[:28])
    assert_allclose(longer.sentence[:3], shorter.sentence)


@pytest.mark.parametrize(
    ("logits", "found"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([-1, -1, -1], [], id="no"),
        pytest.param([9, 9], [(0, 2)], id="all of it"),
        pytest.param([-5, 9, 9, -5], [(1, 3)], id="the middle"),
        pytest.param([9, -5, -5, -5, 9], [(0, 1), (4, 5)], id="two apart"),
        pytest.param([9, -1, 9], [(0, 3)], id="a short gap costs less than a change"),
        pytest.param([-5, 2, -5], [], id="too little for a change"),
    ],
)
def test_segments(logits, found):
    assert segments(np.array(logits, dtype=float), 3.0) == found


def worth(labels, logits, switch):
    changes = sum(a != b for a, b in itertools.pairwise([False, *labels]))
    return sum(logit for label, logit in zip(labels, logits, strict=True) if label) - switch * changes


@given(logits=st.lists(NUMBERS, min_size=1, max_size=9), switch=st.floats(0.1, 5))
def test_segments_are_the_best_labelling(logits, switch):
    found = segments(np.array(logits), switch)
    labels = [any(first <= index < last for first, last in found) for index in range(len(logits))]
    best = max(worth(choice, logits, switch) for choice in itertools.product([False, True], repeat=len(logits)))
    assert worth(labels, logits, switch) == pytest.approx(best)


@given(logits=st.lists(NUMBERS, max_size=60))
def test_segments_are_in_order_and_apart(logits):
    found = segments(np.array(logits), 2.0)
    edges = [edge for pair in found for edge in pair]
    assert edges == sorted(set(edges))
    assert all(0 <= edge <= len(logits) for edge in edges)
