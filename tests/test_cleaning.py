from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmaspam.cleaning import clean, remove
from pharmaspam.corpus import unmark
from pharmaspam.explain import to_spans
from pharmaspam.records import Post, Span, Verdict
from test_markup import SOUP


@pytest.mark.parametrize(
    ("marked", "cleaned"),
    [
        pytest.param("Take it slowly. ⟦Buy xanax online.⟧ Good luck.", "Take it slowly. Good luck.", id="one blank is left"),
        pytest.param("⟦Buy xanax online.⟧ Good luck.", "Good luck.", id="at the beginning"),
        pytest.param("Good luck. ⟦Buy xanax online.⟧", "Good luck. ", id="at the end"),
        pytest.param("a ⟦b⟧ c ⟦d⟧ e", "a c e", id="twice"),
        pytest.param("a\n⟦b⟧\nc", "a\n\nc", id="lines stay lines"),
        pytest.param('<p>a ⟦<a href="https://x.example">xanax</a>⟧ b</p>', "<p>a b</p>", id="a whole link"),
        pytest.param("<p>a <b>b ⟦c</b> d⟧ e</p>", "<p>a <b>b </b> e</p>", id="a tag closed inside"),
        pytest.param("<p>a ⟦b <b>c⟧ d</b></p>", "<p>a <b> d</b></p>", id="a tag opened inside"),
        pytest.param("<p>a ⟦b</p><p>c⟧ d</p>", "<p>a </p><p> d</p>", id="over two paragraphs"),
        pytest.param("<p>⟦a <b>b</b> <i>c</i>⟧</p>", "<p></p>", id="tags with their partner inside go"),
        pytest.param('⟦<div title="buy xanax">buy⟧ more</div>', "<div> more</div>", id="no words in what stays of a tag"),
        pytest.param("⟦a<br>b<img src=x>⟧c", "c", id="tags without a partner go"),
        pytest.param("a ⟦[xanax kopen](https://x.example)⟧ b", "a b", id="Markdown link"),
        pytest.param("a **⟦xanax kopen⟧** b", "a b", id="emphasis round it goes"),
        pytest.param("**a ⟦b** c⟧ d", "**a ** d", id="emphasis closed inside stays"),
        pytest.param("a ⟦[url=https://x.example]xanax[/url]⟧ b", "a b", id="BBCode link"),
        pytest.param("[quote]a ⟦b[/quote] c⟧ d", "[quote]a [/quote] d", id="BBCode closed inside"),
        pytest.param("a ⟦[buy here]⟧ b", "a b", id="words in brackets are no tag"),
        pytest.param("nothing to do", "nothing to do", id="no span"),
    ],
)
def test_remove(marked, cleaned):
    text, ranges = unmark(marked)
    assert remove(text, ranges) == cleaned


def test_order_and_overlap_of_ranges_do_not_matter():
    text = "one two three four five"
    assert remove(text, [(8, 13), (4, 7)]) == remove(text, [(4, 7), (8, 13)])
    assert remove(text, [(4, 10), (8, 13), (4, 10)]) == remove(text, [(4, 13)])
    assert remove(text, [(5, 5), (9, 3), (30, 40)]) == text


def test_an_allowed_post_is_left_alone():
    verdict = Verdict(0.1, 0.0, "legit", "allow", spans=(Span(0, 3),))
    assert clean("buy it", verdict) == "buy it"
    assert clean(Post("buy it"), verdict) == "buy it"


def test_a_flagged_post_loses_its_spans():
    verdict = Verdict(0.9, 0.0, "illicit", "review", spans=(Span(0, 3),))
    assert clean(Post("buy it"), verdict) == "it"


class Balance(HTMLParser):
    """Whether every tag has its partner."""

    def __init__(self):
        super().__init__()
        self.open, self.well = [], True

    def handle_starttag(self, tag, attrs):
        if tag not in ("br", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.well = False


def balanced(text):
    parser = Balance()
    parser.feed(text)
    parser.close()
    return parser.well and not parser.open


WORDS = st.sampled_from(["buy", "xanax", "online", "the", "doctor", "said", "take", "it", "slowly", "&amp;", "ok"])
ATTRIBUTES = st.sampled_from(["", " title='buy xanax'", ' class="x"', ' style="display:none"'])
LEAF = WORDS | st.sampled_from(["<br>", "<img src='a.png' alt='buy xanax now'>", "<!-- buy xanax online -->"])


def element(children):
    inner = st.lists(children, max_size=4).map(" ".join)
    plain = st.builds("<{0}{1}>{2}</{0}>".format, st.sampled_from(["p", "b", "i", "div", "blockquote", "li"]), ATTRIBUTES, inner)
    links = st.lists(WORDS, max_size=4).map(" ".join).map(lambda text: f'<a href="https://rx.example/buy">{text}</a>')
    return plain | links


HTML = st.lists(st.recursive(LEAF, element, max_leaves=25), max_size=6).map(" ".join)


@given(text=HTML, data=st.data())
def test_balanced_html_stays_balanced_whatever_the_spans(reader, text, data):
    assert balanced(text)
    reading = reader.read(Post(text, "html"))
    if not len(reading):
        return
    edges = sorted(data.draw(st.sets(st.integers(0, len(reading)), min_size=2, max_size=6)) | {0, len(reading)})
    found = [(first, last, 0.9) for first, last in zip(edges[::2], edges[1::2], strict=False)]
    spans = to_spans(reading, text, found, reader.lexicon)
    cleaned = clean(Post(text, "html"), Verdict(0.9, 0.0, "illicit", "block", spans=spans))
    assert balanced(cleaned)
    assert len(cleaned) <= len(text)


@given(text=SOUP | st.text(st.characters()), data=st.data())
def test_what_lies_outside_stays_and_a_second_pass_finds_nothing_new(text, data):
    edge = st.integers(0, len(text))
    ranges = data.draw(st.lists(st.tuples(edge, edge), max_size=4))
    cleaned = remove(text, ranges)
    assert len(cleaned) <= len(text)
    assert remove(text, [*ranges, *ranges]) == cleaned
    assert remove(text, []) == text
