"""What a scan found, as one HTML page that needs nothing but itself.

Post text is hostile until proven otherwise: everything goes through Jinja2's escaping, and the page's own policy forbids
scripts, frames, forms and every request.
"""

from __future__ import annotations

import base64
import hashlib
import math
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pharmaspam.tally import BINS, Summary

TEMPLATES: Final = Path(__file__).parent / "templates"
LANGUAGES: Final = 10  # rows in the table of languages; the rest are added up
_PLOT = (660, 250, 36, 24)  # width, height, left and bottom margin


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of the histogram in the units of its SVG; `count` is said in its tooltip."""

    x: float
    y: float
    width: float
    height: float
    zone: str
    low: float
    high: float
    count: int


@dataclass(frozen=True, slots=True)
class Line:
    """A grid line or a threshold: where it stands, and what is written at it."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Language:
    code: str
    posts: int
    flagged: int
    width: float


def grouped(number: float) -> str:
    """A count as people read it: 12 345."""
    return f"{number:,.0f}".replace(",", "\u202f")


def share(part: float, whole: float) -> str:
    """A percentage with as many digits as it deserves."""
    if not whole or not part:
        return "0 %"
    percent = 100 * part / whole
    return f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %" if percent >= 0.1 else f"{percent:.3f} %"


def duration(seconds: float) -> str:
    """Seconds as "4.2 s", "3 min 20 s" or "2 h 5 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _bars(summary: Summary) -> list[Bar]:
    """Posts by score; heights are logarithmic, or the many harmless posts would hide the few others."""
    width, height, left, bottom = _PLOT
    top = math.log10(max(10, *summary.tally.scores)) * 1.08
    step, room = (width - left) / BINS, height - bottom
    review, block = summary.policy.review or 1.0, summary.policy.block or 1.0
    bars = []
    for number, count in enumerate(summary.tally.scores):
        low, high = number / BINS, (number + 1) / BINS
        tall = room * (math.log10(count) + 0.12) / (top + 0.12) if count else 0.0
        middle = (low + high) / 2
        zone = "block" if middle >= block else "review" if middle >= review else "allow"
        bars.append(Bar(left + number * step + 0.75, room - tall, step - 1.5, tall, zone, low, high, count))
    return bars


def _grid(summary: Summary) -> list[Line]:
    _, height, _, bottom = _PLOT
    top = math.log10(max(10, *summary.tally.scores)) * 1.08
    room = height - bottom
    return [Line(room - room * (power + 0.12) / (top + 0.12), grouped(10**power)) for power in range(int(top) + 1)]


def _limits(summary: Summary) -> list[Line]:
    width, _, left, _ = _PLOT
    found = [(name, getattr(summary.policy, name)) for name in ("review", "block")]
    return [Line(left + value * (width - left), name) for name, value in found if value is not None]


def _languages(summary: Summary) -> list[Language]:
    counts = summary.tally.languages.most_common()
    most = max((posts for _, posts in counts), default=1)
    rows = [Language(code, posts, summary.tally.flagged[code], 100 * posts / most) for code, posts in counts[:LANGUAGES]]
    if rest := counts[LANGUAGES:]:
        posts = sum(count for _, count in rest)
        flagged = sum(summary.tally.flagged[code] for code, _ in rest)
        rows.append(Language(f"{len(rest)} more", posts, flagged, min(100.0, 100 * posts / most)))
    return rows


def render(summary: Summary) -> str:
    """The report of a scan as HTML."""
    created = datetime.fromisoformat(summary.created)
    style = (TEMPLATES / "scan.css").read_text(encoding="utf-8")
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"grouped": grouped, "duration": duration, "share": share}
    return environment.get_template("scan.html").render(
        summary=summary,
        tally=summary.tally,
        created=f"{created.day} {created:%B %Y at %H:%M} UTC",
        style=style,
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        plot=_PLOT,
        bars=_bars(summary),
        grid=_grid(summary),
        limits=_limits(summary),
        languages=_languages(summary),
    )
