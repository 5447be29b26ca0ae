"""From probabilities to an action: where review and block begin."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from pharmaspam.errors import ConfigError
from pharmaspam.records import Action, Label


@dataclass(frozen=True, slots=True)
class Policy:
    """Thresholds of a site, each a probability from 0 to 1; None takes what the model was calibrated for.

    review : `score` from which a person looks; block : `score` from which a post is stopped; never below review
    seeking : probability of `seeking` from which a person looks; who asks is never blocked for asking
    """

    name: str = "default"
    review: float | None = None
    block: float | None = None
    seeking: float | None = None

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name != "name" and value is not None and not 0.0 <= value <= 1.0:
                raise ConfigError(f"policy {self.name}: {item.name} is {value}; give a probability from 0 to 1")
        if self.review is not None and self.block is not None and self.block < self.review:
            raise ConfigError(f"policy {self.name}: block {self.block} is below review {self.review}; raise block or lower review")

    def with_defaults(self, thresholds: dict[str, float]) -> Policy:
        """The policy with the model's thresholds where it has none of its own."""
        missing: dict[str, Any] = {key: thresholds[key] for key in ("review", "block", "seeking") if getattr(self, key) is None}
        if "block" in missing and self.review is not None:
            missing["block"] = max(missing["block"], self.review)
        if "review" in missing and self.block is not None:
            missing["review"] = min(missing["review"], self.block)
        return replace(self, **missing)

    def decide(self, score: float, seeking: float) -> tuple[Label, Action]:
        """Label and action for a post; the policy must have all its thresholds (see `with_defaults`)."""
        if self.review is None or self.block is None or self.seeking is None:
            raise ConfigError(f"policy {self.name}: thresholds are missing; call with_defaults with the model's")
        asks = seeking >= self.seeking
        if score >= self.block and not (asks and seeking > score):
            return "illicit", "block"
        if asks and seeking > score:
            return "seeking", "review"
        if score >= self.review:
            return "illicit", "review"
        return ("seeking", "review") if asks else ("legit", "allow")
