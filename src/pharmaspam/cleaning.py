"""A post without its illicit spans, mark-up still well formed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from pharmaspam.records import Post, Verdict

_TAG: Final = re.compile(
    r"<(?P<close>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]{0,15})(?:[^<>\"']|\"[^\"]{0,4000}\"|'[^']{0,4000}')*+>"
    r"|\[(?P<bbclose>/?)(?P<bbname>[a-zA-Z]{1,12})(?:[= ][^\]\[]{0,2000})?\]"
)
_VOID: Final = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "li", "p"])


def _orphans(cut: str) -> str:
    """The tags of `cut` that open or close something outside it, in order."""
    kept: list[tuple[int, str]] = []
    waiting: list[tuple[str, int]] = []
    for number, match in enumerate(_TAG.finditer(cut)):
        name = (match["name"] or "[" + (match["bbname"] or "")).lower()
        if name in _VOID:
            continue
        kept.append((number, match[0]))
        if match["close"] or match["bbclose"]:
            partner = next((at for at in range(len(waiting) - 1, max(-1, len(waiting) - 50), -1) if waiting[at][0] == name), None)
            if partner is not None:
                opened = waiting[partner][1]
                del waiting[partner:]
                kept = [pair for pair in kept if pair[0] not in (opened, number)] if len(kept) < 1000 else kept
        else:
            waiting.append((name, number))
    return "".join(tag for _, tag in kept)


def remove(text: str, ranges: Iterable[tuple[int, int]]) -> str:
    """`text` without the half-open ranges; tags in them whose partner stands outside stay, and no double blank is left."""
    pieces: list[str] = []
    position = 0
    for start, end in sorted(ranges):
        start, end = max(start, position), min(end, len(text))
        if end <= start:
            continue
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
