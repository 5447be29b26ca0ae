"""An evaluation for people: JSON, tables in Markdown, plots, and one HTML page that needs nothing but itself.

The page shows words of posts, which are hostile until proven otherwise: everything goes through Jinja2's escaping, and the
page's own policy forbids scripts, frames, forms and every request. Plots need matplotlib; without it there are none.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pharmaspam.evaluation import Estimate, Evaluation, Rate, Slice
from pharmaspam.evaluation_plots import LIGHT, PLOTS, can_draw, counted, draw, pictures
from pharmaspam.records import LABELS

TEMPLATES: Final = Path(__file__).parent / "templates"
NONE: Final = "–"
_KINDS: Final = {
    "patients": "Patients",
    "language": "By language",
    "format": "By format",
    "length": "By length in characters",
    "source": "By source",
    "scenario": "By scenario",
}


@dataclass(frozen=True, slots=True)
class Table:
    """A table of plain text cells; `note` says what its columns mean."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure that is seen first: what it is, its value, and how sure it is. `tone` colours it."""

    name: str
    value: str
    about: str
    tone: str = ""


def percent(value: float | None, *, sign: bool = True) -> str:
    """A share with as many digits as it deserves."""
    if value is None:
        return NONE
    number = 100 * value
    text = "0" if number == 0 else "100" if number == 100 else f"{number:.1f}" if 1 <= number < 99.95 else f"{number:.2f}"
    return f"{text} %" if sign else text


def number(value: float | None) -> str:
    return NONE if value is None else f"{value:.4f}"


def stated(share: float) -> str:
    """A share that was chosen, not measured: 0.1 %."""
    return f"{100 * share:g} %"


def _rate(rate: Rate) -> str:
    return f"{percent(rate.value)} ({rate.hits} of {counted(rate.total)})" if rate.total else NONE


def _range(figure: Rate | Estimate | None) -> str:
    if figure is None or figure.low is None or figure.high is None:
        return NONE
    return f"{percent(figure.low, sign=False)} to {percent(figure.high)}"


def _share(figure: Estimate | None) -> tuple[str, str]:
    return (percent(figure.value), _range(figure)) if figure else (NONE, NONE)


def _exact(figure: Estimate | None) -> tuple[str, str]:
    return (number(figure.value), f"{number(figure.low)} to {number(figure.high)}") if figure else (NONE, NONE)


def tiles(evaluation: Evaluation) -> tuple[Tile, ...]:
    """The figures to see first."""
    found = {row.false_alarms: row.share for row in evaluation.recalls}
    spans = evaluation.spans_caught
    auc = evaluation.auc
    return (
        Tile("AUC", number(auc.value) if auc else NONE, f"{auc.low:.3f} to {auc.high:.3f}" if auc else "one label only"),
        *(
            Tile(f"recall at {stated(share)} false alarms", percent(figure.value), _range(figure), "legit")
            for share, figure in found.items()
        ),
        Tile("illicit posts caught", percent(evaluation.caught.value), _range(evaluation.caught), "legit"),
        *(
            Tile(f"legit posts {what}", percent(rate.value), _range(rate), "illicit" if rate.hits else "legit")
            for what, rate in (("flagged", evaluation.false_flags), ("blocked", evaluation.false_blocks))
        ),
        Tile("seeking posts sent to review", percent(evaluation.seeking_reviewed.value), _range(evaluation.seeking_reviewed)),
        Tile("twins ordered rightly", percent(evaluation.pairs.value), f"of {counted(evaluation.pairs.total)} pairs"),
        Tile("span F1 on caught posts", f"{spans.f1:.3f}" if spans else NONE, f"{counted(spans.posts)} posts" if spans else "no marks"),
        Tile("calibration error", f"{evaluation.calibration.error:.4f}", f"Brier {evaluation.calibration.brier:.4f}"),
    )


def headline(evaluation: Evaluation) -> Table:
    """The figures of a whole evaluation, with 95 % intervals."""
    rows: list[tuple[str, ...]] = [
        ("AUC, illicit against legit", *_exact(evaluation.auc)),
        ("average precision", *_exact(evaluation.average_precision)),
        *((f"recall at {stated(row.false_alarms)} false alarms", *_share(row.share)) for row in evaluation.recalls),
        ("illicit posts caught (review or block)", percent(evaluation.caught.value), _range(evaluation.caught)),
        ("illicit posts blocked", percent(evaluation.blocked.value), _range(evaluation.blocked)),
        ("legit posts flagged (review or block)", percent(evaluation.false_flags.value), _range(evaluation.false_flags)),
        ("legit posts blocked", percent(evaluation.false_blocks.value), _range(evaluation.false_blocks)),
        ("seeking posts sent to review", percent(evaluation.seeking_reviewed.value), _range(evaluation.seeking_reviewed)),
        ("seeking posts blocked", percent(evaluation.seeking_blocked.value), _range(evaluation.seeking_blocked)),
        ("AUC, seeking against legit", number(evaluation.seeking_auc), NONE),
        ("twins ordered rightly", percent(evaluation.pairs.value), _range(evaluation.pairs)),
        ("calibration error (ECE)", number(evaluation.calibration.error), NONE),
        ("Brier score", number(evaluation.calibration.brier), NONE),
    ]
    for name, spans in (("illicit posts", evaluation.spans), ("caught posts", evaluation.spans_caught)):
        if spans:
            rows.append((f"span F1 on {name}", number(spans.f1), f"precision {spans.precision:.3f}, recall {spans.recall:.3f}"))
    counts = ", ".join(f"{counted(evaluation.posts[label])} {label}" for label in LABELS)
    return Table("Figures", ("figure", "value", "95 % interval"), tuple(rows), f"{counts} posts.")


def precisions(evaluation: Evaluation) -> Table:
    """What a moderator meets where few posts are illicit."""
    rows = tuple(
        (f"{stated(row.prevalence)} of posts illicit", *_share(row.flagged), *_share(row.blocked)) for row in evaluation.precisions
    )
    note = "Of the posts flagged or blocked, how many would be illicit at that prevalence. The interval pairs the worse ends of both rates."
    return Table("Precision at stated prevalence", ("where", "flagged", "95 % interval", "blocked", "95 % interval"), rows, note)


def patients(evaluation: Evaluation) -> Table:
    """Legitimate posts that a filter must not silence."""
    rows = tuple(
        (part.name, counted(part.posts), _rate(part.flagged), _range(part.flagged), _rate(part.blocked))
        for part in evaluation.of("patients")
    )
    note = "Legitimate posts only: who is flagged or blocked for nothing. A post may be in several rows, or in none."
    return Table(_KINDS["patients"], ("who", "posts", "flagged", "95 % interval", "blocked"), rows, note)


def sliced(evaluation: Evaluation, kind: str) -> Table:
    """One kind of slices."""

    def row(part: Slice) -> tuple[str, ...]:
        shares = (part.caught.value, part.flagged.value, part.blocked.value, part.asked.value)
        ranked = (number(part.auc), percent(part.recall))
        return (part.name, counted(part.flagged.total), counted(part.caught.total), *ranked, *map(percent, shares))

    head = (kind, "legit", "illicit", "AUC", "recall at 1 %", "caught", "flagged", "blocked", "seeking reviewed")
    note = "Recall is at 1 % false alarms of the slice itself. Flagged and blocked are shares of legit posts."
    return Table(_KINDS[kind], head, tuple(row(part) for part in evaluation.of(kind)), note)


def tables(evaluation: Evaluation) -> tuple[Table, ...]:
    """All tables; those without rows are left out."""
    kinds = [kind for kind in _KINDS if kind != "patients"]
    every = (headline(evaluation), precisions(evaluation), patients(evaluation), *(sliced(evaluation, kind) for kind in kinds))
    return tuple(table for table in every if table.rows)


def markdown(table: Table) -> str:
    """A table in Markdown, under its title."""

    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"

    rule = "|---|" + "--:|" * (len(table.head) - 1)
    return "\n".join(
        [f"## {table.title}", "", *([table.note, ""] if table.note else []), line(table.head), rule, *map(line, table.rows), ""]
    )


def render(evaluation: Evaluation, title: str) -> str:
    """The report as one HTML page."""
    style = (TEMPLATES / "evaluation.css").read_text(encoding="utf-8")
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    first, second = ("Figures", "Precision at stated prevalence", "Patients"), ("By language", "By format", "By length in characters")
    every = tables(evaluation)
    return environment.get_template("evaluation.html").render(
        title=title,
        evaluation=evaluation,
        tiles=tiles(evaluation),
        pictures=pictures(evaluation),
        first=[table for table in every if table.title in first],
        folded=[table for table in every if table.title not in first],
        opened=second,
        total=counted(sum(evaluation.posts.values())),
        counts=[(label, counted(evaluation.posts[label])) for label in LABELS],
        style=style,
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
    )


def write(evaluation: Evaluation, folder: Path, title: str) -> tuple[Path, ...]:
    """Write evaluation.json, tables.md, report.html and the plots as PNG; returns their paths.

    Everything is made first, written under temporary names and then renamed: a report is there as a whole or not at all.
    """
    everything: dict[str, bytes] = {
        "evaluation.json": (json.dumps({"title": title, **evaluation.to_json()}, indent=1, ensure_ascii=False) + "\n").encode(
            "utf-8", "backslashreplace"
        ),
        "tables.md": "\n".join([f"# {title}", "", *map(markdown, tables(evaluation))]).encode("utf-8", "backslashreplace"),
        "report.html": render(evaluation, title).encode("utf-8", "replace"),
    }
    if can_draw():
        everything |= {f"{name}.png": draw(name, evaluation, LIGHT, "png") for name in PLOTS}
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return _place(folder, everything)


def _place(folder: Path, files: dict[str, bytes]) -> tuple[Path, ...]:
    scratch = {folder / f".{name}.{os.getpid()}": folder / name for name in files}
    try:
        for path, content in zip(scratch, files.values(), strict=True):
            path.write_bytes(content)
        for path, final in scratch.items():
            os.replace(path, final)
    finally:
        for path in scratch:
            path.unlink(missing_ok=True)
    return tuple(scratch.values())
