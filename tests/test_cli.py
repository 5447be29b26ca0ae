"""The command line as its users meet it: what goes in, what comes out, and what it says when something is wrong."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from pharmaspam.cli import app, run
from pharmaspam.detector import Detector
from pharmaspam.model import load, promote
from pharmaspam.records import Post

HERE = Path(__file__).parent
ADVERT = "xanax kopen zonder recept https://pills.example"
PLAIN = "Never stop clonazepam at once; taper with your doctor."
COMMANDS = ["score", "clean", "scan", "train", "evaluate", "model", "model list", "model show", "model verify", "model promote"]
SLOW = {"numpy", "pandas", "sklearn", "spacy", "scipy", "joblib", "jinja2", "matplotlib"}


@pytest.fixture(scope="module")
def model(detector: Detector, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("models") / "small"
    detector.model.save(folder, "# Model small\n")
    return str(folder)


@pytest.fixture
def feed(monkeypatch: pytest.MonkeyPatch):
    """Put bytes on standard input."""

    def put(content: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(content))))

    return put


def started(*arguments: str, **streams: Any) -> subprocess.Popen:
    everything = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
    return subprocess.Popen([sys.executable, "-m", "pharmaspam", *arguments], **everything)


def json_lines(*rows: dict) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


# help


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capsys):
    assert run([*command.split(), "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"Usage: pharmaspam {command}")
    assert command == "model" or f"  pharmaspam {command}" in said.partition("Examples:")[2]


def test_no_command_is_left_out_here():
    group = typer.main.get_command(app)
    inside = {f"model {name}" for name in group.commands["model"].commands}
    assert set(COMMANDS) == set(group.commands) | inside


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        pytest.param(["--help"], SLOW, id="help"),
        pytest.param(["scan", "--help"], SLOW, id="help of scan"),
        pytest.param(["score", "hello", "--json", "--model", "{model}"], SLOW - {"numpy"}, id="score"),
        pytest.param(["score", "--jsonl", "--file", os.devnull, "--model", "{model}"], SLOW - {"numpy"}, id="score lines"),
    ],
)
def test_slow_libraries_stay_out_of_quick_commands(arguments, unwanted, model):
    code = (
        f"import sys; from pharmaspam.cli import run; assert run({[part.format(model=model) for part in arguments]!r}) == 0;"
        f"found = {unwanted!r} & set(sys.modules); sys.exit(str(found) if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_version(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("pharmaspam ")


def test_no_command_shows_the_help_and_is_wrong_usage(capsys):
    assert run([]) == 2
    assert "Commands:" in capsys.readouterr().err


# wrong usage, bad input


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        pytest.param("scoer", 2, "No such command 'scoer'", id="unknown command"),
        pytest.param("score hi --what", 2, "No such option: --what", id="unknown option"),
        pytest.param("score hi there", 2, "unexpected extra argument", id="too many arguments"),
        pytest.param("score hi --format odt", 2, "'odt' is not one of", id="unknown format"),
        pytest.param("score hi --json --jsonl", 2, "exclude each other", id="json and jsonl"),
        pytest.param("score hi --jsonl", 2, "leave TEXT out", id="jsonl and text"),
        pytest.param("score hi --file {here}/a.txt", 2, "exclude each other; give one", id="text and file"),
        pytest.param("score hi --review 3 --model {model}", 2, "give a probability from 0 to 1", id="no probability"),
        pytest.param("score hi --review nan --model {model}", 2, "give a probability from 0 to 1", id="nan"),
        pytest.param("score hi --review 0.9 --block 0.1 --model {model}", 2, "raise block or lower review", id="block below review"),
        pytest.param("score --file {here}/none.txt --model {model}", 1, "none.txt: No such file or directory; check", id="missing file"),
        pytest.param("score --file {here} --model {model}", 1, "Is a directory; check", id="folder as file"),
        pytest.param("score --jsonl --file {here}/none.jsonl --model {model}", 1, "no such file; check the path", id="missing lines"),
        pytest.param("score hi --model {here}/none", 1, "no model there", id="missing model"),
        pytest.param("score hi --model {here}/damaged", 1, "does not match its SHA-256", id="damaged model"),
        pytest.param("model verify {here}/damaged", 1, "does not match its SHA-256", id="verify a damaged model"),
        pytest.param("model promote damaged --models {here}", 1, "does not match its SHA-256", id="promote a damaged model"),
        pytest.param("model promote none --models {here}", 1, "no model there", id="promote a missing model"),
        pytest.param("model list --models {here}/empty", 1, "no models in it", id="no models"),
        pytest.param("scan {here}/a.jsonl", 2, "Missing option '--out'", id="no out"),
        pytest.param("scan --out {here}/out", 2, "Missing argument 'SOURCE'", id="no source"),
        pytest.param("scan {here}/none.jsonl --out {here}/out --model {model}", 1, "no such file; check the path", id="missing source"),
        pytest.param("scan {here}/empty --out {here}/out --model {model}", 1, "no JSON lines in it", id="folder without sources"),
        pytest.param("scan {here}/a.txt --out {here}/out --model {model}", 1, "not JSON lines by its name", id="another kind of source"),
        pytest.param("scan {here}/a.jsonl --out {here}/a.txt --model {model}", 1, "is not a folder", id="file as folder"),
        pytest.param("scan {here}/a.jsonl --out {here}/out --workers 0 --model {model}", 2, "--workers", id="no workers"),
        pytest.param("train {here}/none.csv --out {here}/new", 1, "no such file; check the path", id="missing labels"),
        pytest.param("train {here}/empty --out {here}/new", 1, "name a file", id="folder without labels"),
        pytest.param("train {here}/a.jsonl --out {here}/new", 1, "a.jsonl:1: no column 'label'", id="no labels"),
        pytest.param("train {here}/a.jsonl --out {here}/empty", 1, "is there and is no model", id="out is another folder"),
        pytest.param(
            "evaluate {here}/a.jsonl --report {here}/r --model {model}", 1, "a.jsonl:1: no column 'label'", id="evaluate no labels"
        ),
        pytest.param("evaluate {posts} --oof {here}/a.jsonl --report {here}/r", 1, "a.jsonl:1: no out-of-fold verdict", id="no such oof"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(line, code, said, model, tmp_path, capsys):
    shutil.copytree(model, tmp_path / "damaged")
    (tmp_path / "damaged" / "vocabulary.txt").write_text("other", encoding="utf-8")
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.jsonl").write_bytes(json_lines({"text": "hello"}))
    (tmp_path / "a.txt").write_text("hello", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    assert run([part.format(here=tmp_path, model=model, posts=HERE / "data" / "posts") for part in line.split()]) == code
    out, errors = capsys.readouterr()
    (message,) = [row for row in errors.splitlines() if " s  " not in row[:12]]  # without the steps of a training
    assert message.startswith("pharmaspam: ")
    assert said in message
    assert not out
    assert sorted(tmp_path.rglob("*")) == before


# score


def test_a_post_is_shown_with_its_spans_marked(model, capsys):
    assert run(["score", f"Sleep well. {ADVERT}", "--model", model]) == 0
    said = capsys.readouterr().out
    assert "⟦" in said.partition(ADVERT)[0]
    assert f"{ADVERT}⟧" in said
    assert "drug: xanax" in said
    assert "block" in said


def test_a_verdict_as_json(model, detector, capsys):
    assert run(["score", ADVERT, "--json", "--model", model]) == 0
    assert json.loads(capsys.readouterr().out) == detector.score(ADVERT).to_json()


def test_a_post_comes_from_a_file_or_standard_input(model, tmp_path, feed, capsys):
    (tmp_path / "post.html").write_bytes(f"<p>{ADVERT}</p>\r\n".encode() + b"\xff")
    answers = []
    for arguments in (["--file", str(tmp_path / "post.html")], ["-"], [], ["--file", "-"]):
        feed((tmp_path / "post.html").read_bytes())
        assert run(["score", *arguments, "--json", "--model", model]) == 0
        answers.append(json.loads(capsys.readouterr().out))
    assert answers[0]["action"] == "block"
    assert answers == answers[:1] * 4


def test_the_format_can_be_told(model, detector, capsys):
    assert run(["score", f"<b>{ADVERT}</b>", "--format", "text", "--json", "--model", model]) == 0
    assert json.loads(capsys.readouterr().out) == detector.score(Post(f"<b>{ADVERT}</b>", format="text")).to_json()


def test_limits_can_be_moved(model, capsys):
    assert run(["score", ADVERT, "--review", "1", "--block", "1", "--seeking", "1", "--json", "--model", model]) == 0
    verdict = json.loads(capsys.readouterr().out)
    assert (verdict["action"], verdict["policy"]) == ("allow", "custom")


def test_the_name_of_a_file_is_not_its_content(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "post.txt").write_text(ADVERT, encoding="utf-8")
    assert run(["score", "post.txt", "--model", model]) == 0
    assert "use --file" in capsys.readouterr().err


def test_nothing_to_read_on_a_terminal_is_wrong_usage(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert run(["score"]) == 2
    assert "nothing to read" in capsys.readouterr().err


def test_lines_in_lines_out(model, detector, feed, capsys):
    rows = [{"id": 5, "text": ADVERT}, {"text": ""}, {"id": "a", "text": "\ud800", "format": "html", "title": ADVERT}]
    feed(json_lines(rows[0]) + b"\n" + json_lines(*rows[1:]))
    assert run(["score", "--jsonl", "--model", model]) == 0
    verdicts = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [verdict["id"] for verdict in verdicts] == [5, None, "a"]
    expected = detector.score_many(Post(row["text"], row.get("format", "auto"), title=row.get("title")) for row in rows)
    assert [verdict["score"] for verdict in verdicts] == [verdict.to_json()["score"] for verdict in expected]


def test_a_bad_line_is_named_after_the_verdicts_before_it(model, feed, capsys):
    feed(json_lines({"text": PLAIN}) + b"{bad\n" + json_lines({"text": PLAIN}))
    assert run(["score", "--jsonl", "--model", model]) == 1
    out, errors = capsys.readouterr()
    assert len(out.splitlines()) == 1
    assert errors.startswith("pharmaspam: standard input:2: not JSON")
    assert errors.endswith("fix the line or pass --skip-bad\n")


def test_bad_lines_can_be_skipped(model, tmp_path, capsys):
    (tmp_path / "a.jsonl").write_bytes(json_lines({"text": PLAIN}) + b"{bad\n" + json_lines({"text": PLAIN}))
    assert run(["score", "--jsonl", "--skip-bad", "--file", str(tmp_path / "a.jsonl"), "--model", model]) == 0
    out, errors = capsys.readouterr()
    assert len(out.splitlines()) == 2
    assert "a.jsonl:2: not JSON" in errors
    assert len(errors.splitlines()) == 1


def test_each_line_is_answered_at_once(model):
    with started("score", "--jsonl", "--model", model) as process:
        for number in range(3):
            process.stdin.write(json_lines({"id": number, "text": PLAIN}))
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == number
        process.stdin.close()
        assert process.wait() == 0


def test_a_reader_that_leaves_early_is_no_failure(model, tmp_path):
    (tmp_path / "a.jsonl").write_bytes(json_lines({"text": ADVERT}) * 3000)
    with started("score", "--jsonl", "--file", str(tmp_path / "a.jsonl"), "--model", model) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_an_interrupt_is_quiet(model):
    with started("score", "--jsonl", "--model", model) as process:
        process.stdin.write(json_lines({"text": PLAIN}))
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        assert process.stderr.read() == b"\n"


# clean


def test_an_allowed_post_comes_out_byte_for_byte(model, tmp_path, capfdbinary):
    content = b"\xef\xbb\xbfTake it with food.\r\n\xff\xfe\x00 End"
    (tmp_path / "post").write_bytes(content)
    assert run(["clean", "--file", str(tmp_path / "post"), "--model", model]) == 0
    out, errors = capfdbinary.readouterr()
    assert out == content
    assert errors == b"pharmaspam: allow: nothing removed\n"


def test_an_advert_is_cut_out(model, capsys):
    assert run(["clean", f"<p>Sleep well.</p> <p>{ADVERT}</p>", "--format", "html", "--model", model]) == 0
    out, errors = capsys.readouterr()
    assert out.startswith("<p>Sleep")
    assert "xanax" not in out
    assert "characters removed" in errors


# scan


def test_a_scan_prints_and_writes_what_it_found(model, tmp_path, capsys):
    (tmp_path / "a.jsonl").write_bytes(json_lines({"id": "one", "text": ADVERT}, {"id": "two", "text": PLAIN}) + b"{bad\n")
    assert run(["scan", str(tmp_path / "a.jsonl"), "--out", str(tmp_path / "out"), "--model", model]) == 0
    out, errors = capsys.readouterr()
    assert f"⟦{ADVERT}⟧" in out
    assert "2 posts" in out
    assert "1 flagged" in out
    assert "1 rejected" in out
    assert errors == ""
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["rejected.jsonl", "report.html", "verdicts.jsonl"]


def test_a_scan_takes_standard_input_and_a_limit(model, tmp_path, feed, capsys):
    feed(json_lines({"text": PLAIN}) * 9)
    assert run(["scan", "-", "--out", str(tmp_path), "--limit", "4", "--format", "csv", "--model", model]) == 0
    assert "4 posts" in capsys.readouterr().out
    assert len((tmp_path / "verdicts.csv").read_text(encoding="utf-8").splitlines()) == 5


def test_an_interrupted_scan_leaves_nothing_half_written_and_goes_on(model, tmp_path, capsys):
    (tmp_path / "a.jsonl").write_bytes(json_lines({"text": PLAIN}) * 4000)
    arguments = ["scan", str(tmp_path / "a.jsonl"), "--out", str(tmp_path / "out"), "--model", model]
    with started(*arguments) as process:
        while not (tmp_path / "out" / ".scan" / "checkpoint.json").exists() and process.poll() is None:
            pass
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate()
    assert (process.returncode, out, errors) == (130, b"", b"\n")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [".scan"]
    assert run(arguments) == 0
    assert "went on behind" in capsys.readouterr().err
    assert len((tmp_path / "out" / "verdicts.jsonl").read_bytes().splitlines()) == 4000


# train, evaluate, model


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model trained by the command, and its out-of-fold verdicts."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "phrases.tsv").write_text("lang\tkind\tphrase\nen\tkeyword\tbuy {drug} online\nnl\tanchor\t{drug} kopen\n", encoding="utf-8")
    data = ["--lexicon", str(HERE / "data" / "lexicon"), "--phrases", str(folder / "phrases.tsv"), "--folds", "2", "--jobs", "1"]
    out = ["--out", str(folder / "first"), "--made", "20", "--oof", str(folder / "oof.jsonl"), "--report", str(folder / "report")]
    assert run(["train", str(HERE / "data" / "posts"), *data, *out]) == 0
    return folder


def test_training_writes_a_model_with_a_card(made):
    model = load(made / "first")
    assert model.name == "first"
    assert model.facts["data"]["posts"] == 48
    assert model.facts["params"]["folds"] == 2
    assert model.facts["metrics"]["false_flags"]["total"] == 24
    card = (made / "first" / "CARD.md").read_text(encoding="utf-8")
    assert "| forum | 24 |" in card
    assert sorted(path.name for path in made.iterdir()) == ["first", "oof.jsonl", "phrases.tsv", "report"]
    figures = json.loads((made / "report" / "evaluation.json").read_text(encoding="utf-8"))
    assert figures["false_flags"] == model.facts["metrics"]["false_flags"]


def test_out_of_fold_verdicts_are_those_of_the_training_posts(made):
    rows = [json.loads(line) for line in (made / "oof.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == 48
    assert len({row["hash"] for row in rows}) == 48
    assert all(0 <= row["score"] <= 1 and row["action"] in ("allow", "review", "block") for row in rows)
    assert any(row["spans"] for row in rows)


def test_a_model_is_measured(made, capsys):
    posts = str(HERE / "data" / "posts")
    assert run(["evaluate", posts, "--model", str(made / "first"), "--report", str(made.parent / "report")]) == 0
    assert "AUC, illicit against legit" in capsys.readouterr().out
    assert (made.parent / "report" / "report.html").exists()


def test_out_of_fold_verdicts_are_measured_instead_of_a_model(made, tmp_path, capsys):
    arguments = ["evaluate", str(HERE / "data" / "posts"), "--model", str(made / "first"), "--oof", str(made / "oof.jsonl")]
    assert run([*arguments, "--report", str(tmp_path)]) == 0
    rows = [json.loads(line) for line in (made / "oof.jsonl").read_text(encoding="utf-8").splitlines()]
    figures = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    flagged = sum(figures[name]["hits"] for name in ("caught", "false_flags", "seeking_reviewed", "seeking_blocked"))
    assert flagged == sum(row["action"] != "allow" for row in rows)
    assert "out-of-fold verdicts" in figures["title"]


def test_models_are_listed_shown_verified_and_promoted(made, capsys):
    shutil.copytree(made / "first", made.parent / "several" / "first")
    shutil.copytree(made / "first", made.parent / "several" / "second")
    models = ["--models", str(made.parent / "several")]
    assert run(["model", "promote", "second", *models]) == 0
    assert run(["model", "list", *models]) == 0
    listed = capsys.readouterr().out
    assert [line.split()[:2] for line in listed.splitlines() if "→" in line] == [["→", "second"]]
    assert "first" in listed
    assert run(["model", "verify", str(made / "first")]) == 0
    assert "is whole" in capsys.readouterr().out
    assert run(["model", "show", str(made / "first")]) == 0
    shown = capsys.readouterr().out
    assert "48 posts of 2 sources" in shown
    assert "of 24 posts it had not seen" in shown
    assert run(["model", "show", str(made / "first"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "first"


def test_the_current_model_is_the_one_in_use(model, tmp_path, monkeypatch, capsys):
    shutil.copytree(model, tmp_path / "small")
    promote("small", tmp_path)
    monkeypatch.setattr("pharmaspam.model.models_folder", lambda: tmp_path)
    for chosen in ([], ["--model", "small"]):
        assert run(["score", ADVERT, "--json", *chosen]) == 0
        assert json.loads(capsys.readouterr().out)["model"] == "small"


def test_an_interrupted_training_leaves_nothing(tmp_path):
    data = [str(HERE / "data" / "posts"), "--lexicon", str(HERE / "data" / "lexicon"), "--phrases", str(HERE.parent / "data" / "phrases")]
    with started("train", *data, "--out", str(tmp_path / "m"), "--oof", str(tmp_path / "oof")) as process:
        for line in process.stderr:
            if b"reading" in line:
                break
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
    assert list(tmp_path.iterdir()) == []


def test_train_py_is_a_door_to_train():
    done = subprocess.run([sys.executable, HERE.parent / "train.py", "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: pharmaspam train")
