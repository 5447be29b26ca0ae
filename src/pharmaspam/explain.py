"""Spans in the source, and reasons in plain words."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from pharmaspam.features import host_tags
from pharmaspam.lexicon import TRADE, Lexicon
from pharmaspam.markup import Zone
from pharmaspam.reading import Reading
from pharmaspam.records import Span

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
    for hit in reading.hits:
        if hit.first >= last or hit.last <= first:
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


def to_spans(reading: Reading, text: str, found: Iterable[tuple[int, int, float]], lexicon: Lexicon) -> tuple[Span, ...]:
    """Token ranges as spans of the source: a link whose words are all inside is taken as a whole; touching spans are one."""
    out: list[Span] = []
    for first, last, score in found:
        low, high = reading.source(first, last)
        start, end = reading.starts[first], reading.ends[last - 1]
        for link in reading.rendered.links:
            if link.start < end and link.end > start:
                begin, stop = bisect_left(reading.starts, link.start), bisect_left(reading.starts, link.end)
                inside = min(stop, last) - max(begin, first)
                if inside > 0 and inside * 2 >= stop - begin:
                    low, high = min(low, link.source_start), max(high, link.source_end)
        while high < len(text) and "\u0300" <= text[high] <= "\u036f":  # marks drawn over the last letter
            high += 1
        if high <= low:  # a title has no place in the text
            continue
        if out and low <= out[-1].end:
            before = out.pop()
            low, high, score = before.start, max(high, before.end), max(score, before.score)
            why = tuple(dict.fromkeys(before.reasons + reasons(reading, first, last, lexicon)))[:MAX_REASONS]
        else:
            why = reasons(reading, first, last, lexicon)
        out.append(Span(low, high, text[low:high], score, why))
        if len(out) >= MAX_SPANS:
            break
    return tuple(out)
