"""Characters without their disguise, each remembering where it came from.

Folding is per character and never turns one script into another: honest Russian, Greek, Arabic or Turkish keeps its
letters. `latin` and `unleet` undo look-alikes and digits-for-letters; they are for single words on which a lexicon hit
or a mixture of scripts has cast suspicion, never for a whole text.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# Blanks that fonts draw as nothing; Unicode calls them letters or symbols.
_BLANK = "\u2800\u3164\u115f\u1160\uffa0\u17b4\u17b5"
_SPECIAL = {"ß": "ss", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ħ": "h"}
_UPSIDE_DOWN = dict(zip("ɐǝɟƃɥᴉɾʞɯɹʇʌʍʎɔ", "aefghijkmrtvwyc", strict=True))
_CLOTHES = re.compile(
    r"(?:LATIN LETTER SMALL CAPITAL|REGIONAL INDICATOR SYMBOL LETTER|(?:NEGATIVE |CROSSED NEGATIVE )?"
    r"(?:SQUARED|CIRCLED) LATIN CAPITAL LETTER|TAG LATIN SMALL LETTER) ([A-Z])$"
)
_ARABIC = str.maketrans("أإآٱىيكۀةﻩ", "اااایی\u06a9هه\u0647") | {0x0640: None}

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")  # those that are no white space

_LOOKALIKE_PAIRS = (
    # Cyrillic
    "аaбbвbгrдdеeёeжxзzиuйuкkлlмmнhоoпnрpсcтtуyфfхxцuчyшwщwъbыblьbэeюioяrіiїiјjѕsһhԁdԛqԝwӏlєeґrѵvҮyүyқkңhҳxҷyғf"
    # Greek
    "αaβbγyδdεeζzηnθoιiκkλlμuνvξeοoπnρpσoςcτtυuφoχxψwωwϲcϳj"
    # Armenian
    "աwբpգqեeզqէtըnթpիhլlխxծoկkհhձdղnճxմuյjնuշ2ոnչ2պwռnսuվyտmրrցgւiփpքpօoֆf"
)


def _lookalikes() -> dict[str, str]:
    table: dict[str, str] = {}
    for run in re.findall(r"[^a-z0-9][a-z0-9]+", _LOOKALIKE_PAIRS):
        table[run[0]] = run[1:]
    # Cherokee and Lisu letters are drawn as Latin capitals.
    table.update(zip("ᎪᏴᏟᎠᎬᎰᏀᎻᎥᎫᏦᏞᎷᎾᏢᏒᏚᎢᏌᏙᎳᏔᎽᏃᏎᎡᏐᏂ", "abcdefghijklmoprstuvwwyzsrih", strict=True))
    table.update(zip("ꓐꓑꓓꓔꓖꓗꓙꓚꓜꓝꓟꓠꓡꓢꓣꓦꓧꓪꓫꓬꓮꓰꓲꓳꓴ", "bpdtgkjczfmnlsrvhwxyaeiou", strict=True))
    return table


LOOKALIKE = _lookalikes()
_LEET = {
    "0": "o",
    "1": "il",
    "2": "z",
    "3": "e",
    "4": "a",
    "5": "s",
    "6": "g",
    "7": "t",
    "8": "b",
    "9": "g",
    "@": "a",
    "$": "s",
    "!": "i",
    "|": "il",
    "€": "e",
    "+": "t",
    "¡": "i",
    "£": "l",
    "¥": "y",
}


@lru_cache(maxsize=65_536)
def fold_char(char: str) -> str:
    """One character in lower case, without accent, clothing or invisibility; empty where nothing is to be seen."""
    plain = _undressed(char)
    return plain if plain == char else "".join(map(fold_char, plain))


def _undressed(char: str) -> str:
    if char in _BLANK:
        return ""
    if char in _UPSIDE_DOWN:
        return _UPSIDE_DOWN[char]
    if clothed := _CLOTHES.match(unicodedata.name(char, "")):
        return clothed[1].lower()
    out = []
    for part in unicodedata.normalize("NFKC", char).casefold():
        category = unicodedata.category(part)
        if category in ("Cf", "Cc", "Cs", "Me", "Zs") or (category == "Mn" and _strippable(part)):
            continue
        base = unicodedata.normalize("NFD", part)
        if len(base) > 1 and ("a" <= base[0] <= "z" or "α" <= base[0] <= "ω"):
            part = base[0]
        out.append(_SPECIAL.get(part, part))
    folded = "".join(out)
    if len(folded) == 3 and folded[0] == "(" and folded[2] == ")":  # parenthesised letters: ⒳
        folded = folded[1]
    return folded.translate(_ARABIC)


def _strippable(mark: str) -> bool:
    """Marks that only decorate: combining diacritics and Arabic vowel signs; Hindi and Thai vowels are letters."""
    code = ord(mark)
    return (
        0x300 <= code <= 0x36F
        or 0x1AB0 <= code <= 0x1AFF
        or 0x1DC0 <= code <= 0x1DFF
        or 0x20D0 <= code <= 0x20FF
        or 0xFE00 <= code <= 0xFE2F
        or 0x064B <= code <= 0x065F
        or code == 0x0670
        or 0x0591 <= code <= 0x05C7
    )


def fold(text: str) -> tuple[str, list[int] | None]:
    """`text` folded, and for each folded character the index it came from (None where the two run in step).

    Idempotent in its characters; linear in the length of the text. White space is kept as it is.
    """
    if text.isascii() and not _CONTROL.search(text):
        return text.lower(), None
    pieces, sources, in_step = [], [], True
    for index, char in enumerate(text):
        folded = char if char.isspace() else fold_char(char)
        if len(folded) != 1:
            in_step = False
        pieces.append(folded)
        sources.extend([index] * len(folded))
    return "".join(pieces), None if in_step else sources


def latin(word: str) -> str:
    """A folded word with letters of other scripts replaced by the Latin letters they look like."""
    return "".join(LOOKALIKE.get(char, char) for char in word)


def script(char: str) -> str:
    """The script of a letter, coarsely: the first word of its Unicode name; empty for anything else."""
    if "a" <= char <= "z":
        return "LATIN"
    return unicodedata.name(char, "").split(" ", 1)[0] if char.isalpha() else ""


def mixes_scripts(word: str) -> bool:
    """Whether letters of Latin and of a script with Latin look-alikes stand in one word."""
    scripts = {script(char) for char in word} - {""}
    return len(scripts) > 1 and bool(scripts & {"CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "LISU"})


def unleet(word: str) -> Iterator[str]:
    """What `word` may spell when its digits and signs stand for letters; at most eight readings."""
    choices = [_LEET.get(char, char) for char in word]
    return ("".join(reading) for reading in itertools.islice(itertools.product(*choices), 8))
