"""What people see on a terminal, and what never reaches it."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from pharmaspam.detector import Detector
from pharmaspam.excerpt import Piece
from pharmaspam.records import Post
from pharmaspam.tally import Tally
from pharmaspam.terminal import Steps, marked, show_table, show_verdict, visible, watching


def console(*, colour: bool) -> Console:
    return Console(file=io.StringIO(), width=80, force_terminal=colour, color_system="standard" if colour else None, highlight=False)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a\x1b[31mb", "a␛[31mb", id="escape sequence"),
        pytest.param("a\x00\x07\x7f\x9bb", "a␀␇␡\ufffdb", id="controls"),
        pytest.param("a\u202eb", "a\ufffdb", id="right to left override"),
        pytest.param("a\ud800b", "a\ufffdb", id="lone surrogate"),
        pytest.param("a\tb\nc", "a\tb\nc", id="tabs and line ends stay"),
        pytest.param("Привет 你好 مرحبا 🙂", "Привет 你好 مرحبا 🙂", id="writing of any kind stays"),
    ],
)
def test_controls_are_shown_never_sent(text, shown):
    assert visible(text) == shown


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_anything_can_be_printed(text):
    shown = visible(text, one_line=True)
    shown.encode()
    assert not set(shown) & set("\x1b\n\r\x9b\u202e")


def test_spans_are_marked_without_colour_too():
    pieces = [Piece("where "), Piece("xanax kopen", 0), Piece(" here")]
    assert marked(pieces, "red", colour=False).plain == "where ⟦xanax kopen⟧ here"
    coloured = marked(pieces, "red", colour=True)
    assert coloured.plain == "where xanax kopen here"
    assert [(span.start, span.end, span.style) for span in coloured.spans] == [(6, 17, "red")]


def test_a_verdict_is_shown_with_its_reasons(detector: Detector):
    post = Post("Sleep well. xanax kopen zonder recept https://pills.example", title="A [bold]title[/bold]")
    for colour in (False, True):
        out = console(colour=colour)
        show_verdict(out, post, detector.score(post))
        printed = out.file.getvalue()
        assert ("\x1b[" in printed) is colour
        assert ("⟦" in printed) is not colour
        assert "no prescription: zonder recept" in printed
        assert "A [bold]title[/bold]" in printed


def test_progress_of_a_scan_is_said_in_lines_where_nobody_watches(monkeypatch):
    monkeypatch.setattr("pharmaspam.terminal._EVERY", 0.0)
    out = console(colour=False)
    with watching(out, 100) as watch:
        watch(50, Tally(1200, 1))
    assert out.file.getvalue().startswith("1 200 posts · 1 rejected · ")


def test_progress_of_a_scan_is_a_bar_on_a_terminal():
    out = console(colour=True)
    with watching(out, None) as watch:
        watch(50, Tally(1200))
    assert "1 200 posts" in out.file.getvalue()


def test_steps_are_said_with_their_time():
    out = console(colour=False)
    with Steps(out) as step:
        step("reading [3] posts")
    assert out.file.getvalue() == "    0.0 s  reading [3] posts\n"


def test_cells_of_a_table_are_no_markup():
    out = console(colour=False)
    show_table(out, "T", ("a", "b"), [("[red]x", "\x1b[1m")])
    assert "[red]x" in out.file.getvalue()
    assert "\x1b" not in out.file.getvalue()
