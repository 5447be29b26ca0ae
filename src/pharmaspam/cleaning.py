"""A post without its illicit spans, mark-up still well formed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from pharmaspam.markup import BB_NAMES
from pharmaspam.records import Post, Verdict

_TAG: Final = re.compile(
    r"<(?P<close>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]{0,15})(?P<attributes>(?:[^<>\"']|\"[^\"]{0,4000}\"|'[^']{0,4000}')*+)>"
    rf"|\[(?P<bbclose>/?)(?P<bbname>{BB_NAMES})(?:[= ][^\]\[]{{0,2000}})?\](?!\()"
    r"|(?P<mark>\*\*|~~|__)",
    re.IGNORECASE,
)
_VOID: Final = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "[br", "[hr"]
)
_WORDY: Final = re.compile(r"\s(?:alt|title|content|placeholder|href)\s{0,5}=\s{0,5}(?:\"[^\"]*\"|'[^']*'|[^\s\"'>]+)", re.IGNORECASE)


def _orphans(cut: str) -> str:
    """The tags and marks of `cut` that open or close something outside it, in order; without the words in their attributes."""
    kept: dict[int, str] = {}
    waiting: list[tuple[str, int]] = []
    for number, match in enumerate(_TAG.finditer(cut)):
        name = (match["name"] or match["mark"] or f"[{match['bbname']}").lower()
        if name in _VOID or (match["attributes"] or "").endswith("/"):
            continue
        kept[number] = _WORDY.sub("", match[0]) if match["name"] else match[0]
        recent = range(len(waiting) - 1, max(-1, len(waiting) - 50), -1)
        partner = next((at for at in recent if waiting[at][0] == name), None)
        if match["close"] or match["bbclose"] or (match["mark"] and partner is not None):
            if partner is not None:
                del kept[waiting[partner][1]], kept[number]
                del waiting[partner:]
        else:
            waiting.append((name, number))
    return "".join(kept.values())


def _with_marks(text: str, start: int, end: int) -> tuple[int, int]:
    """The range with the Markdown emphasis that would be left empty round it."""
    for mark in ("**", "~~", "__", "*", "_", "`"):
        if start >= len(mark) and text.startswith(mark, start - len(mark)) and text.startswith(mark, end):
            return start - len(mark), end + len(mark)
    return start, end


def remove(text: str, ranges: Iterable[tuple[int, int]]) -> str:
    """`text` without the half-open ranges; tags in them whose partner stands outside stay, and no double blank is left."""
    pieces: list[str] = []
    position = 0
    for start, end in sorted(ranges):
        start, end = max(start, position), min(end, len(text))
        if end <= start:
            continue
        start, end = _with_marks(text, start, end)
        start = max(start, position)
        pieces.append(text[position:start])
        pieces.append(_orphans(text[start:end]))
        position = end
        before = "".join(pieces[-2:])[-1:]
        if (not before or before.isspace()) and text[position : position + 1] in (" ", "\t"):
            position += 1
    pieces.append(text[position:])
    return "".join(pieces)


def clean(post: Post | str, verdict: Verdict) -> str:
    """The text of `post` without the spans of `verdict`; the text itself where the verdict is `allow`."""
    text = post if isinstance(post, str) else post.text
    if verdict.action == "allow":
        return text
    return remove(text, ((span.start, span.end) for span in verdict.spans))
