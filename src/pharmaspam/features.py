"""What a token says, as feature names; every feature belongs to one token, so a window is a plain sum.

Names are led by their kind:
`w:` the word · `c:` three to five characters of it · `h:` a word inside an address · `u:` characters in a row of an unspaced
script · `b:` two words in a row, medicines, numbers and addresses masked · `t:` a concept tag · `z:` the zone ·
`zt:` a tag in a zone · `p:` a tag after the last occurrence of another: near (3 words), far (12), or across the border of a sentence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

from pharmaspam.lexicon import TRADE, Lexicon
from pharmaspam.markup import Zone
from pharmaspam.reading import Reading
from pharmaspam.tokens import Word

NEAR: Final = 3.0
FAR: Final = 12.0
_CURRENCY: Final = frozenset("$€£¥₹₽₴")
_HOST_TAGS: Final = frozenset(
    ["DRUG", "DRUG?", "BUY", "SELL", "SHOP", "CHEAP", "ONLINE", "NO_RX", "RX", "PRICE", "UNIT", "LAWFUL", "HEALTH"]
)
_ALONE: Final = frozenset(("NUMBER", "STEM", "MIXED"))  # tags that say too little to take part in pairs
_MASKS: Final = {"<link>": "<link>", "<mail>": "<mail>", "<handle>": "<handle>"}
_HIDDEN: Final = int(Zone.HIDDEN)
_ZONES: Final = tuple(zone for zone in Zone if zone)
_NAMES: Final = {bits: tuple(zone.name or "" for zone in _ZONES if bits & zone) for bits in range(128)}
_LETTERS = re.compile(r"[^\W\d_]")


def is_concept(name: str) -> bool:
    """Whether a feature speaks of concepts and zones, not of words; those take no part in the norm of a sliding window."""
    return name.split(":", 1)[0] in ("t", "p", "z", "zt")


def word_features(word: Word, lexicon: Lexicon) -> tuple[str, ...]:
    """What a word says wherever it stands; the same for every token that is this word.

    A medicine has no characters of its own: which one it is matters less than that it is one.
    """
    term = word.term
    if word.tags == ("NUMBER",):
        return ()
    features = ["w:" + term]
    if word.width < 1 or term[0] == "<":
        features.extend("h:" + piece for piece in word.pieces if _LETTERS.search(piece))
        return tuple(features)
    if term in lexicon.drugs:
        return tuple(features)
    if len(term) > 2 and _LETTERS.search(term):
        padded = f"_{term[:30]}_"
        for size in (3, 4, 5):
            features.extend("c:" + padded[i : i + size] for i in range(len(padded) - size + 1))
        features.extend("w:" + piece for piece in word.pieces)
    return tuple(features)


def host_tags(word: Word, lexicon: Lexicon) -> tuple[str, ...]:
    """Concepts of the words inside an address, as tags of their own."""
    if word.term != "<link>":
        return ()
    found = {tag for piece in word.pieces if piece in lexicon.single for tag in lexicon.single[piece].tags}
    return tuple(sorted("HOST_" + tag for tag in found & _HOST_TAGS))


def token_tags(reading: Reading, lexicon: Lexicon) -> list[tuple[str, ...]]:
    """The concept tags of each token, lexicon hits and telephone numbers included; a foreign trade word has `F:` tags too."""
    tags: list[tuple[str, ...]] = [
        word.tags + host_tags(word, lexicon)
        if word.tags
        else ("PRICE",)
        if word.term in _CURRENCY
        else ("QUESTION",)
        if word.term == "?"
        else ()
        for word in reading.words
    ]
    for hit in reading.hits:
        found = list(hit.tags)
        for tag in hit.tags:
            if tag in TRADE and reading.foreign(hit.tags[tag]):
                found += ["F:" + tag, "FOREIGN"]
        tags[hit.first] = tags[hit.first] + tuple(dict.fromkeys(found))
    for index in _telephones(reading.words):
        tags[index] += ("PHONE",)
    return tags


def _telephones(words: Sequence[Word]) -> list[int]:
    """First tokens of runs of numbers that make seven to sixteen digits in at most seven groups."""
    found, first, digits = [], -1, 0
    for index, word in enumerate([*words, Word("")]):
        if word.tags == ("NUMBER",) or (word.term == "+" and first < 0):
            if first < 0:
                first, digits = index, 0
            digits += word.term.count("0")
            continue
        if first >= 0 and 7 <= digits <= 16 and index - first <= 7:
            found.append(first)
        first = -1
    return found


def mask(word: Word, tags: tuple[str, ...]) -> str:
    """The name of a word in pairs of words: medicines and numbers by kind, so that one teaches for all."""
    if "DRUG" in tags:
        return "<drug>"
    return "<n>" if word.tags == ("NUMBER",) else _MASKS.get(word.term, word.term[:30])


def context_features(reading: Reading, tags: Sequence[tuple[str, ...]]) -> list[list[str]]:
    """What each token says by its place: beside which word, after which tag, in which zone."""
    features: list[list[str]] = []
    last: dict[str, float] = {}
    position = sentence = 0.0
    before = ""
    words = reading.words
    for index, word in enumerate(words):
        here: list[str] = []
        own = tags[index]
        if reading.breaks[index]:
            sentence = position
        name = mask(word, own)
        if name != "<n>" or before != "<n>":  # a table of numbers is one number
            if name == "<n>":
                here.append("w:" + word.term)
            if before and not reading.breaks[index]:
                here.append(f"b:{before} {name}")
        zone = reading.zones[index]
        if word.width < 1:
            here.extend(_unspaced(words, index))
        if zone:
            here.extend("z:" + z for z in _NAMES[zone])
        if own:
            here.extend("t:" + tag for tag in own)
            if zone:
                here.extend(f"zt:{z}/{tag}" for z in _NAMES[zone] for tag in own if ":" not in tag)
            for tag in own:
                if (":" in tag and tag[0] != "F") or tag in _ALONE:
                    continue
                for other, at in last.items():
                    distance = position - at
                    if distance <= FAR:
                        reach = "x" if at < sentence else "n" if distance <= NEAR else "f"
                        here.append(f"p:{other}>{tag}:{reach}")
            for tag in own:
                if not ((":" in tag and tag[0] != "F") or tag in _ALONE):
                    last[tag] = position
        features.append(here)
        before = name
        position += word.width
    return features


PROFILE: Final = (
    "DRUG",
    "BUY",
    "SELL",
    "NO_RX",
    "LINK",
    "LAWFUL_LINK",
    "CONTACT_LINK",
    "HOST_DRUG",
    "MAIL",
    "PHONE",
    "HANDLE",
    "CONTACT",
    "DISGUISE",
    "FOREIGN",
    "WARN",
    "REPORT",
    "LAWFUL",
    "HEALTH",
    "RX",
    "QUESTION",
    "ASK",
    "STEALTH",
    "FAVOUR",
    "LEFT",
    "PRAISE",
)


def profile(reading: Reading, tags: Sequence[tuple[str, ...]]) -> tuple[float, ...]:
    """The post as a whole, for the second stage: how often each of `PROFILE` (at most three count), its length and language.

    Length is the logarithm of one plus the number of tokens; the last five are length, whether anything is hidden, whether
    the language is unknown, medicines for each ten tokens, and how often (at most three count) a trade word foreign to the
    post stands near a medicine.
    """
    counts: dict[str, int] = {}
    drug = foreign = -10
    inserted = 0
    for index, own in enumerate(tags):
        for tag in own:
            counts[tag] = counts.get(tag, 0) + 1
        here = "DRUG" in own, "FOREIGN" in own
        drug, foreign = index if here[0] else drug, index if here[1] else foreign
        inserted += any(here) and abs(drug - foreign) <= NEAR
    size = len(reading)
    return (
        *(float(min(counts.get(tag, 0), 3)) for tag in PROFILE),
        math.log1p(size),
        float(any(zone & _HIDDEN for zone in reading.zones)),
        float(reading.language == "und"),
        10.0 * min(counts.get("DRUG", 0), 3) / max(size, 5),
        float(min(inserted, 3)),
    )


def _unspaced(words: Sequence[Word], index: int) -> list[str]:
    """Characters up to this one in a row: two and three of Han and kana, three to five of Thai and its neighbours."""
    sizes = (3, 4, 5) if words[index].width < 0.5 else (2, 3)
    found, text = [], words[index].term
    for back in range(1, sizes[-1]):
        if index < back or words[index - back].width >= 1:
            break
        text = words[index - back].term + text
        if back + 1 in sizes:
            found.append("u:" + text)
    return found
