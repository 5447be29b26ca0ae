"""Words that carry a concept: medicines, and how people buy, sell, warn and ask in many languages.

A hit is a feature for the linear model, never a verdict. The files are `data/lexicon/*.tsv`; a model carries the copy
it was trained with, so that a model folder reads posts the same way for ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from pharmaspam.errors import CorpusError

CONCEPTS: Final = frozenset((
    "ASK", "BUY", "CHEAP", "CLICK", "CONTACT", "DARK", "FAVOUR", "FORGE", "GUARANTEE", "HEALTH", "LAWFUL", "LEFT", "LEGALBUY",
    "NEG", "NO_RX", "ONLINE", "PAY", "PRAISE", "PRICE", "REPORT", "RX", "SELL", "SHIP", "SHOP", "STEALTH", "TRUST", "UNIT",
    "WARN", "PERSON", "HANDOVER", "PLACE", "MONEY", "SECRET", "FAST", "QUALITY", "BULK", "CUSTOMER", "REFUSE", "RETURN",
    "RECOVERY", "APPOINTMENT", "STUDY", "NEWS", "GOODS", "FOOD", "CHAT", "SELLERASK",
))  # fmt: skip
# Concepts whose words, in a language other than the text round them, betray an insertion.
TRADE: Final = frozenset(["BUY", "SELL", "NO_RX", "CHEAP", "SHIP", "SHOP", "ONLINE", "CLICK", "PRICE", "STEALTH", "GUARANTEE"])

DRUG_COLUMNS = ("term", "canonical", "class", "kind", "lang", "ambiguous")
CONCEPT_COLUMNS = ("concept", "lang", "term")
FUNCTION_COLUMNS = ("lang", "word")


@dataclass(slots=True)
class Entry:
    """What one term means: its concept tags, and for each concept the languages in which it means that."""

    tags: dict[str, set[str]] = field(default_factory=dict)

    def add(self, tag: str, lang: str) -> None:
        self.tags.setdefault(tag, set()).add(lang)


@dataclass(slots=True)
class Start:
    """What begins with one term: `entries` by their further terms, and the numbers of those, largest first."""

    entries: dict[tuple[str, ...], Entry] = field(default_factory=dict)
    lengths: tuple[int, ...] = ()


@dataclass(slots=True)
class Lexicon:
    """Terms as sequences of token terms.

    phrases : first term → what begins with it
    single : terms of one token; drugs : unambiguous medicines of one token, four letters or more
    languages : function word → languages it belongs to
    """

    phrases: dict[str, Start]
    single: dict[str, Entry]
    drugs: frozenset[str]
    languages: dict[str, tuple[str, ...]]


Row = tuple[str, ...]
Tokenise = Callable[[str], Sequence[str]]


def _read(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[int, Row]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path}: cannot be read ({error}); is it there, and UTF-8?") from error
    for number, line in enumerate(text.split("\n"), 1):
        cells = tuple(line.split("\t"))
        if not line.strip() or (number == 1 and cells == columns):
            continue
        if len(cells) != len(columns) or not all(cells):
            raise CorpusError(f"{path}:{number}: {len(cells)} cells, some empty perhaps; write {' TAB '.join(columns)}")
        yield number, cells


def read_rows(folder: Path) -> tuple[Row, ...]:
    """All rows of a lexicon folder, each led by its kind ("drug", "concept", "function"), in file order.

    Raises CorpusError naming file and line for a row that does not fit, and where there is no lexicon at all.
    """
    rows: list[Row] = []
    for kind, pattern, columns in (
        ("drug", "drugs*.tsv", DRUG_COLUMNS),
        ("concept", "concepts*.tsv", CONCEPT_COLUMNS),
        ("function", "function*.tsv", FUNCTION_COLUMNS),
    ):
        paths = sorted(folder.glob(pattern))
        if not paths:
            raise CorpusError(f"{folder}: no {pattern} in it; point --lexicon at a folder like data/lexicon")
        for path in paths:
            for number, cells in _read(path, columns):
                if kind == "concept" and cells[0] not in CONCEPTS:
                    raise CorpusError(f"{path}:{number}: concept {cells[0]!r} is unknown; use one of {' '.join(sorted(CONCEPTS))}")
                rows.append((kind, *cells))
    return tuple(rows)


def build(rows: Iterable[Row], tokenise: Tokenise) -> Lexicon:
    """Index `rows` by token terms; `tokenise` turns a term into the terms a text would hold."""
    entries: dict[tuple[str, ...], Entry] = {}
    languages: dict[str, set[str]] = {}
    drugs: set[str] = set()
    for row in rows:
        if row[0] == "function":
            for term in tokenise(row[2])[:1]:
                languages.setdefault(term, set()).add(row[1])
            continue
        terms = tuple(tokenise(row[1] if row[0] == "drug" else row[3]))
        if not terms or all(not any(char.isalpha() for char in term) for term in terms):
            continue
        entry = entries.setdefault(terms, Entry())
        if row[0] == "concept":
            entry.add(row[1], row[2])
            continue
        _, _, _, family, kind, lang, ambiguous = row
        entry.add("DRUG?" if ambiguous == "1" else "DRUG", lang)
        if ambiguous != "1":
            entry.add("DRUG:" + family, lang)
            if kind in ("grey", "slang"):
                entry.add(kind.upper(), lang)
            if len(terms) == 1 and len(terms[0]) >= 4 and kind != "slang":
                drugs.add(terms[0])
    return _index(entries, drugs, {word: tuple(sorted(langs)) for word, langs in languages.items()})


def _index(entries: dict[tuple[str, ...], Entry], drugs: Iterable[str], languages: dict[str, tuple[str, ...]]) -> Lexicon:
    phrases: dict[str, Start] = {}
    for terms, entry in entries.items():
        phrases.setdefault(terms[0], Start()).entries[terms[1:]] = entry
    for start in phrases.values():
        start.lengths = tuple(sorted({len(rest) for rest in start.entries}, reverse=True))
    single = {terms[0]: entry for terms, entry in entries.items() if len(terms) == 1}
    return Lexicon(phrases, single, frozenset(drugs), languages)


def to_rows(lexicon: Lexicon) -> tuple[Row, ...]:
    """A lexicon as rows of text cells, terms folded and split already, which `from_rows` reads back in a fraction of the time."""
    rows: list[Row] = []
    for first, start in lexicon.phrases.items():
        for rest, entry in start.entries.items():
            tags = ";".join(f"{tag}={','.join(sorted(langs))}" for tag, langs in sorted(entry.tags.items()))
            rows.append(("drug" if not rest and first in lexicon.drugs else "entry", " ".join((first, *rest)), tags))
    rows += [("function", word, ",".join(langs)) for word, langs in lexicon.languages.items()]
    return tuple(sorted(rows))


def from_rows(rows: Iterable[Row]) -> Lexicon:
    """The lexicon that `to_rows` wrote. Raises ValueError for rows of another shape."""
    entries: dict[tuple[str, ...], Entry] = {}
    shared: dict[str, Entry] = {}  # most terms mean what many others mean
    languages: dict[str, tuple[str, ...]] = {}
    drugs: list[str] = []
    for kind, term, cell in rows:
        if kind == "function":
            languages[term] = tuple(cell.split(","))
            continue
        entry = shared.get(cell)
        if entry is None:
            pairs = (part.split("=", 1) for part in cell.split(";"))
            entry = shared[cell] = Entry({tag: set(langs.split(",")) for tag, langs in pairs})
        entries[tuple(term.split(" "))] = entry
        if kind == "drug":
            drugs.append(term)
    return _index(entries, drugs, languages)
