"""What a detector is worth on labelled posts, as numbers.

`illicit` is what is to be found, `legit` what must be left alone; `seeking` posts count apart, and in calibration as not
illicit. Rankings (AUC, recall at a share of false alarms) do not depend on thresholds and carry intervals from resampling
groups, because twins and neighbours rise and fall together. Shares at the actions carry Wilson's interval, which stays
honest where nothing went wrong yet.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from pharmaspam import slices
from pharmaspam.errors import CorpusError
from pharmaspam.explain import MAX_REASONS, reasons
from pharmaspam.records import LABELS, Label, Labelled, Verdict

if TYPE_CHECKING:
    from pharmaspam.detector import Detector
    from pharmaspam.reading import Reader

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

FALSE_ALARMS: Final = (0.01, 0.001)
PREVALENCES: Final = (0.003, 0.03)
BINS: Final = 15
SCORE_BINS: Final = 40
CURVE: Final = 400  # points of a curve that are kept
WORST: Final = 20
EXCERPT: Final = 240
SMALLEST: Final = 10  # a scenario with fewer posts is no slice
_Z = 1.959964


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `total`, and Wilson's 95 % interval for the share behind it; all None where there is no total."""

    hits: int
    total: int

    @property
    def value(self) -> float | None:
        return self.hits / self.total if self.total else None

    @property
    def low(self) -> float | None:
        return self._wilson(-1)

    @property
    def high(self) -> float | None:
        return self._wilson(1)

    def _wilson(self, side: int) -> float | None:
        if not self.total:
            return None
        share, n, square = self.hits / self.total, self.total, _Z * _Z
        edge = share + square / (2 * n) + side * _Z * sqrt(share * (1 - share) / n + square / (4 * n * n))
        return min(1.0, max(0.0, edge / (1 + square / n)))

    def to_json(self) -> dict[str, Any]:
        return {"hits": self.hits, "total": self.total, "value": _short(self.value), "low": _short(self.low), "high": _short(self.high)}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and its 95 % interval."""

    value: float
    low: float
    high: float

    def to_json(self) -> dict[str, Any]:
        return {"value": _short(self.value), "low": _short(self.low), "high": _short(self.high)}


@dataclass(frozen=True, slots=True)
class Recall:
    """Share of illicit posts above the score that lets at most `false_alarms` of the legit ones through.

    threshold : that score; a post is found where its own is above it
    """

    false_alarms: float
    threshold: float
    share: Estimate


@dataclass(frozen=True, slots=True)
class Precision:
    """How many of the posts met at an action are illicit, where `prevalence` of all posts are; None where nothing is met."""

    prevalence: float
    flagged: Estimate | None
    blocked: Estimate | None


@dataclass(frozen=True, slots=True)
class Bin:
    """Posts with a score from `low` to `high`: their mean score, and the share that is illicit."""

    low: float
    high: float
    posts: int
    score: float
    share: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """error : expected calibration error over `BINS` bins of equal width; brier : mean squared error; empty bins are left out."""

    error: float
    brier: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Overlap:
    """Spans found against spans marked, by character, over all `posts` that carry marks."""

    posts: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold would give: posts with this score or more are met."""

    threshold: float
    recall: float
    false_alarms: float
    precision: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many posts have a score in each of `SCORE_BINS` bins of equal width, by label."""

    legit: tuple[int, ...]
    seeking: tuple[int, ...]
    illicit: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the corpus.

    kind : "language", "scenario", "format", "length", "source" or "patients"
    caught : illicit posts not allowed; flagged, blocked : legit posts not allowed, blocked; asked : seeking posts in review
    auc, recall : None where there are not both legit and illicit posts; recall is at 1 % false alarms of the slice itself
    """

    kind: str
    name: str
    posts: int
    caught: Rate
    flagged: Rate
    blocked: Rate
    asked: Rate
    auc: float | None
    recall: float | None


@dataclass(frozen=True, slots=True)
class Error:
    """A post judged wrongly.

    excerpt : its text before, in and after the first place that counts: what was found, or what was missed
    reasons : what spoke for `illicit` there; of a missed post, what was read and did not suffice
    """

    id: str
    label: Label
    action: str
    score: float
    seeking: float
    lang: str
    scenario: str
    excerpt: tuple[str, str, str]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All figures for one set of labelled posts.

    posts : how many there are by label
    caught, false_flags, false_blocks : shares of illicit and legit posts that are not allowed, of legit posts that are blocked
    blocked : share of illicit posts that are blocked
    seeking_reviewed, seeking_blocked : shares of seeking posts
    auc, average_precision, recalls : None and empty where there are not both legit and illicit posts
    pairs : twins of which every illicit one scores above every legit one
    spans, spans_caught : over illicit posts with marks; over those of them that were not allowed
    """

    model: str
    policy: str
    posts: dict[Label, int]
    caught: Rate
    blocked: Rate
    false_flags: Rate
    false_blocks: Rate
    seeking_reviewed: Rate
    seeking_blocked: Rate
    auc: Estimate | None
    average_precision: Estimate | None
    recalls: tuple[Recall, ...]
    seeking_auc: float | None
    precisions: tuple[Precision, ...]
    calibration: Calibration
    pairs: Rate
    spans: Overlap | None
    spans_caught: Overlap | None
    slices: tuple[Slice, ...]
    missed: tuple[Error, ...]
    false_alarms: tuple[Error, ...]
    histogram: Histogram
    curve: tuple[Point, ...]

    def of(self, kind: str) -> tuple[Slice, ...]:
        """The slices of one kind."""
        return tuple(part for part in self.slices if part.kind == kind)

    def to_json(self, *, excerpts: bool = True) -> dict[str, Any]:
        """Plain values. Without `excerpts` no word of a post is in it."""
        return {
            "model": self.model,
            "policy": self.policy,
            "posts": dict(self.posts),
            "caught": self.caught.to_json(),
            "blocked": self.blocked.to_json(),
            "false_flags": self.false_flags.to_json(),
            "false_blocks": self.false_blocks.to_json(),
            "seeking_reviewed": self.seeking_reviewed.to_json(),
            "seeking_blocked": self.seeking_blocked.to_json(),
            "auc": _json(self.auc),
            "average_precision": _json(self.average_precision),
            "recall": [
                {"false_alarms": row.false_alarms, "threshold": _short(row.threshold), **row.share.to_json()} for row in self.recalls
            ],
            "seeking_auc": _short(self.seeking_auc),
            "precision": [
                {"prevalence": row.prevalence, "flagged": _json(row.flagged), "blocked": _json(row.blocked)} for row in self.precisions
            ],
            "calibration": _rounded(asdict(self.calibration)),
            "pairs": self.pairs.to_json(),
            "spans": _rounded(asdict(self.spans)) if self.spans else None,
            "spans_caught": _rounded(asdict(self.spans_caught)) if self.spans_caught else None,
            "slices": [
                {
                    "kind": part.kind,
                    "name": part.name,
                    "posts": part.posts,
                    "caught": part.caught.to_json(),
                    "flagged": part.flagged.to_json(),
                    "blocked": part.blocked.to_json(),
                    "asked": part.asked.to_json(),
                    "auc": _short(part.auc),
                    "recall": _short(part.recall),
                }
                for part in self.slices
            ],
            "histogram": {label: list(getattr(self.histogram, label)) for label in LABELS},
            "curve": [_rounded(asdict(point)) for point in self.curve],
            "missed": [_error(row, excerpts) for row in self.missed],
            "false_alarms": [_error(row, excerpts) for row in self.false_alarms],
        }


def evaluate(
    posts: Sequence[Labelled],
    verdicts: Iterable[Verdict] | None = None,
    *,
    detector: Detector | None = None,
    reader: Reader | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> Evaluation:
    """Measure verdicts, or a detector, on labelled posts that it was not trained on.

    verdicts : one for each post, in order; where there are none, `detector` judges the posts, or the current model does
    reader : tells patient slices by what posts say, besides scenario names; that of the detector where there is one
    resamples : how many times the groups are drawn again for the intervals; 0 leaves them as wide as nothing
    Raises CorpusError where there are no posts, or not one verdict for each.
    """
    if not posts:
        raise CorpusError("evaluation: no labelled posts; name files that hold some")
    if verdicts is None:
        if detector is None:
            from pharmaspam.detector import Detector

            detector = Detector.load()
        reader = reader or detector.reader
        verdicts = detector.score_many(post.post for post in posts)
    judged = list(verdicts)
    if len(judged) != len(posts):
        raise CorpusError(f"evaluation: {len(judged)} verdicts for {len(posts)} posts; give one for each, in order")
    board = _Board(posts, judged)
    ranking = ranking_of(board.score[board.label == "legit"], board.score[board.label == "illicit"])
    ranked = _bootstrap(board, ranking, seed, resamples)
    caught, blocked = board.acts("illicit"), board.acts("illicit", "block")
    false_flags, false_blocks = board.acts("legit"), board.acts("legit", "block")
    return Evaluation(
        model=_name(verdict.model for verdict in judged),
        policy=_name(verdict.policy for verdict in judged),
        posts={label: int((board.label == label).sum()) for label in LABELS},
        caught=caught,
        blocked=blocked,
        false_flags=false_flags,
        false_blocks=false_blocks,
        seeking_reviewed=board.acts("seeking", "review"),
        seeking_blocked=board.acts("seeking", "block"),
        auc=ranked.get("auc"),
        average_precision=ranked.get("average precision"),
        recalls=tuple(
            Recall(share, ranking.threshold(share), ranked[f"recall {share}"]) for share in FALSE_ALARMS if f"recall {share}" in ranked
        ),
        seeking_auc=_auc(board.seeking[board.label == "legit"], board.seeking[board.label == "seeking"]),
        precisions=tuple(
            Precision(share, precision_at(share, caught, false_flags), precision_at(share, blocked, false_blocks)) for share in PREVALENCES
        ),
        calibration=calibration(board.score, board.label == "illicit"),
        pairs=_pairs(posts, judged),
        spans=overlap(posts, judged),
        spans_caught=overlap(*_caught(posts, judged)),
        slices=_slices(board, reader),
        missed=_missed(posts, judged, reader),
        false_alarms=_false_alarms(posts, judged),
        histogram=_histogram(board),
        curve=ranking.curve(),
    )


class _Board:
    """Posts and verdicts as arrays, in order."""

    def __init__(self, posts: Sequence[Labelled], verdicts: Sequence[Verdict]) -> None:
        self.posts = posts
        self.label = np.array([post.label for post in posts])
        self.score = np.array([verdict.score for verdict in verdicts], dtype=np.float64)
        self.seeking = np.array([verdict.seeking for verdict in verdicts], dtype=np.float64)
        self.action = np.array([verdict.action for verdict in verdicts])

    def acts(self, label: Label, action: str | None = None, rows: Ints | slice = slice(None)) -> Rate:
        """How many posts of a label meet `action`, or any but "allow"."""
        acts = self.action[rows][self.label[rows] == label]
        return Rate(int((acts == action).sum() if action else (acts != "allow").sum()), len(acts))


class _Ranking:
    """Legit and illicit posts by score, highest first, equal scores together; each may count several times.

    legit, illicit : how many of each there are at `scores`
    """

    def __init__(self, scores: Floats, legit: Floats, illicit: Floats) -> None:
        self.scores, self.legit, self.illicit = scores, legit, illicit

    def auc(self) -> float:
        below = self.legit.sum() - np.cumsum(self.legit) + self.legit / 2
        return float((self.illicit * below).sum() / (self.illicit.sum() * self.legit.sum()))

    def average_precision(self) -> float:
        met = np.cumsum(self.illicit + self.legit)
        precision = np.cumsum(self.illicit) / np.maximum(met, 1)
        return float((self.illicit * precision).sum() / self.illicit.sum())

    def _stop(self, false_alarms: float) -> int:
        """The first score at which more legit posts are met than may be."""
        allowed = np.floor(false_alarms * self.legit.sum())
        return int(np.argmax(np.cumsum(self.legit) > allowed))

    def threshold(self, false_alarms: float) -> float:
        return float(self.scores[self._stop(false_alarms)])

    def recall(self, false_alarms: float) -> float:
        return float(self.illicit[: self._stop(false_alarms)].sum() / self.illicit.sum())

    def figures(self) -> dict[str, float]:
        recalls = {f"recall {share}": self.recall(share) for share in FALSE_ALARMS}
        return {"auc": self.auc(), "average precision": self.average_precision(), **recalls}

    def curve(self) -> tuple[Point, ...]:
        """Points at most `CURVE` apart in equal steps of recall, and the last before each step of false alarms."""
        if not self.illicit.sum() or not self.legit.sum():
            return ()
        found, alarms = np.cumsum(self.illicit), np.cumsum(self.legit)
        recall, share = found / found[-1], alarms / alarms[-1]
        steps = np.floor(recall * CURVE) + np.floor(np.log10(np.maximum(share, 1e-6)) * CURVE / 4)
        kept = np.flatnonzero(np.append(np.diff(steps) != 0, True))
        precision = found / (found + alarms)
        return tuple(Point(float(self.scores[i]), float(recall[i]), float(share[i]), float(precision[i])) for i in kept)


def _bootstrap(board: _Board, ranking: _Ranking, seed: int, resamples: int) -> dict[str, Estimate]:
    """The figures that depend on ranking alone, with intervals from drawing groups of posts again and again.

    Empty where there are not both legit and illicit posts.
    """
    rows = np.flatnonzero(board.label != "seeking")
    illicit = board.label[rows] == "illicit"
    if not illicit.any() or illicit.all():
        return {}
    groups = [board.posts[int(row)].group or f"\x00{row}" for row in rows]
    _, group = np.unique(groups, return_inverse=True)
    place = np.searchsorted(-ranking.scores, -board.score[rows])
    count, size = int(group.max()) + 1, len(ranking.scores)
    rnd = np.random.default_rng(seed)
    drawn = []
    for _ in range(resamples):
        times = np.bincount(rnd.integers(count, size=count), minlength=count)[group]
        found = _count(place[illicit], size, times[illicit])
        again = _Ranking(ranking.scores, _count(place, size, times) - found, found)
        if again.legit.any() and again.illicit.any():
            drawn.append(again.figures())
    values = ranking.figures()
    table = np.array([[row[name] for name in values] for row in drawn or [values]])
    low, high = np.quantile(table, [0.025, 0.975], axis=0)
    edges = zip(values.items(), low.tolist(), high.tolist(), strict=True)
    return {name: Estimate(value, min(value, below), max(value, above)) for (name, value), below, above in edges}


def _auc(legit: Floats, illicit: Floats) -> float | None:
    return ranking_of(legit, illicit).auc() if len(legit) and len(illicit) else None


def ranking_of(legit: Floats, illicit: Floats) -> _Ranking:
    """The scores of two sets of posts, ranked."""
    values, place = np.unique(-np.concatenate([legit, illicit]), return_inverse=True)
    return _Ranking(-values, _count(place[: len(legit)], len(values)), _count(place[len(legit) :], len(values)))


def _count(place: Ints, size: int, times: Ints | None = None) -> Floats:
    """How often each of `size` places occurs, each occurrence counted `times` over."""
    return np.bincount(place, times, minlength=size).astype(np.float64)


def precision_at(prevalence: float, caught: Rate, false: Rate) -> Estimate | None:
    """Of the posts met, the share that is illicit where `prevalence` of all posts are.

    The interval pairs the worse ends of both rates, then the better ones: it is on the wide side.
    """

    def share(hit: float | None, wrong: float | None) -> float | None:
        if hit is None or wrong is None or hit + wrong == 0:
            return None
        return prevalence * hit / (prevalence * hit + (1 - prevalence) * wrong)

    value, low, high = share(caught.value, false.value), share(caught.low, false.high), share(caught.high, false.low)
    return None if value is None else Estimate(value, low if low is not None else 0.0, high if high is not None else 1.0)


def calibration(score: Floats, illicit: NDArray[np.bool_]) -> Calibration:
    """How far scores are from shares. score : probabilities, 0 to 1; illicit : whether they came true"""
    number = np.minimum((score * BINS).astype(int), BINS - 1)
    bins = []
    for index in range(BINS):
        inside = number == index
        if inside.any():
            low, high = index / BINS, (index + 1) / BINS
            bins.append(Bin(low, high, int(inside.sum()), float(score[inside].mean()), float(illicit[inside].mean())))
    error = sum(row.posts * abs(row.score - row.share) for row in bins) / len(score)
    return Calibration(float(error), float(np.mean((score - illicit) ** 2)), tuple(bins))


def _pairs(posts: Sequence[Labelled], verdicts: Sequence[Verdict]) -> Rate:
    twins: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for post, verdict in zip(posts, verdicts, strict=True):
        if post.pair and post.label != "seeking":
            twins[post.pair][post.label].append(verdict.score)
    both = [(max(found["legit"]), min(found["illicit"])) for found in twins.values() if len(found) == 2]
    return Rate(sum(illicit > legit for legit, illicit in both), len(both))


def _caught(posts: Sequence[Labelled], verdicts: Sequence[Verdict]) -> tuple[list[Labelled], list[Verdict]]:
    kept = [(post, verdict) for post, verdict in zip(posts, verdicts, strict=True) if verdict.action != "allow"]
    return [post for post, _ in kept], [verdict for _, verdict in kept]


def overlap(posts: Sequence[Labelled], verdicts: Sequence[Verdict]) -> Overlap | None:
    """Found spans against marked ones, by character, over illicit posts with marks; None where there are none."""
    both = true = found = count = 0
    for post, verdict in zip(posts, verdicts, strict=True):
        if post.label == "illicit" and post.spans:
            marked = _merged(post.spans)
            given = _merged((span.start, span.end) for span in verdict.spans)
            both += sum(max(0, min(high, end) - max(low, start)) for low, high in marked for start, end in given)
            true += sum(high - low for low, high in marked)
            found += sum(end - start for start, end in given)
            count += 1
    if not count:
        return None
    precision, recall = both / max(found, 1), both / max(true, 1)
    return Overlap(count, precision, recall, 2 * precision * recall / max(precision + recall, 1e-9))


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def _slices(board: _Board, reader: Reader | None) -> tuple[Slice, ...]:
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, post in enumerate(board.posts):
        members["language", post.lang].append(row)
        members["scenario", post.scenario or "none given"].append(row)
        members["format", post.post.format].append(row)
        members["length", slices.length_of(post.post.text)].append(row)
        members["source", slices.source_of(post)].append(row)
        if post.label == "legit":
            reading = reader.read(post.post) if reader else None
            for name in slices.patients_of(post, reading):
                members["patients", name].append(row)
    lengths = [*(name for _, name in slices.LENGTHS), slices.LONGEST]
    ranks = {name: number for number, name in enumerate((*slices.PATIENTS, slices.OTHER_SPAM, *lengths))}
    names = [key for key, rows in members.items() if key[0] != "scenario" or len(rows) >= SMALLEST]
    names.sort(key=lambda key: (_KINDS.index(key[0]), ranks.get(key[1], 0), -len(members[key]), key[1]))
    return tuple(_slice(board, kind, name, np.array(members[kind, name])) for kind, name in names)


_KINDS: Final = ("patients", "language", "scenario", "format", "length", "source")


def _slice(board: _Board, kind: str, name: str, rows: Ints) -> Slice:
    label, score = board.label[rows], board.score[rows]
    legit, illicit = score[label == "legit"], score[label == "illicit"]
    ranking = ranking_of(legit, illicit) if len(legit) and len(illicit) else None
    return Slice(
        kind=kind,
        name=name,
        posts=len(rows),
        caught=board.acts("illicit", rows=rows),
        flagged=board.acts("legit", rows=rows),
        blocked=board.acts("legit", "block", rows),
        asked=board.acts("seeking", "review", rows),
        auc=ranking.auc() if ranking else None,
        recall=ranking.recall(FALSE_ALARMS[0]) if ranking else None,
    )


def _missed(posts: Sequence[Labelled], verdicts: Sequence[Verdict], reader: Reader | None) -> tuple[Error, ...]:
    """Illicit posts that were allowed, lowest score first, with what was marked in them and what could be read there."""
    wrong = [row for row in zip(posts, verdicts, strict=True) if row[0].label == "illicit" and row[1].action == "allow"]
    wrong.sort(key=lambda row: row[1].score)
    return tuple(_judged(post, verdict, post.spans, _read_there(post, reader)) for post, verdict in wrong[:WORST])


def _read_there(post: Labelled, reader: Reader | None) -> tuple[str, ...]:
    """Reasons that the marked parts of a post would have given, and were not enough."""
    if reader is None:
        return ()
    reading = reader.read(post.post)
    places = [reading.source(index, index + 1) for index in range(len(reading))]
    found: list[str] = []
    for start, end in post.spans or ((0, len(post.post.text)),):
        inside = [index for index, (low, high) in enumerate(places) if low < end and high > start]
        if inside:
            found += reasons(reading, inside[0], inside[-1] + 1, reader.lexicon)
    return tuple(dict.fromkeys(found))


def _false_alarms(posts: Sequence[Labelled], verdicts: Sequence[Verdict]) -> tuple[Error, ...]:
    """Legit posts that were flagged and seeking posts that were blocked, blocked ones first, then by score."""
    wrong = [
        (post, verdict)
        for post, verdict in zip(posts, verdicts, strict=True)
        if (post.label == "legit" and verdict.action != "allow") or (post.label == "seeking" and verdict.action == "block")
    ]
    wrong.sort(key=lambda row: (row[1].action != "block", -max(row[1].score, row[1].seeking)))
    return tuple(
        _judged(
            post,
            verdict,
            [(span.start, span.end) for span in verdict.spans],
            tuple(dict.fromkeys(reason for span in verdict.spans for reason in span.reasons)),
        )
        for post, verdict in wrong[:WORST]
    )


def _judged(post: Labelled, verdict: Verdict, spans: Sequence[tuple[int, int]], why: tuple[str, ...]) -> Error:
    return Error(
        id=post.post.id or "",
        label=post.label,
        action=verdict.action,
        score=verdict.score,
        seeking=verdict.seeking,
        lang=post.lang,
        scenario=post.scenario,
        excerpt=_excerpt(post.post.text, spans),
        reasons=why[:MAX_REASONS],
    )


def _excerpt(text: str, spans: Sequence[tuple[int, int]]) -> tuple[str, str, str]:
    """About `EXCERPT` characters of one line, with the first span in the middle, cut at its ends."""
    start, end = spans[0] if spans else (0, 0)
    end = min(end, start + EXCERPT)
    low = max(0, start - (EXCERPT - (end - start)) // 2)
    high = min(len(text), max(end, low + EXCERPT))
    before, inside, after = (re.sub(r"\s+", " ", part) for part in (text[low:start], text[start:end], text[end:high]))
    return ("… " if low else "") + before, inside, after + (" …" if high < len(text) else "")


def _histogram(board: _Board) -> Histogram:
    number = np.minimum((board.score * SCORE_BINS).astype(int), SCORE_BINS - 1)
    counts = {label: tuple(np.bincount(number[board.label == label], minlength=SCORE_BINS).tolist()) for label in LABELS}
    return Histogram(counts["legit"], counts["seeking"], counts["illicit"])


def _name(names: Iterable[str]) -> str:
    return ", ".join(sorted({name for name in names if name}))


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 5)


def _json(value: Estimate | None) -> dict[str, Any] | None:
    return value.to_json() if value else None


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(part) for part in value]
    return _short(value) if isinstance(value, float) else value


def _error(row: Error, excerpts: bool) -> dict[str, Any]:
    fields = asdict(row)
    if not excerpts:  # reasons quote the words that counted
        del fields["excerpt"], fields["reasons"]
    return {key: _rounded(value) for key, value in fields.items()}
