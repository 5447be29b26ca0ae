import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmaspam.markup import Zone
from pharmaspam.reading import Reader, sentences
from pharmaspam.records import FORMATS, Post
from pharmaspam.training import spacy_reader
from test_markup import SOUP

ANY = st.text(st.characters()) | SOUP


def terms(reading):
    return [word.term for word in reading.words]


def tagged(reading):
    return {reading.term(hit.first, hit.last): set(hit.tags) for hit in reading.hits}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("Buy Xanax now.", ["buy", "xanax", "now"], id="words, no bare marks"),
        pytest.param("<p>x<b>a</b>nax</p>", ["xanax"], id="tags inside a word"),
        pytest.param("x a n a x now", ["xanax", "now"], id="single letters"),
        pytest.param("xan ax now", ["xanax", "now"], id="cut in two"),
        pytest.param("tra ma dol now", ["tramadol", "now"], id="cut in three"),
        pytest.param("b u y x a n a x", ["buy", "xanax"], id="two words in single letters"),
        pytest.param("a b c d e", ["a", "b", "c", "d", "e"], id="letters that spell nothing"),
        pytest.param("x\u200ba\u200bn\u200ba\u200bx", ["xanax"], id="zero width"),
        pytest.param("ха\u0336nа\u0336х", ["xanax"], id="look-alikes struck through"),
        pytest.param("not xanax", ["not", "xanax"], id="a medicine is not joined with its neighbours"),
    ],
)
def test_terms(reader, text, expected):
    assert terms(reader.read(Post(text))) == expected


def test_hits_carry_concepts_and_their_languages(reader):
    reading = reader.read(Post("You can buy xanax without prescription, zonder recept"))
    assert tagged(reading) == {
        "buy": {"BUY"},
        "xanax": {"DRUG", "DRUG:benzo"},
        "without prescription": {"NO_RX"},
        "prescription": {"RX"},
        "zonder recept": {"NO_RX"},
        "recept": {"RX"},
    }
    assert next(hit.tags["BUY"] for hit in reading.hits if "BUY" in hit.tags) == {"en"}


def test_the_longest_phrase_wins_the_place_and_the_shorter_add_their_tags(reader):
    (hit,) = reader.read(Post("order")).hits
    assert (hit.first, hit.last) == (0, 1)
    hit = reader.read(Post("blue bars")).hits[0]
    assert (hit.first, hit.last) == (0, 2)


def test_a_phrase_cut_off_by_the_end_is_no_hit(reader):
    assert tagged(reader.read(Post("without"))) == {}
    assert tagged(reader.read(Post("where can i"))) == {}


def test_a_stem_is_a_medicine_the_lexicon_does_not_know(reader):
    (hit,) = reader.read(Post("bromazepam")).hits
    assert set(hit.tags) == {"DRUG"}


def test_language_and_foreign_terms(reader):
    reading = reader.read(Post("The doctor said that it is not for you, and some read kopen in it"))
    assert reading.language == "en"
    assert reading.foreign({"nl"})
    assert not reading.foreign({"nl", "en"})
    assert not reading.foreign({"und"})
    assert not reader.read(Post("kopen")).foreign({"nl"})


def test_zones_follow_the_mark_up(reader):
    reading = reader.read(Post('<p>see <a href="https://x.example">this</a></p><blockquote>that</blockquote>', "html"))
    assert [Zone(zone) for zone in reading.zones] == [Zone.BODY, Zone.LINK, Zone.LINK | Zone.TARGET, Zone.QUOTE]


def test_a_title_is_read_but_has_no_place_in_the_text(reader):
    reading = reader.read(Post("<b>now</b> please", "html", title="Buy xanax"))
    assert terms(reading) == ["buy", "xanax", "now", "please"]
    assert [Zone(zone) for zone in reading.zones] == [Zone.TITLE, Zone.TITLE, Zone.BODY, Zone.BODY]
    assert reading.source(0, 2) == (0, 0)
    assert reading.source(2, 3) == (3, 6)


def test_offsets_lead_to_the_post(reader):
    text = "Hi, <i>x\u200ba</i>nax &amp; ﬁne"
    reading = reader.read(Post(text, "html"))
    found = [text[slice(*reading.source(index, index + 1))] for index in range(len(reading))]
    assert found == ["Hi", "x\u200ba</i>nax", "&amp;", "ﬁne"]


def test_sentences_cover_the_post_in_order(reader):
    reading = reader.read(Post("One two three four five six. Seven eight nine ten eleven. Twelve. " + "word " * 70))
    parts = sentences(reading)
    assert parts[0] == (0, 6)
    assert parts[0][0] == 0
    assert parts[-1][1] == len(reading)
    assert all(before[1] == after[0] for before, after in itertools.pairwise(parts))
    assert max(last - first for first, last in parts) <= 35


def test_sentences_of_nothing():
    class Empty:
        words, breaks = (), ()

        def __len__(self):
            return 0

    assert sentences(Empty()) == []


def test_reading_with_spacy_is_the_same(lexicon, reader, posts):
    other = spacy_reader(lexicon)
    for post in posts:
        ours, theirs = reader.read(post.post), other.read(post.post)
        assert (terms(ours), ours.starts, ours.ends, ours.breaks) == (terms(theirs), theirs.starts, theirs.ends, theirs.breaks)


def test_reading_does_not_depend_on_what_was_read_before(lexicon, posts):
    fresh = [terms(Reader(lexicon).read(post.post)) for post in posts[:10]]
    used = Reader(lexicon)
    for post in reversed(posts):
        used.read(post.post)
    assert [terms(used.read(post.post)) for post in posts[:10]] == fresh


@given(text=ANY, format=st.sampled_from(FORMATS), title=st.none() | ANY)
def test_any_post_can_be_read(reader, text, format, title):
    reading = reader.read(Post(text, format, title=title))
    size = len(reading)
    assert size == len(reading.starts) == len(reading.ends) == len(reading.breaks) == len(reading.zones)
    for index in range(size):
        low, high = reading.source(index, index + 1)
        assert 0 <= low <= high <= len(text)
        assert reading.starts[index] < reading.ends[index] <= len(reading.rendered.text)
    assert reading.starts == sorted(reading.starts)
    for hit in reading.hits:
        assert 0 <= hit.first < hit.last <= size
    covered = [index for first, last in sentences(reading) for index in range(first, last)]
    assert covered == list(range(size))


@given(
    words=st.lists(
        st.sampled_from(["buy", "xanax", "online", "without", "prescription", "the", "doctor", "said", "not", "bars"]), max_size=12
    ),
    data=st.data(),
)
def test_zero_width_characters_change_no_term(reader, words, data):
    plain = " ".join(words)
    dressed = "".join(char + data.draw(st.sampled_from(["", "", "\u200b", "\u2060", "\ufeff"])) for char in plain)
    assert terms(reader.read(Post(dressed))) == terms(reader.read(Post(plain)))
