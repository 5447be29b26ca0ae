"""Verdicts on the training posts by models that had not seen them: what a new model is honestly worth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from pharmaspam.corpus import post_id
from pharmaspam.explain import to_spans
from pharmaspam.policy import Policy
from pharmaspam.reading import Reader
from pharmaspam.records import Labelled, Span, Verdict
from pharmaspam.training import Trained, is_background

SETS: Final = ("illicit posts", "seeking posts", "legit posts written for this project", "legit posts of real boards")


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


def rates(judged: Iterable[tuple[Labelled, Verdict]]) -> dict[str, dict[str, float]]:
    """Shares of posts flagged and blocked by set of posts, for manifest and card."""
    rows: dict[str, list[Verdict]] = {name: [] for name in SETS}
    for post, verdict in judged:
        number = {"illicit": 0, "seeking": 1}.get(post.label, 3 if is_background(post) else 2)
        rows[SETS[number]].append(verdict)
    return {
        name: {
            "posts": len(found),
            "flagged": round(sum(verdict.action != "allow" for verdict in found) / len(found), 4),
            "blocked": round(sum(verdict.action == "block" for verdict in found) / len(found), 4),
        }
        for name, found in rows.items()
        if found
    }


def card(name: str, facts: dict[str, Any], thresholds: dict[str, float]) -> str:
    """A model's card in Markdown: what it is for, what it was made from, how it did on posts it had not seen."""
    data = facts["data"]
    lines = [
        f"# Model {name}",
        "",
        "Judges posts of health forums: does a post offer, advertise or link to medicine outside lawful supply, or ask for it?",
        "Its score is a machine's estimate. Posts under review are for a person to decide; who asks is never blocked for asking.",
        "It knows nothing of pictures, of what stands behind a link, or of a poster's other posts.",
        "",
        f"Trained on {facts['created'][:10]} with pharmaspam {facts['versions']['pharmaspam']}, scikit-learn "
        f"{facts['versions']['scikit-learn']} and spaCy {facts['versions']['spacy']}, seed {facts['params']['seed']}.",
        "",
        "## Thresholds",
        "",
        f"Review from {thresholds['review']:.4f}, block from {thresholds['block']:.4f}, seeking from {thresholds['seeking']:.4f}; "
        "chosen on legitimate posts, so that few of them are flagged.",
        "",
        "## On posts it had not seen",
        "",
        f"Each post was judged by one of {facts['params']['folds']} models trained without it, its twins and its near duplicates.",
        "",
        "| posts | number | flagged | blocked |",
        "|---|--:|--:|--:|",
    ]
    lines += [
        f"| {kind} | {row['posts']} | {100 * row['flagged']:.2f} % | {100 * row['blocked']:.2f} % |"
        for kind, row in facts["metrics"]["out_of_fold"].items()
    ]
    lines += [
        "",
        "## Trained on",
        "",
        f"{data['posts']} posts, fingerprint `{data['fingerprint'][:16]}`:",
        "",
        "| source | posts |",
        "|---|--:|",
    ]
    lines += [f"| {source} | {row['posts']} |" for source, row in data["sources"].items()]
    return "\n".join(lines) + "\n"
