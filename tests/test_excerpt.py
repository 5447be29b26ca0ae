"""The parts of a post that are worth a look."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pharmaspam.excerpt import GAP, Piece, excerpt
from pharmaspam.records import Span

LONG = "word " * 200 + "xanax kopen" + " word" * 200


def test_a_short_text_is_shown_whole():
    assert excerpt("now xanax kopen here", [Span(4, 15)]) == (Piece("now "), Piece("xanax kopen", 0), Piece(" here"))


def test_a_long_text_is_cut_between_words():
    pieces = excerpt(LONG, [Span(1000, 1011)], around=22, most=500)
    assert pieces == (Piece(GAP), Piece("word word word word "), Piece("xanax kopen", 0), Piece(" word word word word"), Piece(GAP))


def test_a_long_text_without_spans_begins_at_the_beginning():
    assert excerpt(LONG, [], around=12, most=100) == (Piece("word word word word word"), Piece(GAP))


def test_a_long_span_loses_its_middle():
    (piece,) = excerpt("x" * 9000, [Span(0, 9000)], most=100)
    assert piece.span == 0
    assert len(piece.text) < 120


def test_nothing_has_no_pieces():
    assert excerpt("", []) == ()


@given(st.text(max_size=400), st.lists(st.integers(0, 400), max_size=8), st.integers(1, 60), st.integers(1, 300))
def test_pieces_come_in_order_from_the_text(text, cuts, around, most):
    edges = sorted({min(cut, len(text)) for cut in cuts})
    spans = [Span(low, high, text[low:high]) for low, high in zip(edges[::2], edges[1::2], strict=False)]
    pieces = excerpt(text, spans, around=around, most=most)
    assert sum(len(piece.text) for piece in pieces) <= most + 2 * around + len(GAP) * (len(pieces) + 2) + 50
    numbers = [piece.span for piece in pieces if piece.span is not None]
    assert numbers == sorted(numbers)
    if len(text) <= most:
        assert "".join(piece.text for piece in pieces) == text
