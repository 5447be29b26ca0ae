"""What people see on a terminal: marked posts, progress, tables. Without a terminal the same in plain lines.

Post text may hold anything; control characters, which could drive a terminal, are shown as signs, never sent.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from pharmaspam.corpus import CLOSE, OPEN
from pharmaspam.excerpt import Piece, excerpt
from pharmaspam.records import Post, Verdict

if TYPE_CHECKING:
    from rich.progress import TaskID
    from rich.table import Table

    from pharmaspam.tally import Flagged, Summary, Tally

BADGE: Final = {
    "block": "bold white on red3",
    "review": "bold black on gold1",
    "seeking": "bold white on slate_blue3",
    "allow": "bold white on green4",
}
MARK: Final = {"block": "bold white on red3", "review": "bold black on gold1", "seeking": "bold white on slate_blue3"}
SHOWN: Final = 40  # flagged posts in the summary of a scan
_EVERY: Final = 10.0  # seconds between two lines of progress where nobody watches a bar
_BIDI: Final = [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C]
_SIGNS: Final = (
    {code: 0x2400 + code for code in range(32) if code not in (9, 10)} | {127: 0x2421} | dict.fromkeys([*range(128, 160), *_BIDI], 0xFFFD)
)
_ONE_LINE: Final = _SIGNS | {9: 32, 10: 32, 13: 32}


def visible(text: str, *, one_line: bool = False) -> str:
    """`text` with every control character as a sign, one for one, and lone surrogates as U+FFFD."""
    signs = text.replace("\r\n", " \n").translate(_ONE_LINE if one_line else _SIGNS)
    return (
        signs.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if any("\ud800" <= char <= "\udfff" for char in signs)
        else signs
    )


def kind_of(verdict: Verdict | Flagged) -> str:
    """The one word for a verdict: its action, or `seeking` for who asks."""
    return "seeking" if verdict.label == "seeking" else verdict.action


def marked(pieces: Iterable[Piece], style: str, *, colour: bool, one_line: bool = False) -> Text:
    """Pieces of a post with those of spans in `style`, or between ⟦ ⟧ where there is no colour."""
    out = Text()
    for piece in pieces:
        shown = visible(piece.text, one_line=one_line)
        if piece.span is None:
            out.append(shown)
        else:
            out.append(shown if colour else f"{OPEN}{shown}{CLOSE}", style)
    return out


def has_colour(console: Console) -> bool:
    return console.is_terminal and not console.no_color and console.color_system is not None


def _badge(kind: str) -> Text:
    return Text(f" {kind} ", BADGE[kind])


def show_verdict(console: Console, post: Post, verdict: Verdict) -> None:
    """A post with its spans marked, and why."""
    kind = kind_of(verdict)
    head = Text.assemble(
        _badge(kind),
        f"  illicit {verdict.score:.3f} · seeking {verdict.seeking:.3f}",
        (f" · language {verdict.language} · model {verdict.model}", "dim"),
    )
    console.print(head)
    console.print()
    if post.title:
        console.print(Text(visible(post.title, one_line=True), "bold"))
    pieces = excerpt(post.text.rstrip(), verdict.spans, around=400, most=6000)
    console.print(marked(pieces, MARK.get(kind, ""), colour=has_colour(console)), soft_wrap=not console.is_terminal)
    if not verdict.spans:
        return
    console.print()
    for span in verdict.spans:
        phrase = _middle(visible(span.text, one_line=True), 80)
        why = " · ".join(visible(reason, one_line=True) for reason in span.reasons) or "the wording as a whole"
        console.print(Text.assemble((f"{span.score:.2f}", "bold"), "  ", (phrase, "bold")), soft_wrap=True)
        console.print(Padding(Text(why, "dim"), (0, 0, 0, 6)) if console.is_terminal else f"      {why}", soft_wrap=not console.is_terminal)


def _numbered(number: float) -> str:
    return f"{number:,.0f}".replace(",", " ")


def counts_of(tally: Tally) -> str:
    """What was found so far, in half a line."""
    seeking = tally.labels["seeking"]
    named = (
        ("block", tally.actions["block"]),
        ("review", tally.actions["review"] - seeking),
        ("seeking", seeking),
        ("rejected", tally.rejected),
    )
    return " · ".join(f"{_numbered(count)} {name}" for name, count in named if count) or "nothing flagged"


class Watch(Protocol):
    """Somebody who is told how far a scan is."""

    def __call__(self, read: int, tally: Tally) -> None: ...


class _Lines:
    """Progress where nobody watches: a line every few seconds."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.began = self.last = time.monotonic()
        self.before: int | None = None

    def __call__(self, read: int, tally: Tally) -> None:
        now = time.monotonic()
        rows = tally.posts + tally.rejected
        if self.before is None:
            self.before = rows if now - self.began < 0.05 else 0
        if now - self.last >= _EVERY:
            self.last = now
            rate = (rows - self.before) / (now - self.began)
            self.console.print(f"{_numbered(tally.posts)} posts · {counts_of(tally)} · {_numbered(rate)} a second", soft_wrap=True)


@contextmanager
def watching(console: Console, total: int | None) -> Iterator[Watch]:
    """A progress bar on a terminal, lines elsewhere; `total` in bytes of the sources, None where nobody knows."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = [
        SpinnerColumn(),
        TextColumn("{task.fields[posts]} posts"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %" if total else ""),
        TextColumn("[dim]{task.fields[rate]} a second · {task.fields[found]}"),
        TimeRemainingColumn(),
    ]
    with Progress(*columns, console=console, transient=True) as bar:
        task: TaskID = bar.add_task("", total=total, posts="0", rate="0", found="")
        began, before = time.monotonic(), -1

        def told(read: int, tally: Tally) -> None:
            nonlocal before
            rows = tally.posts + tally.rejected
            if before < 0:
                before = rows
            rate = (rows - before) / max(time.monotonic() - began, 0.001)
            bar.update(task, completed=read, posts=_numbered(tally.posts), rate=_numbered(rate), found=counts_of(tally))

        yield told


class Steps:
    """Progress of a job that says what it does: each step on a line with the time it began, the last one alive on a terminal."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.began = time.monotonic()
        self.status = console.status("starting") if console.is_terminal else None

    def __enter__(self) -> Steps:
        if self.status:
            self.status.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.status:
            self.status.stop()

    def __call__(self, message: str) -> None:
        self.console.print(f"{time.monotonic() - self.began:7.1f} s  {message}", soft_wrap=True)
        if self.status:
            self.status.update(f"[dim]{message} …")


def _table(*columns: str, right: Sequence[str] = ()) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return table


def show_scan(console: Console, summary: Summary) -> None:
    """What a scan found: counts, and each flagged post with its phrase marked."""
    from pharmaspam.scan_report import duration, share

    tally = summary.tally
    if summary.flagged:
        table = _table("", "score", "", "post", "what was found", right=("score",))
        longest = min(18, max(4, *(len(post.id) for post in summary.flagged[:SHOWN])))
        table.columns[3].max_width = longest
        room = max(30, console.width - 9 - 5 - 3 - longest - 12)  # what the other columns and the gaps leave
        for post in summary.flagged[:SHOWN]:
            kind = kind_of(post)
            what = marked(_phrases(post, room), MARK.get(kind, ""), colour=has_colour(console), one_line=True)
            table.add_row(_badge(kind), f"{post.strength:.2f}", post.language, Text(visible(post.id, one_line=True)), what)
        console.print(table)
        if tally.caught > SHOWN:
            rest = summary.report if tally.caught <= len(summary.flagged) else summary.verdicts
            console.print(f"and {_numbered(tally.caught - SHOWN)} more in {rest}\n")
    console.print(
        Text.assemble(
            (f"{_numbered(tally.posts)} posts", "bold"), f" in {duration(summary.seconds)}: ",
            (f"{_numbered(tally.caught)} flagged", "bold"), f" ({share(tally.caught, tally.posts)}) · {counts_of(tally)}",
        )
    )  # fmt: skip
    console.print(f"{summary.verdicts}  verdicts, one a post", soft_wrap=True)
    console.print(f"{summary.report}  the flagged posts with their spans, to read in a browser", soft_wrap=True)
    if summary.rejected:
        console.print(f"{summary.rejected}  rows that could not be read, and why", soft_wrap=True)


def _phrases(post: Flagged, room: int) -> list[Piece]:
    """The surest span of a flagged post with some words round it, in about `room` characters; how many others there are."""
    if not post.spans:
        return [Piece(_head(post.title or "".join(piece.text for piece in post.pieces), room))]
    best = max(range(len(post.spans)), key=lambda number: post.spans[number].score)
    at = next((place for place, piece in enumerate(post.pieces) if piece.span == best), None)
    if at is None:
        return [Piece(_middle(post.spans[best].text, room), best)]
    before, after = ("" if piece is None or piece.span is not None else piece.text for piece in _beside(post.pieces, at))
    more = f" +{len(post.spans) - 1}" if len(post.spans) > 1 else ""
    phrase = _middle(post.pieces[at].text, room * 2 // 3)
    left = max(0, room - len(phrase) - len(more) - 2)
    tail = _tail(before, max(left // 2, left - len(after)))
    return [Piece(tail), Piece(phrase, best), Piece(_head(after, left - len(tail))), Piece(more)]


def _beside(pieces: Sequence[Piece], at: int) -> tuple[Piece | None, Piece | None]:
    return (pieces[at - 1] if at else None), (pieces[at + 1] if at + 1 < len(pieces) else None)


def _middle(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most * 2 // 3 - 1]}…{text[most * 2 // 3 - most :]}"


def _tail(text: str, most: int) -> str:
    return text if len(text) <= most else "…" + text[len(text) - most + 1 :].partition(" ")[2]


def _head(text: str, most: int) -> str:
    return text if len(text) <= most else text[: max(0, most - 1)].rpartition(" ")[0] + "…"


def show_models(console: Console, rows: Iterable[tuple[bool, str, Mapping[str, Any]]]) -> None:
    """Models with their manifests; the current one is marked."""
    table = _table("", "model", "created", "posts", "review", "block", "seeking", right=("posts", "review", "block", "seeking"))
    for current, name, manifest in rows:
        limits = manifest.get("thresholds", {})
        posts = manifest.get("data", {}).get("posts")
        cells = [f"{limits[key]:.3f}" if isinstance(limits.get(key), float) else "?" for key in ("review", "block", "seeking")]
        table.add_row("→" if current else "", name, str(manifest.get("created", ""))[:10], _numbered(posts) if posts else "", *cells)
    console.print(table)


def show_table(console: Console, title: str, head: Sequence[str], rows: Iterable[Sequence[str]], note: str = "") -> None:
    """A table of plain cells; all columns but the first are flush right."""
    table = _table(*head)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        table.add_row(*(Text(visible(cell, one_line=True)) for cell in row))
    console.print(Text(title, "bold"))
    if note:
        console.print(Text(note, "dim"))
    console.print(table)


def show_facts(console: Console, rows: Iterable[tuple[str, str]]) -> None:
    """Names and values in two columns."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, value)
    console.print(table)
