"""A loaded model at work: a reading in, log-odds and probabilities out, without scikit-learn.

The log-odds equal those of the reference pipelines (`pipeline.view_pipeline`) to rounding; a test holds them together.
What a word contributes by itself (itself and all its character n-grams) is summed once and remembered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pharmaspam.features import context_features, profile, token_tags, word_features
from pharmaspam.lexicon import Lexicon
from pharmaspam.model import Model
from pharmaspam.reading import Reading, sentences
from pharmaspam.tokens import Word
from pharmaspam.views import COLUMNS, SWITCH, Evidence, evidence, segments, summary, token_evidence

Floats = NDArray[np.float64]
REMEMBER: Final = 200_000


@dataclass(frozen=True, slots=True)
class Scores:
    """Calibrated probabilities of a post, and what its windows showed."""

    illicit: float
    seeking: float
    seen: Evidence


def sigmoid(logit: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(logit, -40.0, 40.0))))


class Scorer:
    """The arithmetic of one model. Not for two threads at once on the same word memory; reading it is harmless."""

    def __init__(self, model: Model, lexicon: Lexicon) -> None:
        arrays = {name: np.asarray(array, dtype=np.float64) for name, array in model.arrays.items()}
        self.lexicon = lexicon
        self.row = {name: row for row, name in enumerate(model.names)}
        self.table = arrays["table"]
        self.bias = arrays["bias"]
        self.arrays = arrays
        self._words: dict[Word, Floats] = {}

    def _word(self, word: Word) -> Floats:
        known = self._words.get(word)
        if known is None:
            if len(self._words) >= REMEMBER:
                self._words.clear()
            known = self._words[word] = self._sum(word_features(word, self.lexicon))
        return known

    def _sum(self, names: list[str] | tuple[str, ...]) -> Floats:
        rows = [row for name in names if (row := self.row.get(name)) is not None]
        total: Floats = self.table[rows].sum(axis=0)
        return total

    def contributions(self, reading: Reading, tags: list[tuple[str, ...]]) -> Floats:
        """tokens × `COLUMNS`: the summed weights of each token's features."""
        out = np.empty((len(reading), COLUMNS))
        rows: list[int] = []
        owners: list[int] = []
        known = self.row
        for index, (word, names) in enumerate(zip(reading.words, context_features(reading, tags), strict=True)):
            out[index] = self._word(word)
            for name in names:
                row = known.get(name)
                if row is not None:
                    rows.append(row)
                    owners.append(index)
        if rows:
            np.add.at(out, owners, self.table[rows])
        return out

    def see(self, reading: Reading) -> Scores:
        """Probabilities and evidence of one post."""
        tags = token_tags(reading, self.lexicon)
        position = np.concatenate([[0.0], np.cumsum([word.width for word in reading.words])])[:-1]
        ranges = np.array(sentences(reading), dtype=np.int64).reshape(-1, 2)
        seen = evidence(self.contributions(reading, tags), position, ranges, self.bias)
        row = np.concatenate([summary(seen), profile(reading, tags)])
        arrays = self.arrays
        logits = arrays["posts_coef"] @ ((row - arrays["posts_mean"]) / arrays["posts_scale"]) + arrays["posts_bias"]
        return Scores(sigmoid(logits[0]), sigmoid(logits[1]), seen)

    def spans(self, seen: Evidence, target: int) -> list[tuple[int, int, float]]:
        """Token ranges that earn the target (0 illicit, 1 seeking), each with the probability of its strongest token."""
        if not len(seen.tight):
            return []
        logits = token_evidence(seen, target) @ self.arrays["tokens_coef"][target] + self.arrays["tokens_bias"][target]
        found = segments(logits, SWITCH)
        if not found:  # something moved the score: the strongest window
            best = int(np.argmax(seen.tight[:, target]))
            found = [(max(0, best - 3), min(len(logits), best + 4))]
        return [(first, last, sigmoid(float(logits[first:last].max()))) for first, last in found]
