import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import ROOT
from pharmaspam.corpus import load
from pharmaspam.fold import fold
from pharmaspam.markup import render
from pharmaspam.tokens import TOKEN, Analyst, simple_terms, split, term_of, tokeniser

# Bits that make the odd tokens likely: addresses, doses, spelled words, scripts without blanks.
BITS = [
    "http://",
    "https://x.example/a?b=1",
    "www.x.example",
    "x.com",
    "@handle",
    "a@b.example",
    "10mg",
    "1,5",
    "12:30",
    "x.a.n.a.x",
    "x-a-n-a-x",
    "xan@x",
    "$$",
    "*",
    "’",
    "'",
    "薬",
    "か",
    "ยา",
    "دواء",
    "דבר",
    "दवा",
    "약",
    "\xa0",
    "\u3000",
    "\x1c",
    "_",
    ".",
    ",",
    "!",
    "(",
    ")",
    "[.]",
    "/",
]
ODD = st.lists(st.sampled_from([*BITS, " ", "\n"]) | st.text(max_size=4), max_size=30).map("".join)


def tokens(text):
    folded, _ = fold(text)
    return [folded[start:end] for start, end in split(folded)]


@pytest.fixture(scope="module")
def spacy_tokens():
    nlp = tokeniser()
    return lambda folded: [(token.idx, token.idx + len(token)) for token in nlp(folded) if not token.is_space]


@pytest.fixture(scope="module")
def analyst(lexicon):
    return Analyst(lexicon)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Buy it, now!", ["buy", "it", ",", "now", "!"], id="words and marks"),
        pytest.param("see https://x.example/a?b=c.", ["see", "https://x.example/a?b=c."], id="web address"),
        pytest.param("hxxps://x[.]example", ["hxxps://x[.]example"], id="defanged address"),
        pytest.param("x-rx.example or shop.co/x", ["x-rx.example", "or", "shop.co/x"], id="bare hosts"),
        pytest.param("ann@x.example @dreamline", ["ann@x.example", "@dreamline"], id="mail and handle"),
        pytest.param("10mg 2,5 ml 12:30 1.000", ["10", "mg", "2,5", "ml", "12:30", "1.000"], id="numbers and doses"),
        pytest.param("x.a.n.a.x x-a-n-a-x a.b", ["x.a.n.a.x", "x-a-n-a-x", "a", ".", "b"], id="spelled words"),
        pytest.param("xan@x don't", ["xan@x", "don't"], id="signs inside words"),
        pytest.param("薬を買う", ["薬", "を", "買", "う"], id="a character is a token without blanks"),
        pytest.param("薬xanax薬", ["薬", "xanax", "薬"], id="Latin among Han"),
        pytest.param("a  b\tc\nd", ["a", "b", "c", "d"], id="white space belongs to none"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_split(text, expected):
    assert tokens(text) == expected


def test_spacy_sees_the_same_tokens_in_the_whole_corpus(spacy_tokens):
    different = []
    for post in load(sorted((ROOT / "data" / "posts").glob("*.jsonl"))):
        folded, _ = fold(render(post.post.text, post.post.format).text)
        if spacy_tokens(folded) != list(split(folded)):
            different.append(post.post.id)
    assert different == []


@given(st.text(st.characters()) | ODD)
def test_spacy_sees_the_same_tokens_in_any_text(spacy_tokens, text):
    folded, _ = fold(text)
    assert spacy_tokens(folded) == list(split(folded))


@given(st.text(st.characters()) | ODD)
def test_tokens_cover_all_but_white_space(text):
    folded, _ = fold(text)
    end_before = 0
    for start, end in split(folded):
        assert end_before <= start < end
        assert folded[end_before:start].strip() == ""
        end_before = end
    assert folded[end_before:].strip() == ""


@pytest.mark.parametrize(
    ("token", "term"),
    [("10", "<00>"), ("1.5", "<00.0>"), ("123456789012", "<0000000>"), ("don’t", "don't"), ("'so'", "so"), ("24h", "24h")],
)
def test_term_of(token, term):
    assert term_of(token) == term


def test_simple_terms_of_a_lexicon_entry():
    assert simple_terms("Blue-Bars 10 mg!") == ["blue", "bars", "<00>", "mg", "!"]


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("https://x.example", "url"),
        ("x.com", "host"),
        ("a@x.example", "mail"),
        ("@dreamline", "handle"),
        ("x.a.n.a.x", "spelled"),
        ("薬", "unspaced"),
        ("12:30", "number"),
        ("xanax", "word"),
        ("!", "mark"),
    ],
)
def test_kinds(token, kind):
    assert TOKEN.fullmatch(token).lastgroup == kind


@pytest.mark.parametrize(
    ("token", "term"),
    [
        pytest.param("xanax", "xanax", id="itself"),
        pytest.param("x.a.n.a.x", "xanax", id="dots"),
        pytest.param("x-a-n-a-x", "xanax", id="hyphens"),
        pytest.param("хаnах", "xanax", id="Cyrillic letters"),
        pytest.param("χanαx", "xanax", id="Greek letters"),
        pytest.param("x4nax", "xanax", id="a digit"),
        pytest.param("xan@x", "xanax", id="a sign"),
        pytest.param("tr*madol", "tramadol", id="a star"),
        pytest.param("lodamart", "tramadol", id="backwards"),
        pytest.param("traamadooll", "tramadol", id="letters doubled"),
    ],
)
def test_disguises_are_seen_through(analyst, token, term):
    word = analyst.word(fold(token)[0])
    assert word.term == term
    assert word.tags == (() if token == term else ("DISGUISE",))


@pytest.mark.parametrize("token", ["тот", "рост", "αντα", "b2b", "covid19", "don't", "ab", "***", "2024", "e-mail", "well-being"])
def test_honest_words_are_no_disguise(analyst, token):
    assert "DISGUISE" not in analyst.word(token).tags


def test_addresses_give_their_words(analyst):
    word = analyst.word("https://www.buyxanaxrx.example/order/tramadol-50")
    assert word.term == "<link>"
    assert "LINK" in word.tags
    assert {"xanax", "order", "tramadol"} <= set(word.pieces)


@pytest.mark.parametrize(
    ("token", "tag"),
    [
        ("https://t.me/x", "CONTACT_LINK"),
        ("https://bit.ly/3x", "SHORT_LINK"),
        ("https://www.nhs.uk/a", "LAWFUL_LINK"),
        ("x2y3.onion", "ONION"),
        ("http://user@www.fda.gov:80/x", "LAWFUL_LINK"),
    ],
)
def test_addresses_are_told_apart(analyst, token, tag):
    assert tag in analyst.word(token).tags


def test_glued_words_are_taken_apart(analyst):
    word = analyst.word("buytramadolonline")
    assert "GLUED" in word.tags
    assert "tramadol" in word.pieces


@pytest.mark.parametrize("token", ["discreetly", "deliverymen", "reordered", "disorder", "tramadolol"])
def test_an_ending_is_no_word(analyst, token):
    assert "GLUED" not in analyst.word(token).tags


def test_a_known_word_at_either_end_is_taken_apart(analyst):
    assert analyst.word("internetpharmacy").pieces == ("pharmacy", "internet")
    assert analyst.word("deliveryonline").pieces == ("delivery", "online")


def test_no_person_is_named(analyst):
    assert analyst.word("ann.miller@x.example").term == "<mail>"
    assert analyst.word("@dreamline555").term == "<handle>"


def test_memory_is_bounded_and_does_not_change_what_is_said(lexicon):
    small, large = Analyst(lexicon, remember=3), Analyst(lexicon)
    words = ["xanax", "x4nax", "house", "https://x.example", "薬", "xanax", "door"] * 3
    assert [small.word(word) for word in words] == [large.word(word) for word in words]
    assert len(small._memory) <= 3


@given(token=st.text(st.characters(exclude_categories=["Z"]), min_size=1, max_size=80))
def test_any_token_is_a_word(analyst, token):
    folded, _ = fold(token)
    for start, end in split(folded):
        word = analyst.word(folded[start:end])
        assert 0 < word.width <= 1


ZERO_WIDTH = st.sampled_from("\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u2061\u2063")


@given(word=st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=12), data=st.data())
def test_zero_width_characters_change_no_term(word, data):
    dressed = "".join(data.draw(ZERO_WIDTH | st.just("")) + char for char in word)
    assert simple_terms(f"take {dressed} now") == simple_terms(f"take {word} now")
