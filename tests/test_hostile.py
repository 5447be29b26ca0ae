"""Time grows with the length of a post and not faster, whatever its shape: counted work, then a ratio of two lengths."""

import gc
import random
import sys
import time

import pytest

import pharmaspam
from pharmaspam.cleaning import remove
from pharmaspam.detector import Detector
from pharmaspam.policy import Policy
from pharmaspam.records import Post

WORDS = random.Random(1)


def distinct(length, pattern):
    """Words that are all different: `?` is any letter."""
    words = []
    while length > 0:
        words.append("".join(WORDS.choice("abcdefghijklmnopqrstuvwxyz") if char == "?" else char for char in pattern))
        length -= len(pattern) + 1
    return " ".join(words)


def run(unit):
    return lambda length: unit * (length // len(unit))


SHAPES = {
    "digits": run("1"),
    "one letter": run("a"),
    "dots": run("."),
    "spaces": run(" "),
    "line breaks": run("\n"),
    "less-than": run("<"),
    "ampersands": run("&"),
    "stars": run("*"),
    "backticks": run("`"),
    "hyphens": run("-"),
    "underscores": run("_"),
    "at signs": run("@"),
    "round brackets": run("("),
    "square brackets": run("["),
    "letter and dot": run("a."),
    "letter and hyphen": run("a-"),
    "letter and star": run("a*"),
    "letter and at": run("a@"),
    "single letters": run("a b "),
    "ones apart": run("1 "),
    "rows of a table": run("12.50 1,000 7 | "),
    "combining marks": run("\u0301"),
    "zero width": run("x\u200b"),
    "lone surrogates": run("\ud800"),
    "NUL": run("\0"),
    "Han": run("薬"),
    "Thai": run("ยา"),
    "open tags": run("<a "),
    "open attributes": run("<a href='"),
    "open comments": run("<!--"),
    "open scripts": run("<script>"),
    "nested tags": lambda length: "<div>" * (length // 11) + "</div>" * (length // 11),
    "tags closed in vain": lambda length: "<i>" * 100 + "</b>" * (length // 4),
    "attributes": lambda length: "<p " + "a=b " * (length // 4) + ">",
    "styles": run("<p style='color:red;'>"),
    "entities": run("&amp;"),
    "numbered entities": run("&#1"),
    "quote marks": run("\"'"),
    "quoted lines": run("> "),
    "signatures": run("\n-- "),
    "open BBCode": run("[url"),
    "BBCode links": run("[url=x]"),
    "nested BBCode quotes": lambda length: "[quote]" * (length // 15) + "[/quote]" * (length // 15),
    "open Markdown links": run("[a]("),
    "Markdown links": run("[a](b)"),
    "Markdown images": run("![a](b)"),
    "addresses cut off": run("http://"),
    "hosts cut off": run("www."),
    "mail addresses cut off": run("a@b."),
    "spelled medicine": run("x a n a x "),
    "medicine cut in two": run("xan ax "),
    "adverts": run("Buy xanax online, no prescription, at https://rx.example now. "),
    "adverts in links": run('<a href="https://rx.example">xanax</a> and kind words of my doctor '),
    "adverts in images": run('<img alt="buy xanax"> '),
    "phrases that begin": run("where can i "),
    "different words": lambda length: distinct(length, "???????"),
    "different words with stars": lambda length: distinct(length, "???*???"),
    "different words with digits": lambda length: distinct(length, "??4?1?0"),
    "different addresses": lambda length: distinct(length, "https://????????????.example/????????"),
    "different long words": lambda length: distinct(length, "'".join(["?" * 60] * 4)),
}
FACTOR = 4


@pytest.fixture(scope="module")
def eager(detector):
    """Everything is flagged, so that spans and reasons are worked out too."""
    eager = Detector(detector.model, Policy("eager", review=0.0, block=0.0, seeking=1.0))
    judge(eager, "Buy xanax online now.")
    return eager


def judge(detector, text):
    post = Post(text)
    return pharmaspam.clean(post, detector.score(post))


def read(detector, text):
    """The part of the work that is done with regular expressions, slices and copies."""
    reading = detector.reader.read(Post(text))
    edges = [reading.source(index, index + 1) for index in range(0, len(reading), 50)]
    remove(text, edges)


def calls(work, *arguments):
    """How many functions, of Python and of C, `work` calls."""
    count = 0

    def tick(frame, event, argument):
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(tick)
    try:
        work(*arguments)
    finally:
        sys.setprofile(before)
    return count


def processor_time(work, *arguments):
    gc.disable()  # a collection costs as much as the work
    try:
        began = time.process_time()
        work(*arguments)
        return time.process_time() - began
    finally:
        gc.enable()


@pytest.mark.parametrize("shape", SHAPES)
def test_work_grows_with_length(eager, shape):
    short, long = (SHAPES[shape](length) for length in (1_000, 1_000 * FACTOR))
    one, four = calls(judge, eager, short), calls(judge, eager, long)
    assert four <= 1.5 * FACTOR * one


@pytest.mark.parametrize("shape", SHAPES)
def test_time_grows_with_length(eager, shape):
    # Work inside one call of C is not counted above. Squared growth would be sixteen-fold.
    for _ in range(3):
        short, long = (SHAPES[shape](length) for length in (6_000, 6_000 * FACTOR))
        if processor_time(read, eager, long) < 2.5 * FACTOR * processor_time(read, eager, short) + 0.02:
            return
    pytest.fail("four times the length took more than ten times as long, three times in a row")


def test_five_megabytes_on_one_line(detector):
    verdict = detector.score("x" * 5_000_000)
    assert 0 <= verdict.score <= 1


def test_an_advert_after_a_megabyte_of_nothing_is_read(eager):
    text = "." * 1_000_000 + " buy xanax online, no prescription"
    terms = [word.term for word in eager.reader.read(Post(text)).words]
    assert terms[-5:] == ["buy", "xanax", "online", "no", "prescription"]


def test_deep_nesting_is_read(eager):
    depth = 20_000
    text = "<div>" * depth + "buy xanax" + "</div>" * depth
    verdict = eager.score(Post(text, "html"))
    assert "xanax" in verdict.spans[0].text
