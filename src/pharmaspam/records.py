"""The values that travel: a post goes in, a verdict comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

Label = Literal["legit", "seeking", "illicit"]
Action = Literal["allow", "review", "block"]
Format = Literal["auto", "text", "markdown", "html", "bbcode"]

LABELS: Final[tuple[Label, ...]] = ("legit", "seeking", "illicit")
FORMATS: Final[tuple[Format, ...]] = ("auto", "text", "markdown", "html", "bbcode")


@dataclass(frozen=True, slots=True)
class Post:
    """One post as a forum stores it.

    text : with its mark-up; spans of a verdict are code points of this string
    format : how the mark-up is written; "auto" guesses, and an unknown name counts as "auto"
    title : scored together with the text, but spans only ever point into the text
    """

    text: str
    format: str = "auto"
    id: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of code points of the post as given, `raw[start:end]`, and why it counts.

    score : probability of `illicit` (of `seeking` in a post that asks) for this part alone, 0 to 1
    """

    start: int
    end: int
    text: str = ""
    score: float = 0.0
    reasons: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "start": self.start,
            "end": self.end,
            "text": self.text,
            "score": round(self.score, 4),
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the classifier says of one post.

    score : calibrated probability of `illicit`, 0 to 1
    seeking : calibrated probability of `seeking`, 0 to 1
    language : ISO 639-1 code of the body, "und" where the text is too short to tell
    model, policy : the names of what judged
    """

    score: float
    seeking: float
    label: Label
    action: Action
    language: str = "und"
    spans: tuple[Span, ...] = ()
    id: str | None = None
    model: str = ""
    policy: str = "default"

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "score": round(self.score, 6),
            "seeking": round(self.seeking, 6),
            "label": self.label,
            "action": self.action,
            "language": self.language,
            "spans": [span.to_json() for span in self.spans],
            "model": self.model,
            "policy": self.policy,
        }


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled post of a corpus.

    spans : half-open code-point ranges of `post.text` that earn the label; empty where nobody marked them
    group : posts of one group never straddle a fold (twins, neighbours, near duplicates)
    source : the file it came from, without folder and extension
    """

    post: Post
    label: Label
    spans: tuple[tuple[int, int], ...] = ()
    lang: str = "und"
    scenario: str = ""
    pair: str | None = None
    group: str = ""
    source: str = ""
