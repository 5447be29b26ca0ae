"""The report of an evaluation: files, tables, plots, one page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from pharmaspam import evaluation_plots
from pharmaspam.evaluation import Evaluation, evaluate
from pharmaspam.evaluation_plots import DARK, LIGHT, PLOTS, draw
from pharmaspam.evaluation_report import Table, markdown, percent, render, tables, write
from pharmaspam.records import Labelled, Post, Span, Verdict

HOSTILE = '</p><script>alert(1)</script><img src="https://x.example/a.png" onerror="alert(2)">'


def judged(label, score, text="some words", **more):
    action = "block" if score >= 0.9 else "review" if score >= 0.5 else "allow"
    spans = (Span(0, 4, reasons=(f"drug: {text}",)),) if action != "allow" else ()
    return Labelled(Post(text, id=f"{text[:20]}-{score}"), label, **more), Verdict(score, 0.1, "legit", action, spans=spans, model="small")


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    rows = [judged("legit", 0.05 * (i % 13), lang="en", scenario="tapering", pair=f"p{i}") for i in range(40)]
    rows += [judged("illicit", 0.4 + 0.05 * (i % 12), lang="nl", scenario="advert", pair=f"p{i}", spans=((0, 6),)) for i in range(30)]
    rows += [judged("seeking", 0.3, lang="de") for _ in range(5)]
    rows += [judged("legit", 0.97, HOSTILE, lang="$\\frac{", scenario=HOSTILE), judged("illicit", 0.01, HOSTILE, lang="\x01$")]
    return evaluate([post for post, _ in rows], [verdict for _, verdict in rows], resamples=30)


@pytest.fixture(scope="module")
def page(evaluation) -> str:
    return render(evaluation, 'A title with <b>tags</b> & "quotes"')


class Collector(HTMLParser):
    """Tags, attributes and the nesting of a page."""

    VOID = ("meta", "img", "source", "link", "br")

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.open, self.wrong = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.wrong.append(tag)


@pytest.fixture(scope="module")
def parsed(page) -> Collector:
    collector = Collector()
    collector.feed(page)
    return collector


def test_the_page_is_well_formed(parsed):
    assert parsed.open == parsed.wrong == []


def test_no_post_can_put_a_tag_on_the_page(parsed, page):
    assert "script" not in parsed.tags
    assert not any(name.startswith("on") for name, _ in parsed.attributes)
    assert "&lt;script&gt;" in page
    assert "<b>tags</b>" not in page


def test_the_page_needs_nothing_but_itself(parsed):
    sources = [value for name, value in parsed.attributes if name in ("src", "srcset", "href")]
    assert len(sources) == 2 * len(PLOTS)
    assert all(value.startswith("data:image/svg+xml;base64,") for value in sources)


def test_the_page_forbids_what_it_does_not_need(parsed, page):
    policy = next(value for name, value in parsed.attributes if name == "content" and "default-src" in value)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    assert "style" not in dict(parsed.attributes)


def test_the_page_shows_worst_errors_with_their_words(page):
    assert page.index("Legitimate posts flagged") < page.index("drug: &lt;/p&gt;") < page.index("Illicit posts missed")


def test_all_files_are_there_and_nothing_else(evaluation, tmp_path):
    paths = write(evaluation, tmp_path / "new" / "report", "A title")
    names = {"evaluation.json", "tables.md", "report.html", "precision_recall.png", "reliability.png", "scores.png", "slices.png"}
    assert {path.name for path in paths} == names == {path.name for path in (tmp_path / "new" / "report").iterdir()}
    assert all((tmp_path / "new" / "report" / name).read_bytes().startswith(b"\x89PNG") for name in names if name.endswith(".png"))
    written = json.loads((tmp_path / "new" / "report" / "evaluation.json").read_text(encoding="utf-8"))
    assert (written["title"], written["model"]) == ("A title", "small")


def test_a_report_that_cannot_be_made_leaves_the_old_one(evaluation, tmp_path, monkeypatch):
    write(evaluation, tmp_path, "The old one")
    monkeypatch.setitem(PLOTS, "scores", (lambda *_: 1 / 0, (4, 4), "broken"))
    with pytest.raises(ZeroDivisionError):
        write(evaluation, tmp_path, "The new one")
    assert "The old one" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_without_matplotlib_there_are_numbers_and_no_pictures(evaluation, tmp_path, monkeypatch):
    monkeypatch.setattr(evaluation_plots, "find_spec", lambda name: None)
    names = {path.name for path in write(evaluation, tmp_path, "Plain")}
    assert names == {"evaluation.json", "tables.md", "report.html"}
    assert "matplotlib is not installed" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PLOTS)
def test_plots_are_the_same_each_time_and_differ_by_theme(name, evaluation):
    light = draw(name, evaluation, LIGHT, "svg")
    assert light == draw(name, evaluation, LIGHT, "svg") != draw(name, evaluation, DARK, "svg")
    ElementTree.fromstring(light.decode())  # a control character in a language would break it


@pytest.mark.parametrize("label", ["legit", "illicit"])
@pytest.mark.parametrize("name", PLOTS)
def test_one_label_alone_can_be_drawn(name, label):
    rows = [judged(label, 0.3), judged(label, 0.6)]
    assert draw(name, evaluate([post for post, _ in rows], [verdict for _, verdict in rows]), LIGHT, "svg")


def test_one_label_alone_makes_tables():
    assert tables(evaluate([judged("seeking", 0.3)[0]], [judged("seeking", 0.3)[1]]))


def test_tables(evaluation):
    titles = [table.title for table in tables(evaluation)]
    assert titles[:3] == ["Figures", "Precision at stated prevalence", "Patients"]
    assert all(len(row) == len(table.head) for table in tables(evaluation) for row in table.rows)


def test_markdown_keeps_its_cells_apart():
    text = markdown(Table("Title", ("a", "b"), (("one | two\nthree", "4"),), "A note."))
    assert text.splitlines() == ["## Title", "", "A note.", "", "| a | b |", "|---|--:|", "| one \\| two three | 4 |"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0.0, "0 %"),
        (0.0003, "0.03 %"),
        (0.0062, "0.62 %"),
        (0.05, "5.0 %"),
        (0.873, "87.3 %"),
        (0.9996, "99.96 %"),
        (1.0, "100 %"),
    ],
)
def test_percent(value, text):
    assert percent(value) == text
