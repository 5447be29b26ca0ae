import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmaspam.fold import fold, fold_char, latin, mixes_scripts, script, unleet


def characters(text):
    return fold(text)[0]


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        pytest.param("Xanax KOPEN", "xanax kopen", id="lower case"),
        pytest.param("ｘａｎａｘ", "xanax", id="full width"),
        pytest.param("𝐱𝓪𝔫𝕒𝘅", "xanax", id="mathematical letters"),
        pytest.param("Ⓧⓐⓝⓐⓧ", "xanax", id="circled letters"),
        pytest.param("🅇🄰🄽🄰🅇", "xanax", id="squared letters"),
        pytest.param("⒳⒜⒩⒜⒳", "xanax", id="parenthesised letters"),
        pytest.param("xᴀɴᴀx", "xanax", id="small capitals"),
        pytest.param("🇽🇦🇳🇦🇽", "xanax", id="regional indicators"),
        pytest.param("ɯnᴉlɐʌ", "mnilav", id="upside down letters"),
        pytest.param("x\u200ba\u200cn\u200da\u2060x\ufeff", "xanax", id="zero width"),
        pytest.param("xa\u00adnax", "xanax", id="soft hyphen"),
        pytest.param("\u202exanax\u202c", "xanax", id="direction marks"),
        pytest.param("x\u0336a\u0336n\u0336a\u0336x\u0336", "xanax", id="struck through"),
        pytest.param("x\u3164a\u115fn\u2800a\uffa0x", "xanax", id="blank letters"),
        pytest.param("x\x00a\x07n\x1ba\x7fx", "xanax", id="control characters"),
        pytest.param("xa\ud800nax", "xanax", id="lone surrogates"),
        pytest.param("Crème brûlée", "creme brulee", id="accents"),
        pytest.param("Straße", "strasse", id="sharp s"),
        pytest.param("ﬁne", "fine", id="ligatures"),
        pytest.param("Łódź øl đ", "lodz ol d", id="letters without a decomposition"),
        pytest.param("İstanbul ılık", "istanbul ilik", id="Turkish i"),
        pytest.param("Купить йод и ёлку", "купить йод и ёлку", id="Russian keeps its letters"),
        pytest.param("Αθήνα", "αθηνα", id="Greek keeps its letters and loses its accents"),
        pytest.param("أدويـــة", "ادویه", id="Arabic letter forms are one"),
        pytest.param("दवाई की", "दवाई की", id="Hindi vowel signs are letters"),
        pytest.param("ยาแก้ปวด", "ยาแก้ปวด", id="Thai vowel signs are letters"),
        pytest.param("통증", "통증", id="Korean syllables stay whole"),
        pytest.param("が", "が", id="kana keep their marks"),
        pytest.param("a\tb\nc\u00a0d", "a\tb\nc\u00a0d", id="white space is kept"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_fold(written, folded):
    assert characters(written) == folded


def test_ascii_runs_in_step_with_its_source():
    assert fold("Plain text, 10 mg") == ("plain text, 10 mg", None)


def test_each_folded_character_knows_its_source():
    folded, sources = fold("a\u200bßﬁ!")
    assert (folded, sources) == ("assfi!", [0, 2, 2, 3, 3, 4])


def test_every_character_is_folded_once_and_for_all():
    codes = [*range(0x32000), *range(0xE0000, 0xE0200), sys.maxunicode]
    restless = [hex(code) for code in codes if characters(once := fold_char(chr(code))) != once]
    assert restless == []


@given(st.text())
def test_fold_is_idempotent(text):
    assert characters(characters(text)) == characters(text)


@given(st.text(st.characters()))
def test_sources_are_in_order_and_inside(text):
    folded, sources = fold(text)
    if sources is None:
        assert len(folded) == len(text)
    else:
        assert len(sources) == len(folded)
        assert sources == sorted(sources)
        assert all(0 <= source < len(text) for source in sources)


@pytest.mark.parametrize(
    ("word", "plain"),
    [
        pytest.param("хаnах", "xanax", id="Cyrillic"),
        pytest.param("χαναx", "xavax", id="Greek by looks, not by sound"),
        pytest.param("ᏔᎪᏞ", "wal", id="Cherokee"),
        pytest.param("ꓫꓮꓠꓮꓫ", "xanax", id="Lisu"),
        pytest.param("xanax", "xanax", id="Latin stays"),
    ],
)
def test_latin(word, plain):
    assert latin(word) == plain


@pytest.mark.parametrize(
    ("word", "mixed"),
    [
        pytest.param("хаnах", True, id="Cyrillic and Latin"),
        pytest.param("трамадол", False, id="Russian"),
        pytest.param("tramadol", False, id="Latin"),
        pytest.param("α-blocker", True, id="Greek and Latin"),
        pytest.param("vitaminビタミン", False, id="scripts that do not look like Latin"),
        pytest.param("12:30", False, id="no letters"),
    ],
)
def test_mixes_scripts(word, mixed):
    assert mixes_scripts(word) is mixed


def test_script_of_signs_is_empty():
    assert [script(char) for char in "aяα1!"] == ["LATIN", "CYRILLIC", "GREEK", "", ""]


def test_unleet_reads_digits_and_signs_as_letters():
    assert "xanax" in set(unleet("x4n@x"))
    assert "tramadol" in set(unleet("tr4m4d0|"))
    assert len(list(unleet("1" * 40))) == 8
