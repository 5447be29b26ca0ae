"""Which slices a post belongs to."""

from __future__ import annotations

import pytest

from pharmaspam import slices
from pharmaspam.reading import Reader
from pharmaspam.records import Labelled, Post
from pharmaspam.slices import HARM, MEDICINES, OTHER_SPAM, PATIENTS, PRICE, TAPERING, WARNING, length_of, patients_of, source_of


def legit(text: str, scenario: str = "") -> Labelled:
    return Labelled(Post(text), "legit", scenario=scenario)


def read(post: Labelled, reader: Reader) -> tuple[str, ...]:
    return patients_of(post, reader.read(post.post))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("My week: diazepam, tramadol, zolpidem and modafinil.", MEDICINES, id="four medicines"),
        pytest.param("How much does tramadol cost at your place?", PRICE, id="a price is asked"),
        pytest.param("Does your insurance cover it", PRICE, id="insurance"),
        pytest.param("Die Krankenkasse zahlt nicht", PRICE, id="insurance in German"),
        pytest.param("It was counterfeit, what they sell online", WARNING, id="online sellers"),
        pytest.param("Naloxone is free at the van", HARM, id="harm reduction"),
        pytest.param("Налоксон дают бесплатно", HARM, id="harm reduction in Russian"),
        pytest.param("Tapering by a quarter every fortnight", TAPERING, id="tapering"),
        pytest.param("Ich schleiche langsam aus, Ausschleichplan vom Arzt", TAPERING, id="tapering in German"),
        pytest.param("デパスの減薬をしています", TAPERING, id="tapering in Japanese"),
    ],
)
def test_what_a_post_says_makes_it_a_patients(text, expected, reader):
    assert expected in read(legit(text), reader)


@pytest.mark.parametrize(
    ("text", "unwanted"),
    [
        pytest.param("My week: diazepam, diazepam, diazepam and diazepam.", MEDICINES, id="one medicine four times"),
        pytest.param("Tramadol is what I take.", PRICE, id="no price"),
        pytest.param("Tramadol has its price. It was sunny. Did you walk?", PRICE, id="the question is another sentence"),
        pytest.param("A scam, the weather.", WARNING, id="no seller"),
        pytest.param("A pharmacy in town sells bread. " + "The baker is a kind man and old. " * 3 + "A scam.", WARNING, id="far apart"),
        pytest.param("I walked home.", TAPERING, id="nothing of the kind"),
    ],
)
def test_what_it_does_not_say_does_not(text, unwanted, reader):
    assert unwanted not in read(legit(text), reader)


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        pytest.param("meds-list", MEDICINES, id="medicines"),
        pytest.param("price-question", PRICE, id="price"),
        pytest.param("scam-warning", WARNING, id="warning"),
        pytest.param("harm-reduction", HARM, id="harm reduction"),
        pytest.param("taper", TAPERING, id="tapering"),
        pytest.param("other-spam", OTHER_SPAM, id="other spam"),
    ],
)
def test_a_scenario_that_tells_is_enough(scenario, expected):
    assert patients_of(legit("Hello", scenario)) == (expected,)


@pytest.mark.parametrize("label", ["seeking", "illicit"])
def test_only_legitimate_posts_are_patients(label):
    assert patients_of(Labelled(Post("Tapering, naloxone, insurance?"), label, scenario="tapering")) == ()


def test_slices_come_in_the_order_of_the_report():
    found = patients_of(legit("Tapering with naloxone at hand", "price-question"))
    assert found == tuple(name for name in PATIENTS if name in (PRICE, HARM, TAPERING))


@pytest.mark.parametrize(
    ("length", "name"),
    [(0, "up to 100"), (100, "up to 100"), (101, "101 to 300"), (1000, "301 to 1,000"), (3000, "1,001 to 3,000"), (3001, slices.LONGEST)],
)
def test_length(length, name):
    assert length_of("a" * length) == name


def test_source():
    assert source_of(Labelled(Post("a"), "legit", source="posts_en3")) == "authored"
    assert source_of(Labelled(Post("a"), "legit", source="train_legit_medquad")) == "train_legit_medquad"
    assert source_of(Labelled(Post("a"), "legit")) == "no source"
