"""What the tests share: a small lexicon, a detector trained on a few dozen posts, the released model, an article."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from threadpoolctl import threadpool_limits

from pharmaspam.corpus import load
from pharmaspam.detector import Detector
from pharmaspam.insertions import Phrase
from pharmaspam.lexicon import Lexicon, build, read_rows
from pharmaspam.model import models_folder
from pharmaspam.reading import Reader
from pharmaspam.records import Labelled
from pharmaspam.tokens import simple_terms
from pharmaspam.training import Params, Trained, facts_of, to_model, train

HERE = Path(__file__).parent
ROOT = HERE.parent
DATA = HERE / "data"
PARAMS = Params(folds=2, made=24, min_posts=2, jobs=1)
PHRASES = [
    Phrase("en", "keyword", "buy {drug} online"),
    Phrase("en", "keyword", "order {drug} no prescription"),
    Phrase("nl", "keyword", "{drug} kopen zonder recept"),
    Phrase("nl", "anchor", "{drug} bestellen"),
    Phrase("de", "keyword", "{drug} rezeptfrei kaufen"),
    Phrase("de", "offer", "{drug} ohne Rezept bestellen"),
    Phrase("ru", "keyword", "{drug} купить без рецепта"),
    Phrase("en", "benign", "ask your doctor about {drug}"),
]

# Matrices this small are slower in several threads than in one.
threadpool_limits(limits=1)
settings.register_profile("ours", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.load_profile("ours")


def drop_in(article: str, phrase: str) -> str:
    """The article with `phrase` where its slot is; without a phrase the slot's blank goes too."""
    return article.replace("{phrase}", phrase) if phrase else article.replace("{phrase} ", "")


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return build(read_rows(DATA / "lexicon"), simple_terms)


@pytest.fixture(scope="session")
def reader(lexicon: Lexicon) -> Reader:
    return Reader(lexicon)


@pytest.fixture(scope="session")
def posts() -> list[Labelled]:
    return load(sorted((DATA / "posts").glob("*.jsonl")))


@pytest.fixture(scope="session")
def trained(posts: list[Labelled], lexicon: Lexicon) -> Trained:
    return train(posts, lexicon, PHRASES, PARAMS)


@pytest.fixture(scope="session")
def detector(trained: Trained, posts: list[Labelled], lexicon: Lexicon) -> Detector:
    """A detector quick to train and too small to be good: for what must hold of any model."""
    return Detector(to_model(trained, lexicon, "small", facts_of(posts, PARAMS, "2026-01-01")))


@pytest.fixture(scope="session")
def released() -> Detector:
    """The model that `models/CURRENT` names."""
    if not (models_folder() / "CURRENT").exists():
        pytest.skip("no models/CURRENT: train a model and promote it")
    return Detector.load()


@pytest.fixture(scope="session")
def article() -> str:
    """A fluent article about lorazepam with a slot {phrase} in one of its sentences."""
    return (DATA / "article.txt").read_text(encoding="utf-8")
