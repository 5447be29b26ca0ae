"""The parts of a post that are worth a look: its spans, and some words on either side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pharmaspam.records import Span

GAP: Final = " … "
_REACH: Final = 24  # how far a cut may move to fall between two words


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive characters of a post; `span` is the number of the span they belong to, None beside all spans."""

    text: str
    span: int | None = None


def _after_blank(text: str, at: int, last: int) -> int:
    """The first place from `at` on, before `last`, where a word begins; `at` itself where none is near."""
    if at <= 0 or text[at - 1].isspace():
        return at
    return next((place + 1 for place in range(at, min(at + _REACH, last)) if text[place].isspace()), at)


def _before_blank(text: str, at: int, first: int) -> int:
    """The last place up to `at`, behind `first`, where a word ends; `at` itself where none is near."""
    if at >= len(text) or text[at].isspace():
        return at
    return next((place for place in range(at - 1, max(at - _REACH, first), -1) if text[place].isspace()), at)


def _ranges(text: str, spans: Sequence[Span], around: int, most: int) -> Iterator[tuple[int, int]]:
    low = high = -1
    if len(text) <= most:
        yield 0, len(text)
        return
    for span in spans:
        first = _after_blank(text, max(0, span.start - around), span.start)
        last = _before_blank(text, min(len(text), span.end + around), span.end)
        if high < 0:
            low, high = first, last
        elif first <= high + _REACH:
            high = max(high, last)
        else:
            yield low, high
            low, high = first, last
    if high < 0:
        low, high = 0, _before_blank(text, min(len(text), 2 * around), 0)
    yield low, high


def _split(text: str, spans: Sequence[Span], low: int, high: int) -> Iterator[Piece]:
    position = low
    for number, span in enumerate(spans):
        if span.end <= low or span.start >= high:
            continue
        yield Piece(text[position : span.start])
        yield Piece(text[span.start : span.end], number)
        position = span.end
    yield Piece(text[position:high])


def excerpt(text: str, spans: Sequence[Span], *, around: int = 160, most: int = 1500) -> tuple[Piece, ...]:
    """`text` round its `spans`, in order, what is left out shown as "…".

    around : characters of context on either side of a span, cut between words where a blank is near
    most : about how many characters are shown in all; a text up to that length is shown whole, a longer span loses its middle
    Of a longer text without spans the beginning is shown.
    """
    pieces: list[Piece] = []
    left, end = most, 0
    for low, high in _ranges(text, spans, around, most):
        if low > end:
            pieces.append(Piece(GAP))
        for piece in _split(text, spans, low, high):
            if not piece.text or left <= 0:
                continue
            if len(piece.text) > left + len(GAP):
                half = left // 2 + 1
                piece = Piece(piece.text[:half] + GAP + piece.text[-half:], piece.span)
            pieces.append(piece)
            left -= len(piece.text)
        end = high
        if left <= 0:
            break
    if end < len(text):
        pieces.append(Piece(GAP))
    return tuple(pieces)
