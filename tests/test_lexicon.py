import shutil

import pytest

from conftest import DATA
from pharmaspam.errors import CorpusError
from pharmaspam.lexicon import build, from_rows, read_rows, to_rows
from pharmaspam.tokens import simple_terms


def drug(term, family="benzo", kind="brand", ambiguous="0"):
    return ("drug", term, term, family, kind, "und", ambiguous)


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(DATA / "lexicon", tmp_path / "lexicon")


def test_rows_are_led_by_their_kind():
    rows = read_rows(DATA / "lexicon")
    assert rows[0] == ("drug", "xanax", "alprazolam", "benzo", "brand", "und", "0")
    assert [kind for kind in dict.fromkeys(row[0] for row in rows)] == ["drug", "concept", "function"]


def test_terms_mean_what_their_rows_say(lexicon):
    assert set(lexicon.single["xanax"].tags) == {"DRUG", "DRUG:benzo"}
    assert lexicon.single["kopen"].tags == {"BUY": {"nl"}}
    assert lexicon.single["bestellen"].tags == {"BUY": {"nl", "de"}}
    assert lexicon.phrases["without"].entries[("prescription",)].tags == {"NO_RX": {"en"}}
    assert lexicon.languages["is"] == ("en", "nl")


def test_an_ambiguous_name_is_no_drug_yet(lexicon):
    assert set(lexicon.single["bars"].tags) == {"DRUG?"}
    assert "bars" not in lexicon.drugs
    assert {"xanax", "трамадол"} <= lexicon.drugs


def test_slang_and_grey_brands_say_so(lexicon):
    assert "SLANG" in lexicon.phrases["blue"].entries[("bars",)].tags
    assert "GREY" in lexicon.single["kamagra"].tags


def test_one_term_of_two_kinds_keeps_both():
    lexicon = build([drug("script"), ("concept", "RX", "en", "script")], simple_terms)
    assert set(lexicon.single["script"].tags) == {"DRUG", "DRUG:benzo", "RX"}


def test_lengths_are_those_of_the_entries():
    rows = [("concept", "BUY", "en", term) for term in ("buy", "buy it", "buy it now", "buy me")]
    start = build(rows, simple_terms).phrases["buy"]
    assert start.lengths == (2, 1, 0)
    assert set(start.entries) == {(), ("it",), ("it", "now"), ("me",)}


def test_terms_without_a_letter_are_left_out():
    assert build([drug("10"), drug("!!")], simple_terms).phrases == {}


def test_the_copy_a_model_carries_is_the_same_lexicon(lexicon):
    again = from_rows(to_rows(lexicon))
    assert again == lexicon
    assert to_rows(again) == to_rows(lexicon)


def test_the_copy_does_not_depend_on_the_order_of_rows(lexicon):
    rows = read_rows(DATA / "lexicon")
    assert to_rows(build(rows[::-1], simple_terms)) == to_rows(lexicon)


@pytest.mark.parametrize("row", [("entry", "xanax"), ("entry", "xanax", "DRUG"), ("entry", "xanax", "DRUG=und", "more")])
def test_a_copy_of_another_shape_is_refused(row):
    with pytest.raises(ValueError, match="unpack"):
        from_rows([row])


@pytest.mark.parametrize(
    ("name", "line", "complaint"),
    [
        pytest.param("drugs.tsv", "xanor\talprazolam\tbenzo", r"drugs\.tsv:20: 3 cells", id="too few cells"),
        pytest.param("drugs.tsv", "xanor\t\tbenzo\tbrand\tund\t0", r"drugs\.tsv:20: 6 cells, some empty", id="an empty cell"),
        pytest.param("concepts.tsv", "HAGGLE\ten\tmy best price", r"concepts\.tsv:\d+: concept 'HAGGLE' is unknown", id="unknown concept"),
        pytest.param("function.tsv", "the", r"function\.tsv:\d+: 1 cells", id="a word without its language"),
    ],
)
def test_a_bad_row_is_named(folder, name, line, complaint):
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(CorpusError, match=complaint) as caught:
        read_rows(folder)
    assert "\n" not in str(caught.value)


def test_blank_lines_do_not_shift_the_line_number(folder):
    path = folder / "concepts.tsv"
    path.write_text("concept\tlang\tterm\nBUY\ten\tbuy\n\n\nHAGGLE\ten\tdeal\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"concepts\.tsv:5:"):
        read_rows(folder)


def test_a_folder_without_a_lexicon_is_refused(tmp_path):
    with pytest.raises(CorpusError, match=r"no drugs\*\.tsv in it; point --lexicon at"):
        read_rows(tmp_path)


def test_a_file_that_is_not_text_is_refused(folder):
    (folder / "drugs.tsv").write_bytes(b"\xff\xfe\x00bad")
    with pytest.raises(CorpusError, match=r"drugs\.tsv"):
        read_rows(folder)
