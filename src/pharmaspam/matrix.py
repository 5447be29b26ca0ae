"""Readings as numbers: every token a row of feature counts, every window a sum of rows."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pharmaspam.features import context_features, profile, token_tags, word_features
from pharmaspam.lexicon import Lexicon
from pharmaspam.reading import Reading, sentences

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_PLAIN = frozenset(("NUMBER", "HEALTH", "NEG", "UNIT", "LAWFUL", "STUDY", "CHAT"))


@dataclass(slots=True)
class Encoded:
    """Posts in a row.

    names : feature names, by column
    words : distinct words × features, counts
    token_word : for each token its row in `words`
    context : tokens × features, what the token's place says
    bounds : post *i* has the tokens `bounds[i]:bounds[i + 1]`
    position : where a token stands, in words from the start of its post
    sentences : (first, last, post) of each sentence, tokens counted over all posts
    marked : whether a token stands in a marked span
    tagged : whether a token carries a concept of trade, so that windows round it are worth seeing
    profile : posts × the numbers of `features.profile`
    language : of each post
    """

    names: list[str]
    words: sparse.csr_matrix
    token_word: Ints
    context: sparse.csr_matrix
    bounds: Ints
    position: Floats
    sentences: Ints
    marked: NDArray[np.bool_]
    tagged: NDArray[np.bool_]
    profile: Floats
    language: list[str]

    @property
    def posts(self) -> int:
        return len(self.bounds) - 1

    def post_of_token(self) -> Ints:
        return np.repeat(np.arange(self.posts), np.diff(self.bounds))


class Encoder:
    """Collects readings; `done` gives them as one `Encoded`."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.columns: dict[str, int] = {}
        self._words: dict[object, int] = {}
        self._word_columns: list[list[int]] = []
        self._token_word = array("i")
        self._context_columns = array("i")
        self._context_ends = array("q", [0])
        self._bounds = array("q", [0])
        self._position = array("f")
        self._sentences = array("q")
        self._marked = array("b")
        self._tagged = array("b")
        self._profile: list[tuple[float, ...]] = []
        self._language: list[str] = []

    def _column(self, name: str) -> int:
        return self.columns.setdefault(name, len(self.columns))

    def add(self, reading: Reading, spans: Sequence[tuple[int, int]] = ()) -> None:
        """One more post; `spans` are marked ranges of its source."""
        base, post = len(self._token_word), len(self._bounds) - 1
        tags = token_tags(reading, self.lexicon)
        position = 0.0
        for index, (word, features) in enumerate(zip(reading.words, context_features(reading, tags), strict=True)):
            row = self._words.get(word)
            if row is None:
                row = self._words[word] = len(self._word_columns)
                self._word_columns.append([self._column(name) for name in word_features(word, self.lexicon)])
            self._token_word.append(row)
            self._context_columns.extend(self._column(name) for name in features)
            self._context_ends.append(len(self._context_columns))
            self._position.append(position)
            self._tagged.append(any(tag not in _PLAIN for tag in tags[index]))
            position += word.width
            if spans:
                low, high = reading.source(index, index + 1)
                self._marked.append(any(low < b and high > a for a, b in spans))
            else:
                self._marked.append(False)
        for first, last in sentences(reading):
            self._sentences.extend((base + first, base + last, post))
        self._bounds.append(len(self._token_word))
        self._profile.append(profile(reading, tags))
        self._language.append(reading.language)

    def done(self) -> Encoded:
        width = len(self.columns)
        sizes = [len(row) for row in self._word_columns]
        ends = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        flat = np.fromiter((column for row in self._word_columns for column in row), dtype=np.int32, count=int(ends[-1]))
        context = np.array(self._context_columns, dtype=np.int32)
        return Encoded(
            names=list(self.columns),
            words=_counts(flat, ends, width),
            token_word=np.array(self._token_word, dtype=np.int64),
            context=_counts(context, np.array(self._context_ends, dtype=np.int64), width),
            bounds=np.array(self._bounds, dtype=np.int64),
            position=np.array(self._position, dtype=np.float64),
            sentences=np.array(self._sentences, dtype=np.int64).reshape(-1, 3),
            marked=np.array(self._marked, dtype=bool),
            tagged=np.array(self._tagged, dtype=bool),
            profile=np.array(self._profile, dtype=np.float64).reshape(len(self._profile), -1),
            language=self._language,
        )


def _counts(columns: NDArray[np.int32], ends: Ints, width: int) -> sparse.csr_matrix:
    return sparse.csr_matrix((np.ones(len(columns), dtype=np.float32), columns, ends), shape=(len(ends) - 1, width))


def encode(readings: Iterable[tuple[Reading, Sequence[tuple[int, int]]]], lexicon: Lexicon) -> Encoded:
    """All readings with their marked spans, encoded with columns of their own."""
    encoder = Encoder(lexicon)
    for reading, spans in readings:
        encoder.add(reading, spans)
    return encoder.done()


def indicator(first: Ints, last: Ints, tokens: int) -> sparse.csr_matrix:
    """Windows × tokens, one where the token lies in the window."""
    sizes = last - first
    ends = np.concatenate([[0], np.cumsum(sizes)])
    offsets = np.arange(ends[-1]) - np.repeat(ends[:-1], sizes)
    columns = np.repeat(first, sizes) + offsets
    return sparse.csr_matrix((np.ones(len(columns), dtype=np.float32), columns, ends), shape=(len(first), tokens))
