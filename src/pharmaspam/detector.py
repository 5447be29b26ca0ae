"""The scoring function: posts in, verdicts out, with one model and one policy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pharmaspam import model as models
from pharmaspam.errors import ConfigError, ModelError
from pharmaspam.explain import to_spans
from pharmaspam.lexicon import from_rows
from pharmaspam.model import Model
from pharmaspam.policy import Policy
from pharmaspam.reading import Reader
from pharmaspam.records import Post, Span, Verdict
from pharmaspam.scorer import Scorer

if TYPE_CHECKING:
    import pandas as pd


class Detector:
    """Judges posts. Content never raises; the model is read-only and may be shared by threads and forked workers.

    >>> verdict = Detector.load().score("Never stop clonazepam at once; taper with your doctor.")
    >>> verdict.action
    'allow'
    """

    def __init__(self, model: Model, policy: Policy | None = None) -> None:
        lexicon = from_rows(model.lexicon)
        self.model = model
        self.policy = (policy or Policy()).with_defaults(model.thresholds)
        self.reader = Reader(lexicon)
        self.scorer = Scorer(model, lexicon)

    @classmethod
    def load(cls, path: str | Path | None = None, policy: Policy | None = None) -> Detector:
        """A detector with the model in the folder `path`, or with the current one.

        Never executes anything from the folder. Raises ModelError where it is missing, damaged, foreign or of the future.
        """
        folder = Path(path) if path is not None else models.current()
        model = models.load(folder)
        try:
            detector = cls(model, policy)
            seen = detector.scorer.see(detector.reader.read(Post("a word")))
            for target in (0, 1):
                detector.scorer.spans(seen.seen, target)
        except (ValueError, IndexError, KeyError, TypeError) as error:
            raise ModelError(f"{folder}: its parts do not fit together ({error}); train it anew with this version") from error
        return detector

    def score(self, post: Post | str) -> Verdict:
        """The verdict on one post; a plain string is a post whose mark-up is guessed."""
        if isinstance(post, str):
            post = Post(post)
        reading = self.reader.read(post)
        scores = self.scorer.see(reading)
        # A post without a word offers nothing and asks for nothing; the second stage has never seen one.
        illicit, seeking = (scores.illicit, scores.seeking) if len(reading) else (0.0, 0.0)
        label, action = self.policy.decide(illicit, seeking)
        spans: tuple[Span, ...] = ()
        if action != "allow":
            target = 1 if label == "seeking" else 0
            spans = to_spans(reading, post.text, self.scorer.spans(scores.seen, target), self.reader.lexicon)
        return Verdict(
            score=illicit,
            seeking=seeking,
            label=label,
            action=action,
            language=reading.language,
            spans=spans,
            id=post.id,
            model=self.model.name,
            policy=self.policy.name,
        )

    def score_many(self, posts: Iterable[Post | str]) -> Iterator[Verdict]:
        """Verdicts in the order of `posts`, one at a time, in constant memory."""
        return map(self.score, posts)

    def score_frame(self, frame: pd.DataFrame, text: str = "text") -> pd.DataFrame:
        """Verdicts of a frame of posts, one row each, with the frame's own index: a partition function for any engine.

        text : the column with the post; columns `format`, `id` and `title` are used where they are there
        Raises ConfigError where there is no such column.
        Returns columns score, seeking, label, action, language, spans (a list of dicts), model, policy.
        """
        import pandas as pd

        if text not in frame:
            raise ConfigError(f'no column "{text}"; the frame has {", ".join(map(str, frame.columns))}: name the one with the posts')

        def cell(row: dict[Any, Any], key: str) -> str | None:
            value = row.get(key)
            return None if pd.api.types.is_scalar(value) and pd.isna(value) else str(value)

        rows = [
            self.score(Post(cell(row, text) or "", cell(row, "format") or "auto", cell(row, "id"), cell(row, "title"))).to_json()
            for row in frame.to_dict("records")
        ]
        columns = ["score", "seeking", "label", "action", "language", "spans", "model", "policy"]
        return pd.DataFrame(rows, columns=columns, index=frame.index)
