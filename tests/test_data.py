"""The data that ship with the project: every row is usable, and nobody real is in it but public services."""

import collections
import json
import re
import unicodedata

import pytest

from conftest import DATA, ROOT
from pharmaspam.corpus import CLOSE, OPEN, join_groups, load, post_id, unmark
from pharmaspam.insertions import KINDS, load_phrases
from pharmaspam.lexicon import CONCEPT_COLUMNS, CONCEPTS, DRUG_COLUMNS, FUNCTION_COLUMNS, build, read_rows
from pharmaspam.records import FORMATS, LABELS
from pharmaspam.tokens import simple_terms

POSTS = sorted((ROOT / "data" / "posts").glob("*.jsonl"))
PHRASES = sorted((ROOT / "data" / "phrases").glob("*.tsv"))
KEYS = {"id", "lang", "label", "scenario", "format", "text", "pair"}
LANGUAGE = re.compile(r"[a-z]{2}$")
# Addresses with a scheme or www, bare hosts under the usual endings, hosts of mail addresses.
HOST = re.compile(
    r"(?:h(?:tt|xx)ps?://|www\.)(?:[^\s/<>\"')\]]*@)?([\w.-]+)"
    r"|(?<![\w.@/-])((?:[a-z0-9-]+\.)+(?:com|net|org|info|biz|shop|store|online|xyz|top|ru|su|de|nl|fr|pl|it|es|cz|eu|io|co|me))(?![\w.-])"
    r"|[\w.+-]@([a-z0-9-]+(?:\.[a-z0-9-]+)+)",
    re.IGNORECASE,
)
PHONE = re.compile(r"(?<![\w.,/:-])(?:\+|00|\(?0)[\d ().-]{7,16}\d(?![\w/])|(?<![\w.,/-])\d{3}[ .-]\d{3}[ .-]\d{4}(?!\w)")


# Blocks of nobody: films use 555, 01632 960 (United Kingdom) and 030 23125 (Berlin).
INVENTED = ("555", "000", "01632960", "03023125")


def lines(name):
    return {line for line in (DATA / name).read_text(encoding="utf-8").split("\n") if line and not line.startswith("#")}


@pytest.fixture(scope="module")
def rows():
    """Every row of data/posts as (file:line, row)."""
    return [
        (f"{path.name}:{number}", json.loads(line))
        for path in POSTS
        for number, line in enumerate(path.read_text(encoding="utf-8").rstrip("\n").split("\n"), 1)
    ]


def test_every_post_loads_and_none_is_lost():
    found = load(POSTS)
    assert len(found) == sum(path.read_text(encoding="utf-8").count("\n") for path in POSTS)
    assert {post.label for post in found} == set(LABELS)


def test_rows_have_the_columns_of_the_data_card(rows):
    bad = [
        where for where, row in rows if not KEYS - {"pair"} <= row.keys() <= KEYS or not all(isinstance(cell, str) for cell in row.values())
    ]
    assert bad == []


def test_labels_formats_languages(rows):
    bad = [
        where for where, row in rows if row["label"] not in LABELS or row["format"] not in FORMATS[1:] or not LANGUAGE.match(row["lang"])
    ]
    assert bad == []


def test_marks_fit_the_label(rows):
    bad = []
    for where, row in rows:
        text, spans = unmark(row["text"])
        if bool(spans) == (row["label"] == "legit") or any(not text[start:end].strip() for start, end in spans):
            bad.append(where)
    assert bad == []


def test_ids_are_unique_and_of_the_text(rows):
    ids = collections.Counter(row["id"] for _, row in rows)
    assert [name for name, count in ids.items() if count > 1] == []
    assert [where for where, row in rows if row["id"] != post_id(unmark(row["text"])[0])] == []


def test_no_text_comes_twice(rows):
    seen = collections.defaultdict(list)
    for where, row in rows:
        seen["".join(unmark(row["text"])[0].split()).lower()].append(where)
    assert [places for places in seen.values() if len(places) > 1] == []


def test_twins_have_different_labels(rows):
    pairs = collections.defaultdict(list)
    for _, row in rows:
        if "pair" in row:
            pairs[row["pair"]].append(row["label"])
    assert pairs
    alone = [pair for pair, labels in pairs.items() if len(labels) == 1]
    assert len(alone) <= 0.05 * len(pairs)
    alike = [pair for pair, labels in pairs.items() if len(labels) > 1 and len(set(labels)) == 1]
    assert len(alike) <= 0.05 * len(pairs)


def test_pairs_and_neighbours_share_a_group():
    posts = join_groups(load(POSTS))
    groups = collections.defaultdict(set)
    for post in posts:
        if post.pair:
            groups[post.pair].add(post.group)
    assert [pair for pair, names in groups.items() if len(names) > 1] == []
    assert max(collections.Counter(post.group for post in posts).values()) < 0.01 * len(posts)


def hosts_of(text):
    return [next(filter(None, match)).lower().strip(".") for match in HOST.findall(text)]


def test_hosts_are_invented_or_those_of_public_services(rows):
    public = lines("public_hosts.txt")
    bad = [
        f"{where}: {host}"
        for where, row in rows
        for host in hosts_of(row["text"])
        if not host.endswith(".example") and host != "example" and host.removeprefix("www.") not in public
    ]
    assert bad == []


def test_no_public_service_stands_in_a_mark(rows):
    bad = [
        f"{where}: {host}"
        for where, row in rows
        for text, spans in [unmark(row["text"])]
        for start, end in spans
        for host in hosts_of(text[start:end])
        if row["label"] == "illicit" and not host.endswith(".example")
    ]
    assert bad == []


def test_telephone_numbers_are_invented_or_those_of_public_services(rows):
    public = lines("public_numbers.txt")
    bad = []
    for where, row in rows:
        for match in PHONE.finditer(row["text"]):
            digits = "".join(str(unicodedata.digit(char)) for char in match[0] if char.isdigit())
            if 8 <= len(digits) <= 15 and digits not in public and not any(block in digits for block in INVENTED):
                bad.append(f"{where}: {match[0].strip()}")
    assert bad == []


def test_every_language_of_the_posts_has_function_words_or_a_script_of_its_own(rows):
    lexicon = build(read_rows(ROOT / "data" / "lexicon"), simple_terms)
    known = {lang for langs in lexicon.languages.values() for lang in langs} | {"th", "ja", "ko", "zh", "el", "hi", "ar", "he"}
    assert {row["lang"] for _, row in rows} - known == set()


def test_phrases_load():
    phrases = load_phrases(PHRASES)
    assert {phrase.kind for phrase in phrases} == set(KINDS)
    assert all(LANGUAGE.match(phrase.lang) for phrase in phrases)
    assert [phrase for phrase in phrases if OPEN in phrase.text or CLOSE in phrase.text] == []


@pytest.fixture(scope="module")
def lexicon_rows():
    return read_rows(ROOT / "data" / "lexicon")


def test_lexicon_rows_are_valid(lexicon_rows):
    bad = []
    for kind, *cells in lexicon_rows:
        if kind == "drug":
            term, canonical, family, sort, lang, ambiguous = cells
            good = (
                sort in ("inn", "brand", "grey", "slang")
                and ambiguous in ("0", "1")
                and re.fullmatch(r"[a-z0-9_]+", family)
                and term
                and canonical
            )
        elif kind == "concept":
            concept, lang, _ = cells
            good = concept in CONCEPTS
        else:
            lang, _ = cells
            good = True
        if not good or not (lang == "und" or LANGUAGE.match(lang)) or any(cell != cell.strip() for cell in cells):
            bad.append(cells)
    assert bad == []


def test_lexicon_rows_are_said_once(lexicon_rows):
    assert [row for row, count in collections.Counter(lexicon_rows).items() if count > 1] == []


def test_every_concept_has_words(lexicon_rows):
    assert {row[1] for row in lexicon_rows if row[0] == "concept"} == set(CONCEPTS)


def test_lexicon_files_begin_with_their_columns():
    for pattern, columns in (("drugs*.tsv", DRUG_COLUMNS), ("concepts*.tsv", CONCEPT_COLUMNS), ("function*.tsv", FUNCTION_COLUMNS)):
        for path in (ROOT / "data" / "lexicon").glob(pattern):
            assert path.read_text(encoding="utf-8").split("\n", 1)[0].split("\t") == list(columns), path.name


def test_common_names_are_known(lexicon_rows):
    lexicon = build(lexicon_rows, simple_terms)
    assert {"xanax", "alprazolam", "zolpidem", "tramadol", "oxycodone", "viagra", "kamagra", "ozempic"} <= lexicon.drugs
    assert "BUY" in lexicon.single["kopen"].tags


def test_the_data_card_counts_what_is_there(rows):
    card = ROOT / "data" / "README.md"
    if not card.exists():
        pytest.fail("data/README.md is missing: it is the data card")
    text = card.read_text(encoding="utf-8").replace(",", "").replace("\u202f", "")
    assert str(len(rows)) in text
