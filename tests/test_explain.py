import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmaspam.explain import MAX_REASONS, MAX_SPANS, reasons, to_spans
from pharmaspam.records import FORMATS, Post
from test_markup import SOUP


def explain(reader, text, first=0, last=None, format="auto"):
    reading = reader.read(Post(text, format))
    return reasons(reading, first, len(reading) if last is None else last, reader.lexicon)


def spans(reader, text, *found, format="auto", title=None):
    reading = reader.read(Post(text, format, title=title))
    return to_spans(reading, text, [(first, last, score) for first, last, score in found], reader.lexicon)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("xanax", "drug: xanax", id="a medicine"),
        pytest.param("buy", "buy: buy (en)", id="a purchase, and in which language"),
        pytest.param("bestellen", "buy: bestellen", id="no language where several have the word"),
        pytest.param("zonder recept", "no prescription: zonder recept (nl)", id="a phrase"),
        pytest.param("https://t.me/x", "contact link: t.me", id="a contact link"),
        pytest.param("see https://rx.example/a?b=c", "link: rx.example", id="the host of a link"),
        pytest.param("https://buyxanax.example", "the address itself advertises", id="what an address says"),
        pytest.param("write to ann@x.example", "contact: an address or a handle", id="a mail address"),
        pytest.param("x4nax", "disguised: xanax", id="a disguise"),
        pytest.param("bars", "perhaps a drug: bars", id="an ambiguous name"),
        pytest.param("<div hidden>buy</div>", "hidden from readers", id="hidden words"),
        pytest.param("the doctor said that it is not in kopen", "foreign phrase in en", id="a foreign phrase"),
    ],
)
def test_reasons_are_plain_words(reader, text, reason):
    assert reason in explain(reader, text)


def test_reasons_tell_the_most_telling_first_and_each_once(reader):
    assert explain(reader, "buy xanax, buy xanax, cheap, order online")[:3] == ("drug: xanax", "buy: buy (en)", "buy: order (en)")


def test_reasons_are_few(reader):
    assert (
        len(explain(reader, "buy order purchase xanax tramadol viagra ambien cheap online delivery discreet bitcoin for sale"))
        == MAX_REASONS
    )


def test_reasons_speak_of_the_range_alone(reader):
    reading = reader.read(Post("buy it at home and take xanax"))
    assert reasons(reading, 1, 4, reader.lexicon) == ()
    assert reasons(reading, 5, 7, reader.lexicon) == ("drug: xanax",)


def test_a_phrase_that_reaches_into_the_range_counts(reader):
    reading = reader.read(Post("it is without prescription here"))
    assert "no prescription: without prescription (en)" in reasons(reading, 3, 4, reader.lexicon)


@pytest.mark.parametrize(
    ("text", "format", "first", "last", "expected"),
    [
        pytest.param("Take it slowly, buy xanax now.", "text", 3, 5, "buy xanax", id="words"),
        pytest.param(
            "a [buy xanax](https://rx.example) b", "markdown", 1, 3, "[buy xanax](https://rx.example)", id="link text takes the link"
        ),
        pytest.param(
            "a [one two three four buy xanax](https://rx.example) b", "markdown", 5, 7, "buy xanax", id="a smaller part of a link"
        ),
        pytest.param(
            "a [one two three four xanax](https://rx.example) b",
            "markdown",
            5,
            7,
            "[one two three four xanax](https://rx.example)",
            id="a part with the target",
        ),
        pytest.param(
            "a [one two three four xanax](https://rx.example) b",
            "markdown",
            0,
            2,
            "a [one two three four xanax](https://rx.example)",
            id="a part and what stands before",
        ),
        pytest.param('a <a href="https://rx.example">xanax</a> b', "html", 1, 3, '<a href="https://rx.example">xanax</a>', id="HTML"),
        pytest.param(
            'a <a href="https://rx.example">one two three four xanax</a> b', "html", 6, 7, "https://rx.example", id="the target alone"
        ),
        pytest.param("a [url=https://rx.example]xanax[/url] b", "bbcode", 1, 3, "[url=https://rx.example]xanax[/url]", id="BBCode"),
        pytest.param("see <https://rx.example> now", "markdown", 1, 2, "<https://rx.example>", id="automatic link"),
        pytest.param('a <img alt="buy xanax now"> b', "html", 1, 3, "buy xanax", id="words of an attribute"),
        pytest.param(
            'a <img alt="buy xanax now"> b', "html", 2, 5, '<img alt="buy xanax now"> b', id="words of an attribute and what follows"
        ),
        pytest.param("a <!-- buy xanax --> b", "html", 0, 3, "<!-- buy xanax -->", id="a comment, without what stands before"),
        pytest.param("a <b><i>buy xanax</i></b> b", "html", 1, 3, "<b><i>buy xanax</i></b>", id="tags round the whole"),
        pytest.param("some users meet terms like buy xanax while", "text", 3, 8, "buy xanax", id="a window is tightened"),
        pytest.param(
            "x\u0336a\u0336n\u0336a\u0336x\u0336 now", "text", 0, 1, "x\u0336a\u0336n\u0336a\u0336x\u0336", id="marks over the last letter"
        ),
        pytest.param("buy x\u200ba\u200bnax, ok", "text", 1, 2, "x\u200ba\u200bnax", id="zero width"),
    ],
)
def test_spans(reader, text, format, first, last, expected):
    (span,) = spans(reader, text, (first, last, 0.7), format=format)
    assert span.text == expected
    assert text[span.start : span.end] == expected
    assert span.score == 0.7


def test_spans_that_touch_are_one(reader):
    text = "a [buy xanax](https://rx.example) b"
    (span,) = spans(reader, text, (1, 2, 0.6), (2, 4, 0.9), format="markdown")
    assert (span.text, span.score) == ("[buy xanax](https://rx.example)", 0.9)
    assert span.reasons[0] == "buy: buy (en)" or "drug: xanax" in span.reasons


def test_spans_are_in_the_order_of_the_source(reader):
    text = '<a href="https://rx.example">one two three four five six</a>'
    first, second = spans(reader, text, (0, 2, 0.6), (6, 7, 0.9), format="html")
    assert (first.text, second.text) == ("https://rx.example", "one two")


def test_a_title_has_no_span_in_the_text(reader):
    assert spans(reader, "see below", (0, 2, 0.9), title="buy xanax") == ()
    (span,) = spans(reader, "xanax below", (0, 3, 0.9), title="buy")
    assert (span.start, span.end) == (0, 5)


def test_spans_are_few(reader):
    text = "buy it " * (MAX_SPANS + 20)
    reading = reader.read(Post(text))
    found = [(index, index + 1, 0.9) for index in range(0, len(reading), 2)]
    assert len(to_spans(reading, text, found, reader.lexicon)) == MAX_SPANS


@given(text=SOUP | st.text(st.characters()), format=st.sampled_from(FORMATS), data=st.data())
def test_spans_lie_inside_in_order_and_apart(reader, text, format, data):
    reading = reader.read(Post(text, format))
    edges = sorted(data.draw(st.sets(st.integers(0, len(reading)), max_size=10)))
    found = [(first, last, 0.5) for first, last in zip(edges[::2], edges[1::2], strict=False)]
    end = -1
    for span in to_spans(reading, text, found, reader.lexicon):
        assert end < span.start < span.end <= len(text)
        assert text[span.start : span.end] == span.text
        end = span.end
