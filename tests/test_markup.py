import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmaspam.markup import MAX_DEPTH, Zone, guess_format, render

FORMATS = ["text", "html", "markdown", "bbcode", "auto"]
# Pieces of mark-up, whole and broken, for hypothesis to pile up.
PIECES = [
    "<p>",
    "</p>",
    "<a",
    "href='https://x.example'>",
    "<a",
    "href=",
    "</a>",
    "<!--",
    "-->",
    "<script>",
    "</script>",
    "<img",
    'alt="x">',
    "<div",
    'style="display:none">',
    "</div>",
    "<",
    ">",
    "&amp;",
    "&#8203;",
    "&lt",
    "&#1114112;",
    "[url]",
    "[url=https://x.example]",
    "[/url]",
    "[quote]",
    "[/quote]",
    "[b]",
    "[/b]",
    "[*]",
    "[",
    "]",
    "](",
    ")",
    "[a](b)",
    "![a](b)",
    "**",
    "__",
    "~~",
    "`",
    "#",
    ">",
    "--",
    "\\*",
    "<https://x.example>",
    "buy",
    "xanax",
    "10",
    "mg",
    "⟦",
    "⟧",
    "\u200b",
    "�",
    "\x00",
    "é",
    "薬",
    " ",
    "\n",
    "\n-- \n",
    "\n> ",
]
SOUP = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=40).map("".join)


def visible(text, format="auto"):
    return render(text, format).text


def squeezed(text):
    return " ".join(text.split())


@pytest.mark.parametrize(
    ("source", "format", "text"),
    [
        pytest.param("a<b>b</b>", "html", "ab", id="inline tags vanish"),
        pytest.param("x<b></b>an<i>a</i>x", "html", "xanax", id="a word with tags inside is a word"),
        pytest.param("one<br>two<p>three</p>", "html", "one\ntwo\nthree\n", id="block tags break lines"),
        pytest.param("<td>a</td><td>b</td>", "html", " a  b ", id="cells stand apart"),
        pytest.param("&lt;3 &amp; &eacute; &#120;&#x61;", "html", "<3 & é xa", id="entities are decoded"),
        pytest.param("a &nosuch; b", "html", "a &nosuch; b", id="unknown entities are text"),
        pytest.param("5 < 6 and <3", "html", "5 < 6 and <3", id="a lone sign is text"),
        pytest.param("<a href='x", "html", "<a href='x", id="an open tag is text"),
        pytest.param("a<script>var buy='xanax'</script>b", "html", "ab", id="scripts are not read"),
        pytest.param("a<style>p{}", "html", "a", id="an open style swallows the rest"),
        pytest.param("a<!-- more -->b", "html", "ab", id="a tool's comment says nothing"),
        pytest.param("**bold** and _this_ `code`", "markdown", "bold and this code", id="emphasis vanishes"),
        pytest.param("snake_case 2*3", "markdown", "snake_case 23", id="underscores inside words stay"),
        pytest.param("# Head\ntext", "markdown", "Head\ntext", id="heads lose their sign"),
        pytest.param(r"\*not bold\*", "markdown", "*not bold*", id="escapes"),
        pytest.param("<https://a.example/b>", "markdown", "https://a.example/b", id="automatic links"),
        pytest.param("[b]a[/b] [i]b[/i]", "bbcode", "a b", id="BBCode vanishes"),
        pytest.param("[nosuch]a[/nosuch]", "bbcode", "[nosuch]a[/nosuch]", id="unknown BBCode is text"),
        pytest.param("[list][*]a[*]b[/list]", "bbcode", "\na\nb", id="list items break lines"),
        pytest.param("a <b>c</b> [b]d[/b]", "text", "a <b>c</b> [b]d[/b]", id="plain text is left alone"),
        pytest.param("", "html", "", id="nothing"),
    ],
)
def test_render(source, format, text):
    assert visible(source, format) == text


@pytest.mark.parametrize(
    ("source", "format", "words"),
    [
        pytest.param('<a href="https://x.example/a">xanax</a>', "html", "xanax https://x.example/a", id="HTML link"),
        pytest.param(
            "<a title='now' href=https://x.example>xanax</a>", "html", "now xanax https://x.example", id="bare attributes and titles"
        ),
        pytest.param('<a href="https://x.example">xanax', "html", "xanax https://x.example", id="a link never closed still leads there"),
        pytest.param(
            "<a href='x.example'>one<a href='y.example'>two</a>", "html", "one x.example two y.example", id="a link ends the one before"
        ),
        pytest.param("[xanax](https://x.example)", "markdown", "xanax https://x.example", id="Markdown link"),
        pytest.param('[xanax](https://x.example "cheap")', "markdown", "xanax cheap https://x.example", id="Markdown link with a title"),
        pytest.param("![pills](https://x.example/a.png)", "markdown", "pills https://x.example/a.png", id="Markdown image"),
        pytest.param("[url=https://x.example]xanax[/url]", "bbcode", "xanax https://x.example", id="BBCode link"),
        pytest.param('[url="https://x.example"]xanax[/url]', "bbcode", "xanax https://x.example", id="BBCode link in quotes"),
        pytest.param(
            "[url=https://x.example][img]xanax[/url]", "bbcode", "xanax https://x.example", id="BBCode link with an image never closed"
        ),
        pytest.param("[url=https://x.example]xanax", "bbcode", "xanax https://x.example", id="BBCode link never closed"),
        pytest.param(
            "[<a href='y.example'>xanax](https://x.example)",
            "markdown",
            "xanax y.example https://x.example",
            id="a link never closed in a link",
        ),
        pytest.param("[xanax](<https://x.example>)", "markdown", "xanax https://x.example", id="Markdown link in angles"),
        pytest.param("a](https://x.example) b", "markdown", "a](https://x.example) b", id="the end of a link that never began"),
        pytest.param("[url]https://x.example[/url]", "bbcode", "https://x.example", id="BBCode bare link"),
        pytest.param('<img src="a.png" alt="buy xanax">', "html", "buy xanax", id="alternative text is read"),
        pytest.param("<!-- buy xanax -->", "html", "buy xanax", id="comments are read"),
        pytest.param("<!-- buy xanax", "html", "buy xanax", id="a comment never closed"),
    ],
)
def test_what_is_not_running_text_is_read_too(source, format, words):
    assert squeezed(visible(source, format)) == words


@pytest.mark.parametrize(
    ("source", "format", "zone"),
    [
        pytest.param("HERE", "text", Zone.BODY, id="body"),
        pytest.param("<a href='x.example'>HERE</a>", "html", Zone.LINK, id="link text"),
        pytest.param("<a href='HERE'>x</a>", "html", Zone.LINK | Zone.TARGET, id="link target"),
        pytest.param("<blockquote>HERE</blockquote>", "html", Zone.QUOTE, id="HTML quote"),
        pytest.param("<blockquote>x</blockquote>HERE", "html", Zone.BODY, id="after a quote"),
        pytest.param("> HERE", "markdown", Zone.QUOTE, id="quoted line"),
        pytest.param("> x\nHERE", "markdown", Zone.BODY, id="line after a quoted one"),
        pytest.param("[quote=Ann]HERE[/quote]", "bbcode", Zone.QUOTE, id="BBCode quote"),
        pytest.param("text\n-- \nHERE", "text", Zone.SIGNATURE, id="signature"),
        pytest.param("<!--HERE-->", "html", Zone.HIDDEN, id="comment"),
        pytest.param("<img alt='HERE'>", "html", Zone.ALT, id="alternative text"),
        pytest.param("<div style='display: none'>HERE</div>", "html", Zone.HIDDEN, id="display none"),
        pytest.param("<p style='visibility:hidden'>HERE</p>", "html", Zone.HIDDEN, id="visibility hidden"),
        pytest.param("<p style='font-size:0'>HERE</p>", "html", Zone.HIDDEN, id="no size"),
        pytest.param("<p style='font-size:1px'>HERE</p>", "html", Zone.HIDDEN, id="one pixel"),
        pytest.param("<p style='opacity:0.0'>HERE</p>", "html", Zone.HIDDEN, id="see-through"),
        pytest.param("<p style='position:absolute;left:-9999px'>HERE</p>", "html", Zone.HIDDEN, id="off the page"),
        pytest.param("<p style='color:#fff'>HERE</p>", "html", Zone.HIDDEN, id="white on white"),
        pytest.param("<p style='color:red;background:red'>HERE</p>", "html", Zone.HIDDEN, id="red on red"),
        pytest.param("<p style='color:white;background:black'>HERE</p>", "html", Zone.BODY, id="white on black is seen"),
        pytest.param("<p style='&#100;isplay:none'>HERE</p>", "html", Zone.HIDDEN, id="entities in the style"),
        pytest.param("<p hidden>HERE</p>", "html", Zone.HIDDEN, id="hidden attribute"),
        pytest.param("<font color=white>HERE</font>", "html", Zone.HIDDEN, id="white font"),
        pytest.param("<noscript>HERE</noscript>", "html", Zone.HIDDEN, id="noscript"),
        pytest.param("[size=1]HERE[/size]", "bbcode", Zone.HIDDEN, id="tiny BBCode"),
        pytest.param("[color=white]HERE[/color]", "bbcode", Zone.HIDDEN, id="white BBCode"),
        pytest.param("<div style='display:none'><b>x</b></div>HERE", "html", Zone.BODY, id="after a hidden part"),
        pytest.param("<div hidden><a href='x.example'>HERE</a></div>", "html", Zone.LINK | Zone.HIDDEN, id="a hidden link"),
    ],
)
def test_zones(source, format, zone):
    rendered = render(source, format)
    assert rendered.zone(rendered.text.index("HERE")) == zone


@pytest.mark.parametrize(
    ("source", "format"),
    [
        pytest.param("<p>Hello</p> &amp; bye", "html", id="html"),
        pytest.param("see [this](https://x.example)", "markdown", id="markdown"),
        pytest.param("see [url=https://x.example]this[/url]", "bbcode", id="bbcode"),
        pytest.param("[quote]**so**[/quote] <b>yes</b>", "mixed", id="several at once"),
        pytest.param("<p>a</p> **b**", "markdown", id="HTML in Markdown"),
        pytest.param("Just words, 5 < 6 [sic].", "text", id="text"),
    ],
)
def test_guess_format(source, format):
    assert guess_format(source) == format


def test_an_unknown_format_is_guessed():
    assert visible("<p>a</p>", "asciidoc") == visible("<p>a</p>", "html")


@pytest.mark.parametrize(
    ("source", "format", "words", "behind"),
    [
        pytest.param("<p>buy <b>xa</b>nax</p>", "html", "buy xanax", "buy <b>xa</b>nax", id="tags inside"),
        pytest.param("a &#120;anax b", "html", "xanax", "&#120;anax", id="an entity"),
        pytest.param("<a href='x.example'>buy it</a>", "html", "buy it", "buy it", id="link text alone"),
        pytest.param("<a href='x.example'>buy it</a>", "html", "x.example", "x.example", id="target alone"),
        pytest.param("a **buy** it", "markdown", "buy it", "buy** it", id="emphasis"),
        pytest.param("[b]buy[/b] it", "bbcode", "buy it", "buy[/b] it", id="BBCode"),
    ],
)
def test_the_way_back(source, format, words, behind):
    rendered = render(source, format)
    start = rendered.text.index(words)
    low, high = rendered.source(start, start + len(words))
    assert source[low:high] == behind


@pytest.mark.parametrize(
    ("source", "format"),
    [
        pytest.param('<a href="https://x.example">xanax</a>', "html", id="html"),
        pytest.param("[xanax](https://x.example)", "markdown", id="markdown"),
        pytest.param("![xanax](https://x.example)", "markdown", id="image"),
        pytest.param("<https://x.example>", "markdown", id="automatic"),
        pytest.param("[url=https://x.example]xanax[/url]", "bbcode", id="bbcode"),
    ],
)
def test_a_link_knows_its_element(source, format):
    rendered = render(f"a {source} b", format)
    (link,) = rendered.links
    assert (link.source_start, link.source_end) == (2, 2 + len(source))
    assert "x.example" in rendered.text[link.start : link.end]


def test_an_aside_knows_its_element():
    rendered = render('a <img alt="buy xanax"> b <!-- order now --> c', "html")
    assert [rendered.text[part.start : part.end].strip() for part in rendered.asides] == ["buy xanax", "order now"]
    source = 'a <img alt="buy xanax"> b <!-- order now --> c'
    assert [source[part.source_start : part.source_end] for part in rendered.asides] == ['<img alt="buy xanax">', "<!-- order now -->"]


def test_nesting_deeper_than_any_forum_keeps_the_outer_zones():
    source = "<blockquote>" * (MAX_DEPTH + 50) + "HERE" + "</blockquote>" * 10
    rendered = render(source, "html")
    assert rendered.zone(rendered.text.index("HERE")) == Zone.QUOTE


@pytest.mark.parametrize("format", FORMATS)
@given(text=SOUP)
def test_any_text_renders_and_leads_back(format, text):
    rendered = render(text, format)
    assert sum(run.length for run in rendered.runs) == len(rendered.text)
    end = 0
    for run in rendered.runs:
        assert run.start == end
        end += run.length
        assert 0 <= run.source_start <= run.source_end <= len(text)
        if run.literal:
            assert rendered.text[run.start : end] == text[run.source_start : run.source_end]
    for part in rendered.links + rendered.asides:
        assert 0 <= part.start <= part.end <= len(rendered.text)
        assert 0 <= part.source_start <= part.source_end <= len(text)
    for index in range(0, len(rendered.text), 7):
        low, high = rendered.source(index, min(index + 9, len(rendered.text)))
        assert 0 <= low <= high <= len(text)


@given(st.text(st.characters(exclude_characters="<>&[]()*_`~#\\!-\r\n"), max_size=80))
def test_text_without_signs_is_itself_in_every_format(text):
    assert {visible(text, format) for format in FORMATS} == {text}
