"""`benchmarks/quality/replay.py`: out-of-fold verdicts as a scorer."""

from __future__ import annotations

import hashlib
import io
import json
import runpy

import pytest

from conftest import ROOT

SCRIPT = ROOT / "benchmarks" / "quality" / "replay.py"
if not SCRIPT.exists():
    pytest.skip("benchmarks are not in this copy of the project", allow_module_level=True)
SPAN = {"start": 1, "end": 4, "text": "uy ", "score": 0.9, "reasons": []}


def row(text, digits=16, **more):
    name = {"sha": hashlib.sha256(text.encode()).hexdigest()[:digits]}
    return {"id": "x", **name, "score": 0.9, "seeking": 0.1, "label": "illicit", "action": "review", "spans": [SPAN], **more}


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Exit code, output and words of the script on an out-of-fold file and standard input."""
    main = runpy.run_path(str(SCRIPT))["main"]

    def call(rows, lines):
        path = tmp_path / "oof.jsonl"
        path.write_text("".join(f"{r if isinstance(r, str) else json.dumps(r)}\n" for r in rows), encoding="utf-8")
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("".join(f"{line}\n" for line in lines).encode())))
        code = main([str(path)])
        said = capsys.readouterr()
        return code, [json.loads(line) for line in said.out.splitlines()], said.err

    return call


def post(text, number=0):
    return json.dumps({"id": f"p{number}", "text": text, "format": "text"})


def test_verdicts_come_in_the_order_asked(run):
    rows = [row("buy it", score=0.8), row("a b", score=0.2, action="allow", spans=[])]
    code, out, _ = run(rows, [post("a b", 1), post("buy it", 2), post("a b", 3)])
    assert code == 0
    assert [(line["id"], line["score"], line["action"]) for line in out] == [
        ("p1", 0.2, "allow"),
        ("p2", 0.8, "review"),
        ("p3", 0.2, "allow"),
    ]
    assert out[1] == {"id": "p2", "score": 0.8, "seeking": 0.1, "action": "review", "spans": [{"start": 1, "end": 4}]}


def test_the_shorter_name_of_a_text_is_known_too(run):
    short = row("buy it")
    short["hash"] = short.pop("sha")[:12]
    assert run([short], [post("buy it")])[0] == 0


def test_a_text_that_is_not_there_is_an_error(run):
    code, out, words = run([row("buy it")], [post("buy it"), post("sell it", 7)])
    assert (code, len(out)) == (1, 1)
    assert "standard input:2: post 'p7' is not in the file" in words


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param("{", id="no JSON"),
        pytest.param("[]", id="no object"),
        pytest.param(json.dumps({"sha": "0" * 16}), id="no score"),
        pytest.param(json.dumps({k: v for k, v in row("a").items() if k != "sha"}), id="no name"),
        pytest.param(json.dumps(row("a", digits=4)), id="a name too short"),
    ],
)
def test_a_line_that_is_no_verdict_is_an_error(bad, run):
    code, out, words = run([row("buy it"), bad], [post("buy it")])
    assert (code, out) == (1, [])
    assert "oof.jsonl:2: no out-of-fold verdict" in words


def test_a_post_without_text_is_an_error(run):
    assert "standard input:1: not a post" in run([row("buy it")], ['{"id": 1}'])[2]
