"""pharmaspam: tells legitimate talk about medicines from illicit-purchase insertions.

>>> import pharmaspam
>>> verdict = pharmaspam.score("Ask your pharmacist before you take ibuprofen with it.")
>>> verdict.action
'allow'
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from pharmaspam.records import Labelled, Post, Span, Verdict

if TYPE_CHECKING:
    from pharmaspam.cleaning import clean
    from pharmaspam.detector import Detector
    from pharmaspam.evaluation import evaluate
    from pharmaspam.policy import Policy
    from pharmaspam.training import train

__version__ = "0.1.0"
__all__ = ["Detector", "Labelled", "Policy", "Post", "Span", "Verdict", "clean", "evaluate", "score", "train"]

_LATER = {
    "Detector": "detector",
    "Policy": "policy",
    "clean": "cleaning",
    "evaluate": "evaluation",
    "train": "training",
}


def __getattr__(name: str) -> Any:
    # Heavy libraries load on first use, so that importing the package costs next to nothing.
    if name in _LATER:
        return getattr(import_module(f"pharmaspam.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@lru_cache(maxsize=1)
def _default() -> Detector:
    from pharmaspam.detector import Detector

    return Detector.load()


def score(post: Post | str) -> Verdict:
    """The verdict on one post, with the bundled model, which is loaded on the first call."""
    return _default().score(post)
