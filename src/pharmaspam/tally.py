"""What a scan found: counts that add up, flagged posts, and the whole in one value."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pharmaspam.excerpt import Piece
from pharmaspam.policy import Policy
from pharmaspam.records import Action, Label, Span, Verdict

BINS: Final = 40


@dataclass(slots=True)
class Tally:
    """Counts of a scan or of a part of one; `+` joins two parts.

    posts : rows with a verdict; rejected : rows without
    actions, labels : posts by action and by label; languages, flagged : all posts, and those not allowed, by language
    scores : posts by score in `BINS` equal steps from 0 to 1
    """

    posts: int = 0
    rejected: int = 0
    actions: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    flagged: Counter[str] = field(default_factory=Counter)
    scores: list[int] = field(default_factory=lambda: [0] * BINS)

    def add(self, verdict: Verdict) -> None:
        self.posts += 1
        self.actions[verdict.action] += 1
        self.labels[verdict.label] += 1
        self.languages[verdict.language] += 1
        if verdict.action != "allow":
            self.flagged[verdict.language] += 1
        self.scores[min(BINS - 1, int(verdict.score * BINS))] += 1

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.posts + other.posts,
            self.rejected + other.rejected,
            self.actions + other.actions,
            self.labels + other.labels,
            self.languages + other.languages,
            self.flagged + other.flagged,
            [a + b for a, b in zip(self.scores, other.scores, strict=True)],
        )

    @property
    def caught(self) -> int:
        """Posts that are not simply allowed."""
        return self.posts - self.actions["allow"]

    def to_json(self) -> dict[str, Any]:
        return {
            "posts": self.posts,
            "rejected": self.rejected,
            "actions": dict(self.actions),
            "labels": dict(self.labels),
            "languages": dict(self.languages),
            "flagged": dict(self.flagged),
            "scores": self.scores,
        }

    @classmethod
    def of(cls, row: dict[str, Any]) -> Tally:
        counts = {key: Counter(row[key]) for key in ("actions", "labels", "languages", "flagged")}
        return cls(row["posts"], row["rejected"], **counts, scores=list(row["scores"]))


@dataclass(frozen=True, slots=True)
class Flagged:
    """A post that somebody should look at, as a report shows it.

    source, line : where it stands in the archive; pieces : the post round its spans
    """

    id: str
    source: str
    line: int
    score: float
    seeking: float
    label: Label
    action: Action
    language: str
    author: str
    created: str
    title: str
    pieces: tuple[Piece, ...]
    spans: tuple[Span, ...]

    def to_json(self) -> dict[str, Any]:
        row: dict[str, Any] = {key: getattr(self, key) for key in self.__slots__ if key not in ("pieces", "spans")}
        row["pieces"] = [[piece.text, piece.span] for piece in self.pieces]
        row["spans"] = [span.to_json() for span in self.spans]
        return row

    @classmethod
    def of(cls, row: dict[str, Any]) -> Flagged:
        pieces = tuple(Piece(*piece) for piece in row["pieces"])
        spans = tuple(Span(**(span | {"reasons": tuple(span["reasons"])})) for span in row["spans"])
        return cls(**(row | {"pieces": pieces, "spans": spans}))

    @property
    def strength(self) -> float:
        """The probability of what the post was flagged for."""
        return self.seeking if self.label == "seeking" else self.score


@dataclass(frozen=True, slots=True)
class Summary:
    """A finished scan.

    verdicts, rejected, report : files written, `rejected` None where no row was bad
    created : when it ended, ISO 8601; seconds : time spent, earlier runs of the same scan included
    resumed : rows that an earlier run had done
    flagged : the flagged posts with the highest scores, highest first
    """

    sources: tuple[str, ...]
    verdicts: Path
    rejected: Path | None
    report: Path
    model: str
    policy: Policy
    created: str
    seconds: float
    resumed: int
    tally: Tally
    flagged: tuple[Flagged, ...]
