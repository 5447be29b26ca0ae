"""Words: what one token of a text is, whatever it wears.

`TOKEN` is the definition of a token and it is spaCy's: `tokeniser` gives a spaCy Tokenizer whose only rule it is. As one
regular expression it also runs without spaCy, with the same tokens (a test holds them against each other), so that
scoring a post need not load spaCy. A token is analysed once into a `Word` and remembered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pharmaspam.fold import fold, latin, mixes_scripts, unleet
from pharmaspam.lexicon import TRADE, Lexicon

if TYPE_CHECKING:
    from spacy.tokenizer import Tokenizer

# Scripts written without blanks: Thai, Lao, Khmer, Burmese, kana, Han. One character is one token there.
_UNSPACED = "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_TLD = (
    "com|net|org|info|biz|shop|store|online|site|top|xyz|club|pharmacy|health|care|ru|su|de|nl|fr|pl|cz|sk|hu|ro|bg|gr|tr|se|dk|"
    "fi|eu|uk|ie|ca|au|nz|cn|jp|kr|tw|hk|th|vn|br|mx|ar|cl|pe|za|ng|ke|eg|ae|sa|il|ua|by|kz|lt|lv|ee|rs|hr|ch|pt|io|cc|ws|tk|pw|"
    "vip|life|live|pro|link|click|space|website|icu|cam|buzz|tech|app|example|onion|gov|edu|med|news|рф|укр|бг"
)
_SHORT_TLD = "in|it|is|be|at|me|to|no|us|es|so|am|my|as|id|la|ly|gd|gl|tv|co|do|cat|art|fun|one|now"
_HOST = r"(?:[^\W_](?:[\w-]{0,62}[^\W_])?\.){1,5}"
_PATH = r"(?:[/?\#][^\s<>\"'\[\](){}]{0,2000})?"
# Scripts no Latin word is disguised with: a word ends where they begin, blank or not.
_APART = "\u0590-\u05ff\u0600-\u06ff\u0900-\u097f\uac00-\ud7af"
_UNIT = "mg|mcg|µg|μg|ug|g|gr|kg|ml|l|cl|iu|ie|ui|x|er|ern|st|stk|tab|pcs|k|h|hr|hrs|kr|zł|zl|lei|eur|euro|usd|мг|мл|г|р|грн|руб"
TOKEN: Final = re.compile(
    rf"""
      (?P<url>  (?:h(?:tt|xx)ps?|ftp)(?::|\[:\])/{{1,3}}[^\s<>"'\[\](){{}}]{{1,2000}} (?:\[\.\][^\s<>"'\[\](){{}}]{{1,500}}){{0,5}}
            |   www\d?\.[^\s<>"'\[\](){{}}]{{3,2000}} )
    | (?P<mail> [\w.+-]{{1,64}}@{_HOST}[^\W\d_]{{2,20}} )
    | (?P<host> {_HOST}(?:(?:{_TLD})(?![\w-]){_PATH} | (?:{_SHORT_TLD})[/?][^\s<>"'\[\](){{}}]{{0,2000}}) )
    | (?P<handle> @[a-z0-9_]{{3,40}} )
    | (?P<spelled> (?<![^\W_])(?:[^\W_][.\-_*+~,/|·•:]{{1,3}}){{2,40}}[^\W_](?![^\W_]) )
    | (?P<unspaced> [{_UNSPACED}] )
    | (?P<dose> \d{{1,7}}(?:[.,]\d{{1,3}})?(?=(?:{_UNIT})(?![^\W\d_])) )
    | (?P<number> \d{{1,20}}(?:[.,:]\d{{1,10}}){{0,6}}(?![^\W_]) )
    | (?P<apart> [{_APART}]{{1,60}} )
    | (?P<word> [^\W_{_UNSPACED}{_APART}]{{1,60}}+(?:[@$!|€*'’`´]{{1,4}}[^\W_{_UNSPACED}{_APART}]{{1,60}}){{0,8}} )
    | (?P<wild> [@$!|€*]{{1,2}}[^\W\d_]{{2,30}} )
    | (?P<mark> . )
    """,
    re.VERBOSE | re.DOTALL,
)
KEPT_MARKS: Final = frozenset("!?$€£¥₹₽₴%+=&💊🔌💉❄🍃🌿🚚📦✈📲📞☎💯🔥✅👇👉⬇")
_STOPS: Final = frozenset(".!?。！？…;|।؟")
_PIECES = re.compile(r"[^\W_]+")
_CONTACT_HOSTS = re.compile(
    r"^(?:t\.me|telegram\.me|telegram\.org|wa\.me|api\.whatsapp\.com|chat\.whatsapp\.com|signal\.me|m\.me|discord\.gg|"
    r"wickr\.me|line\.me|threema\.id|snapchat\.com|vk\.me|viber\.com)(?:/|$)"
)
_SHORTENERS = re.compile(
    r"^(?:bit\.ly|goo\.gl|tinyurl\.com|t\.co|is\.gd|cutt\.ly|rb\.gy|ow\.ly|rebrand\.ly|shorturl\.at|s\.id|clck\.ru)(?:/|$)"
)
_LAWFUL_HOSTS = re.compile(
    r"(?:^|\.)(?:gov|edu|mil|int|gov\.[a-z]{2}|gob\.[a-z]{2}|gouv\.fr|gc\.ca|nhs\.uk|ac\.[a-z]{2}|edu\.[a-z]{2}|europa\.eu|who\.int|"
    r"wikipedia\.org|nih\.gov|fda\.gov|pharmacy)$"
)
_STEM = re.compile(
    r"[a-z]{2,20}(?:azepam|azolam|zolam|zolpidem|zopiclone?|codone?|morphone?|fentanil|fentanyl|afil|gabalin|glutide|zepatide|amfetamine?|"
    r"amphetamine?|phenidate|dafinil|barbital|prazole|sartan|statin|cillin|mycin|floxacin|cycline|oxetine|azine|triptan|olol|prednisone?)e?[as]?$"
)
_TELLING: Final = TRADE | {"DRUG", "PAY", "CONTACT", "RX", "LEGALBUY"}


@dataclass(frozen=True, slots=True)
class Word:
    """What a token is, apart from where it stands.

    term : what the lexicon and the model know it by; empty for a mark that says nothing
    tags : concept tags of the token itself (LINK, NUMBER, DISGUISE …), lexicon concepts not included
    pieces : words inside it that count as its own (host and path of an address)
    stop : whether a sentence may end after it
    width : how much of a word it is; a character of an unspaced script is less than one
    """

    term: str
    tags: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    stop: bool = False
    width: float = 1.0


_NOTHING = Word("")
_STOP = Word("", stop=True)


def tokeniser() -> Tokenizer:
    """spaCy's tokeniser with `TOKEN` as its one rule, for text that `fold` has folded."""
    import spacy
    from spacy.tokenizer import Tokenizer

    return Tokenizer(spacy.blank("xx").vocab, infix_finditer=TOKEN.finditer)


def split(folded: str) -> Iterator[tuple[int, int]]:
    """Where the tokens of a folded text stand, in order; white space belongs to none."""
    for chunk in re.finditer(r"\S+", folded):
        for match in TOKEN.finditer(chunk[0]):
            yield chunk.start() + match.start(), chunk.start() + match.end()


def term_of(token: str) -> str:
    """The term of a folded token, without a lexicon's help."""
    if token[0].isdigit() and not any(char.isalpha() for char in token):
        digits = sum(char.isdigit() for char in token)
        return "<" + "0" * min(digits, 7) + (".0" if any(mark in token for mark in ".,") else "") + ">"
    return token.replace("’", "'").strip("'`´")


def simple_terms(text: str) -> list[str]:
    """The terms of a lexicon entry: `text` folded and split as a post would be, bare marks left out."""
    folded, _ = fold(text)
    return [term_of(folded[a:b]) for a, b in split(folded) if any(char.isalnum() for char in folded[a:b]) or folded[a:b] in KEPT_MARKS]


class Analyst:
    """Tells what a folded token is, with a lexicon to see through disguises; remembers what it has seen.

    The memory holds at most `remember` words and starts afresh when it is full, so that a stream of ever new words costs
    bounded memory.
    """

    def __init__(self, lexicon: Lexicon, remember: int = 200_000) -> None:
        self.lexicon = lexicon
        self.remember = remember
        self._memory: dict[str, Word] = {}
        self._by_length: dict[int, list[str]] = {}
        self._starred: dict[tuple[int, int, str], list[str]] = {}
        for drug in sorted(lexicon.drugs):
            self._by_length.setdefault(len(drug), []).append(drug)

    def word(self, token: str) -> Word:
        known = self._memory.get(token)
        if known is None:
            known = self._analyse(token)
            if len(self._memory) >= self.remember:
                self._memory.clear()
            self._memory[token] = known
        return known

    def _analyse(self, token: str) -> Word:
        match = TOKEN.fullmatch(token)
        kind = match.lastgroup if match else "word"
        if kind in ("url", "host"):
            return self._address(token)
        if kind == "mail":
            return Word("<mail>", ("MAIL",), tuple(_PIECES.findall(token.rsplit("@", 1)[-1].rsplit(".", 1)[0])))
        if kind == "handle":
            return Word("<handle>", ("HANDLE",))
        if kind == "mark":
            if token in _STOPS:
                return Word(token if token in KEPT_MARKS else "", stop=True)
            return Word(token) if token in KEPT_MARKS else _NOTHING
        if kind in ("dose", "number"):
            return Word(term_of(token), ("NUMBER",))
        if kind == "unspaced":
            return Word(token, width=0.3 if "\u0e00" <= token <= "\u109f" else 0.6)
        return self._letters(token)

    def _letters(self, token: str) -> Word:
        term = term_of(token)
        if term in self.lexicon.single:
            return Word(term)
        plain = self.undisguise(token)
        if plain:
            return Word(plain, ("DISGUISE",))
        tags = []
        if mixes_scripts(term):
            term, tags = latin(term), ["MIXED"]
        if term.isascii() and len(term) <= 24 and _STEM.fullmatch(term):
            tags.append("STEM")
        if len(term) >= 8 and (inner := self._inside(term)):
            return Word(term, (*tags, "GLUED"), inner)
        return Word(term[:60], tuple(tags))

    def undisguise(self, token: str) -> str:
        """The lexicon word that `token` hides by look-alikes, digits for letters, marks between letters or reversal; else empty."""
        squeezed = "".join(char for char in token if char not in ".-_~,/·•:'’`´\"()[]")
        if len(squeezed) < 3 or len(squeezed) > 40:
            return ""
        single = self.lexicon.single
        if squeezed != token and len(squeezed) >= 3 and squeezed in single:
            return squeezed
        plain = latin(squeezed)
        if plain != squeezed and plain in single and (mixes_scripts(squeezed) or plain in self.lexicon.drugs):
            return plain
        if not plain.isalpha() and sum(char.isalpha() for char in plain) >= 2:
            for reading in unleet(plain):
                if reading in single and len(reading) >= 3:
                    return reading
            if "*" in plain and sum(char.isalpha() for char in plain) >= 3:
                for drug in self._like(plain):
                    if all(char in ("*", letter) for char, letter in zip(plain, drug, strict=True)):
                        return drug
        if len(plain) >= 6 and plain[::-1] in self.lexicon.drugs:
            return plain[::-1]
        if len(plain) >= 7:
            once = re.sub(r"(.)\1+", r"\1", plain)
            if once != plain and once in self.lexicon.drugs:
                return once
        return ""

    def _like(self, starred: str) -> list[str]:
        """Medicines of the length of a word with stars in it that share its first letter."""
        place = next(index for index, char in enumerate(starred) if char != "*")
        key = len(starred), place, starred[place]
        if key not in self._starred:
            self._starred[key] = [drug for drug in self._by_length.get(len(starred), ()) if drug[place] == starred[place]]
        return self._starred[key]

    def _inside(self, term: str) -> tuple[str, ...]:
        """Lexicon words run together in one: a medicine and its neighbours, or a long word at either end.

        An ending is no word: `express` is not in `expressions`, nor `orders` in `disorders`.
        """
        drugs, single, function = self.lexicon.drugs, self.lexicon.single, self.lexicon.languages
        for length in range(min(len(term) - 2, 16), 4, -1):
            for start in range(len(term) - length + 1):
                drug = term[start : start + length]
                if drug in drugs:
                    rest = [part for part in (term[:start], term[start + length :]) if len(part) > 2]
                    return (drug, *rest) if any(part in single for part in rest) else ()
        for length in range(len(term) - 3, 5, -1):
            head, tail = term[:-length], term[-length:]
            if self._tells(tail) and (len(head) > 3 or head in single or head in function):
                return (tail, head)
            head, tail = term[:length], term[length:]
            if self._tells(head) and len(tail) > 3 and (tail in single or tail in function):
                return (head, tail)
        return ()

    def _tells(self, part: str) -> bool:
        entry = self.lexicon.single.get(part)
        return entry is not None and not entry.tags.keys().isdisjoint(_TELLING)

    def _address(self, token: str) -> Word:
        bare = re.sub(r"^(?:h(?:tt|xx)ps?|ftp)(?::|\[:\])/{1,3}", "", token).replace("[.]", ".")
        bare = bare.removeprefix("www.").rstrip(".,;:!?)")
        host, _, path = bare.partition("/")
        host = host.split("?")[0].split("#")[0].rsplit("@", 1)[-1].split(":")[0]
        tags = ["LINK"]
        if _CONTACT_HOSTS.match(bare):
            tags.append("CONTACT_LINK")
        if _SHORTENERS.match(bare):
            tags.append("SHORT_LINK")
        if _LAWFUL_HOSTS.search(host):
            tags.append("LAWFUL_LINK")
        if host.endswith(".onion"):
            tags.append("ONION")
        name = host.rsplit(".", 1)[0]
        pieces: list[str] = []
        for piece in _PIECES.findall(name)[:8] + _PIECES.findall(path[:200])[:12]:
            piece = piece if piece in self.lexicon.single else self.undisguise(piece) or piece
            pieces.extend(self._segments(piece))
        return Word("<link>", tuple(tags), tuple(pieces[:24]))

    def _segments(self, piece: str) -> tuple[str, ...]:
        """A host label cut at the lexicon words in it: buyxanaxrx → buy, xanax, rx."""
        if len(piece) > 40 or piece in self.lexicon.single:
            return (piece[:40],)
        drugs, single = self.lexicon.drugs, self.lexicon.single
        best: tuple[int, int] | None = None
        for length in range(min(len(piece), 16), 3, -1):
            for start in range(len(piece) - length + 1):
                part = piece[start : start + length]
                if part in drugs or part in single:
                    best = (start, start + length)
                    break
            if best:
                break
        if not best:
            return (piece,)
        parts = (piece[: best[0]], piece[best[0] : best[1]], piece[best[1] :])
        return tuple(part for part in parts if len(part) > 1)
