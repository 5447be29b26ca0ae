import random

import pytest

from conftest import DATA, PHRASES
from pharmaspam.corpus import hash_of, join_groups
from pharmaspam.errors import CorpusError
from pharmaspam.insertions import KINDS, Phrase, disguise, fill, insert, load_phrases
from pharmaspam.lexicon import build, read_rows
from pharmaspam.reading import Reader
from pharmaspam.records import Post
from pharmaspam.tokens import simple_terms

FOLDS = 3


@pytest.fixture(scope="module")
def made(posts):
    hosts = [post for post in join_groups(posts) if post.label == "legit"] * 6
    return insert(hosts, PHRASES * 3, ["xanax", "tramadol"], folds=FOLDS, seed=1)


def test_load_phrases(tmp_path):
    path = tmp_path / "phrases_en.tsv"
    path.write_text("lang\tkind\tphrase\nen\tkeyword\tbuy {drug}\n\n", encoding="utf-8")
    assert load_phrases([path]) == [Phrase("en", "keyword", "buy {drug}")]


@pytest.mark.parametrize("line", ["en\tkeyword", "en\tnonsense\tbuy {drug}", "en\tkeyword\tbuy it", "en\tkeyword\tbuy {drug}\tx"])
def test_a_bad_phrase_is_named(tmp_path, line):
    path = tmp_path / "phrases_en.tsv"
    path.write_text(f"lang\tkind\tphrase\nen\tkeyword\tbuy {{drug}}\n{line}\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"phrases_en\.tsv:3: .*; write"):
        load_phrases([path])


def test_fill_leaves_no_slot():
    rnd = random.Random(0)
    filled = fill("{drug} {dose} {qty} {price} in {city} {country} {site} {handle} {nosuch}", "xanax", rnd)
    assert filled.startswith("xanax ")
    assert "{" not in filled


def test_every_made_post_holds_its_phrase_at_its_span(made):
    assert made
    for post in made:
        assert (post.label == "illicit") == bool(post.spans)
        for start, end in post.spans:
            assert 0 <= start < end <= len(post.post.text)


def test_plain_phrases_stand_where_the_span_says(posts):
    hosts = [post for post in posts if post.label == "legit" and post.post.format == "text"] * 20
    made = insert(hosts, [Phrase("en", "keyword", "grab {drug} today")], ["xanax"], folds=1, seed=2)
    plain = [post.post.text[slice(*post.spans[0])] for post in made if post.label == "illicit"]
    assert sum(text.startswith("grab xanax today") for text in plain) > len(plain) / 2


def test_a_text_only_meets_phrases_of_its_own_fold(posts):
    hosts = [post for post in join_groups(posts) if post.label == "legit" and post.post.format == "text"] * 8
    phrases = [Phrase("en", "keyword", f"w{number}w {{drug}}") for number in range(30)]
    folds = {f"w{number}w": phrase.fold(FOLDS) for number, phrase in enumerate(phrases)}
    met = 0
    for post in insert(hosts, phrases, ["xanax"], folds=FOLDS, seed=3):
        for term in simple_terms(post.post.text):
            if term in folds:
                met += 1
                assert folds[term] == hash_of(post.group) % FOLDS
    assert met > 20


def test_a_made_post_keeps_its_hosts_group_and_says_it_is_made(made, posts):
    groups = {post.group for post in join_groups(posts)}
    assert {post.group for post in made} <= groups
    assert {post.source for post in made} == {"made"}


def test_phrases_that_ask_are_not_inserted(posts):
    hosts = [post for post in posts if post.label == "legit"] * 5
    assert insert(hosts, [Phrase("en", "seeking", "where to get {drug}")], ["xanax"], folds=1) == []


def test_one_seed_makes_the_same_posts(posts):
    hosts = [post for post in posts if post.label == "legit"]
    one, two, other = (insert(hosts, PHRASES, ["xanax"], folds=2, seed=seed) for seed in (5, 5, 6))
    assert one == two != other


def test_most_disguises_are_seen_through():
    rnd = random.Random(4)
    seen = {disguise("buy xanax", rnd) for _ in range(200)}
    assert len(seen) > 8
    assert "buy xanax" not in seen
    lexicon = build(read_rows(DATA / "lexicon"), simple_terms)
    reader = Reader(lexicon)
    read = [[word.term for word in reader.read(Post(text, "text")).words] for text in sorted(seen)]
    assert sum("xanax" in terms for terms in read) > 0.9 * len(read)


def test_kinds_are_those_of_the_tables():
    assert {phrase.kind for phrase in PHRASES} <= set(KINDS)
    assert (DATA / "posts").is_dir()
