"""The plots of an evaluation, with matplotlib, for light and dark pages."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from pharmaspam.evaluation import BINS, SCORE_BINS, Evaluation, Rate
from pharmaspam.records import LABELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class Picture:
    """A plot as SVG for light and dark pages."""

    name: str
    light: bytes
    dark: bytes
    size: tuple[int, int]
    alt: str

    @property
    def urls(self) -> tuple[str, str]:
        light, dark = (f"data:image/svg+xml;base64,{base64.b64encode(image).decode()}" for image in (self.light, self.dark))
        return light, dark


@dataclass(frozen=True, slots=True)
class Theme:
    paper: str
    ink: str
    soft: str
    line: str
    legit: str
    seeking: str
    illicit: str
    quiet: str


LIGHT: Final = Theme("#ffffff", "#1c2430", "#5c6776", "#dfe3e9", "#1f7a5a", "#5b3fa8", "#b3261e", "#9db4c9")
FONT: Final = "DejaVu Sans"  # the one that comes with matplotlib
DARK: Final = Theme("#1d2128", "#e4e8ee", "#98a2b1", "#323945", "#6fcfa8", "#c3b0ff", "#ff8a80", "#56708c")


def counted(count: int) -> str:
    """A count as people read it: 12 345."""
    return f"{count:,}".replace(",", "\u202f")


def _axes(axes: Axes, theme: Theme) -> Axes:
    axes.set_facecolor(theme.paper)
    axes.grid(color=theme.line, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=theme.soft, length=0, labelsize=9, pad=6)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.xaxis.label.set_color(theme.soft)
    axes.yaxis.label.set_color(theme.soft)
    axes.title.set_color(theme.ink)
    return axes


def _counts(axes: Axes) -> None:
    """Plain numbers on a logarithmic axis; matplotlib's own are formulas."""
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.minorticks_off()


def _ranking_plot(figure: Figure, evaluation: Evaluation, theme: Theme) -> None:
    left, right = figure.subplots(1, 2)
    points = evaluation.curve
    marks = [("review", evaluation.caught, evaluation.false_flags), ("block", evaluation.blocked, evaluation.false_blocks)]
    left.plot([p.recall for p in points], [p.precision for p in points], color=theme.illicit, linewidth=1.8)
    left.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.03), title="Precision against recall")
    floor = 1e-4
    lowest = max((p.recall for p in points if p.false_alarms <= floor), default=0.0)
    line = [(floor, lowest), *((p.false_alarms, p.recall) for p in points if p.false_alarms > floor)]
    right.plot([share for share, _ in line], [recall for _, recall in line], color=theme.illicit, linewidth=1.8)
    right.set(xscale="log", xlim=(floor, 1.2), ylim=(0, 1.03), xlabel="share of legit posts flagged", ylabel="recall")
    right.set_title("Recall against false alarms")
    right.set_xticks([1e-4, 1e-3, 1e-2, 1e-1, 1], ["0.01 %", "0.1 %", "1 %", "10 %", "100 %"])
    right.minorticks_off()
    for row in evaluation.recalls:
        below, above = row.share.value - row.share.low, row.share.high - row.share.value
        right.errorbar(
            row.false_alarms, row.share.value, [[below], [above]], color=theme.ink, marker="o", markersize=4, linewidth=1.2, capsize=3
        )
    for name, hit, wrong in marks:
        if hit.value is None or wrong.value is None:
            continue
        where = {"color": theme.seeking, "marker": "D", "markersize": 6, "linestyle": "none", "zorder": 5, "clip_on": False}
        text = {"xytext": (8, -12), "textcoords": "offset points", "color": theme.seeking, "fontsize": 9}
        right.plot(max(wrong.value, floor), hit.value, **where)
        right.annotate(name, (max(wrong.value, floor), hit.value), **text)
        if hit.hits + wrong.hits:
            precision = hit.hits / (hit.hits + wrong.hits)
            left.plot(hit.value, precision, **where)
            left.annotate(name, (hit.value, precision), **text)
    for axes in (left, right):
        _axes(axes, theme)


def _reliability_plot(figure: Figure, evaluation: Evaluation, theme: Theme) -> None:
    top, bottom = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": (3, 1)})
    top.plot([0, 1], [0, 1], color=theme.soft, linewidth=1, linestyle=(0, (4, 3)))
    for row in evaluation.calibration.bins:
        rate = Rate(round(row.share * row.posts), row.posts)
        top.plot([row.score, row.score], [rate.low, rate.high], color=theme.illicit, linewidth=1.2, alpha=0.6)
    bins = evaluation.calibration.bins
    top.plot([row.score for row in bins], [row.share for row in bins], color=theme.illicit, marker="o", markersize=4.5, linewidth=1.4)
    top.set(ylabel="share that is illicit", xlim=(0, 1), ylim=(-0.02, 1.03), title=f"Reliability: ECE {evaluation.calibration.error:.4f}")
    bottom.bar([row.low for row in bins], [row.posts for row in bins], width=0.9 / BINS, align="edge", color=theme.quiet)
    bottom.set(yscale="log", xlabel="score", ylabel="posts")
    _counts(bottom)
    for axes in (top, bottom):
        _axes(axes, theme)


def _scores_plot(figure: Figure, evaluation: Evaluation, theme: Theme) -> None:
    axes = figure.subplots()
    edges = [index / SCORE_BINS for index in range(SCORE_BINS + 1)]
    counts = {label: getattr(evaluation.histogram, label) for label in LABELS if any(getattr(evaluation.histogram, label))}
    for label, heights in counts.items():
        colour = getattr(theme, label)
        axes.stairs(heights, edges, color=colour, linewidth=1.8, label=f"{label} ({counted(sum(heights))})", baseline=0.5)
        axes.stairs(heights, edges, color=colour, fill=True, alpha=0.10, baseline=0.5)
    axes.set(yscale="log", xlim=(0, 1), xlabel="score", ylabel="posts", title="Posts by score")
    axes.set_ylim(0.5, 6 * max(map(max, counts.values())))  # room for the legend
    _counts(axes)
    axes.legend(frameon=False, labelcolor=theme.ink, fontsize=9, loc="upper center", ncols=3)
    _axes(axes, theme)


def _slices_plot(figure: Figure, evaluation: Evaluation, theme: Theme) -> None:
    left, right = figure.subplots(1, 2, gridspec_kw={"width_ratios": (1.15, 1)})
    rows = [
        (part, colour)
        for kind, colour in (("patients", theme.illicit), ("format", theme.soft), ("length", theme.soft))
        for part in evaluation.of(kind)
    ]
    colours = {"patients": theme.illicit, "format": theme.soft, "length": theme.soft}
    rows = [(part, colour) for kind, colour in colours.items() for part in evaluation.of(kind) if part.flagged.total]
    for place, (part, colour) in enumerate(reversed(rows)):
        low, value, high = (100 * (share or 0.0) for share in (part.flagged.low, part.flagged.value, part.flagged.high))
        left.plot([low, high], [place, place], color=colour, linewidth=1.4, alpha=0.6)
        left.plot(value, place, color=colour, marker="o", markersize=5)
    left.set_yticks(range(len(rows)), [_plain(f"{part.name}  ({part.flagged.total})") for part, _ in reversed(rows)])
    left.set(title="Legit posts flagged, %", ylim=(-0.7, len(rows) - 0.3))
    # A slice of five posts has an interval as wide as the plot; it may run out of it.
    sure = [100 * (part.flagged.high or 0.0) for part, _ in rows if part.flagged.total >= 100]
    widest = max([2.0, *sure, *(130 * (part.flagged.value or 0.0) for part, _ in rows)]) * 1.1
    left.set_xlim(-widest / 60, widest)
    known = sorted((part for part in evaluation.of("language") if part.auc is not None), key=lambda part: part.auc or 0.0)[:34]
    for place, part in enumerate(reversed(known)):
        right.plot([part.auc, 1], [place, place], color=theme.line, linewidth=1)
        right.plot(part.auc, place, color=theme.legit, marker="o", markersize=4.5)
    right.set_yticks(range(len(known)), [_plain(f"{part.name}  ({part.posts})") for part in reversed(known)])
    right.set(title="AUC by language", ylim=(-0.7, len(known) - 0.3))
    right.set_xlim(right=1.002)
    for axes in (left, right):
        _axes(axes, theme)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", labelsize=8)


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)[:60]


PLOTS: Final[dict[str, tuple[Callable[[Figure, Evaluation, Theme], None], tuple[float, float], str]]] = {
    "precision_recall": (_ranking_plot, (10, 4.2), "Precision against recall, and recall against the share of false alarms"),
    "reliability": (_reliability_plot, (5, 4.8), "Share of illicit posts by score, against the score"),
    "scores": (_scores_plot, (5, 4.8), "Histograms of scores by label; counts are logarithmic"),
    "slices": (_slices_plot, (10, 6.4), "Shares of legit posts flagged by slice, and AUC by language"),
}


def draw(name: str, evaluation: Evaluation, theme: Theme, kind: str) -> bytes:
    """One of `PLOTS` as "png" or "svg"."""
    import matplotlib
    from matplotlib.figure import Figure

    plot, size, _ = PLOTS[name]
    # Names of slices come from data: a dollar sign is no formula. Words stay words in SVG, so that the page's font shows them.
    style: Any = {"text.parse_math": False, "svg.fonttype": "none", "svg.hashsalt": name, "font.family": FONT}
    out = io.BytesIO()
    with matplotlib.rc_context(style):
        figure = Figure(figsize=size, layout="constrained", facecolor=theme.paper)
        plot(figure, evaluation, theme)
        figure.savefig(out, format=kind, dpi=160, metadata={"Date": None} if kind == "svg" else None)
    return out.getvalue().replace(f"'{FONT}'".encode(), f"system-ui, 'Segoe UI', '{FONT}', sans-serif".encode())


def pictures(evaluation: Evaluation) -> tuple[Picture, ...]:
    """The plots as SVG; none where matplotlib is not installed."""
    if not can_draw():
        return ()
    return tuple(
        Picture(
            name,
            draw(name, evaluation, LIGHT, "svg"),
            draw(name, evaluation, DARK, "svg"),
            (round(100 * size[0]), round(100 * size[1])),
            alt,
        )
        for name, (_, size, alt) in PLOTS.items()
    )


def can_draw() -> bool:
    return find_spec("matplotlib") is not None
