"""Which slices of a corpus a post belongs to: its length, and the patients a filter must not silence.

A patient slice holds legitimate posts only: what counts in it is who is flagged or blocked for nothing. A post belongs to
one by the name of its scenario, where its author gave one that tells, or by what it says: stems of words below, in the
languages of the corpus, and lexicon concepts where a reading is at hand. Membership never looks at a score.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from pharmaspam.reading import Reading
from pharmaspam.records import Labelled

MEDICINES: Final = "lists four or more medicines"
PRICE: Final = "asks about price or insurance"
WARNING: Final = "warns about online sellers"
HARM: Final = "harm reduction"
TAPERING: Final = "tapering"
OTHER_SPAM: Final = "other spam"
PATIENTS: Final = (MEDICINES, PRICE, WARNING, HARM, TAPERING)
LENGTHS: Final = ((100, "up to 100"), (300, "101 to 300"), (1000, "301 to 1,000"), (3000, "1,001 to 3,000"))
LONGEST: Final = "over 3,000"

_NEAR: Final = 8  # tokens between a warning and what it warns of
_ASKS = re.compile(r"[^.!।。！\n]{0,100}(?:[?？؟]|(?<=[α-ωά-ώ]);)")  # Greek asks with a semicolon
_SCENARIOS: Final = {
    MEDICINES: re.compile(r"med(?:ication)?s?-list|list-(?:of-)?med|many-med|rx-list|drug-list|pillbox|polypharm"),
    PRICE: re.compile(r"pric|insur|co-?pay|coupon|reimburs|medical-aid|cost"),
    WARNING: re.compile(r"warn|scam|counterfeit|phish|site-check"),
    HARM: re.compile(r"harm-red|drug-check|od-warn|naloxon|overdose"),
    TAPERING: re.compile(r"taper|withdraw|deprescri|sevrage"),
    OTHER_SPAM: re.compile(r"other-?spam|spam-other"),
}
_STEMS: Final = {
    PRICE: re.compile(
        r"insurance|insurer|insured|co-?pay|deductible|out of pocket|krankenkasse|versicher|zuzahlung|verzeker|eigen risico|vergoed|"
        r"assurance|mutuelle|rembours|seguro m|aseguradora|reembols|rimbors|assicura|mutua de|plano de sa|convênio|comparticip|"
        r"refundac|ubezpiecz|pojišť|poisťov|pojist|doplat|osiguran|zavod za|biztosít|támogatás|asigurare|medicamente? compensat|försäkring|"
        r"högkostnad|egenandel|forsikring|tilskud|blåresept|kela-|vakuutu|korvattav|sgk|sigorta|ασφάλ|εοπυυ|страхов|полис|касата|"
        r"нзок|تأمين|التأمين|बीमा|bpjs|asuransi|bảo hiểm|ประกัน|医保|医療保険|保険適用|보험|ביטוח|קופת חולים|بیمه|insuransi|takaful|"
        r"apdrošin|draudim|kindlustus|zavarovan|осигур"
    ),
    HARM: re.compile(
        r"harm[ -]reduction|naloxon|narcan|nyxoid|test strip|drug[ -]?checking|needle exchange|safer[ -]use|never use alone|"
        r"schadensminderung|drogenkonsumraum|réduction des risques|reducción de (?:daños|riesgos)|riduzione del danno|"
        r"redução de (?:danos|riscos)|redukcj\w szkód|снижени\w+ вреда|зменшення шкоди|налоксон|snižování rizik|ártalomcsökkent|"
        r"reducerea riscurilor|skadereduktion|skadereduksjon|haittojen vähentä|zarar azaltma|μείωση (?:της )?βλάβης|ναλοξόν|"
        r"تقليل الضرر|نالوكسون|नालोक्सोन|giảm hại|ลดอันตราย|减害|减低伤害|ナロキソン|ハームリダクション|날록손|위해 ?감소|"
        r"מזעור נזקים|נלוקסון|کاهش آسیب|نالوکسون|zmanjševanje škode|smanjenje štet"
    ),
    TAPERING: re.compile(
        r"\btaper|titrat\w+ down|wean(?:ed|ing)? (?:me |him |her )?off|withdrawal symptom|ausschleich|ausgeschlichen|absetzsymptom|"
        r"abdosier|afbouw|sevrage|diminu\w+ progressive|décroissance|reducción gradual|retirada gradual|bajando la dosis|desmame|"
        r"scalare (?:il|la|le|lo|i|pian)|scalando|odstawi|schodzę z|vysaz|vysadi|postupn\w+ sniž|nedtrapp|trappa ner|trappe ned|"
        r"annoksen pienentä|lopetusoire|vieroitusoire|azaltarak bırak|doz azalt|kademeli|постепенн\w+ (?:сниж|отмен)|"
        r"синдром\w* отмен|поступов\w+ (?:зниж|відмін)|leépít|fokozatosan csökkent|reducere treptată|sevraj|"
        r"σταδιακή (?:μείωση|διακοπή)|سحب تدريجي|تدريجي|धीरे-धीरे (?:कम|घटा)|tapering|giảm liều|ลดขนาดยา|ค่อยๆ ลด|减量|減薬|漸減|"
        r"断薬|감량|감약|단약|הורדה הדרגתית|تدریجی|постепено намал|smanjivan\w+ doze|postupn\w+ (?:smanj|zniž)"
    ),
}  # fmt: skip


def length_of(text: str) -> str:
    """The bucket of a text's length in characters."""
    return next((name for limit, name in LENGTHS if len(text) <= limit), LONGEST)


def source_of(post: Labelled) -> str:
    """The file a post came from; what was written for this project counts as one source."""
    return "authored" if post.source.startswith("posts_") else post.source or "no source"


def patients_of(post: Labelled, reading: Reading | None = None) -> tuple[str, ...]:
    """The slices of `PATIENTS` and "other spam" that a legitimate post belongs to; none for other posts.

    reading : of the same post; without one, medicines, prices and warnings are only known by scenario and stems
    """
    if post.label != "legit":
        return ()
    text = post.post.text.lower()
    found = {name for name, pattern in _SCENARIOS.items() if pattern.search(post.scenario)}
    found |= {name for name, pattern in _STEMS.items() if pattern.search(text)}
    if reading is not None:
        found |= {name for name, told in _TOLD.items() if told(reading)}
    return tuple(name for name in (*PATIENTS, OTHER_SPAM) if name in found)


def _lists_medicines(reading: Reading) -> bool:
    return len({reading.term(hit.first, hit.last) for hit in reading.hits if "DRUG" in hit.tags}) >= 4


def _asks_price(reading: Reading) -> bool:
    """Whether a sentence that names a price ends as a question, in a post about medicines."""
    if not any(hit.tags.keys() & {"DRUG", "RX"} for hit in reading.hits):
        return False
    prices = (reading.ends[hit.last - 1] for hit in reading.hits if "PRICE" in hit.tags)
    return any(_ASKS.match(reading.rendered.text, end) for end in prices)


def _warns(reading: Reading) -> bool:
    warnings = [hit.first for hit in reading.hits if hit.tags.keys() & {"WARN", "REFUSE"}]
    sellers = [hit.first for hit in reading.hits if hit.tags.keys() & {"ONLINE", "SHOP", "NO_RX", "DARK"}]
    return any(abs(warning - seller) <= _NEAR for warning in warnings for seller in sellers)


_TOLD: Final[dict[str, Callable[[Reading], bool]]] = {MEDICINES: _lists_medicines, PRICE: _asks_price, WARNING: _warns}
