#!/usr/bin/env python3
"""Answers for a scorer with out-of-fold verdicts, so that a measuring script can judge posts a model was trained on.

    pharmaspam train … --oof oof.jsonl
    python ../shared/eval/measure.py data/posts/*.jsonl --scorer "python benchmarks/quality/replay.py oof.jsonl"

Reads JSON lines {"id", "text", "format"} on standard input and writes {"id", "score", "seeking", "action", "spans"} for each,
in order, from the file. A post is known by its text: the file's `sha` (or `hash`) holds the first digits of the SHA-256 of it.
A text that is not in the file is an error, exit 1: a verdict must not be made up. Needs nothing but Python.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

DIGITS = 12  # as many as the shorter of the two names has


class ReplayError(ValueError):
    pass


def key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def load(path: Path) -> dict[str, dict[str, Any]]:
    """The rows of an out-of-fold file by the text they are about. Raises ReplayError."""
    rows = {}
    try:
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    row = json.loads(line)
                    name = row.get("sha") or row["hash"]
                    if len(name) < DIGITS:
                        raise ValueError(f"{name!r} has fewer than {DIGITS} digits")
                    rows[name[:DIGITS]] = {
                        "score": float(row["score"]),
                        "seeking": float(row["seeking"]),
                        "action": str(row["action"]),
                        "spans": [{"start": int(span["start"]), "end": int(span["end"])} for span in row["spans"]],
                    }
                except (ValueError, KeyError, TypeError, AttributeError) as error:
                    raise ReplayError(f"{path}:{number}: no out-of-fold verdict ({error}); write the file with `train --oof`") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ReplayError(f"{path}: cannot be read ({error}); check the path") from error
    return rows


def replay(rows: dict[str, dict[str, Any]], lines: Iterable[str]) -> Iterator[str]:
    """One line out for each line in. Raises ReplayError for a text that has no verdict."""
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            post = json.loads(line)
            row = rows.get(key(post["text"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ReplayError(f"standard input:{number}: not a post ({error}); give JSON lines with id and text") from error
        if row is None:
            raise ReplayError(f"standard input:{number}: post {post.get('id')!r} is not in the file; train on these posts with --oof")
        yield json.dumps({"id": post.get("id"), **row}) + "\n"


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or arguments[0] in ("-h", "--help"):
        print(__doc__, file=sys.stdout if "--help" in arguments or "-h" in arguments else sys.stderr)
        return 0 if arguments else 2
    sys.stdin.reconfigure(encoding="utf-8")
    try:
        for line in replay(load(Path(arguments[0])), sys.stdin):
            sys.stdout.write(line)
    except ReplayError as error:
        print(f"replay: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
