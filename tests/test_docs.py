"""Docs that cannot lie: what they name exists, what exists they name, and what they show runs."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import typer

import pharmaspam
from pharmaspam import archive, errors
from pharmaspam.archive import parse
from pharmaspam.cli import app
from pharmaspam.detector import Detector
from pharmaspam.records import FORMATS, Post
from pharmaspam.scan_report import grouped

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
GUIDES = [path for path in PAGES if path.name != "article.md"]
SAMPLE = ROOT / "data" / "sample"


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def commands() -> dict[str, set[str]]:
    """The options of every command, by its name."""
    found: dict[str, set[str]] = {}

    def walk(command, name: str) -> None:
        if hasattr(command, "commands"):
            for key, inner in command.commands.items():
                walk(inner, f"{name} {key}".strip())
        else:
            found[name] = {option for param in command.params for option in param.opts if option.startswith("-")}

    walk(typer.main.get_command(app), "")
    return found


def used() -> list[tuple[str, str, list[str]]]:
    """Every call of the command in the guides: where, which command, with what."""
    calls = []
    for path in GUIDES:
        for line in "\n".join(blocks(path, "sh")).splitlines():
            for part in re.split(r"\||&&", line.split("#")[0]):
                words = shlex.split(part.split(">")[0].split("<")[0])
                if words and words[0].rpartition("/")[2] == "pharmaspam":
                    size = 3 if words[1] == "model" else 2
                    calls.append((path.name, " ".join(words[1:size]), words[size:]))
    return calls


@pytest.mark.parametrize("command", commands())
def test_the_reference_names_every_command_and_option(command):
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    kind = "model" if command.startswith("model ") else command
    section = text.partition(f"### `pharmaspam {kind}")[2].partition("\n#")[0]
    assert section, command
    assert command == kind or f"`{command}" in section
    assert {option for option in commands()[command] if f"`{option}`" not in section} == set()


def test_the_reference_names_no_option_that_is_none():
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8").partition("## Python")[0]
    known = set().union(*commands().values()) | {"-h", "--help", "--version"}
    assert set(re.findall(r"`(--?[a-z][a-z-]*)`", text)) <= known


def test_the_reference_names_what_is_exported_and_every_error():
    text = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    names = {*pharmaspam.__all__, *(name for name in (*vars(errors), *vars(archive)) if name.endswith("Error"))}
    assert [name for name in sorted(names) if not re.search(rf"`{name}\b", text)] == []


def test_the_reference_has_the_keys_of_a_verdict(detector: Detector):
    (example,) = blocks(ROOT / "docs" / "reference.md", "json")
    verdict = detector.score("xanax kopen zonder recept https://pills.example").to_json()
    assert list(json.loads(example)) == list(verdict)
    assert list(json.loads(example)["spans"][0]) == list(verdict["spans"][0])
    span = json.loads(example)["spans"][0]
    assert span["end"] - span["start"] == len(span["text"])


@pytest.mark.parametrize(("page", "command", "words"), [pytest.param(*call, id=" ".join([call[0], call[1], *call[2]])) for call in used()])
def test_commands_in_the_guides_exist(page, command, words):
    options = commands()
    assert command in options or command == "COMMAND", page
    assert {word for word in words if word.startswith("--")} <= options.get(command, set()) | {"--help"}


def test_the_guides_use_every_command():
    assert {command for _, command, _ in used()} >= set(commands())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    targets = [
        target for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)) if "://" not in target
    ]
    assert [target for target in targets if not (path.parent / target.split("#")[0]).exists()] == []


@pytest.mark.parametrize("path", [path for path in GUIDES if blocks(path, "python")], ids=lambda path: path.name)
def test_python_in_the_guides_runs(path, released, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    for block in blocks(path, "python"):
        exec(compile(block, path.name, "exec"), names)


def test_the_article_in_the_picture_is_flagged_for_its_phrase(released):
    post = Post((ROOT / "docs" / "article.md").read_text(encoding="utf-8"), format="markdown")
    verdict = released.score(post)
    assert verdict.action != "allow"
    assert "xanax kopen" in " ".join(span.text for span in verdict.spans)


def test_the_readme_has_one_command_that_scans_and_one_that_tests():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for kind, does in (("scan", "pharmaspam scan data/sample --out out"), ("test", "pytest")):
        (command,) = re.findall(rf"^<!-- {kind} command -->\n```sh\n([^\n]+)\n```$", text, re.MULTILINE)
        assert command.startswith("python3 -m venv .venv && .venv/bin/pip install ")
        assert command.endswith(does)
    assert len(text.splitlines()) <= 140


# the sample archive


def sample() -> list[dict]:
    return [json.loads(line) for path in sorted(SAMPLE.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_sample_archive_is_what_its_readme_says():
    text = (SAMPLE / "README.md").read_text(encoding="utf-8")
    for path in SAMPLE.glob("*.jsonl"):
        rows = path.read_text(encoding="utf-8").splitlines()
        assert f"`{path.name}` ({len(rows)} posts)" in text
        assert all(parse(row.encode()).id for row in rows)
    rows = sample()
    threads = {row["id"].partition("-")[0] for row in rows}
    assert f"{len(threads)} threads" in text
    assert f"({grouped(len(rows))} invented posts)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert len({row["id"] for row in rows}) == len(rows)
    assert [row["created"] for row in rows] == sorted(row["created"] for row in rows)


def test_the_sample_archive_tells_nothing_but_what_a_forum_knows():
    assert {key for row in sample() for key in row} == {"id", "created", "author", "title", "format", "text"}
    assert {row.get("format", "auto") for row in sample()} == set(FORMATS)
    hosts = re.findall(r"https?://([\w.-]+)", " ".join(row["text"] for row in sample()))
    assert hosts
    assert all(host.endswith(".example") for host in hosts)


def test_no_post_of_the_sample_archive_was_trained_on():
    def runs(text: str) -> set[str]:
        words = text.lower().replace("⟦", "").replace("⟧", "").split()
        return {" ".join(words[at : at + 7]) for at in range(len(words) - 6)} | {" ".join(words)}

    ours = set().union(*(runs(row["text"]) for row in sample()))
    files = sorted((ROOT / "data" / "posts").glob("*.jsonl"))
    assert files
    for path in files:
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not runs(json.loads(line)["text"]) & ours, path.name
