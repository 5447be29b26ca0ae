"""One post, read once: the road that training, scoring, explaining and cleaning share.

Post → `markup.render` → `fold` → tokens → words, disguises that cross a blank undone → lexicon hits → language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import compress, pairwise

from pharmaspam.fold import fold
from pharmaspam.language import language_of
from pharmaspam.lexicon import Entry, Lexicon, Start
from pharmaspam.markup import Link, Rendered, Run, Zone, render
from pharmaspam.records import Post
from pharmaspam.tokens import Analyst, Word, split

_NO_START = Start()
_MENTION = Word("<mention>")
_WORD_ZONES = Zone.LINK | Zone.TARGET | Zone.ALT | Zone.QUOTE | Zone.HIDDEN | Zone.SIGNATURE | Zone.TITLE


@dataclass(frozen=True, slots=True)
class Hit:
    """A lexicon term in the text: tokens `first:last`, its tags, and for each tag the languages where it has it."""

    first: int
    last: int
    tags: dict[str, set[str]]


@dataclass(slots=True)
class Reading:
    """A post as tokens, in order; all sequences run in step.

    words : what each token is
    starts, ends : where it stands in `rendered.text`
    breaks : whether a sentence may begin with it
    zones : `Zone` bits
    hits : lexicon terms, by first token
    """

    rendered: Rendered
    words: list[Word]
    starts: list[int]
    ends: list[int]
    breaks: list[bool]
    zones: list[int]
    hits: list[Hit] = field(default_factory=list)
    language: str = "und"

    def __len__(self) -> int:
        return len(self.words)

    def source(self, first: int, last: int) -> tuple[int, int]:
        """Code points of the post behind the tokens `first:last`."""
        return self.rendered.source(self.starts[first], self.ends[last - 1])

    def term(self, first: int, last: int) -> str:
        return " ".join(word.term for word in self.words[first:last])

    def foreign(self, langs: set[str]) -> bool:
        """Whether a term of `langs` is out of place in this post's language."""
        return self.language != "und" and bool(langs) and self.language not in langs and "und" not in langs


Splitter = Callable[[str], Iterable[tuple[int, int]]]


class Reader:
    """Reads posts with one lexicon. `splitter` tells where the tokens of a folded text stand."""

    def __init__(self, lexicon: Lexicon, splitter: Splitter = split) -> None:
        self.lexicon = lexicon
        self.splitter = splitter
        self.analyst = Analyst(lexicon)
        self._prefixes = frozenset(drug[:end] for drug in lexicon.drugs for end in range(1, len(drug)))

    def read(self, post: Post) -> Reading:
        """The post as tokens with concepts. Content never raises: whatever the text is, it has a reading."""
        rendered = with_title(render(post.text, post.format), post.title)
        reading = self._tokens(rendered)
        self._rejoin(reading)
        reading.hits = list(self._hits(reading.words))
        reading.language = language_of((word.term for word in reading.words), self.lexicon.languages)
        return reading

    def _tokens(self, rendered: Rendered) -> Reading:
        text, sources = fold(rendered.text)
        reading = Reading(rendered, [], [], [], [], [])
        runs, at = rendered.runs, 0
        zone = int(runs[0].zone & _WORD_ZONES)
        end_before, stopped = 0, True
        word_of = self.analyst.word
        for start, end in self.splitter(text):
            word = word_of(text[start:end])
            if word.stop or not word.term:
                stopped = stopped or word.stop
                if not word.term:
                    continue
            if word.term == "<handle>" and (not reading.words or reading.words[-1] is _MENTION):
                word = _MENTION  # who is answered, not where to write
            low, high = (start, end) if sources is None else (sources[start], sources[end - 1] + 1)
            if at + 1 < len(runs) and runs[at + 1].start <= low:
                while at + 1 < len(runs) and runs[at + 1].start <= low:
                    at += 1
                zone = int(runs[at].zone & _WORD_ZONES)
            if len(reading.words) > 1 and reading.words[-1].term == reading.words[-2].term == word.term:
                reading.ends[-1] = end_before = high  # a third time says no more than twice
                continue
            reading.words.append(word)
            reading.starts.append(low)
            reading.ends.append(high)
            reading.breaks.append(stopped or "\n" in rendered.text[end_before:low])
            reading.zones.append(zone)
            end_before, stopped = high, word.stop
        return reading

    def _rejoin(self, reading: Reading) -> None:
        """Make one token of a word that blanks cut in two, three or single letters."""
        words = reading.words
        drugs, single, function = self.lexicon.drugs, self.lexicon.single, self.lexicon.languages
        joins: list[tuple[int, int, str]] = []
        index, count = 0, len(words)
        # Words of letters alone can only join to a medicine that begins with the first of them.
        letters = [word.term.isalpha() for word in words] + [True, True]
        while index < count:
            term = words[index].term
            if len(term) > 1 and term not in self._prefixes and letters[index] and letters[index + 1] and letters[index + 2]:
                index += 1
                continue
            if _lonely(words[index]) and index + 2 < count and _lonely(words[index + 1]) and _lonely(words[index + 2]):
                last = index + 3
                while last < count and last - index < 80 and _lonely(words[last]):
                    last += 1
                joins.extend(_spelled([word.term for word in words[index:last]], index, single, drugs))
                index = last
                continue
            for last in (index + 2, index + 3):
                if last > count or any(word.width < 1 for word in words[index:last]):
                    break
                joined = "".join(word.term for word in words[index:last])
                if not 5 <= len(joined) <= 24 or reading.starts[last - 1] - reading.ends[index] > 24:
                    continue
                if joined not in drugs and (joined.isalpha() or joined.isdigit() or not (joined := self.analyst.undisguise(joined))):
                    continue
                if all(word.term in function for word in words[index:last]) or any(word.term in drugs for word in words[index:last]):
                    continue
                joins.append((index, last, joined))
                index = last - 1
                break
            index += 1
        if not joins:
            return
        for first, last, term in joins:
            words[first] = Word(term, ("DISGUISE",))
            reading.ends[first] = reading.ends[last - 1]
        gone = {index for first, last, _ in joins for index in range(first + 1, last)}
        kept = [index not in gone for index in range(count)]
        reading.words = list(compress(words, kept))
        reading.starts = list(compress(reading.starts, kept))
        reading.ends = list(compress(reading.ends, kept))
        reading.breaks = list(compress(reading.breaks, kept))
        reading.zones = list(compress(reading.zones, kept))

    def _hits(self, words: Sequence[Word]) -> Iterable[Hit]:
        phrases, single = self.lexicon.phrases, self.lexicon.single
        terms = [word.term for word in words]
        for index, term in enumerate(terms):
            found: dict[str, set[str]] = {}
            last = index + 1
            start = phrases.get(term, _NO_START)
            for length in start.lengths:
                stop = index + 1 + length
                if stop <= len(terms) and (entry := start.entries.get(tuple(terms[index + 1 : stop]))):
                    last = max(last, stop)
                    for tag, langs in entry.tags.items():
                        found.setdefault(tag, set()).update(langs)
            pieces = words[index].pieces if "GLUED" in words[index].tags else ()
            for piece in pieces:
                for tag, langs in single[piece].tags.items() if piece in single else ():
                    found.setdefault(tag, set()).update(langs)
            if not found and "STEM" in words[index].tags:
                found = {"DRUG": {"und"}}
            if found:
                if "DRUG" in found:
                    found.pop("DRUG?", None)
                yield Hit(index, last, found)


def _lonely(word: Word) -> bool:
    return len(word.term) == 1 and word.width == 1.0 and word.term.isalnum()


def _spelled(letters: list[str], offset: int, single: dict[str, Entry], drugs: frozenset[str]) -> list[tuple[int, int, str]]:
    """Lexicon words spelled with one letter a token, left to right, longest first; only where a medicine or two words are."""
    found: list[tuple[int, int, str]] = []
    index = 0
    while index < len(letters) - 2:
        for last in range(min(len(letters), index + 20), index + 2, -1):
            word = "".join(letters[index:last])
            if word in single or word in drugs:
                found.append((offset + index, offset + last, word))
                index = last - 1
                break
        index += 1
    return found if len(found) > 1 or any(len(word) >= 4 for _, _, word in found) else []


def with_title(rendered: Rendered, title: str | None) -> Rendered:
    """`rendered` with a title before it; the title has no place in the source, its characters map to nothing."""
    if not title:
        return rendered
    head = len(title) + 1
    runs = (
        Run(0, head, 0, 0, Zone.TITLE, False),
        *(Run(run.start + head, run.length, run.source_start, run.source_end, run.zone, run.literal) for run in rendered.runs),
    )

    def moved(parts: Iterable[Link]) -> tuple[Link, ...]:
        return tuple(Link(part.start + head, part.end + head, part.source_start, part.source_end) for part in parts)

    return Rendered(title + "\n" + rendered.text, runs, moved(rendered.links), moved(rendered.asides))


def sentences(reading: Reading, longest: float = 30.0, shortest: float = 5.0) -> list[tuple[int, int]]:
    """Token ranges that cover the post: sentences, short ones joined to the next, long ones cut at `longest` words."""
    starts = [0]
    width = 0.0
    for index, (word, begins) in enumerate(zip(reading.words, reading.breaks, strict=True)):
        if (begins and width >= shortest) or width >= longest:
            starts.append(index)
            width = 0.0
        width += word.width
    if width < shortest and len(starts) > 1:  # a short rest joins the sentence before it
        starts.pop()
    return [(a, b) for a, b in pairwise([*starts, len(reading)]) if b > a]
