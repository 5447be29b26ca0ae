"""Labelled posts: JSON lines, CSV, TSV or Parquet in, validated values out; and the groups that keep folds honest."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pharmaspam.errors import CorpusError
from pharmaspam.records import FORMATS, LABELS, Label, Labelled, Post

OPEN, CLOSE = "⟦", "⟧"
ALIASES: Final[dict[str, Label]] = {
    "spam": "illicit",
    "1": "illicit",
    "true": "illicit",
    "ham": "legit",
    "0": "legit",
    "false": "legit",
    "other_ham": "legit",
}
BLOCK: Final = 4  # neighbours in a file are often twins: rows are grouped in blocks of this many
SUFFIXES: Final = (".jsonl", ".jsonl.gz", ".csv", ".tsv", ".parquet")


def unmark(marked: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """`marked` without its ⟦ ⟧, and the half-open ranges they enclosed. Raises ValueError where they do not pair."""
    pieces: list[str] = []
    spans: list[tuple[int, int]] = []
    length, start = 0, -1
    for number, part in enumerate(marked.replace(CLOSE, OPEN + CLOSE).split(OPEN)):
        if part.startswith(CLOSE):
            if start < 0:
                raise ValueError(f"{CLOSE} without {OPEN}")
            spans.append((start, length))
            start, part = -1, part[1:]
        elif number:
            if start >= 0:
                raise ValueError(f"{OPEN} inside {OPEN}")
            start = length
        pieces.append(part)
        length += len(part)
    if start >= 0:
        raise ValueError(f"{OPEN} without {CLOSE}")
    return "".join(pieces), tuple(spans)


def post_id(text: str) -> str:
    """A stable id of a text: twelve hexadecimal digits of its SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | CorpusError]]:
    """The rows of a file by line, cells that say nothing left out; a row that is none comes as its error."""
    name = path.name.lower()
    try:
        if name.endswith((".jsonl", ".jsonl.gz")):
            opener = gzip.open if name.endswith(".gz") else open
            with opener(path, "rt", encoding="utf-8") as lines:
                for number, line in enumerate(lines, 1):
                    if line.strip():
                        yield number, _json_row(path, number, line)
        elif name.endswith((".csv", ".tsv")):
            csv.field_size_limit(1 << 30)  # posts are longer than the 131,072 characters that csv takes by default
            with path.open(encoding="utf-8-sig", newline="") as lines:
                table = csv.DictReader(lines, delimiter="\t" if name.endswith(".tsv") else ",")
                for row in table:
                    yield table.line_num, {key: value for key, value in row.items() if value not in (None, "")}
        elif name.endswith(".parquet"):
            import pandas as pd

            try:
                frame = pd.read_parquet(path)
            except ImportError as error:
                raise CorpusError(f"{path}: Parquet needs pyarrow; pip install 'pharmaspam[parquet]'") from error
            except ValueError as error:
                raise CorpusError(f"{path}: cannot be read ({_first_line(error)}); is it Parquet and complete?") from error
            for number, row in enumerate(frame.to_dict("records"), 1):
                yield number, {str(key): value for key, value in row.items() if not pd.api.types.is_scalar(value) or pd.notna(value)}
        else:
            raise CorpusError(f"{path}: unknown kind of file; give one of {', '.join(SUFFIXES)}")
    except FileNotFoundError as error:
        raise CorpusError(f"{path}: no such file; check the path") from error
    except IsADirectoryError as error:
        raise CorpusError(f"{path}: is a folder; name the files in it") from error
    except PermissionError as error:
        raise CorpusError(f"{path}: may not be read; check its permissions") from error
    except (UnicodeDecodeError, EOFError, OSError, zlib.error, csv.Error) as error:
        raise CorpusError(f"{path}: cannot be read ({_first_line(error)}); is it UTF-8 and complete?") from error


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]


def _json_row(path: Path, number: int, line: str) -> dict[str, Any] | CorpusError:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return CorpusError(f"{path}:{number}: not JSON ({_first_line(error)}); fix the line or pass --skip-bad")
    if not isinstance(row, dict):
        return CorpusError(f"{path}:{number}: not an object with text and label; fix the line or pass --skip-bad")
    return {key: value for key, value in row.items() if value is not None}


def _labelled(path: Path, number: int, row: dict[str, Any]) -> Labelled:
    where = f"{path}:{number}"
    for key in ("text", "label"):
        if key not in row:
            raise CorpusError(f"{where}: no column {key!r}; name the columns text and label")
        if isinstance(row[key], (list, dict)):
            raise CorpusError(f"{where}: {key} is not one value; fix the line or pass --skip-bad")
    label = str(row["label"]).strip().lower().removesuffix(".0")
    label = ALIASES.get(label, label)
    if label not in LABELS:
        raise CorpusError(f'{where}: label "{row["label"]}" is not "legit", "seeking" or "illicit"; fix the line or pass --skip-bad')
    markup = str(row.get("format", "auto"))
    if markup not in FORMATS:
        raise CorpusError(f'{where}: format "{markup}" is not one of {", ".join(FORMATS)}; fix the line or pass --skip-bad')
    try:
        text, spans = unmark(str(row["text"]))
        if row.get("spans") is not None and not isinstance(row["spans"], str):
            pairs = ((span["start"], span["end"]) if isinstance(span, dict) else span for span in row["spans"])
            spans = tuple((int(start), int(end)) for start, end in pairs)
    except (ValueError, TypeError, KeyError) as error:
        raise CorpusError(f"{where}: spans cannot be used ({error}); fix the line or pass --skip-bad") from error
    if any(not 0 <= a <= b <= len(text) for a, b in spans):
        raise CorpusError(f"{where}: a span lies outside the text; fix the line or pass --skip-bad")
    title, pair = (str(row[key]) if key in row else None for key in ("title", "pair"))
    post = Post(text, format=markup, id=str(row.get("id", "")) or post_id(text), title=title)
    source = path.name.split(".")[0]
    group = pair or str(row.get("group", "")) or f"{source}:{number // BLOCK}"
    return Labelled(post, label, spans, str(row.get("lang", "und")), str(row.get("scenario", "")), pair, group, source)


def load(paths: Iterable[Path | str], *, skip_bad: bool = False, warn: Any = None) -> list[Labelled]:
    """All labelled posts of `paths`, in order.

    skip_bad : leave out rows that cannot be used, telling `warn(message)` of each, instead of raising
    Raises CorpusError naming file and line. The same text twice with one label is kept once.
    """
    posts: list[Labelled] = []
    seen: dict[tuple[str, str], None] = {}
    for path in map(Path, paths):
        for number, row in _rows(path):
            try:
                if isinstance(row, CorpusError):
                    raise row
                post = _labelled(path, number, row)
            except CorpusError as error:
                if not skip_bad:
                    raise
                if warn:
                    warn(str(error))
                continue
            key = ("".join(post.post.text.split()).lower(), post.label)
            if key not in seen:
                seen[key] = None
                posts.append(post)
    return posts


def join_groups(posts: Sequence[Labelled]) -> list[Labelled]:
    """`posts` with groups merged wherever two share a pair, a block of neighbours or nearly the same text.

    Near duplicates are posts that share at least half of their word five-grams.
    """
    parent: dict[str, str] = {}

    def find(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    shingles: dict[int, str] = {}
    for post in posts:
        words = post.post.text.lower().split()
        grams = {hash_of(" ".join(words[i : i + 5])) for i in range(max(1, len(words) - 4))} if len(words) >= 8 else set()
        smallest = sorted(grams)[:12]  # a sketch: near duplicates share their smallest hashes
        seen = [shingles[gram] for gram in smallest if gram in shingles]
        for group in set(seen):
            if seen.count(group) * 2 >= len(smallest):
                parent[find(post.group)] = find(group)
        for gram in smallest:
            shingles.setdefault(gram, post.group)
    return [replace(post, group=find(post.group)) for post in posts]


def hash_of(text: str) -> int:
    """A 64-bit hash of a text, the same in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def fingerprint(posts: Iterable[Labelled]) -> str:
    """One hash for a set of labelled posts, whatever their order."""
    rows = sorted(f"{post.label}\t{post.post.format}\t{post.post.text}" for post in posts)
    return hashlib.sha256("\n".join(rows).encode("utf-8", "surrogatepass")).hexdigest()
