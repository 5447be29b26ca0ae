import pytest

from pharmaspam.language import language_of, script_language
from pharmaspam.tokens import simple_terms


@pytest.mark.parametrize(
    ("text", "language"),
    [
        pytest.param("the doctor said that it was not for you", "en", id="English"),
        pytest.param("ik heb het niet van de dokter", "nl", id="Dutch"),
        pytest.param("ich nehme das nicht und der Arzt ist weg", "de", id="German"),
        pytest.param("я не знаю как это и что мне делать", "ru", id="Russian"),
        pytest.param("眠れない夜が続いていますがどうすればいいですか", "ja", id="Japanese, Han among kana"),
        pytest.param("我已经三天没有睡好觉了怎么办", "zh", id="Chinese"),
        pytest.param("นอนไม่หลับมาหลายคืนแล้วค่ะ", "th", id="Thai"),
        pytest.param("잠을 못 자서 병원에 갔어요 정말 힘들어요", "ko", id="Korean"),
        pytest.param("xanax 10 mg", "und", id="too little to tell"),
        pytest.param("", "und", id="nothing"),
        pytest.param("the xanax kopen is what you read in it", "en", id="two foreign words do not change the language"),
    ],
)
def test_language_of(text, language, lexicon):
    assert language_of(simple_terms(text), lexicon.languages) == language


def test_a_word_of_two_languages_counts_for_its_share():
    shared = {"die": ("de", "en"), "und": ("de",)}
    assert language_of(["die", "die"], shared) == "und"
    assert language_of(["die", "und"], shared) == "de"


def test_order_of_words_does_not_matter(lexicon):
    terms = simple_terms("the de das и the het")
    assert language_of(terms, lexicon.languages) == language_of(terms[::-1], lexicon.languages)


@pytest.mark.parametrize(("term", "language"), [("трамадол", "ru"), ("φάρμακο", "el"), ("دواء", "ar"), ("xanax", ""), ("", ""), ("💊", "")])
def test_script_language(term, language):
    assert script_language(term) == language
