"""Archives: rows in, verdicts out, and the same rows however often a scan is cut off."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmaspam import archive
from pharmaspam.archive import ArchiveError, Chunk, Job, Mark, chunks, expand, judge, parse, scan, to_line
from pharmaspam.detector import Detector
from pharmaspam.errors import ModelError
from pharmaspam.policy import Policy
from pharmaspam.records import Post
from pharmaspam.tally import Tally

ADVERT = "xanax kopen zonder recept https://pills.example"
PLAIN = "Never stop clonazepam at once; taper with your doctor."
ROWS = [{"id": f"p-{n}", "text": ADVERT if n % 7 == 3 else f"{PLAIN} Week {n}."} for n in range(60)]


@pytest.fixture(scope="module")
def model(detector: Detector, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "small"
    detector.model.save(folder)
    return folder


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archive, "CHUNK_ROWS", 8)


def put(path: Path, rows, *, zipped: bool = False) -> Path:
    content = b"".join(row if isinstance(row, bytes) else to_line(row) for row in rows)
    path.write_bytes(gzip.compress(content) if zipped else content)
    return path


def lines_of(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Stop(Exception):
    pass


def stopping(after: int):
    """A progress that gives up at the chunk with this number."""
    left = iter(range(after))

    def told(now):
        if next(left, None) is None:
            raise Stop

    return told


# rows


def test_a_row_is_read_with_what_it_has():
    record = parse(b'{"id": 17, "text": "hello", "format": "html", "title": "T", "author": "ann", "created": "2025-01-02", "more": []}')
    assert record.post == Post("hello", "html", "17", "T")
    assert (record.id, record.author, record.created) == (17, "ann", "2025-01-02")


def test_only_the_text_is_needed():
    assert parse(b'\xef\xbb\xbf{"text": ""}').post == Post("", "auto", None, None)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        pytest.param(b"{bad", "not JSON", id="no JSON"),
        pytest.param(b'"text"', "not an object", id="no object"),
        pytest.param(b'{"id": 1}', "no text", id="no text"),
        pytest.param(b'{"text": null}', "no text", id="null"),
        pytest.param(b'{"text": 5}', "text is not a string", id="number"),
        pytest.param(b'{"text": "a", "id": [1]}', "id is neither", id="list as id"),
        pytest.param(b'{"text": "\xff"}', "not UTF-8 (byte 11)", id="not UTF-8"),
        pytest.param(b"[" * 200_000, "not JSON", id="deep nesting"),
        pytest.param(b'{"text": ' + b"9" * 5000 + b"}", "not JSON", id="a number of 5,000 digits"),
        pytest.param(None, "longer than", id="too long"),
    ],
)
def test_a_row_that_cannot_be_used_says_why(raw, reason):
    with pytest.raises(ArchiveError, match=reason.replace("(", r"\(").replace(")", r"\)")):
        parse(raw)


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3))
def test_any_text_makes_one_line_of_json(row):
    line = to_line(row)
    assert line.count(b"\n") == 1
    assert json.loads(line) == row


def test_a_lone_surrogate_survives():
    assert json.loads(to_line({"text": "a\ud800b"})) == {"text": "a\ud800b"}


# sources


def test_a_folder_stands_for_the_json_lines_in_it(tmp_path):
    for name in ("b.jsonl", "a.jsonl.gz", "notes.txt"):
        put(tmp_path / name, [])
    assert expand([str(tmp_path), "-"]) == [str(tmp_path / "a.jsonl.gz"), str(tmp_path / "b.jsonl"), "-"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(lambda at: [str(at / "none.jsonl")], "no such file; check the path", id="missing"),
        pytest.param(lambda at: [str(at)], r"no JSON lines in it \(\*\.jsonl, \*\.jsonl\.gz\); name a file", id="empty folder"),
        pytest.param(lambda at: [str(put(at / "a.csv", []))], "not JSON lines by its name", id="another kind"),
        pytest.param(lambda at: ["-", "-"], "named twice", id="standard input twice"),
    ],
)
def test_a_source_that_cannot_be_read_is_named(make, message, tmp_path):
    with pytest.raises(ArchiveError, match=message):
        expand(make(tmp_path))


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
def test_reading_goes_on_from_any_mark(zipped, tmp_path):
    sources = [str(put(tmp_path / f"{n}.jsonl", ROWS[20 * n : 20 * n + 20], zipped=zipped)) for n in range(3)]
    everything = list(chunks(sources))
    assert [line for chunk in everything for line in chunk.lines] == [to_line(row) for row in ROWS]
    for number, chunk in enumerate(everything):
        assert list(chunks(sources, chunk.end)) == everything[number + 1 :]
    assert everything[-1].end.rows == 60
    assert everything[-1].end.read == sum(os.path.getsize(source) for source in sources)


def test_the_last_line_needs_no_end(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b'{"text": "a"}\n\n{"text": "b"}')
    assert [chunk.end.rows for chunk in chunks([str(tmp_path / "a.jsonl")])] == [2]


def test_a_limit_counts_rows_of_all_sources(tmp_path):
    sources = [str(put(tmp_path / f"{n}.jsonl", ROWS[:12])) for n in range(3)]
    assert sum(len(chunk.lines) for chunk in chunks(sources, limit=19)) == 19


def test_an_endless_line_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "MAX_LINE", 100)
    source = put(tmp_path / "a.jsonl", [{"text": "a"}, {"text": "b" * 1000}, {"text": "c"}])
    (chunk,) = chunks([str(source)])
    assert chunk.lines == [b'{"text": "a"}\n', None, b'{"text": "c"}\n']
    assert chunk.end.read == os.path.getsize(source)


def test_a_cut_gzip_is_read_up_to_the_cut(tmp_path, detector):
    content = put(tmp_path / "a.jsonl.gz", [{"text": f"{n} {os.urandom(40).hex()}"} for n in range(200)], zipped=True).read_bytes()
    (tmp_path / "a.jsonl.gz").write_bytes(content[: len(content) // 2])
    everything = list(chunks([str(tmp_path / "a.jsonl.gz")]))
    assert "damaged from here on" in everything[-1].broken
    judged = [judge(detector, chunk) for chunk in everything]
    assert 50 < sum(part.tally.posts for part in judged) < 150
    assert sum(part.tally.rejected for part in judged) in (1, 2)  # the damage, and the half line before it
    assert list(chunks([str(tmp_path / "a.jsonl.gz")], everything[-1].end)) == []


# judging


def test_what_is_no_post_is_rejected_with_its_place(detector):
    chunk = Chunk("a.jsonl", 5, [b'{"text": "a"}\n', b"\n", b"{bad\n", None, to_line({"id": 3, "text": ADVERT, "author": "ann"})], Mark())
    judged = judge(detector, chunk)
    rejected = [json.loads(line) for line in judged.rejected.splitlines()]
    assert [(row["source"], row["line"]) for row in rejected] == [("a.jsonl", 7), ("a.jsonl", 8)]
    verdicts = [json.loads(line) for line in judged.verdicts.splitlines()]
    assert [(row["id"], row["line"], row["action"]) for row in verdicts] == [("a.jsonl:5", 5, "allow"), (3, 9, "block")]
    (flagged,) = (json.loads(line) for line in judged.flagged.splitlines())
    assert flagged["author"] == "ann"
    assert [span["text"] for span in flagged["spans"]] == [ADVERT]
    assert (judged.tally.posts, judged.tally.rejected, judged.tally.caught) == (2, 2, 1)


def test_a_post_that_breaks_the_scorer_does_not_end_the_scan(detector, monkeypatch):
    monkeypatch.setattr(detector, "score", lambda post: {}[0])
    judged = judge(detector, Chunk("a", 1, [b'{"text": "a"}'], Mark()))
    assert "could not be scored (KeyError: 0)" in json.loads(judged.rejected)["reason"]


def test_tallies_add_up(detector):
    rows = [to_line(row) for row in ROWS]
    whole = judge(detector, Chunk("a", 1, rows, Mark())).tally
    halves = judge(detector, Chunk("a", 1, rows[:31], Mark())).tally + judge(detector, Chunk("a", 32, rows[31:], Mark())).tally
    assert whole == halves
    assert Tally.of(json.loads(json.dumps(whole.to_json()))) == whole


# scanning


def test_a_scan_says_what_the_detector_says(model, detector, tmp_path):
    source = put(tmp_path / "a.jsonl", ROWS)
    summary = scan(Job((str(source),), tmp_path / "out", model))
    rows = lines_of(tmp_path / "out" / "verdicts.jsonl")
    for number, (given_row, row) in enumerate(zip(ROWS, rows, strict=True), 1):
        assert (row.pop("source"), row.pop("line")) == (str(source), number)
        assert row == detector.score(Post(given_row["text"], id=given_row["id"])).to_json()
    assert summary.tally.caught == 9
    assert {post.id for post in summary.flagged} == {row["id"] for row in rows if row["action"] != "allow"}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["report.html", "verdicts.jsonl"]


def test_columns_are_the_same_in_every_kind(model, tmp_path):
    hostile = [{"id": "=1+1", "text": f"{ADVERT} \ud800 \x00 ⟦", "title": 'a"b,c'}, {"text": ""}, {"id": 7, "text": PLAIN}]
    source = str(put(tmp_path / "a.jsonl", hostile))
    for kind in archive.KINDS:
        scan(Job((source,), tmp_path, model, kind=kind))
    rows = lines_of(tmp_path / "verdicts.jsonl")
    with (tmp_path / "verdicts.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    frame = pd.read_parquet(tmp_path / "verdicts.parquet")
    assert list(table[0]) == list(frame.columns) == list(archive.COLUMNS)
    for row, cells, (_, values) in zip(rows, table, frame.iterrows(), strict=True):
        assert set(row) == set(archive.COLUMNS)
        assert str(row["id"]) == cells["id"] == values["id"]
        assert row["score"] == float(cells["score"]) == values["score"]
        assert row["spans"] == json.loads(cells["spans"])
        assert [span["start"] for span in row["spans"]] == [span["start"] for span in values["spans"]]


@pytest.mark.parametrize("after", [0, 1, 3, 6, 7])
def test_a_scan_that_was_cut_off_goes_on(after, model, tmp_path):
    bad = [b"{bad\n", *ROWS[:20], b"\n", b"[]\n", *ROWS[20:]]
    job = Job((str(put(tmp_path / "a.jsonl", bad)), str(put(tmp_path / "b.jsonl.gz", ROWS, zipped=True))), tmp_path / "out", model)
    undisturbed = scan(Job(job.sources, tmp_path / "whole", model))
    with pytest.raises(Stop):
        scan(job, stopping(after))
    assert [path.name for path in job.out.iterdir()] == [".scan"]
    for part in ("verdicts", "rejected", "flagged"):  # what a killed process had written behind its checkpoint
        with (job.out / ".scan" / f"{part}.jsonl").open("ab") as file:
            file.write(b'{"half a li')
    summary = scan(job)
    assert summary.resumed > 0
    assert summary.tally == undisturbed.tally
    for name in ("verdicts.jsonl", "rejected.jsonl"):
        assert (job.out / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not (job.out / ".scan").exists()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda job, at: put(at / "a.jsonl", ROWS[:30]), id="other rows"),
        pytest.param(lambda job, at: (job.out / ".scan" / "checkpoint.json").write_text('{"job": 5'), id="damaged checkpoint"),
        pytest.param(lambda job, at: (job.out / ".scan" / "verdicts.jsonl").write_bytes(b""), id="lost part"),
    ],
)
def test_a_scan_starts_anew_where_it_cannot_go_on(change, model, tmp_path):
    job = Job((str(put(tmp_path / "a.jsonl", ROWS)),), tmp_path / "out", model)
    with pytest.raises(Stop):
        scan(job, stopping(3))
    change(job, tmp_path)
    assert scan(job).resumed == 0
    rows = lines_of(job.out / "verdicts.jsonl")
    assert [row["line"] for row in rows] == list(range(1, len(rows) + 1))


def test_other_limits_are_another_scan(model, tmp_path):
    job = Job((str(put(tmp_path / "a.jsonl", ROWS)),), tmp_path / "out", model)
    with pytest.raises(Stop):
        scan(job, stopping(3))
    assert scan(Job(job.sources, job.out, model, Policy("custom", review=0.0))).resumed == 0
    assert {row["policy"] for row in lines_of(job.out / "verdicts.jsonl")} == {"custom"}


def test_a_killed_scan_goes_on(model, tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "CHUNK_ROWS", 256)
    job = Job((str(put(tmp_path / "a.jsonl", ROWS * 60)),), tmp_path / "out", model)
    undisturbed = scan(Job(job.sources, tmp_path / "whole", model))
    command = [sys.executable, "-m", "pharmaspam", "scan", *job.sources, "--out", str(job.out), "--model", str(model)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not (job.out / ".scan" / "checkpoint.json").exists() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (job.out / "verdicts.jsonl").exists()
    summary = scan(job)
    assert 0 < summary.resumed < 3600
    assert summary.tally == undisturbed.tally
    assert (job.out / "verdicts.jsonl").read_bytes() == (tmp_path / "whole" / "verdicts.jsonl").read_bytes()


def test_workers_change_nothing_in_the_rows(model, tmp_path):
    job = Job((str(put(tmp_path / "a.jsonl", [*ROWS, b"{bad\n", *ROWS])),), tmp_path / "one", model)
    one = scan(job)
    two = scan(Job(job.sources, tmp_path / "two", model, workers=2))
    assert one.tally == two.tally
    for name in ("verdicts.jsonl", "rejected.jsonl"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_two_scans_do_not_share_a_folder(model, tmp_path):
    job = Job((str(put(tmp_path / "a.jsonl", ROWS)),), tmp_path / "out", model)
    with pytest.raises(ArchiveError, match="another scan is writing there"):
        scan(job, lambda now: scan(job))


def test_standard_input_is_never_resumed(model, tmp_path, monkeypatch):
    for _ in range(2):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(b"".join(map(to_line, ROWS))))))
        summary = scan(Job(("-",), tmp_path / "out", model))
        assert (summary.resumed, summary.tally.posts) == (0, 60)


def test_old_rejects_do_not_outlive_a_clean_scan(model, tmp_path):
    scan(Job((str(put(tmp_path / "a.jsonl", [b"{bad\n"])),), tmp_path / "out", model))
    assert (tmp_path / "out" / "rejected.jsonl").exists()
    scan(Job((str(put(tmp_path / "a.jsonl", ROWS)),), tmp_path / "out", model))
    assert not (tmp_path / "out" / "rejected.jsonl").exists()


def test_an_empty_archive_has_a_report(model, tmp_path):
    summary = scan(Job((str(put(tmp_path / "a.jsonl", [])),), tmp_path / "out", model))
    assert summary.tally == Tally()
    assert "Nothing was flagged." in summary.report.read_text(encoding="utf-8")


def test_a_damaged_model_stops_before_anything_is_written(model, tmp_path):
    with pytest.raises(ModelError):
        scan(Job((str(put(tmp_path / "a.jsonl", ROWS)),), tmp_path / "out", tmp_path))
    assert not (tmp_path / "out").exists()


def test_a_file_is_no_folder_to_write_to(model, tmp_path):
    source = put(tmp_path / "a.jsonl", ROWS)
    with pytest.raises(ArchiveError, match="is not a folder; choose another --out"):
        scan(Job((str(source),), source, model))
