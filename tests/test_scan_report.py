"""The report of a scan: hostile text stays text, and the page asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from pharmaspam.excerpt import excerpt
from pharmaspam.policy import Policy
from pharmaspam.records import Span
from pharmaspam.scan_report import duration, grouped, render, share
from pharmaspam.tally import BINS, Flagged, Summary, Tally

HOSTILE = "<script>alert(1)</script> \"'><img src=x onerror=alert(2)> javascript:alert(3) {{ 7*7 }} \x00 \u202e \ud800 xanax kopen"


def flagged(text: str, label: str = "illicit", action: str = "block") -> Flagged:
    start = text.index("xanax")
    spans = (Span(start, len(text), text[start:], 0.98, ("drug: xanax", text)),)
    return Flagged(text, text, 1, 0.99, 0.1, label, action, "en", text, text, text, excerpt(text, spans), spans)


def summary(*posts: Flagged, tally: Tally | None = None) -> Summary:
    scores = [0] * BINS
    scores[0], scores[-1] = 1234, len(posts)
    tally = tally or Tally(1234 + len(posts), 2, scores=scores)
    tally.actions.update({"allow": 1234, "block": len(posts)})
    tally.languages.update({"en": 1000, "nl": 230, "und": 4 + len(posts)})
    policy = Policy("default", 0.6, 0.9, 0.7)
    out = Path("out")
    return Summary(
        ("a.jsonl",), out / "verdicts.jsonl", None, out / "report.html", "m", policy, "2026-01-02T03:04:05+00:00", 61.0, 0, tally, posts
    )


class Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def test_hostile_text_is_shown_as_text():
    page = render(summary(flagged(HOSTILE)))
    elements = Elements(page).found
    assert not {tag for tag, _ in elements} & {"script", "img", "a", "iframe", "object", "form", "link", "base"}
    assert not [name for _, attrs in elements for name in attrs if name.startswith("on") or name in ("href", "src", "style", "action")]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7*7 }}" in page
    page.encode("utf-8", "replace")


def test_the_page_forbids_everything_but_its_own_style():
    page = render(summary(flagged(HOSTILE)))
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)[1]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style
    assert "://" not in page.replace(HOSTILE, "")


def test_spans_are_marked_with_their_reasons():
    page = render(summary(flagged("where to xanax kopen")))
    assert "where to <mark>xanax kopen</mark>" in page
    assert "<i>drug: xanax</i>" in page


def test_who_asks_is_not_shown_as_an_advert():
    page = render(summary(flagged("xanax?", "seeking", "review")))
    assert '<article class="seeking">' in page
    assert '<span class="score">0.100</span>' in page


def test_the_histogram_has_a_bar_for_every_score_met():
    page = render(summary(flagged("xanax")))
    assert page.count("<rect") == 2 + 3  # two scores, three languages
    assert f"{grouped(1234)} posts</title>" in page


@pytest.mark.parametrize(
    ("found", "shown"),
    [(share(1, 3), "33 %"), (share(1, 200), "0.5 %"), (share(1, 20_000), "0.005 %"), (share(0, 5), "0 %"), (share(0, 0), "0 %")],
)
def test_shares(found, shown):
    assert found == shown


@pytest.mark.parametrize(("seconds", "shown"), [(4.24, "4.2 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (3599.7, "1 h 0 min")])
def test_durations(seconds, shown):
    assert duration(seconds) == shown
