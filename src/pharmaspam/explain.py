"""Spans in the source, and reasons in plain words."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from pharmaspam.features import host_tags
from pharmaspam.lexicon import TRADE, Lexicon
from pharmaspam.markup import Link, Zone
from pharmaspam.reading import Reading
from pharmaspam.records import Span

LOOSE: Final = 10  # tokens; a range no longer than this is an insertion, not a sentence
_SMALL_TALK: Final = frozenset(("HEALTH", "LAWFUL", "WARN", "NEG", "STUDY", "CHAT", "FOOD", "NEWS", "PERSON"))
LONGEST: Final = 40  # no term of a lexicon has more tokens
MAX_REASONS: Final = 8
MAX_SPANS: Final = 50
_PLAIN: Final = {
    "DRUG": "drug",
    "DRUG?": "perhaps a drug",
    "BUY": "buy",
    "SELL": "sell",
    "NO_RX": "no prescription",
    "SHIP": "shipping",
    "STEALTH": "discreet",
    "PRICE": "price",
    "CHEAP": "bargain",
    "PAY": "payment",
    "CONTACT": "contact",
    "ONLINE": "online",
    "SHOP": "shop",
    "DARK": "dark market",
    "FORGE": "forged prescription",
    "FAVOUR": "private favour",
    "CLICK": "call to click",
    "ASK": "asks for a source",
    "LEFT": "leftovers",
    "UNIT": "quantity",
    "TRUST": "praise of a supplier",
    "GUARANTEE": "guarantee",
    "SECRET": "secrecy",
    "BULK": "bulk",
    "CUSTOMER": "speaks to customers",
    "SELLERASK": "asks for a seller",
    "PERSON": "go-between",
    "HANDOVER": "private handover",
    "PLACE": "meeting place",
    "MONEY": "cash",
    "FAST": "fast",
    "QUALITY": "sales talk",
}
_ORDER: Final = {name: number for number, name in enumerate(_PLAIN)}


def _address(text: str) -> str:
    """The host of an address as it is written."""
    rest = text.split("//", 1)[-1]
    return rest.split("/", 1)[0][:80]


def reasons(reading: Reading, first: int, last: int, lexicon: Lexicon) -> tuple[str, ...]:
    """Why the tokens `first:last` count, most telling first, each said once."""
    named: list[tuple[int, str]] = []
    foreign = False
    begin = bisect_left(reading.hits, first - LONGEST, key=lambda hit: hit.first)
    for hit in reading.hits[begin : bisect_left(reading.hits, last, key=lambda hit: hit.first)]:
        if hit.last <= first:
            continue
        for tag, langs in hit.tags.items():
            if tag in TRADE and reading.foreign(langs):
                foreign = True
            if tag in _PLAIN:
                known = sorted(langs - {"und"})
                note = f" ({known[0]})" if len(known) == 1 and tag not in ("DRUG", "DRUG?") else ""
                named.append((_ORDER[tag], f"{_PLAIN[tag]}: {reading.term(hit.first, hit.last)}{note}"))
    extra: list[str] = []
    zones = 0
    for index in range(first, last):
        word = reading.words[index]
        zones |= reading.zones[index]
        written = reading.rendered.text[reading.starts[index] : reading.ends[index]]
        if "LINK" in word.tags:
            kind = "contact link" if "CONTACT_LINK" in word.tags else "link"
            extra.append(f"{kind}: {_address(written)}")
            if host_tags(word, lexicon):
                extra.append("the address itself advertises")
        elif word.tags and word.tags[0] in ("MAIL", "HANDLE"):
            extra.append("contact: an address or a handle")
        elif "DISGUISE" in word.tags:
            extra.append(f"disguised: {word.term}")
    if foreign:
        extra.insert(0, f"foreign phrase in {reading.language}")
    if zones & Zone.HIDDEN:
        extra.append("hidden from readers")
    ordered = [reason for _, reason in sorted(named, key=lambda pair: pair[0])] + extra
    return tuple(dict.fromkeys(ordered))[:MAX_REASONS]


class _Elements:
    """The links and asides of a post, by their place in the text; they nest or stand apart."""

    def __init__(self, reading: Reading) -> None:
        rendered = reading.rendered
        both = [(part, True) for part in rendered.links] + [(part, False) for part in rendered.asides]
        self.parts = sorted((pair for pair in both if pair[0].end > pair[0].start), key=lambda pair: (pair[0].start, -pair[0].end))
        self.outer: list[int] = []
        for index, (part, _) in enumerate(self.parts):
            around = index - 1
            while around >= 0 and self.parts[around][0].end <= part.start:
                around = self.outer[around]
            self.outer.append(around)

    def touching(self, start: int, end: int) -> Iterator[tuple[Link, bool]]:
        """Elements with a character in `start:end`, and whether each is a link."""
        begin = bisect_left(self.parts, start, key=lambda pair: pair[0].start)
        yield from self.parts[begin : bisect_left(self.parts, end, key=lambda pair: pair[0].start)]
        around = begin - 1
        while around >= 0:
            if self.parts[around][0].end > start:
                yield self.parts[around]
            around = self.outer[around]


def tighten(reading: Reading, first: int, last: int) -> tuple[int, int]:
    """A token range to the phrase in it: whole terms of trade, and in a short range nothing round the medicine and them.

    A window is a few words wider than what it found; a long range is a sentence or more, and is left as it is.
    """
    if last - first > LONGEST:
        return first, last
    begin = _first_hit(reading, first)
    for hit in reading.hits[begin : begin + LONGEST]:
        if hit.first <= last < hit.last and hit.last - first <= LONGEST and not TRADE.isdisjoint(hit.tags):
            last = hit.last  # the rest of a term, and one that follows at once
    hits = [hit for hit in reading.hits[begin : begin + LONGEST] if hit.first < last]
    tags = {tag for hit in hits for tag in hit.tags}
    if last - first > LOOSE or "DRUG" not in tags or TRADE.isdisjoint(tags):
        return first, last
    telling = {index for hit in hits if not _SMALL_TALK.issuperset(hit.tags) for index in range(hit.first, hit.last)}
    telling |= {index for index in range(first, last) if reading.words[index].tags not in ((), ("NUMBER",))}
    inside = [index for index in range(first, last) if index in telling]
    return (inside[0], inside[-1] + 1) if inside else (first, last)


def _first_hit(reading: Reading, first: int) -> int:
    return bisect_left(reading.hits, first, key=lambda hit: hit.first)


def source_range(reading: Reading, first: int, last: int, elements: _Elements) -> tuple[int, int]:
    """The code points behind the tokens `first:last`, elements that they leave or fill by half taken as a whole."""
    low, high = reading.source(first, last)
    written = {bool(zone & (Zone.TARGET | Zone.ALT)) for zone in reading.zones[first:last]}  # in the tag, in the running text
    for part, is_link in elements.touching(reading.starts[first], reading.ends[last - 1]):
        begin, stop = bisect_left(reading.starts, part.start), bisect_left(reading.starts, part.end)
        inside = min(stop, last) - max(begin, first)
        if first < begin or last > stop or (is_link and (len(written) > 1 or inside * 2 >= stop - begin)):
            low, high = min(low, part.source_start), max(high, part.source_end)
    return low, high


_OPENS: Final = re.compile(
    r"(?:<(?P<tag>[a-zA-Z][a-zA-Z0-9]{0,15})(?:\s[^<>]{0,500})?>|\[(?P<bb>[a-zA-Z]{1,12})(?:=[^\[\]]{0,500})?\]|(?P<comment><!--))\s*\Z"
)
_REACH: Final = 560  # code points; no opening tag that `_OPENS` takes is longer


def enclosed(text: str, low: int, high: int) -> tuple[int, int]:
    """The range with the tags that hold it and nothing else, so that no empty or hidden element is left behind."""
    for _ in range(5):
        opened = _OPENS.search(text, max(0, low - _REACH), low)
        if not opened:
            break
        closing = "-->" if opened["comment"] else f"</{opened['tag']}>" if opened["tag"] else f"[/{opened['bb']}]"
        after = high + len(text[high : high + 20]) - len(text[high : high + 20].lstrip())
        if text[after : after + len(closing)].lower() != closing.lower():
            break
        low, high = opened.start(), after + len(closing)
    return low, high


def to_spans(reading: Reading, text: str, found: Iterable[tuple[int, int, float]], lexicon: Lexicon) -> tuple[Span, ...]:
    """Token ranges as spans of the source, in order; those that touch are one, and the first `MAX_SPANS` are given."""
    elements = _Elements(reading)
    parts: list[tuple[int, int, float, tuple[str, ...]]] = []
    for rough_first, rough_last, score in found:
        first, last = tighten(reading, rough_first, rough_last)
        low, high = source_range(reading, first, last, elements)
        low, high = enclosed(text, low, high) if high > low else (low, high)
        while high < len(text) and "\u0300" <= text[high] <= "\u036f":  # marks drawn over the last letter
            high += 1
        if high > low:  # a title has no place in the text
            parts.append((low, high, score, reasons(reading, first, last, lexicon)))
    out: list[Span] = []
    for low, high, score, why in sorted(parts):
        if out and low <= out[-1].end:
            before = out.pop()
            low, high, score = before.start, max(high, before.end), max(score, before.score)
            why = tuple(dict.fromkeys(before.reasons + why))[:MAX_REASONS]
        elif len(out) == MAX_SPANS:
            break
        out.append(Span(low, high, score=score, reasons=why))
    return tuple(replace(span, text=text[span.start : span.end]) for span in out)
