"""A model's card: what it is for, what it was made from, and what it is worth on posts it had not seen.

The card is for people; `metrics` puts the same figures into the manifest, and `worse` holds a later evaluation against them.
"""

from __future__ import annotations

from typing import Any, Final

from pharmaspam.evaluation import Evaluation, Slice
from pharmaspam.evaluation_plots import counted
from pharmaspam.evaluation_report import headline, markdown, patients, percent, precisions, sliced

WEAK: Final = 8  # scenarios that are named as weak
_KEPT: Final = (
    "posts",
    "caught",
    "blocked",
    "false_flags",
    "false_blocks",
    "seeking_reviewed",
    "seeking_blocked",
    "auc",
    "average_precision",
    "recall",
    "seeking_auc",
    "precision",
    "pairs",
    "spans",
    "spans_caught",
)
# Real text that models are trained on besides the posts of this project: where it is from, and its licence.
SOURCES: Final = {
    "train_legit_medquad": ("NIH questions and answers, github.com/abachaa/MedQuAD", "CC BY 4.0"),
    "train_legit_lasseregin_medqa": ("patients' questions, github.com/LasseRegin/medical-question-answer-data", "MIT"),
    "train_legit_naijamed": ("Nigerian health forum, github.com/Ayomidejoe/NaijaMed_QA_Dataset", "MIT"),
    "train_legit_drugscom_subset": ("drug reviews, UCI drug review set (Drugs.com)", "CC BY 4.0"),
    "train_legit_toyhom_zh": ("Chinese patients and doctors, github.com/Toyhom/Chinese-medical-dialogue-data", "MIT"),
    "train_other_ham_sms": ("text messages, UCI SMS Spam Collection", "CC BY 4.0"),
    "train_other_ham_spamassassin": ("ordinary mail, SpamAssassin public corpus", "public corpus"),
    "train_illicit_comments": ("comment spam in public archives of Staticman blogs", "MIT for one blog, none stated for three"),
}


def metrics(evaluation: Evaluation) -> dict[str, Any]:
    """The figures of an evaluation that a manifest keeps; no word of a post is among them."""
    everything = evaluation.to_json(excerpts=False)
    calibration = {key: everything["calibration"][key] for key in ("error", "brier")}
    slices = [part for part in everything["slices"] if part["kind"] in ("patients", "language")]
    return {key: everything[key] for key in _KEPT} | {"calibration": calibration, "slices": slices}


def worse(before: dict[str, Any], evaluation: Evaluation) -> tuple[str, ...]:
    """Which slices of patients are flagged or blocked more than `before` says, one line each; none where all is well.

    before : what `metrics` gave for the model's card. A share counts as worse where it is above the stated one and one post
    more than the stated share of this evaluation's posts.
    """
    found = []
    stated = {part["name"]: part for part in before["slices"] if part["kind"] == "patients"}
    for part in evaluation.of("patients"):
        if part.name not in stated:
            continue
        for what, rate in (("flagged", part.flagged), ("blocked", part.blocked)):
            share = stated[part.name][what]["value"] or 0.0
            if rate.hits > share * rate.total + 1:
                found.append(f"{part.name}: {percent(rate.value)} {what} ({rate.hits} of {rate.total}), the card says {percent(share)}")
    return tuple(found)


def card(name: str, facts: dict[str, Any], thresholds: dict[str, float], evaluation: Evaluation, judged: str = "out of fold") -> str:
    """The card of a model in Markdown.

    facts : of its manifest, see `training.facts_of`
    judged : how the posts of `evaluation` were judged: "out of fold", or "held out" where they took no part in training
    """
    versions, params = facts["versions"], facts["params"]
    ways = {
        "out of fold": f"Each post was judged by one of {params['folds']} models trained without it, its twins, its neighbours and its "
        "near duplicates.",
        "held out": "None of these posts took part in training.",
    }
    return "\n".join(
        [
            f"# Model {name}",
            "",
            "Judges posts of health forums: does a post offer, advertise or link to medicine outside lawful supply, or ask for it?",
            "A linear model over words, word pairs, pieces of words and concepts of a lexicon in many languages; its score is a calibrated",
            "probability, and every verdict says which words earned it.",
            "",
            f"Made on {facts['created'][:10]} with pharmaspam {versions['pharmaspam']}, scikit-learn {versions['scikit-learn']}, spaCy "
            f"{versions['spacy']}, numpy {versions['numpy']}; seed {params['seed']}.",
            "",
            "## For what, and for what not",
            "",
            "- For moderators of health boards: to hold a post until a person has looked, to stop what is certain, to take a phrase out.",
            "- Not for judging people, for law enforcement, for diagnosis, or for deciding about an account. A flagged post is no proof.",
            "- Who asks for a route is sent to a person, never blocked for asking: it is often a patient in trouble.",
            "- It knows nothing of pictures, of what stands behind a link, of a poster's other posts, or of languages it was not taught.",
            "- Other spam (loans, casinos, essays) is not its subject.",
            "",
            "## Where its actions begin",
            "",
            f"Review from {thresholds['review']:.4f}, block from {thresholds['block']:.4f}, seeking from {thresholds['seeking']:.4f}. They "
            "were chosen on legitimate posts alone: a false",
            "alarm silences a sick person, a miss leaves a link up for a few hours. A site may set its own.",
            "",
            "## What it is worth",
            "",
            ways[judged],
            "Intervals hold 95 %: rankings by drawing groups of posts anew, shares by Wilson.",
            "",
            *(_below(markdown(table)) for table in (headline(evaluation), precisions(evaluation), patients(evaluation))),
            *(_below(markdown(sliced(evaluation, kind))) for kind in ("language", "format", "length", "source")),
            *_weak(evaluation),
            "## Made from",
            "",
            *_made_from(facts["data"], params["min_posts"]),
        ]
    )


def _below(text: str) -> str:
    """Headings one level deeper."""
    return text.replace("## ", "### ", 1)


def _weak(evaluation: Evaluation) -> list[str]:
    """Kinds of posts it does worst on, as their authors named them."""

    def line(part: Slice, rate: Any) -> str:
        return f"{part.name} ({percent(rate.value)} of {counted(rate.total)})"

    scenarios = evaluation.of("scenario")
    missed = sorted((part for part in scenarios if part.caught.total >= 10), key=lambda part: part.caught.value or 0.0)[:WEAK]
    flagged = sorted((part for part in scenarios if part.flagged.hits), key=lambda part: -(part.flagged.value or 0.0))[:WEAK]
    lines = ["### Where it is weak", ""]
    if missed:
        lines += [f"- Illicit posts caught least: {', '.join(line(part, part.caught) for part in missed)}."]
    if flagged:
        lines += [f"- Legit posts flagged most: {', '.join(line(part, part.flagged) for part in flagged)}."]
    return [*lines, ""] if len(lines) > 2 else []


def _made_from(data: dict[str, Any], least: int) -> list[str]:
    sources: dict[str, dict[str, Any]] = data["sources"]
    real = {source: row for source, row in sources.items() if source in SOURCES}
    ours = [row["posts"] for source, row in sources.items() if source.startswith("posts_")]
    rest = {source: row for source, row in sources.items() if source not in real and not source.startswith("posts_")}
    rows = [f"| written for this project ({len(ours)} files of `data/posts`) | {sum(ours)} | that of the project |"] if ours else []
    rows += [f"| {SOURCES[source][0]} | {row['posts']} | {SOURCES[source][1]} |" for source, row in real.items()]
    rows += [f"| {source} | {row['posts']} | not known here |" for source, row in rest.items()]
    return [
        f"{data['posts']} posts, fingerprint `{data['fingerprint'][:16]}`. Made posts (authored purchase phrases dropped into legitimate "
        "ones) come on top of these.",
        f"No term of the vocabulary comes from fewer than {least} posts, nor from one source only; addresses, numbers and handles "
        "are masked.",
        "",
        "| source | posts | licence |",
        "|---|--:|---|",
        *rows,
        "",
    ]
