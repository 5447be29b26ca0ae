"""Which language a text is in, told by its function words and, where that is enough, by its script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_SCRIPTS = (
    ("\u0e00", "\u0e7f", "th"),
    ("\u3040", "\u30ff", "ja"),
    ("\uac00", "\ud7af", "ko"),
    ("\u3400", "\u9fff", "zh"),
    ("\u0370", "\u03ff", "el"),
    ("\u0590", "\u05ff", "he"),
    ("\u0900", "\u097f", "hi"),
    ("\u0600", "\u06ff", "ar"),
    ("\u0400", "\u04ff", "ru"),
)
MIN_EVIDENCE = 1.5  # function words of one language, each shared word counting for its share


def script_language(term: str) -> str:
    """The language a term's script stands for where no function word tells more; empty for Latin and signs."""
    first = term[:1]
    if first < "\u0370":
        return ""
    return next((lang for low, high, lang in _SCRIPTS if low <= first <= high), "")


def language_of(terms: Iterable[str], function_words: Mapping[str, tuple[str, ...]]) -> str:
    """ISO 639-1 code of the language most of `terms` speak for, "und" below `MIN_EVIDENCE`."""
    evidence: dict[str, float] = {}
    letters: dict[str, int] = {}
    for term in terms:
        langs = function_words.get(term)
        if langs:
            for lang in langs:
                evidence[lang] = evidence.get(lang, 0.0) + 1.0 / len(langs)
        elif term >= "\u0370" and (lang := script_language(term)):
            letters[lang] = letters.get(lang, 0) + 1
    for lang, count in letters.items():
        if lang == "zh" and letters.get("ja", 0) * 5 > count:  # Han letters among kana are Japanese
            lang = "ja"
        evidence[lang] = evidence.get(lang, 0.0) + count * (0.5 if lang in ("zh", "ja", "th", "ko") else 0.1)
    if not evidence:
        return "und"
    best = max(sorted(evidence), key=evidence.__getitem__)
    return best if evidence[best] >= MIN_EVIDENCE else "und"
