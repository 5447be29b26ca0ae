import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmaspam import features
from pharmaspam.features import PROFILE, context_features, host_tags, mask, profile, token_tags
from pharmaspam.markup import Zone
from pharmaspam.records import FORMATS, Post
from test_markup import SOUP


@pytest.fixture
def read(reader, lexicon):
    def read(text, format="auto", title=None):
        reading = reader.read(Post(text, format, title=title))
        return reading, token_tags(reading, lexicon)

    return read


def tags_of(read, text, term, format="auto"):
    reading, tags = read(text, format)
    return set(tags[[word.term for word in reading.words].index(term)])


def context_of(read, text, term, format="auto"):
    reading, tags = read(text, format)
    return set(context_features(reading, tags)[[word.term for word in reading.words].index(term)])


@pytest.mark.parametrize(
    ("text", "term", "tags"),
    [
        pytest.param("buy xanax", "xanax", {"DRUG", "DRUG:benzo"}, id="a medicine and its family"),
        pytest.param("x4nax", "xanax", {"DISGUISE", "DRUG", "DRUG:benzo"}, id="a disguise"),
        pytest.param("for $ 20", "$", {"PRICE"}, id="a currency sign"),
        pytest.param("for $ 20", "<00>", {"NUMBER"}, id="a number"),
        pytest.param("really ?", "?", {"QUESTION"}, id="a question"),
        pytest.param("call 0611 000 555", "<0000>", {"NUMBER", "PHONE"}, id="a telephone number"),
        pytest.param("mail ann@x.example", "<mail>", {"MAIL"}, id="a mail address"),
        pytest.param("the doctor said that it is not in kopen", "kopen", {"BUY", "F:BUY", "FOREIGN"}, id="a foreign word of trade"),
        pytest.param("the doctor said that it is not to buy", "buy", {"BUY"}, id="a word of trade at home"),
        pytest.param("house", "house", set(), id="nothing"),
    ],
)
def test_token_tags(read, text, term, tags):
    assert tags_of(read, text, term) == tags


@pytest.mark.parametrize(
    ("numbers", "phone"),
    [
        pytest.param("0611 000 555", True, id="ten digits"),
        pytest.param("+31 6 000 555 00", True, id="with a plus"),
        pytest.param("12 30", False, id="four digits"),
        pytest.param("1 2 3 4 5 6 7 8 9 0", False, id="a row of a table"),
        pytest.param("1234567 12345 1234567", False, id="more digits than a number has"),
    ],
)
def test_telephone_numbers(read, numbers, phone):
    _, tags = read(f"call {numbers} now")
    assert any("PHONE" in own for own in tags) is phone


def test_an_address_says_what_it_sells(read, lexicon):
    reading, _ = read("https://buyxanax.example/online")
    assert set(host_tags(reading.words[0], lexicon)) == {"HOST_BUY", "HOST_DRUG", "HOST_ONLINE"}
    reading, _ = read("https://garden.example/roses")
    assert host_tags(reading.words[0], lexicon) == ()


def test_medicines_numbers_and_addresses_are_masked_in_pairs_of_words(read):
    assert "b:buy <drug>" in context_of(read, "buy xanax", "xanax")
    assert "b:take <n>" in context_of(read, "take 20", "<00>")
    assert "b:see <link>" in context_of(read, "see https://x.example", "<link>")
    reading, tags = read("house")
    assert mask(reading.words[0], tags[0]) == "house"


def test_pairs_of_words_end_with_the_sentence(read):
    assert not any(name.startswith("b:") for name in context_of(read, "I went home. Today", "today"))


def test_pairs_of_tags_say_how_far(read):
    near = context_of(read, "buy xanax", "xanax")
    far = context_of(read, "buy one two three four five xanax", "xanax")
    gone = context_of(read, "buy " + "one two three " * 6 + "xanax", "xanax")
    assert "p:BUY>DRUG:n" in near
    assert "p:BUY>DRUG:f" in far
    assert not any(name.startswith("p:BUY>") for name in gone)


def test_zones_are_named(read):
    names = context_of(read, "<div hidden><a href='x.example'>xanax</a></div>", "xanax", "html")
    assert {"z:LINK", "z:HIDDEN", "zt:LINK/DRUG", "zt:HIDDEN/DRUG"} <= names


def test_a_title_is_a_zone(read):
    reading, tags = read("now", title="xanax")
    assert Zone(reading.zones[0]) == Zone.TITLE
    assert "z:TITLE" in context_features(reading, tags)[0]


def test_characters_in_a_row_stand_for_words_without_blanks(read):
    reading, tags = read("薬を買う")
    assert [name for name in context_features(reading, tags)[2] if name.startswith("u:")] == ["u:を買", "u:薬を買"]


def test_profile_counts_tags_and_no_more_than_three(read):
    reading, tags = read("xanax xanax ambien tramadol viagra , is it ? https://x.example")
    row = dict(zip(PROFILE, profile(reading, tags), strict=False))
    assert (row["DRUG"], row["LINK"], row["QUESTION"], row["BUY"]) == (3.0, 1.0, 1.0, 0.0)


def test_profile_has_one_width_and_is_finite(read):
    rows = [profile(*read(text)) for text in ("", "!", "buy xanax", "<b hidden>x</b>", "薬" * 500)]
    assert len({len(row) for row in rows}) == 1
    assert all(abs(value) < 100 for row in rows for value in row)


@given(text=st.text(st.characters()) | SOUP, format=st.sampled_from(FORMATS))
def test_every_token_has_its_features_and_no_name_is_strange(read, text, format):
    reading, tags = read(text, format)
    rows = context_features(reading, tags)
    assert len(tags) == len(rows) == len(reading)
    assert {name.split(":", 1)[0] for names in rows for name in names} <= set(re.findall(r"`(\w+):`", features.__doc__))
