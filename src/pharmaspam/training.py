"""From labelled posts to a model.

Two stages. The first sees windows: four linear classifiers over TF-IDF, one per view, each with a target `illicit` and a
target `seeking`. The second sees a post: a small logistic regression over the strongest windows, fitted on out-of-fold
log-odds, whose output is the calibrated probability. A third, as small, says which tokens belong to the spans. Groups
(twins, neighbours, near duplicates) never straddle a fold, and the thresholds come from out-of-fold scores.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from pharmaspam.corpus import fingerprint, hash_of, join_groups
from pharmaspam.errors import CorpusError
from pharmaspam.features import is_concept
from pharmaspam.insertions import Phrase, insert
from pharmaspam.lexicon import Lexicon, to_rows
from pharmaspam.matrix import Encoded, Encoder, indicator
from pharmaspam.model import ARRAYS, Model
from pharmaspam.pipeline import WindowTfidf
from pharmaspam.reading import Reader
from pharmaspam.records import LABELS, Labelled
from pharmaspam.views import (
    COLUMNS,
    NORM,
    RADIUS,
    SMOOTH,
    SUMMARY,
    SWITCH,
    TARGETS,
    TOKEN_EVIDENCE,
    VIEWS,
    Evidence,
    around,
    evidence,
    segments,
    summary,
    token_evidence,
)

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Progress = Callable[[str], None]

LEGIT, SEEKING, ILLICIT = (LABELS.index(label) for label in ("legit", "seeking", "illicit"))
_OF_TARGET: Final = {"illicit": ILLICIT, "seeking": SEEKING}


@dataclass(frozen=True, slots=True)
class Params:
    """What a training run may turn.

    strength : C of the logistic regressions by view
    scale : factor on the idf of features by kind (see `features`); one where not named
    background : weight of a post from a background source (real text without authored twins)
    made : how many host texts receive a made insertion; made_weight : weight of such a post by view
    budget : share of authored legit posts that may be sent to review for their `score`, and a fifth as many for `seeking`; most of
        them are written as near twins of illicit posts, far harder than what a board sees
    background_budget : the same for ordinary posts (`is_background`)
    block_budget : share of all legit posts that may be blocked; none of those at hand, as it stands
    """

    seed: int = 0
    folds: int = 5
    min_posts: int = 3
    strength: dict[str, float] = field(default_factory=lambda: {"post": 25.0, "sentence": 12.0, "tight": 8.0, "wide": 8.0})
    scale: dict[str, float] = field(default_factory=lambda: {"c": 0.35, "t": 1.5, "p": 1.5, "z": 1.5, "zt": 1.5})
    background: float = 0.3
    made: int = 12000
    made_weight: dict[str, float] = field(default_factory=lambda: {"post": 0.05, "sentence": 0.1, "tight": 0.5, "wide": 0.25})
    iterations: int = 100
    budget: float = 0.09
    background_budget: float = 0.004
    block_budget: float = 0.0
    jobs: int = 2


@dataclass(slots=True)
class Weights:
    """What was learned, as numbers by feature.

    names : features that count; table : features × `COLUMNS`, weight in log-odds by view and target, then squared idf
    idf : features; bias : views × targets
    posts_mean, posts_scale, posts_coef, posts_bias : second stage over `summary` and `profile`
    tokens_coef, tokens_bias : which tokens make a span, targets × (`TOKEN_EVIDENCE`), targets
    """

    names: list[str]
    table: Floats
    idf: Floats
    bias: Floats
    posts_mean: Floats
    posts_scale: Floats
    posts_coef: Floats
    posts_bias: Floats
    tokens_coef: Floats
    tokens_bias: Floats


@dataclass(slots=True)
class OutOfFold:
    """What models that had not seen a post's group said of it; arrays in the order of `posts`."""

    posts: list[Labelled]
    score: Floats
    seeking: Floats
    spans: list[list[tuple[int, int]]]


@dataclass(slots=True)
class Trained:
    weights: Weights
    out_of_fold: OutOfFold
    thresholds: dict[str, float]


@dataclass(slots=True)
class _Stage:
    """First-stage weights of one fold over all columns of an `Encoded`."""

    table: Floats
    idf: Floats
    bias: Floats


def is_background(post: Labelled) -> bool:
    """Whether a post is real text that stands for ordinary boards, not authored for this project."""
    return post.source.startswith("train_") and post.label == "legit"


def assemble(posts: Sequence[Labelled], phrases: Sequence[Phrase], lexicon: Lexicon, params: Params) -> list[Labelled]:
    """`posts` with joined groups, and made insertions into the longer legitimate ones behind them."""
    grouped = join_groups(posts)
    hosts = [post for post in grouped if post.label == "legit" and len(post.post.text) >= 200 and post.lang not in ("zh", "ja", "th")]
    random.Random(params.seed).shuffle(hosts)
    if not phrases or not params.made or not hosts:
        return grouped
    rounds = -(-params.made // len(hosts))
    return grouped + insert((hosts * rounds)[: params.made], phrases, traded(lexicon), folds=params.folds, seed=params.seed)


_TRADED: Final = frozenset((
    "DRUG:benzo", "DRUG:zdrug", "DRUG:opioid", "DRUG:stimulant", "DRUG:ed", "DRUG:glp1", "DRUG:gabapentinoid",
    "DRUG:steroid", "DRUG:abortion", "DRUG:antibiotic", "DRUG:antiparasitic", "DRUG:acne", "DRUG:cough", "DRUG:sleep",
    "DRUG:diet", "DRUG:nootropic", "DRUG:muscle", "DRUG:hormone", "DRUG:dissociative", "DRUG:peptide", "DRUG:hair",
))  # fmt: skip


def traded(lexicon: Lexicon) -> list[str]:
    """The medicines that sellers trade, by the names used everywhere: what made insertions offer."""
    return sorted(
        drug
        for drug in lexicon.drugs
        if drug.isascii() and any(tag in _TRADED and "und" in langs for tag, langs in lexicon.single[drug].tags.items())
    ) or sorted(lexicon.drugs)


def encode(posts: Iterable[Labelled], reader: Reader) -> Encoded:
    encoder = Encoder(reader.lexicon)
    for post in posts:
        encoder.add(reader.read(post.post), post.spans)
    return encoder.done()


def counts_of(encoded: Encoded, first: Ints, last: Ints) -> sparse.csr_matrix:
    """Windows × features, counts."""
    windows = indicator(first, last, len(encoded.token_word))
    by_word = sparse.csr_matrix(
        (windows.data, encoded.token_word[windows.indices], windows.indptr), shape=(windows.shape[0], encoded.words.shape[0])
    )
    return sparse.csr_matrix(by_word @ encoded.words + windows @ encoded.context)


class _Trainer:
    """One training set, encoded once; fits the first stage on any subset of its posts."""

    def __init__(self, posts: Sequence[Labelled], encoded: Encoded, params: Params) -> None:
        self.posts, self.encoded, self.params = posts, encoded, params
        self.label = np.array([LABELS.index(post.label) for post in posts])
        self.background = np.array([is_background(post) for post in posts])
        self.made = np.array([post.source == "made" for post in posts])
        names, self.source = np.unique([post.source for post in posts], return_inverse=True)
        self.sources = len(names)
        self.whole = counts_of(encoded, encoded.bounds[:-1], encoded.bounds[1:])
        kinds = [name.split(":", 1)[0] for name in encoded.names]
        self.scale = np.array([params.scale.get(kind, 1.0) for kind in kinds])
        self.concept = np.array([is_concept(name) for name in encoded.names])
        self.post_of = encoded.post_of_token()
        self.windows = {name: self._around(RADIUS[name]) for name in ("tight", "wide")}
        self.marks = np.concatenate([[0], np.cumsum(encoded.marked)])
        self.has_marks = np.zeros(len(posts), dtype=bool)
        self.has_marks[self.post_of[encoded.marked]] = True
        self.marked_tokens = np.bincount(self.post_of[encoded.marked], minlength=len(posts))

    def _around(self, radius: float) -> tuple[Ints, Ints]:
        pairs = [
            (low + edges[0], low + edges[1])
            for low, high in zip(self.encoded.bounds[:-1], self.encoded.bounds[1:], strict=True)
            for edges in (around(self.encoded.position[low:high], radius),)
        ]
        return np.concatenate([first for first, _ in pairs]), np.concatenate([last for _, last in pairs])

    def fit(self, train: Bools, seed: int) -> _Stage:
        """First stage on the posts of `train`."""
        rnd = np.random.default_rng(seed)
        rows = np.flatnonzero(train)
        counts = self.whole[rows]
        seen = counts.copy()
        seen.data[:] = 1
        by_source = sparse.csr_matrix((np.ones(len(rows)), (self.source[rows], np.arange(len(rows)))), shape=(self.sources, len(rows)))
        in_sources = np.asarray((by_source @ seen > 0).sum(axis=0)).ravel()
        # A word of one source only may be one person's; it is not learned.
        scale = np.where(in_sources >= min(2, self.sources), self.scale, 0.0)
        tfidf = WindowTfidf(self.params.min_posts, scale).fit(counts)
        idf = tfidf.idf_
        kept = np.flatnonzero(idf)
        table = np.zeros((len(idf), COLUMNS))
        table[:, NORM["post"]] = np.square(idf)
        table[:, NORM["tight"]] = np.where(self.concept, 0.0, np.square(idf))
        bias = np.zeros((len(VIEWS), len(TARGETS)))
        for index, view in enumerate(VIEWS):
            first, last, label, weight = self._sample(view, train, rnd)
            narrow = WindowTfidf(apart=self.concept[kept] if NORM[view] == NORM["tight"] else None, smooth=SMOOTH)
            narrow.idf_ = idf[kept]
            X = narrow.transform(counts_of(self.encoded, first, last)[:, kept]).astype(np.float32)
            for column, target in enumerate(TARGETS):
                linear = LogisticRegression(C=self.params.strength[view], max_iter=self.params.iterations, tol=1e-3)
                y = label == _OF_TARGET[target]
                if not y.any() or y.all():
                    bias[index, column] = -8.0 if not y.any() else 8.0
                    continue
                linear.fit(X, y, sample_weight=weight)
                table[kept, 2 * index + column] = linear.coef_[0].astype(np.float64) * idf[kept]
                bias[index, column] = linear.intercept_[0]
        return _Stage(table, idf, bias)

    def _sample(self, view: str, train: Bools, rnd: np.random.Generator) -> tuple[Ints, Ints, Ints, Floats]:
        """Windows to learn from: first and last token, label, weight."""
        encoded = self.encoded
        if view == "post":
            rows = np.flatnonzero(train & (np.diff(encoded.bounds) > 0))
            weight = np.where(self.background[rows], self.params.background, np.where(self.made[rows], self.params.made_weight[view], 1.0))
            return encoded.bounds[rows], encoded.bounds[rows + 1], self.label[rows], weight
        if view == "sentence":
            first, last, post = encoded.sentences.T
        else:
            (first, last), post = self.windows[view], self.post_of
        label, marked = self.label[post], self.marks[last] - self.marks[first]
        if view == "sentence":
            hit = (marked * 2 >= last - first) | (marked >= 0.6 * np.maximum(self.marked_tokens[post], 1))
            chance = np.where(self.background[post], 0.35, 1.0)
        else:
            hit = encoded.marked
            chance = np.where(self.background[post], np.where(encoded.tagged, 0.10, 0.02), np.where(encoded.tagged, 0.5, 0.12))
        # In a post without marks every window stands for its label; beside a marked span it is left out, elsewhere legit.
        window = np.where(label == LEGIT, LEGIT, np.where(~self.has_marks[post] | hit, label, np.where(marked > 0, -1, LEGIT)))
        if view != "sentence":
            chance = np.where(window > LEGIT, np.where(self.made[post], 0.8, 0.5), chance)
        chance = np.where(self.made[post] & (window == LEGIT), chance * 0.3, chance)
        kept = train[post] & (window >= 0) & (rnd.random(len(window)) < chance)
        weight = np.where((label != LEGIT) & (window == LEGIT), 0.5, 1.0)
        if view != "sentence":  # a long span is not worth more than six windows
            size = np.bincount(post[kept & (window > LEGIT)], minlength=len(self.posts))[post]
            weight = np.where(window > LEGIT, np.minimum(1.0, 6.0 / np.maximum(size, 1)), 1.0)
        weight = np.where(self.made[post], weight * self.params.made_weight[view], weight)
        return first[kept], last[kept], window[kept], weight[kept]

    def see(self, stage: _Stage, posts: Iterable[int]) -> Iterable[tuple[int, Evidence]]:
        """What a first stage sees in the posts with these numbers."""
        by_word, by_place = self.encoded.words @ stage.table, self.encoded.context @ stage.table
        starts = np.searchsorted(self.encoded.sentences[:, 2], np.arange(len(self.posts) + 1))
        for post in posts:
            low, high = self.encoded.bounds[post : post + 2]
            contributions = by_word[self.encoded.token_word[low:high]] + by_place[low:high]
            ranges = self.encoded.sentences[starts[post] : starts[post + 1], :2] - low
            yield post, evidence(contributions, self.encoded.position[low:high], ranges, stage.bias)


def train(
    posts: Sequence[Labelled],
    lexicon: Lexicon,
    phrases: Sequence[Phrase] = (),
    params: Params | None = None,
    *,
    reader: Reader | None = None,
    progress: Progress = lambda message: None,
) -> Trained:
    """Fit a model on labelled posts, with out-of-fold scores of every post; the same posts and seed give the same model.

    reader : how posts are read; the default splits with spaCy's tokeniser
    Raises CorpusError where legit or illicit posts are missing or too few for the folds.
    """
    params = params or Params()
    for needed in ("legit", "illicit"):
        if sum(post.label == needed for post in posts) < params.folds:
            raise CorpusError(f"training data: fewer than {params.folds} posts are {needed}; add some or lower the folds")
    everything = assemble(posts, phrases, lexicon, params)
    progress(f"reading {len(everything)} posts")
    encoded = encode(everything, reader or spacy_reader(lexicon))
    trainer = _Trainer(everything, encoded, params)
    fold = np.array([hash_of(post.group) % params.folds for post in everything])

    def one(number: int) -> tuple[_Stage, list[tuple[int, Floats, Floats, Floats]]]:
        """Fold `number` judged by a stage fitted on the others; the last number fits on everything and judges nothing."""
        inside = fold != number
        stage = trainer.fit(inside, params.seed + number)
        judged = []
        for post, seen in trainer.see(stage, np.flatnonzero(~inside)):
            judged.append((post, summary(seen), token_evidence(seen, 0), token_evidence(seen, 1)))
        progress(f"fold {number + 1} of {params.folds} done" if number < params.folds else "final fit done")
        return stage, judged

    results = Parallel(n_jobs=params.jobs, backend="threading")(delayed(one)(number) for number in range(params.folds + 1))
    final: _Stage = results[-1][0]
    summaries = np.zeros((len(everything), SUMMARY))
    tokens: list[tuple[Floats, Floats]] = [(np.empty((0, 0)), np.empty((0, 0)))] * len(everything)
    for _, judged in results[:-1]:
        for post, row, illicit, seeking in judged:
            summaries[post], tokens[post] = row, (illicit, seeking)
    second = _SecondStage(trainer, summaries, tokens, fold)
    progress("calibrating")
    weights = second.weights(final)
    oof = second.out_of_fold()
    return Trained(weights, oof, thresholds(oof, params))


class _SecondStage:
    """From windows to posts, cross-fitted over the same folds."""

    def __init__(self, trainer: _Trainer, summaries: Floats, tokens: list[tuple[Floats, Floats]], fold: Ints) -> None:
        self.trainer, self.tokens, self.fold = trainer, tokens, fold
        X = np.hstack([summaries, trainer.encoded.profile])
        self.mean, self.scale = X.mean(axis=0), X.std(axis=0) + 1e-6
        self.X = (X - self.mean) / self.scale
        self.weight = np.where(trainer.background, 0.3, np.where(trainer.made, 0.15, 1.0))

    def _posts(self, train: Bools, target: str) -> Any:
        y = self.trainer.label == _OF_TARGET[target]
        model = LogisticRegression(C=0.3, max_iter=3000)
        if not y[train].any():
            model.fit(self.X[:2], [0, 1])
            model.coef_[:], model.intercept_[:] = 0.0, -8.0
            return model
        return model.fit(self.X[train], y[train], sample_weight=self.weight[train])

    def _spans(self, train: Bools, target: str) -> Any:
        """Tokens inside marks against tokens outside, of posts with the target's label."""
        column = TARGETS.index(target)
        label = self.trainer.label == _OF_TARGET[target]
        rows = np.flatnonzero(train & label & self.trainer.has_marks)
        model = LogisticRegression(C=1.0, max_iter=1000)
        bounds, marked = self.trainer.encoded.bounds, self.trainer.encoded.marked
        if len(rows) < 5:
            model.fit(np.eye(2, TOKEN_EVIDENCE), [0, 1])
            model.coef_[:], model.intercept_[:] = 0.0, 0.0
            model.coef_[0, :3] = 0.5  # tight, wide and sentence, in equal parts
            return model
        X = np.vstack([self.tokens[row][column] for row in rows])
        y = np.concatenate([marked[bounds[row] : bounds[row + 1]] for row in rows])
        weight = np.concatenate([np.full(len(self.tokens[row][column]), 1 / np.sqrt(len(self.tokens[row][column]))) for row in rows])
        return model.fit(X, y, sample_weight=weight * len(weight) / weight.sum())

    def weights(self, final: _Stage) -> Weights:
        everything = np.ones(len(self.fold), dtype=bool)
        posts = [self._posts(everything, target) for target in TARGETS]
        spans = [self._spans(everything, target) for target in TARGETS]
        used = np.flatnonzero(final.idf)
        names = self.trainer.encoded.names
        return Weights(
            names=[names[column] for column in used],
            table=final.table[used],
            idf=final.idf[used],
            bias=final.bias,
            posts_mean=self.mean,
            posts_scale=self.scale,
            posts_coef=np.vstack([model.coef_[0] for model in posts]),
            posts_bias=np.array([model.intercept_[0] for model in posts]),
            tokens_coef=np.vstack([model.coef_[0] for model in spans]),
            tokens_bias=np.array([model.intercept_[0] for model in spans]),
        )

    def out_of_fold(self) -> OutOfFold:
        count = len(self.fold)
        score, seeking = np.zeros(count), np.zeros(count)
        spans: list[list[tuple[int, int]]] = [[] for _ in range(count)]
        for number in np.unique(self.fold):
            inside, rows = self.fold != number, np.flatnonzero(self.fold == number)
            for target, out in (("illicit", score), ("seeking", seeking)):
                out[rows] = self._posts(inside, target).predict_proba(self.X[rows])[:, 1]
            tagger = self._spans(inside, "illicit")
            for row in rows:
                if self.trainer.label[row] == ILLICIT and len(self.tokens[row][0]):
                    spans[row] = segments(tagger.decision_function(self.tokens[row][0]), SWITCH)
        return OutOfFold(list(self.trainer.posts), score, seeking, spans)


def thresholds(oof: OutOfFold, params: Params) -> dict[str, float]:
    """Where review and block begin, from out-of-fold scores of legitimate posts alone.

    review : the lowest score that keeps authored and background posts within their budgets
    block : the same for the block budget over all of them; seeking : the same with a fifth of the authored budget
    """
    legit = np.array([post.label == "legit" and post.source != "made" for post in oof.posts])
    background = np.array([is_background(post) for post in oof.posts])

    def limit(values: Floats, share: float) -> float:
        return float(np.quantile(values, 1.0 - share, method="higher")) + 1e-9 if len(values) else 0.5

    authored = legit & ~background
    review = max(limit(oof.score[authored], params.budget), limit(oof.score[legit & background], params.background_budget))
    seeking = max(limit(oof.seeking[authored], params.budget * 0.2), limit(oof.seeking[legit & background], params.background_budget))
    asks = np.array([post.label == "seeking" for post in oof.posts])
    # Who asks is never blocked, so the asking count for the block threshold too.
    block = max(review, limit(oof.score[legit], params.block_budget), limit(oof.score[asks], 0.01), 0.5)
    return {"review": min(review, 0.999), "seeking": min(seeking, 0.999), "block": min(block, 0.9999)}


def spacy_reader(lexicon: Lexicon) -> Reader:
    """A reader whose tokens are spaCy's own."""
    from pharmaspam.tokens import tokeniser

    nlp = tokeniser()

    def split(folded: str) -> list[tuple[int, int]]:
        return [(token.idx, token.idx + len(token)) for token in nlp(folded) if not token.is_space]

    return Reader(lexicon, split)


def to_model(trained: Trained, lexicon: Lexicon, name: str, facts: dict[str, Any]) -> Model:
    """What a model folder will hold. Weights are rounded to single precision here, once, so that what is saved is what scores."""
    weights = trained.weights
    arrays = {array: np.asarray(getattr(weights, array)) for array in ARRAYS}
    for array in ("table", "idf"):
        arrays[array] = arrays[array].astype(np.float32)
    return Model(name, weights.names, to_rows(lexicon), arrays, trained.thresholds, facts)


def facts_of(posts: Sequence[Labelled], params: Params, date: str) -> dict[str, Any]:
    """The manifest's account of a training run: versions, parameters, and what it was trained on, by source.

    date : ISO 8601, given by the caller, who has a clock
    """
    from importlib.metadata import version

    import scipy
    import sklearn

    import pharmaspam

    sources: dict[str, list[Labelled]] = {}
    for post in posts:
        sources.setdefault(post.source, []).append(post)
    return {
        "created": date,
        "versions": {
            "pharmaspam": pharmaspam.__version__,
            "scikit-learn": sklearn.__version__,
            "spacy": version("spacy"),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "params": asdict(params),
        "data": {
            "posts": len(posts),
            "fingerprint": fingerprint(posts),
            "sources": {name: {"posts": len(rows), "fingerprint": fingerprint(rows)[:16]} for name, rows in sorted(sources.items())},
        },
    }
