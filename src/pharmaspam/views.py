"""Four looks at a post, and what they see: as a whole, sentence by sentence, and through two windows that slide.

Every feature belongs to one token and counts add up, so the evidence of any window is a difference of two running sums.
A window's log-odds are `sum of weights / sqrt(sum of squared idf + SMOOTH) + bias`: TF-IDF with a norm that can be added up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

VIEWS: Final = ("post", "sentence", "tight", "wide")
TARGETS: Final = ("illicit", "seeking")
RADIUS: Final = {"tight": 3.5, "wide": 11.0}  # words on either side
WEIGHTS: Final = len(VIEWS) * len(TARGETS)  # columns of a contribution that hold weights
# Two more hold squared idf: of all features, and of words alone. A sliding window is normed by its words, so that rare
# words round a purchase phrase do not make its concepts count less.
NORM: Final = {"post": WEIGHTS, "sentence": WEIGHTS, "tight": WEIGHTS + 1, "wide": WEIGHTS + 1}
COLUMNS: Final = WEIGHTS + 2
SMOOTH: Final = 300.0  # squared idf of about one word, so that a window of concepts alone is not blown up
LIMIT: Final = 12.0  # log-odds beyond this say no more
SWITCH: Final = 3.0  # log-odds that a change between inside and outside of a span costs
NOTHING: Final = -6.0  # log-odds of a post without a word


@dataclass(frozen=True, slots=True)
class Evidence:
    """Log-odds of one post's windows, columns (illicit, seeking).

    post : (2,); sentence : sentences × 2; tight, wide : tokens × 2, for the window round each token
    own : tokens × 2, what each token alone adds to the tight window
    ranges : sentences × 2, first and last token
    """

    post: Floats
    sentence: Floats
    tight: Floats
    wide: Floats
    own: Floats
    ranges: Ints


def around(position: Floats, radius: float) -> tuple[Ints, Ints]:
    """For each token the window of the tokens at most `radius` words away, as (first, last)."""
    return np.searchsorted(position, position - radius, "left"), np.searchsorted(position, position + radius, "right")


def evidence(contributions: Floats, position: Floats, ranges: Ints, bias: Floats) -> Evidence:
    """What the windows of one post say.

    contributions : tokens × `COLUMNS`, summed weights of a token's features by view and target, then squared idf
    position : tokens, in words from the start; ranges : sentences × 2; bias : views × targets
    """
    if not len(contributions):
        none = np.empty((0, 2))
        return Evidence(np.full(2, NOTHING), none, none, none, none, ranges)
    sums = np.vstack([np.zeros(contributions.shape[1]), np.cumsum(contributions, axis=0)])

    def view(index: int, first: Ints, last: Ints) -> Floats:
        window = sums[last] - sums[first]
        norm = np.sqrt(window[:, NORM[VIEWS[index]], None] + SMOOTH)
        logits: Floats = window[:, 2 * index : 2 * index + 2] / norm + bias[index]
        return logits

    whole = view(0, np.array([0]), np.array([len(contributions)]))[0]
    sentence = view(1, ranges[:, 0], ranges[:, 1])
    tight, wide = (view(VIEWS.index(name), *around(position, RADIUS[name])) for name in ("tight", "wide"))
    column = 2 * VIEWS.index("tight")
    own = contributions[:, column : column + 2] / np.sqrt(contributions[:, NORM["tight"], None] + SMOOTH)
    return Evidence(whole, sentence, tight, wide, own, ranges)


SUMMARY: Final = 55


def summary(seen: Evidence) -> Floats:
    """The strongest log-odds of each view in a row of `SUMMARY` numbers; maxima do not grow by mere length of text.

    Kinks at 0, 2 and 4 and products with the length let a linear second stage say that a strong window weighs more in a
    long post that is harmless as a whole.
    """
    row = [*seen.post]
    for logits, best in ((seen.sentence, 2), (seen.tight, 3), (seen.wide, 3)):
        for target in (0, 1):
            if len(logits):
                ordered = np.sort(logits[:, target])[::-1]
                row += [ordered[0], ordered[:best].mean()]
            else:
                row += [NOTHING, NOTHING]
    plain = np.clip(np.array(row), -LIMIT, LIMIT)
    strongest = plain[[0, 2, 6, 10]]  # of post, sentence, tight, wide
    post, sentence, tight, wide = strongest
    length = np.log1p(len(seen.tight)) - 4.5
    positive = np.maximum(strongest, 0.0)
    return np.concatenate(
        [
            plain,
            np.maximum(plain, 0.0),
            [min(sentence, post), min(tight, post), max(sentence, tight, wide)],
            np.maximum(strongest - 2.0, 0.0),
            np.maximum(strongest - 4.0, 0.0),
            strongest * length,
            positive * length,
            positive * max(length, 0.0),
            [max(tight - post, 0.0), max(wide - post, 0.0), length * length],
            [max(tight - sentence, 0.0)],
        ]
    )


TOKEN_EVIDENCE: Final = 14


def token_evidence(seen: Evidence, target: int) -> Floats:
    """tokens × `TOKEN_EVIDENCE`: what each view says of the place where a token stands, for finding the spans."""
    count = len(seen.tight)
    of_sentence = np.empty(count)
    for (first, last), logit in zip(seen.ranges, seen.sentence[:, target], strict=True):
        of_sentence[first:last] = logit
    tight, wide, own = seen.tight[:, target], seen.wide[:, target], seen.own[:, target]
    sums = np.concatenate([[0.0], np.cumsum(own)])
    at = np.arange(count)
    left, right = sums[at] - sums[np.maximum(at - 3, 0)], sums[np.minimum(at + 4, count)] - sums[at + 1]
    columns: Sequence[Floats] = (
        tight,
        wide,
        of_sentence,
        np.full(count, seen.post[target]),
        tight - tight.max(initial=NOTHING),
        wide - wide.max(initial=NOTHING),
        of_sentence - of_sentence.max(initial=NOTHING),
        np.minimum(tight, of_sentence),
        np.minimum(wide, of_sentence),
        own,
        left,
        right,
        np.minimum(left, right),
        np.maximum(own, 0.0),
    )
    return np.clip(np.stack(columns, axis=1), -LIMIT, LIMIT)


def segments(logits: Floats, switch: float) -> list[tuple[int, int]]:
    """The runs of tokens that together say yes: the labelling with the highest sum of log-odds, `switch` paid at each change."""
    inside, outside = -switch, 0.0
    came: list[tuple[bool, bool]] = []
    for logit in logits:
        stay, enter = inside, outside - switch
        leave = inside - switch
        came.append((stay >= enter, outside >= leave))
        inside, outside = max(stay, enter) + float(logit), max(outside, leave)
    found: list[tuple[int, int]] = []
    state, end = inside > outside, len(logits)
    for index in range(len(logits) - 1, -1, -1):
        stayed_in, stayed_out = came[index]
        if state and not stayed_in:
            found.append((index, end))
            state = False
        elif not state and not stayed_out:
            state, end = True, index
    if state:
        found.append((0, end))
    return found[::-1]
