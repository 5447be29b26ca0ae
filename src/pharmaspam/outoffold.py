"""Verdicts on the training posts by models that had not seen them: what a new model is honestly worth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pharmaspam.corpus import post_id
from pharmaspam.errors import CorpusError
from pharmaspam.explain import to_spans
from pharmaspam.policy import Policy
from pharmaspam.reading import Reader
from pharmaspam.records import Labelled, Span, Verdict
from pharmaspam.training import Trained


def verdicts(trained: Trained, reader: Reader, name: str = "") -> Iterator[tuple[Labelled, Verdict]]:
    """Each training post and the verdict of a model that was trained without its group; made posts are left out.

    reader : the one the posts were read with in training, or token ranges would not fit
    """
    policy = Policy().with_defaults(trained.thresholds)
    oof = trained.out_of_fold
    for post, score, seeking, ranges in zip(oof.posts, oof.score, oof.seeking, oof.spans, strict=True):
        if post.source == "made":
            continue
        label, action = policy.decide(float(score), float(seeking))
        spans: tuple[Span, ...] = ()
        if action != "allow" and ranges:
            reading = reader.read(post.post)
            spans = to_spans(reading, post.post.text, [(first, last, float(score)) for first, last in ranges], reader.lexicon)
        yield post, Verdict(float(score), float(seeking), label, action, post.lang, spans, post.post.id, name)


def to_row(post: Labelled, verdict: Verdict) -> dict[str, Any]:
    """One line of an out-of-fold file; `hash` names the text where ids differ."""
    return {
        "id": verdict.id,
        "hash": post_id(post.post.text),
        "score": round(verdict.score, 6),
        "seeking": round(verdict.seeking, 6),
        "label": verdict.label,
        "action": verdict.action,
        "spans": [span.to_json() for span in verdict.spans],
    }


def read(path: Path, posts: Sequence[Labelled]) -> list[Verdict]:
    """The verdicts in an out-of-fold file on `posts`, in their order; a post is known by its text.

    Raises CorpusError where the file cannot be read, a line of it is no verdict, or a post is not in it.
    """
    found: dict[str, Verdict] = {}
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    row = json.loads(line)
                    spans = tuple(Span(**(span | {"reasons": tuple(span["reasons"])})) for span in row["spans"])
                    verdict = Verdict(float(row["score"]), float(row["seeking"]), row["label"], row["action"], spans=spans, id=row["id"])
                    found[row["hash"]] = verdict
                except (ValueError, KeyError, TypeError) as error:
                    raise CorpusError(f"{path}:{number}: no out-of-fold verdict ({error}); write the file with `train --oof`") from error
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}: cannot be read ({getattr(error, 'strerror', error)}); check the path") from error
    missing = next((post for post in posts if post_id(post.post.text) not in found), None)
    if missing is not None:
        raise CorpusError(f"{path}: has no verdict on post {missing.post.id}; evaluate the posts that were trained on, or leave out --oof")
    return [found[post_id(post.post.text)] for post in posts]
