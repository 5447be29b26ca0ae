"""Mark-up to text, with an exact way back.

`render` turns a post into what a reader sees, link targets and hidden parts included, as runs of characters that each
know where in the source they stand and in which zone. Inline tags vanish, so that a word with tags inside is a word
again; block tags become line breaks. Broken mark-up is text. One pass, linear in the length of the source.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import IntFlag
from typing import Final

MAX_DEPTH: Final = 100  # deeper nesting than any forum shows; what lies deeper keeps the zones of its parents


class Zone(IntFlag):
    """Where a run of text stands; a run may stand in several zones at once."""

    BODY = 0
    TITLE = 1
    LINK = 2
    TARGET = 4
    ALT = 8
    QUOTE = 16
    HIDDEN = 32
    SIGNATURE = 64


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive characters of one zone: `length` of them from `start`, out of `source_start:source_end`.

    literal : the characters are the source's own, one for one; else the run as a whole came from the range
    """

    start: int
    length: int
    source_start: int
    source_end: int
    zone: Zone
    literal: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A part of the text that is one element of the source: a link, a comment, a tag whose attribute holds words.

    start, end : its rendered characters, of a link the anchor text and the target together
    source_start, source_end : the whole element
    """

    start: int
    end: int
    source_start: int
    source_end: int


@dataclass(frozen=True, slots=True)
class Rendered:
    """The text of a post and its runs in order.

    links : elements that lead somewhere; asides : elements of words no reader sees in the running text
    """

    text: str
    runs: tuple[Run, ...]
    links: tuple[Link, ...] = ()
    asides: tuple[Link, ...] = ()

    def _run(self, index: int) -> int:
        return bisect_right(self.runs, index, key=lambda run: run.start) - 1

    def source(self, start: int, end: int) -> tuple[int, int]:
        """The source range that holds the rendered characters `start:end` (which must not be empty)."""
        lows, highs = [], []
        for run in self.runs[self._run(start) : self._run(end - 1) + 1]:
            before = max(start - run.start, 0) if run.literal else 0
            after = max(run.start + run.length - end, 0) if run.literal else 0
            lows.append(run.source_start + before)
            highs.append(run.source_end - after)
        return min(lows), max(highs)

    def zone(self, index: int) -> Zone:
        """The zones of one rendered character."""
        return self.runs[self._run(index)].zone


_ENTITY = r"&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});?"
_ATTRIBUTES = r"(?:[^<>\"']|\"[^\"]{0,4000}\"|'[^']{0,4000}')*+"
_HTML = (
    rf"(?P<comment><!--)|(?P<tag><(?P<close>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]{{0,15}})(?P<attributes>{_ATTRIBUTES})>)|(?P<entity>{_ENTITY})"
)
BB_NAMES: Final = (
    "url|img|email|b|i|u|s|size|color|font|quote|center|left|right|justify|list|li|code|spoiler|hide|align|highlight|"
    "table|tr|td|th|h[1-6]|sub|sup|indent|youtube|video|media|attach|attachment|member|user|background|bgcolor|p|br|hr|"
    "email|link|anchor|ul|ol|strike|pre|noparse|article|glow|shadow|thread|post"
)
_BBCODE = rf"(?P<bb>\[(?P<bbclose>/?)(?P<bbname>{BB_NAMES}|\*)(?:[= ](?P<bbvalue>[^\]\[]{{0,2000}}))?\])"
_MD_URL = r"(?:<[^<>\n]{0,2000}>|[^\s()<>]{1,2000}(?:\([^\s()]{0,500}\)[^\s()]{0,500})?)"
_MARKDOWN = (
    rf"(?P<mdopen>!?\[(?=[^\[\]\n]{{0,500}}\](?:\({_MD_URL}|\[)))"
    rf"|(?P<mdclose>\](?:\((?P<mdurl>{_MD_URL})(?:\s{{1,3}}(?P<mdtitle>\"[^\"\n]{{0,500}}\"|'[^'\n]{{0,500}}'))?\)|\[(?P<mdref>[^\[\]\n]{{0,100}})\]))"
    r"|(?P<mdauto><(?:https?://|mailto:)[^\s<>]{1,2000}>)"
    r"|(?P<mdescape>\\[\\`*_{}\[\]()#+\-.!~>|])"
    r"|(?P<mdmark>\*{1,3}|~~|`{1,3}|(?<![^\W_])_{1,3}(?=\w)|(?<=\w)_{1,3}(?![^\W_]))"
    r"|(?P<mdhead>(?m:^)\#{1,6}[ ])"
)
_LINES = r"(?P<quoteline>(?m:^)[ ]{0,3}(?:>[ ]?){1,10})|(?P<signature>(?m:^)--[ ]?(?m:$))|(?P<newline>\n)"

_FLAGS = re.DOTALL | re.IGNORECASE
_SCANNERS = {
    "text": re.compile(_LINES, _FLAGS),
    "html": re.compile(_HTML, _FLAGS),
    "bbcode": re.compile(f"{_LINES}|{_BBCODE}|(?P<entity>{_ENTITY})", _FLAGS),
    "markdown": re.compile(f"{_LINES}|{_MARKDOWN}|{_HTML}", _FLAGS),
    "mixed": re.compile(f"{_LINES}|{_MARKDOWN}|{_BBCODE}|{_HTML}", _FLAGS),
}
_LOOKS_HTML = re.compile(
    r"</(?:a|p|b|i|div|span|strong|em|li|h[1-6]|td|font)>|<(?:br|p|img|a)\b[^<>]{0,500}>|&(?:nbsp|amp|quot|#\d{2,5});", re.I
)
_LOOKS_MARKDOWN = re.compile(r"\]\((?:https?:|/|www\.)|^\#{1,6} |\*\*[^*\n]{1,200}\*\*", re.M)
_LOOKS_BBCODE = re.compile(rf"\[/(?:{BB_NAMES})\]", re.I)

_BLOCK = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    ]
)
_CELL = frozenset(("td", "th"))
_VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"])
_SILENT = frozenset(("script", "style"))
_TOOL_COMMENTS = ("[if", "[endif", " more", " wp:", " /wp:")
_HIDING_TAGS = frozenset(("noscript", "template", "noembed", "noframes"))
_ATTRIBUTE = re.compile(r"([a-zA-Z_:][-\w:.]{0,30})(?:\s{0,5}=\s{0,5}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?")
_ZERO = r"(?:0*\.?0+)(?:px|em|rem|pt|%|vh|vw)?\s*(?:;|!|$)"
_HIDING_STYLE = re.compile(
    rf"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|font-size\s*:\s*(?:{_ZERO}|[01]px|0?\.\d{{1,3}}(?:px|em|rem|pt))"
    rf"|opacity\s*:\s*(?:{_ZERO}|0?\.0\d*)|(?:text-indent|left|top|right|margin-left|margin-top)\s*:\s*-\d{{3,}}"
    rf"|(?:max-)?(?:height|width)\s*:\s*{_ZERO}|(?<![-\w])color\s*:\s*(?:transparent|rgba\([^)]{{0,30}},\s*0(?:\.0)?\s*\))"
    r"|clip(?:-path)?\s*:\s*(?:rect\(0|inset\((?:50|100)%|circle\(0)|transform\s*:\s*scale\(0",
    re.I,
)
_COLOUR = re.compile(r"(?<![-\w])color\s*:\s*([#\w]{3,20}(?:\([^)]{0,30}\))?)", re.I)
_BACKGROUND = re.compile(r"background(?:-color)?\s*:\s*([#\w]{3,20}(?:\([^)]{0,30}\))?)", re.I)
_WHITE = frozenset(("#fff", "#ffffff", "white", "#fefefe", "#fdfdfd", "#fffffe", "snow", "ghostwhite", "rgb(255,255,255)"))


def guess_format(text: str) -> str:
    """The mark-up `text` seems to be written in: html, bbcode, markdown, mixed or text."""
    found = [
        name for name, pattern in (("html", _LOOKS_HTML), ("markdown", _LOOKS_MARKDOWN), ("bbcode", _LOOKS_BBCODE)) if pattern.search(text)
    ]
    if not found:
        return "text"
    return found[0] if len(found) == 1 else "markdown" if found == ["html", "markdown"] else "mixed"


def render(text: str, format: str = "auto") -> Rendered:
    """What a reader of `text` sees, and what is kept from them, with the way back to the source.

    format : "text", "html", "markdown", "bbcode"; anything else is guessed
    """
    if format not in _SCANNERS:
        format = guess_format(text)
    if format == "text" and "\n-- " not in text and "\n--\n" not in text and ">" not in text:
        return Rendered(text, (Run(0, len(text), 0, len(text), Zone.BODY, True),))
    writer = _Writer(text)
    for match in _SCANNERS[format].finditer(text):
        if match.start() < writer.position:
            continue
        writer.literal(match.start())
        kind = match.lastgroup or ""
        groups = match.groupdict()
        if groups.get("tag"):
            writer.tag(match)
        elif groups.get("comment"):
            writer.comment(match)
        elif groups.get("entity"):
            writer.replace(match.end(), html.unescape(match[0]))
        elif groups.get("bb"):
            writer.bbcode(match)
        elif groups.get("mdopen"):
            writer.open_link(match.start(), match.end(), image=match[0][0] == "!")
        elif groups.get("mdclose"):
            writer.close_markdown(match)
        elif kind == "mdauto":
            writer.autolink(match)
        elif kind == "mdescape":
            writer.skip(match.start() + 1)
            writer.literal(match.end())
        elif kind == "quoteline":
            writer.line_zone |= Zone.QUOTE
            writer.skip(match.end())
        elif kind == "signature":
            writer.signature = Zone.SIGNATURE
            writer.skip(match.end())
        elif kind == "newline":
            writer.literal(match.end())
            writer.line_zone = Zone.BODY
        else:
            writer.skip(match.end())
    writer.literal(len(text))
    return writer.done()


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A link that is open: where its text starts, where its opening mark stands, what opened it, where its target stands."""

    start: int
    low: int
    high: int
    kind: str
    url: tuple[int, int]


class _Writer:
    """Collects runs while a scanner walks over the source."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.line_zone = Zone.BODY
        self.signature = Zone.BODY
        self.length = 0
        self.pieces: list[str] = []
        self.runs: list[Run] = []
        self.links: list[Link] = []
        self.asides: list[Link] = []
        self.open: list[tuple[str, Zone]] = []
        self.anchors: list[_Anchor] = []
        self.zone_of_open = Zone.BODY

    def done(self) -> Rendered:
        self.abandon(0)
        if not self.runs:
            self.runs.append(Run(0, 0, 0, len(self.source), Zone.BODY, False))
        return Rendered("".join(self.pieces), tuple(self.runs), tuple(self.links), tuple(self.asides))

    def zone(self) -> Zone:
        return self.zone_of_open | self.line_zone | self.signature | (Zone.LINK if self.anchors else Zone.BODY)

    def emit(self, text: str, low: int, high: int, zone: Zone, *, literal: bool) -> None:
        if text:
            self.runs.append(Run(self.length, len(text), low, high, zone, literal))
            self.pieces.append(text)
            self.length += len(text)

    def literal(self, end: int) -> None:
        """Take the source up to `end` as it stands."""
        if end > self.position:
            self.emit(self.source[self.position : end], self.position, end, self.zone(), literal=True)
            self.position = end

    def skip(self, end: int) -> None:
        self.position = max(self.position, end)

    def replace(self, end: int, text: str) -> None:
        """`text` stands for the source up to `end`."""
        self.emit(text, self.position, end, self.zone(), literal=False)
        self.skip(end)

    def aside(self, low: int, high: int, zone: Zone, element: tuple[int, int] | None = None) -> None:
        """A part of the source that is no running text (a target, an alternative text), set off by blanks.

        element : the tag or comment round it
        """
        if high > low:
            start = self.length
            self.emit(" ", low, low, self.zone() | zone, literal=False)
            self.emit(self.source[low:high], low, high, self.zone() | zone, literal=True)
            self.emit(" ", high, high, self.zone() | zone, literal=False)
            if element:
                self.asides.append(Link(start, self.length, *element))

    def push(self, name: str, zone: Zone) -> None:
        if len(self.open) < MAX_DEPTH:
            self.open.append((name, self.zone_of_open))
            self.zone_of_open |= zone

    def pop(self, name: str) -> None:
        for depth in range(len(self.open) - 1, -1, -1):
            if self.open[depth][0] == name:
                self.zone_of_open = self.open[depth][1]
                del self.open[depth:]
                return

    def open_link(self, low: int, end: int, *, image: bool = False, url: tuple[int, int] = (0, 0), kind: str = "md") -> None:
        if len(self.anchors) < MAX_DEPTH:
            self.anchors.append(_Anchor(self.length, low, end, "image" if image else kind, url))
        self.skip(end)

    def has_link(self, *kinds: str) -> bool:
        """Whether a link of these kinds is open; links opened in it and never closed are given up."""
        for depth in range(len(self.anchors) - 1, -1, -1):
            if self.anchors[depth].kind in kinds:
                self.abandon(depth + 1)
                return True
        return False

    def abandon(self, depth: int) -> None:
        """Give up links that were never closed; where they lead is read nevertheless."""
        for anchor in self.anchors[depth:]:
            self.aside(*anchor.url, Zone.LINK | Zone.TARGET, (anchor.low, anchor.high))
        del self.anchors[depth:]

    def close_link(self, end: int, url: tuple[int, int] | None = None) -> None:
        anchor = self.anchors.pop()
        self.aside(*(url or anchor.url), Zone.LINK | Zone.TARGET)
        self.links.append(Link(anchor.start, self.length, anchor.low, end))
        self.skip(end)

    def autolink(self, match: re.Match[str]) -> None:
        start = self.length
        self.skip(match.start() + 1)
        self.literal(match.end() - 1)
        self.links.append(Link(start, self.length, *match.span()))
        self.skip(match.end())

    def close_markdown(self, match: re.Match[str]) -> None:
        if not self.has_link("md", "image"):
            self.literal(match.start() + 1)
            return
        low, high = match.span("mdurl") if match["mdurl"] else (0, 0)
        if match["mdurl"] and match["mdurl"][0] == "<":
            low, high = low + 1, high - 1
        if match["mdtitle"]:
            self.aside(match.start("mdtitle") + 1, match.end("mdtitle") - 1, Zone.ALT)
        self.close_link(match.end(), (low, high))

    def comment(self, match: re.Match[str]) -> None:
        low, high = match.end(), self.source.find("-->", match.end())
        if high < 0:  # an open comment swallows the rest, as it does in a browser
            high = len(self.source)
        if not self.source.startswith(_TOOL_COMMENTS, low):
            self.aside(low, high, Zone.HIDDEN, (match.start(), min(high + 3, len(self.source))))
        self.skip(min(high + 3, len(self.source)))

    def tag(self, match: re.Match[str]) -> None:
        name = match["name"].lower()
        if name in _SILENT and not match["close"]:
            closing = re.compile(rf"</{name}\b", re.I).search(self.source, match.end())
            self.skip(closing.start() if closing else len(self.source))
            return
        if name in _BLOCK:
            self.emit("\n", match.start(), match.end(), self.zone(), literal=False)
        elif name in _CELL:
            self.emit(" ", match.start(), match.end(), self.zone(), literal=False)
        if match["close"]:
            self.close_tag(name, match)
        else:
            self.open_tag(name, match)
        self.skip(match.end())

    def close_tag(self, name: str, match: re.Match[str]) -> None:
        if name == "a" and self.has_link("a"):
            self.close_link(match.end())
        self.pop(name)

    def open_tag(self, name: str, match: re.Match[str]) -> None:
        offset = match.start("attributes")
        values: dict[str, tuple[int, int]] = {}
        for attribute in _ATTRIBUTE.finditer(match["attributes"]):
            group = attribute.lastindex or 1
            low, high = attribute.span(group) if group > 1 else (attribute.end(), attribute.end())
            values.setdefault(attribute[1].lower(), (offset + low, offset + high))
        zone = Zone.BODY
        if name in _HIDING_TAGS or "hidden" in values or _hides(self._value(values, "style")):
            zone |= Zone.HIDDEN
        if name == "font" and (self._value(values, "color").lower() in _WHITE or self._value(values, "size") == "0"):
            zone |= Zone.HIDDEN
        if name == "blockquote":
            zone |= Zone.QUOTE
        if name not in _VOID and not match["attributes"].endswith("/"):
            self.push(name, zone)
        if name == "a" and "href" in values:
            if self.has_link("a"):
                self.close_link(match.start())
            self.position = match.start()
            self.open_link(match.start(), match.end(), url=values["href"], kind="a")
        for key in ("alt", "title", "content", "placeholder"):
            if key in values:
                self.aside(*values[key], Zone.ALT, match.span())

    def _value(self, values: dict[str, tuple[int, int]], key: str) -> str:
        low, high = values.get(key, (0, 0))
        return html.unescape(self.source[low:high])

    def bbcode(self, match: re.Match[str]) -> None:
        name, value = match["bbname"].lower(), match["bbvalue"] or ""
        if name in ("url", "link", "email", "img"):
            if match["bbclose"]:
                if self.has_link(name):
                    self.close_link(match.end())
            else:
                url = match.span("bbvalue") if value and name != "img" else (0, 0)
                if value and value[0] in "\"'":
                    url = (url[0] + 1, url[1] - 1)
                self.open_link(match.start(), match.end(), url=url, kind=name)
        elif name in ("*", "li", "tr", "br", "hr", "p", "td", "th") or (name[0] == "h" and name[1:].isdigit()):
            self.emit("\n", match.start(), match.end(), self.zone(), literal=False)
        elif match["bbclose"]:
            self.pop("[" + name)
        else:
            plain = value.strip("\"' ").lower()
            hidden = (name == "size" and plain.rstrip("ptx%") in ("0", "1")) or (name == "color" and plain in (*_WHITE, "transparent"))
            zone = Zone.HIDDEN if hidden or name == "hide" else Zone.QUOTE if name == "quote" else Zone.BODY
            self.push("[" + name, zone)
        self.skip(match.end())


def _hides(style: str) -> bool:
    if not style:
        return False
    if _HIDING_STYLE.search(style):
        return True
    colour, background = _COLOUR.search(style), _BACKGROUND.search(style)
    if not colour:
        return False
    shade = colour[1].lower().replace(" ", "")
    return shade == background[1].lower().replace(" ", "") if background else shade in _WHITE
