"""Posts made from authored parts: purchase phrases dropped into legitimate texts, disguises put on.

Templates multiply what was written by hand, nothing more. A host text of fold *k* only ever receives phrases of fold *k*,
so that neither a text nor a phrase is met in training before it is judged.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pharmaspam.corpus import hash_of
from pharmaspam.errors import CorpusError
from pharmaspam.records import Labelled, Post

KINDS: Final = ("keyword", "anchor", "offer", "contact", "claim", "testimonial", "seeking", "benign", "frame")
_SLOT = re.compile(r"\{(\w+)\}")
_FILL: Final[dict[str, tuple[str, ...]]] = {
    "dose": ("10 mg", "50mg", "100 mg", "2mg", "0.5 mg", "200mg", "37.5 mg", "20 mg"),
    "qty": ("10", "30", "60", "90", "180", "100", "28", "1000"),
    "price": ("€40", "$99", "£25", "120 €", "80 USD", "15€", "$2.50", "35 eur"),
    "city": ("Utrecht", "Leeds", "Lyon", "Kraków", "Porto", "Berlin", "Dallas", "Oslo", "Madrid", "Praha", "Gent", "Roma"),
    "country": ("Belgium", "Canada", "Germany", "USA", "UK", "France", "Nederland", "España", "Italia", "Australia"),
    "site": ("meadow-care.example", "rx-harbour.example", "northpill.example", "apoteka-lux.example", "medivia.example", "sunmeds.example"),
    "handle": ("@bluecoast55", "@drlane000", "@pillow_555", "@kyra.555", "@northmed000"),
}


@dataclass(frozen=True, slots=True)
class Phrase:
    """One authored phrase with slots like {drug}; a frame is a sentence round a {phrase}, as hedged articles have it."""

    lang: str
    kind: str
    text: str

    def fold(self, folds: int) -> int:
        return hash_of(self.text) % folds


def load_phrases(paths: Iterable[Path]) -> list[Phrase]:
    """The rows of phrase tables (lang, kind, phrase). Raises CorpusError naming file and line."""
    phrases = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            cells = line.split("\t")
            if not line.strip() or cells[0] == "lang":
                continue
            slot = "{phrase}" if cells[1:2] == ["frame"] else "{drug}"
            if len(cells) != 3 or cells[1] not in KINDS or slot not in cells[2]:
                raise CorpusError(f"{path}:{number}: not lang, kind, phrase with {slot}; write the three cells with tabs")
            phrases.append(Phrase(*cells))
    return phrases


def fill(phrase: str, drug: str, rnd: random.Random) -> str:
    """`phrase` with its slots filled."""
    return _SLOT.sub(lambda slot: drug if slot[1] == "drug" else rnd.choice(_FILL.get(slot[1], ("",))), phrase)


def _dots(word: str, rnd: random.Random) -> str:
    return rnd.choice(".-_* ").join(word)


_HOMOGLYPHS = str.maketrans("aceopxyiAHKMOPCTX", "асеорхуіАНКМОРСТХ")
_LEET = str.maketrans("aeiost", "@31057")
_FULLWIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def disguise(phrase: str, rnd: random.Random) -> str:
    """`phrase` as somebody writes it who wants to pass a filter."""
    ways: Sequence[Callable[[str], str]] = (
        lambda text: text.translate(_HOMOGLYPHS),
        lambda text: text.translate(_LEET),
        lambda text: "\u200b".join(text),
        lambda text: " ".join(_dots(word, rnd) for word in text.split()),
        lambda text: text.translate(_FULLWIDTH),
        lambda text: "".join(char.upper() if rnd.random() < 0.5 else char for char in text),
        lambda text: text.replace(" ", ""),
        lambda text: "".join(char + "\u0336" for char in text),
    )
    return rnd.choice(ways)(phrase)


def _dressed(phrase: str, markup: str, rnd: random.Random) -> tuple[str, int, int]:
    """`phrase` as bare words or as a link, and where in it the part to mark begins and ends."""
    host = rnd.choice(_FILL["site"])
    if rnd.random() < 0.6 or markup not in ("html", "markdown", "bbcode"):
        if rnd.random() < 0.1:
            phrase = f"{phrase} https://{host}"
        return phrase, 0, len(phrase)
    dressed = {
        "html": f'<a href="https://{host}">{phrase}</a>',
        "markdown": f"[{phrase}](https://{host}/)",
        "bbcode": f"[url=https://{host}]{phrase}[/url]",
    }[markup]
    if markup == "html" and rnd.random() < 0.2:
        dressed = f'<span style="display:none">{dressed}</span>'
    return dressed, 0, len(dressed)


def _excerpt(post: Post, rnd: random.Random) -> str:
    """The text, or some forty to ninety words from the middle of a plain one."""
    words = post.text.split(" ")
    size = rnd.randint(40, 90)
    if post.format != "text" or len(words) <= size or rnd.random() < 0.33:
        return post.text
    start = rnd.randrange(len(words) - size)
    return " ".join(words[start : start + size])


def insert(hosts: Iterable[Labelled], phrases: Sequence[Phrase], drugs: Sequence[str], *, folds: int, seed: int = 0) -> list[Labelled]:
    """One made post per host: a purchase phrase (illicit) or, one time in seven, its lawful near miss (legit) dropped in.

    Two of three are excerpts of the host, so that a phrase is met in many surroundings at little cost.
    """
    rnd = random.Random(seed)
    by_fold: dict[tuple[int, bool], list[Phrase]] = {}
    frames: dict[tuple[int, str], list[str]] = {}
    for phrase in phrases:
        if phrase.kind == "frame":
            frames.setdefault((phrase.fold(folds), phrase.lang), []).append(phrase.text)
        elif phrase.kind != "seeking":
            weight = 3 if phrase.kind in ("keyword", "anchor") else 1
            by_fold.setdefault((phrase.fold(folds), phrase.kind == "benign"), []).extend([phrase] * weight)
    made = []
    for host in hosts:
        text = _excerpt(host.post, rnd)
        benign = rnd.random() < 0.15
        choices = by_fold.get((hash_of(host.group) % folds, benign))
        cuts = [match.end() for match in re.finditer(r"(?<=[^\s<>\[\]=\"]) (?=[^\s<>\[\]=\"])|\n", text)]
        if not choices or not cuts:
            continue
        phrase = rnd.choice(choices)
        words = fill(phrase.text, rnd.choice(drugs), rnd)
        if not benign and rnd.random() < 0.12:
            words = disguise(words, rnd)
        dressed, low, high = _dressed(words, host.post.format, rnd)
        at = rnd.choice(cuts)
        around = frames.get((hash_of(host.group) % folds, host.lang))
        # A purchase phrase in another language stays one however carefully the sentence round it hedges.
        if around and not benign and phrase.kind in ("keyword", "anchor") and phrase.lang != host.lang and rnd.random() < 0.4:
            before, _, after = rnd.choice(around).partition("{phrase}")
            low, high, dressed = low + len(before), high + len(before), before + dressed + after
            at = rnd.choice([cut for cut in cuts if text[cut - 2] in ".!?\n"] or cuts)
        post = Post(f"{text[:at]}{dressed} {text[at:]}", host.post.format, f"made-{host.post.id}")
        spans = () if benign else ((at + low, at + high),)
        made.append(replace(host, post=post, label="legit" if benign else "illicit", spans=spans, scenario="made-insertion", source="made"))
    return made
