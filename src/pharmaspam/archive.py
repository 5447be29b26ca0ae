"""Archives: JSON lines in, verdicts out; a scan in chunks that goes on where it was cut off.

Until a scan is done it lives in the hidden folder `.scan` of its output folder: verdicts, rejected rows and flagged posts
as growing files of JSON lines, and a checkpoint that says how much of each counts and where in the sources reading goes on.
What stands behind the checkpoint is cut off before going on, so that a scan killed at any moment ends with the same rows.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import heapq
import io
import json
import os
import shutil
import signal
import sys
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Final, Literal, cast, get_args

import pharmaspam
from pharmaspam.errors import PharmaspamError
from pharmaspam.excerpt import excerpt
from pharmaspam.policy import Policy
from pharmaspam.records import Post, Verdict
from pharmaspam.tally import Flagged, Summary, Tally

if TYPE_CHECKING:
    from concurrent.futures import Future

    from pharmaspam.detector import Detector

Kind = Literal["jsonl", "csv", "parquet"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
SUFFIXES: Final = (".jsonl", ".ndjson", ".json", ".jsonl.gz", ".ndjson.gz", ".json.gz")
STDIN: Final = "-"
MAX_LINE: Final = 1 << 26  # a longer line is no post; it would only fill the memory
CHUNK_ROWS, CHUNK_BYTES = 256, 1 << 20
SHOWN: Final = 1000  # flagged posts in the report, highest scores first
COLUMNS: Final = ("id", "source", "line", "score", "seeking", "label", "action", "language", "spans", "model", "policy")
_GZIP = b"\x1f\x8b"
_PARTS: Final = ("verdicts", "rejected", "flagged")


class ArchiveError(PharmaspamError):
    """A source cannot be read, or a row of it cannot be used, or a scan cannot go on."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row of JSON lines.

    id : as it stands in the row, None where it has none
    """

    post: Post
    id: str | int | float | None = None
    author: str = ""
    created: str = ""


def parse(raw: bytes | None) -> Record:
    """The record in one line of JSON, None for one that was too long. Raises ArchiveError that says what is wrong with it."""
    if raw is None:
        raise ArchiveError(f"longer than {MAX_LINE >> 20} MB")
    try:
        row = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ArchiveError(f"not UTF-8 (byte {error.start + 1})") from error
    except json.JSONDecodeError as error:
        raise ArchiveError(f"not JSON ({error.msg.removesuffix(' at')}, character {error.pos + 1})") from error
    except (ValueError, RecursionError) as error:
        raise ArchiveError(f"not JSON ({error})") from error
    if not isinstance(row, dict):
        raise ArchiveError("not an object with a text")
    if not isinstance(text := row.get("text"), str):
        raise ArchiveError("no text" if text is None else "text is not a string")
    key = row.get("id")
    if key is not None and not isinstance(key, str | int | float):
        raise ArchiveError("id is neither a string nor a number")
    markup, title = row.get("format"), row.get("title")
    post = Post(
        text,
        format=markup if isinstance(markup, str) else "auto",
        id=None if key is None else str(key),
        title=title if isinstance(title, str) else None,
    )
    return Record(post, key, str(row.get("author") or ""), str(row.get("created") or ""))


def to_line(row: dict[str, Any]) -> bytes:
    """One line of JSON in UTF-8. A lone surrogate, which UTF-8 cannot hold, makes the whole line ASCII with escapes."""
    try:
        return json.dumps(row, ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        return json.dumps(row).encode() + b"\n"


def score_lines(stream: IO[bytes], detector: Detector, *, name: str, markup: str = "auto", bad: Callable[[str], None]) -> Iterator[bytes]:
    """Verdicts of JSON lines as JSON lines, one by one in the same order; blank lines are passed over.

    markup : the format of posts that do not say theirs
    bad : called with "name:line: what is wrong" for a line that is no post; it may raise
    """
    for number, (raw, _) in enumerate(_lines(stream), 1):
        if raw is not None and not raw.strip():
            continue
        try:
            record = parse(raw)
        except ArchiveError as error:
            bad(f"{name}:{number}: {error}; fix the line or pass --skip-bad")
            continue
        post = replace(record.post, format=markup) if record.post.format == "auto" else record.post
        yield to_line(detector.score(post).to_json() | {"id": record.id})


def expand(sources: Iterable[str]) -> list[str]:
    """`sources` with every folder replaced by the JSON lines in it, by name. Raises ArchiveError for what cannot be read."""
    found: list[str] = []
    for source in sources:
        path = Path(source)
        if path.is_dir():
            inside = sorted(str(item) for item in path.iterdir() if item.name.lower().endswith(SUFFIXES) and item.is_file())
            if not inside:
                raise ArchiveError(f"{source}: no JSON lines in it (*.jsonl, *.jsonl.gz); name a file")
            found += inside
        elif path.is_file() and not path.name.lower().endswith((*SUFFIXES, ".gz")):
            raise ArchiveError(f"{source}: not JSON lines by its name; give .jsonl or .jsonl.gz, or - for standard input")
        else:
            if source != STDIN and (path.is_file() or not path.exists()):
                with opened(source):
                    pass
            found.append(source)
    if found.count(STDIN) > 1:
        raise ArchiveError("standard input: named twice; it can be read once")
    return found


@contextmanager
def opened(source: str) -> Iterator[BinaryIO]:
    """A source as a stream of bytes, unzipped if it begins as gzip does. Raises ArchiveError where it cannot be opened."""
    try:
        with nullcontext(sys.stdin.buffer) if source == STDIN else open(source, "rb") as file:
            if cast(io.BufferedReader, file).peek(2)[:2] == _GZIP:
                with gzip.GzipFile(fileobj=file) as unzipped:
                    yield cast(BinaryIO, unzipped)
            else:
                yield file
    except FileNotFoundError as error:
        raise ArchiveError(f"{source}: no such file; check the path") from error
    except IsADirectoryError as error:
        raise ArchiveError(f"{source}: is a folder; name the files in it") from error
    except PermissionError as error:
        raise ArchiveError(f"{source}: may not be read; check its permissions") from error


def _stored(source: str) -> bool:
    """Whether a source is a file that can be read again, not a pipe."""
    return source != STDIN and os.path.isfile(source)


@dataclass(frozen=True, slots=True)
class Job:
    """What to scan, with what, into where.

    sources : as `expand` gives them; model : folder; policy : thresholds of None are the model's
    workers : processes; one works in this process
    limit : how many rows to read at most, None for all
    """

    sources: tuple[str, ...]
    out: Path
    model: Path
    policy: Policy = field(default_factory=Policy)
    kind: Kind = "jsonl"
    workers: int = 1
    limit: int | None = None

    def with_workers(self, workers: int) -> Job:
        return replace(self, workers=workers)

    def identity(self) -> str:
        """A hash of all that decides which rows come out; a scan cut off goes on only where this is the same."""
        parts: list[object] = [
            pharmaspam.__version__,
            self.limit,
            asdict(self.policy),
            hashlib.sha256((self.model / "manifest.json").read_bytes()).hexdigest(),
        ]
        for source in self.sources:
            if _stored(source):
                found = os.stat(source)
                parts.append([os.path.abspath(source), found.st_size, found.st_mtime_ns])
            else:
                parts.append(os.urandom(8).hex())  # what comes through a pipe cannot be known to be the same
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def size(self) -> int | None:
        """Bytes of all sources on disk, None where one of them is a pipe."""
        return sum(map(os.path.getsize, self.sources)) if all(map(_stored, self.sources)) else None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a scan is: bytes of the sources on disk, and what was found."""

    read: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class Mark:
    """A place between two rows of the sources.

    source : number of the file; offset : its bytes, unzipped, before the place; line : its lines before the place
    rows : rows of all files before the place; read : bytes of all files on disk before the place, about
    """

    source: int = 0
    offset: int = 0
    line: int = 0
    rows: int = 0
    read: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive lines of one source.

    lines : None for one too long to be read; end : the place behind them; broken : why the source ends here, if it should not
    """

    name: str
    first: int
    lines: list[bytes | None]
    end: Mark
    broken: str = ""


def _lines(stream: IO[bytes]) -> Iterator[tuple[bytes | None, int]]:
    """Each line and its length in bytes; None for a line longer than `MAX_LINE`."""
    while raw := stream.readline(MAX_LINE + 1):
        size = len(raw)
        if size <= MAX_LINE or raw.endswith(b"\n"):
            yield raw, size
            continue
        while raw and not raw.endswith(b"\n"):
            raw = stream.readline(MAX_LINE)
            size += len(raw)
        yield None, size


def chunks(sources: Sequence[str], start: Mark | None = None, limit: int | None = None) -> Iterator[Chunk]:
    """The sources from `start` on, in order. An archive that is damaged in the middle is read up to there."""
    start = start or Mark()
    rows, before = start.rows, sum(os.path.getsize(source) for source in sources[: start.source] if _stored(source))
    for number, name in enumerate(sources[start.source :], start.source):
        offset, line = (start.offset, start.line) if number == start.source else (0, 0)
        gathered: list[bytes | None] = []
        first, size, broken = line + 1, 0, ""
        with opened(name) as stream:
            on_disk = getattr(stream, "fileobj", stream)
            try:
                if offset:
                    stream.seek(offset)
                for raw, length in _lines(stream):
                    if limit is not None and rows >= limit:
                        break
                    gathered.append(raw)
                    line, offset, size = line + 1, offset + length, size + length
                    rows += raw is None or not raw.isspace()
                    if len(gathered) >= CHUNK_ROWS or size >= CHUNK_BYTES:
                        read = on_disk.tell() if _stored(name) else offset
                        yield Chunk(name, first, gathered, Mark(number, offset, line, rows, before + read))
                        gathered, first, size = [], line + 1, 0
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                broken = f"damaged from here on ({error}); the rest was not read"
        before += os.path.getsize(name) if _stored(name) else offset
        if gathered or broken:
            yield Chunk(name, first, gathered, Mark(number + 1, rows=rows, read=before), broken)
        if limit is not None and rows >= limit:
            return


@dataclass(slots=True)
class Judged:
    """What a chunk came to, as JSON lines."""

    verdicts: bytes
    rejected: bytes
    flagged: bytes
    tally: Tally


def judge(detector: Detector, chunk: Chunk) -> Judged:
    """Verdicts on all rows of a chunk; a row that is no post is rejected with its place and the reason."""
    verdicts, rejected, flagged, tally = [], [], [], Tally()

    def reject(number: int, reason: str) -> None:
        rejected.append(to_line({"source": chunk.name, "line": number, "reason": reason}))
        tally.rejected += 1

    for number, raw in enumerate(chunk.lines, chunk.first):
        if raw is not None and not raw.strip():
            continue
        try:
            record = parse(raw)
        except ArchiveError as error:
            reject(number, str(error))
            continue
        try:
            verdict = detector.score(record.post)
        except Exception as error:  # one post must never end a scan of a million
            reject(number, f"could not be scored ({type(error).__name__}: {error}); please report this")
            continue
        tally.add(verdict)
        row = verdict.to_json() | {"id": f"{chunk.name}:{number}" if record.id is None else record.id}
        verdicts.append(to_line(row | {"source": chunk.name, "line": number}))
        if verdict.action != "allow":
            flagged.append(to_line(_flagged(record, verdict, chunk.name, number).to_json()))
    if chunk.broken:
        reject(chunk.first + len(chunk.lines), chunk.broken)
    return Judged(b"".join(verdicts), b"".join(rejected), b"".join(flagged), tally)


def _flagged(record: Record, verdict: Verdict, source: str, line: int) -> Flagged:
    return Flagged(
        id=str(f"{source}:{line}" if record.id is None else record.id),
        source=source,
        line=line,
        score=verdict.score,
        seeking=verdict.seeking,
        label=verdict.label,
        action=verdict.action,
        language=verdict.language,
        author=record.author[:80],
        created=record.created[:40],
        title=(record.post.title or "")[:200],
        pieces=excerpt(record.post.text, verdict.spans),
        spans=tuple(replace(span, text=span.text[:400]) for span in verdict.spans),
    )


_worker: Detector | None = None


def _start(model: str, policy: Policy) -> None:
    """Make this process a worker: load the model, leave Ctrl-C to the parent, and die with it."""
    from multiprocessing import parent_process

    from pharmaspam.detector import Detector

    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    if parent is not None:
        # A parent that was killed cannot say so; without this its workers would wait for it for ever.
        threading.Thread(target=_die_with, args=(parent,), daemon=True).start()
    _worker = Detector.load(model, policy)


def _die_with(parent: Any) -> None:
    parent.join()
    os._exit(1)


def _judge(chunk: Chunk) -> Judged:
    assert _worker is not None
    return judge(_worker, chunk)


def _judge_all(job: Job, detector: Detector, work: Iterable[Chunk]) -> Iterator[tuple[Mark, Judged]]:
    """Chunks and what they came to, in order; with several workers, never more than a few chunks ahead."""
    if job.workers <= 1:
        for chunk in work:
            yield chunk.end, judge(detector, chunk)
        return
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    pool = ProcessPoolExecutor(job.workers, get_context("spawn"), _start, (str(job.model), job.policy))
    waiting: deque[tuple[Mark, Future[Judged]]] = deque()
    try:
        for chunk in work:
            waiting.append((chunk.end, pool.submit(_judge, chunk)))
            if len(waiting) > 2 * job.workers:
                mark, future = waiting.popleft()
                yield mark, future.result()
        for mark, future in waiting:
            yield mark, future.result()
    except BrokenProcessPool as error:
        raise ArchiveError(
            "scan: a worker process died, perhaps for lack of memory; run the same command again with fewer --workers"
        ) from error
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@dataclass(slots=True)
class _Checkpoint:
    """How much of an unfinished scan counts."""

    job: str
    mark: Mark = field(default_factory=Mark)
    sizes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_PARTS, 0))
    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0
    done: bool = False

    @classmethod
    def read(cls, path: Path, job: str) -> _Checkpoint:
        """The checkpoint of this very job, or a fresh one where there is none or it cannot be used."""
        try:
            row = json.loads(path.read_text(encoding="utf-8"))
            if row["job"] == job:
                return cls(job, Mark(**row["mark"]), row["sizes"], Tally.of(row["tally"]), row["seconds"], row["done"])
        except (OSError, ValueError, KeyError, TypeError):
            pass
        return cls(job)

    def write(self, path: Path) -> None:
        row = {
            "job": self.job,
            "mark": asdict(self.mark),
            "sizes": self.sizes,
            "tally": self.tally.to_json(),
            "seconds": self.seconds,
            "done": self.done,
        }
        with replacing(path) as file:
            file.write(json.dumps(row).encode())


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of `path` once it is whole and on disk; nothing is left of it otherwise."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with scratch.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other scans out of `folder`; the lock ends with the process, however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("wb") as lock:
        try:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except ImportError:  # pragma: no cover - Windows keeps open files from being removed anyway
            pass
        except OSError as error:
            raise ArchiveError(f"{folder.parent}: another scan is writing there; wait for it or choose another --out") from error
        yield


def scan(job: Job, progress: Callable[[Progress], None] = lambda now: None) -> Summary:
    """Judge every row of the sources and write verdicts, rejected rows and a report into `job.out`.

    A scan of the same job that was cut off goes on behind its last checkpoint. Files appear under their names when they are whole.
    progress : called with the state after every chunk
    Raises ArchiveError or ModelError; what was done until then is kept for the next run.
    """
    from pharmaspam.detector import Detector

    if job.kind == "parquet":
        _pyarrow()
    detector = Detector.load(job.model, job.policy)
    work = job.out / ".scan"
    try:
        with _alone(work):
            return _scan(job, detector, work, progress)
    except (FileExistsError, NotADirectoryError) as error:
        raise ArchiveError(f"{job.out}: is not a folder; choose another --out") from error


def _scan(job: Job, detector: Detector, work: Path, progress: Callable[[Progress], None]) -> Summary:
    began = time.monotonic()
    state = _Checkpoint.read(work / "checkpoint.json", job.identity())
    parts = {name: work / f"{name}.jsonl" for name in _PARTS}
    for path in parts.values():
        path.touch()
    if any(path.stat().st_size < state.sizes[name] for name, path in parts.items()):
        state = _Checkpoint(state.job)  # the checkpoint outlived what it speaks of
    resumed, earlier = state.mark.rows, state.seconds
    files: dict[str, IO[bytes]] = {}
    try:
        for name, path in parts.items():
            files[name] = path.open("r+b")
            files[name].truncate(state.sizes[name])
            files[name].seek(state.sizes[name])
        if resumed:
            progress(Progress(state.mark.read, state.tally))
        for mark, judged in () if state.done else _judge_all(job, detector, chunks(job.sources, state.mark, job.limit)):
            for name, file in files.items():
                state.sizes[name] += file.write(getattr(judged, name))
                file.flush()
                os.fsync(file.fileno())
            state.mark, state.tally = mark, state.tally + judged.tally
            state.seconds = earlier + time.monotonic() - began
            state.write(work / "checkpoint.json")
            progress(Progress(mark.read, state.tally))
    finally:
        for file in files.values():
            file.close()
    state.seconds = earlier + time.monotonic() - began
    state.done = True
    state.write(work / "checkpoint.json")
    summary = Summary(
        sources=job.sources,
        verdicts=job.out / f"verdicts.{job.kind}",
        rejected=job.out / "rejected.jsonl" if state.tally.rejected else None,
        report=job.out / "report.html",
        model=detector.model.name,
        policy=detector.policy,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=state.seconds,
        resumed=resumed,
        tally=state.tally,
        flagged=_strongest(parts["flagged"]),
    )
    _finish(summary, parts)
    shutil.rmtree(work, ignore_errors=True)
    return summary


def _strongest(path: Path) -> tuple[Flagged, ...]:
    """The flagged posts that are surest, surest first; equals in the order of the archive."""
    with path.open("rb") as lines:
        rows = enumerate(map(json.loads, lines))
        flagged = ((number, Flagged.of(row)) for number, row in rows)
        best = heapq.nsmallest(SHOWN, flagged, key=lambda pair: (-pair[1].strength, pair[0]))
    return tuple(post for _, post in best)


def _finish(summary: Summary, parts: dict[str, Path]) -> None:
    from pharmaspam import scan_report

    out = summary.verdicts
    with replacing(out) as file:
        if out.suffix == ".csv":
            _to_csv(parts["verdicts"], file)
        elif out.suffix == ".parquet":
            _to_parquet(parts["verdicts"], file)
        else:
            with parts["verdicts"].open("rb") as lines:
                shutil.copyfileobj(lines, file)
    rejected = out.with_name("rejected.jsonl")
    if summary.rejected:
        with replacing(rejected) as file, parts["rejected"].open("rb") as lines:
            shutil.copyfileobj(lines, file)
    else:
        rejected.unlink(missing_ok=True)
    with replacing(summary.report) as file:
        file.write(scan_report.render(summary).encode("utf-8", "replace"))


def _to_csv(part: Path, file: IO[bytes]) -> None:
    """Rows of JSON lines as CSV in UTF-8; spans as JSON."""
    text = io.TextIOWrapper(file, encoding="utf-8", errors="backslashreplace", newline="")
    table = csv.DictWriter(text, COLUMNS)
    table.writeheader()
    with part.open("rb") as lines:
        for row in map(json.loads, lines):
            table.writerow(row | {"spans": to_line(row["spans"]).decode().rstrip("\n")})
    text.flush()
    text.detach()


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise ArchiveError("parquet: needs pyarrow; pip install 'pharmaspam[parquet]', or choose --format jsonl or csv") from error
    return pyarrow


def _to_parquet(part: Path, file: IO[bytes]) -> None:
    """Rows of JSON lines as Parquet; spans as a list of structs, ids as text."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    span = pa.struct(
        [("start", pa.int64()), ("end", pa.int64()), ("text", pa.string()), ("score", pa.float64()), ("reasons", pa.list_(pa.string()))]
    )
    kinds = {"line": pa.int64(), "score": pa.float64(), "seeking": pa.float64(), "spans": pa.list_(span)}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])
    with pq.ParquetWriter(file, schema) as writer, part.open("rb") as lines:
        rows: list[dict[str, Any]] = []
        for line in lines:
            # Arrow text is UTF-8, which has no lone surrogates.
            row = json.loads(line, object_hook=lambda values: {key: _whole(value) for key, value in values.items()})
            rows.append({name: row[name] for name in COLUMNS} | {"id": str(row["id"])})
            if len(rows) >= 5000:
                writer.write_table(pa.Table.from_pylist(rows, schema))
                rows.clear()
        writer.write_table(pa.Table.from_pylist(rows, schema))


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_whole(item) for item in value] if isinstance(value, list) else value
