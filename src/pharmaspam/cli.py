"""The command line. Each command reads its arguments, calls the library once and prints; heavy imports wait inside it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, NoReturn

import typer

import pharmaspam
from pharmaspam.errors import ConfigError, CorpusError, PharmaspamError

if TYPE_CHECKING:
    from rich.console import Console

    from pharmaspam.detector import Detector
    from pharmaspam.policy import Policy

# Newer typers carry click inside, older ones import it; in both, this is the class of all wrong usage.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]
HELP: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 110}

FIGURES = {  # of a manifest's metrics, in the words of `model show`
    "caught": "illicit caught",
    "blocked": "illicit blocked",
    "false_flags": "legit flagged",
    "false_blocks": "legit blocked",
    "seeking_reviewed": "seeking reviewed",
    "seeking_blocked": "seeking blocked",
}

app = typer.Typer(
    name="pharmaspam",
    help="Tells legitimate talk about medicines from illicit-purchase insertions in forum posts.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help is on the screen in half the time
    pretty_exceptions_enable=False,
    context_settings=HELP,
)
model_app = typer.Typer(help="List, show, verify and promote models.", no_args_is_help=True, rich_markup_mode=None, context_settings=HELP)
app.add_typer(model_app, name="model")


class Markup(StrEnum):
    """How the mark-up of a post is written."""

    auto = "auto"
    text = "text"
    markdown = "markdown"
    html = "html"
    bbcode = "bbcode"


class Output(StrEnum):
    """How verdicts of a scan are written."""

    jsonl = "jsonl"
    csv = "csv"
    parquet = "parquet"


def examples(*lines: str) -> str:
    """An epilog that keeps its lines as they are."""
    return "Examples:\n\n\b\n" + "\n".join(lines)


TextArgument = Annotated[
    str | None, typer.Argument(metavar="TEXT", help="The post itself; - or nothing reads standard input.", show_default=False)
]
FileOption = Annotated[str | None, typer.Option("--file", "-f", metavar="FILE", help="Read the post from this file; - is standard input.")]
ModelOption = Annotated[
    str | None, typer.Option("--model", metavar="DIR", help="A model folder, or the name of one in models/; the current one otherwise.")
]
MarkupOption = Annotated[Markup, typer.Option("--format", help="How the mark-up of the post is written.")]
Review = Annotated[
    float | None, typer.Option("--review", metavar="P", help="Send to review from this score on, 0 to 1; the model's own otherwise.")
]
Block = Annotated[float | None, typer.Option("--block", metavar="P", help="Block from this score on; the model's own otherwise.")]
Seeking = Annotated[
    float | None,
    typer.Option("--seeking", metavar="P", help="Send who asks to review from this probability on; the model's own otherwise."),
]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave out lines that cannot be used, saying so, instead of stopping.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pharmaspam {pharmaspam.__version__}")
        raise typer.Exit


@app.callback(
    epilog=examples('pharmaspam score "I took ibuprofen for years"', "pharmaspam scan posts.jsonl --out out", "pharmaspam COMMAND --help")
)
def _root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")] = False,
) -> None:
    pass


@app.command(
    epilog=examples(
        'pharmaspam score "Ask your doctor before you stop taking it"',
        "pharmaspam score --file article.html --json",
        "pharmaspam score --jsonl < posts.jsonl > verdicts.jsonl",
    )
)
def score(
    text: TextArgument = None,
    file: FileOption = None,
    json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Read JSON lines (id, text, format, title), write a verdict for each.")] = False,
    model: ModelOption = None,
    format: MarkupOption = Markup.auto,
    review: Review = None,
    block: Block = None,
    seeking: Seeking = None,
    skip_bad: SkipBad = False,
) -> None:
    """Judge one post, or with --jsonl many, one a line.

    On a terminal the post is shown with its illicit spans marked and the reasons for each.
    """
    if json and jsonl:
        raise _usage("--json and --jsonl exclude each other; --jsonl is for JSON lines in and out")
    if jsonl and text not in (None, "-"):
        raise _usage("--jsonl reads --file or standard input, not an argument; leave TEXT out")
    policy = _policy(review, block, seeking)
    if jsonl:
        _score_lines(_detector(model, policy), file or "-", format, skip_bad)
        return
    post = pharmaspam.Post(_read(text, file), format=format.value)
    if text and not file and len(text) < 200 and os.path.isfile(text):
        _say(f"scored the words {text!r}; to score the file of that name, use --file")
    verdict = _detector(model, policy).score(post)
    if json:
        from pharmaspam.archive import to_line

        _write(to_line(verdict.to_json()))
    else:
        from pharmaspam.terminal import show_verdict

        show_verdict(_console(), post, verdict)


def _score_lines(detector: Detector, source: str, markup: Markup, skip_bad: bool) -> None:
    from pharmaspam.archive import opened, score_lines

    def bad(message: str) -> None:
        if not skip_bad:
            raise CorpusError(message)
        _say(message.partition("; fix")[0] + "; skipped")

    out = sys.stdout.buffer
    with opened(source) as stream:
        patient = source != "-" or _is_file(stream)  # nobody waits for an answer to each line
        for line in score_lines(stream, detector, name="standard input" if source == "-" else source, markup=markup.value, bad=bad):
            out.write(line)
            if not patient:
                out.flush()
    out.flush()


@app.command(epilog=examples("pharmaspam clean --file article.md > cleaned.md", "pharmaspam clean --format html < post.html"))
def clean(
    text: TextArgument = None,
    file: FileOption = None,
    model: ModelOption = None,
    format: MarkupOption = Markup.auto,
    review: Review = None,
    block: Block = None,
) -> None:
    """Print a post without its illicit spans.

    Its mark-up stays well formed; a post that is allowed comes out as it went in, byte for byte.
    """
    post = pharmaspam.Post(_read(text, file, errors="surrogateescape"), format=format.value)
    verdict = _detector(model, _policy(review, block, None)).score(post)
    cleaned = pharmaspam.clean(post, verdict)
    _write(cleaned.encode("utf-8", "surrogateescape"))
    if text and text != "-":
        _write(b"\n")
    removed = len(post.text) - len(cleaned)
    _say(f"{verdict.action}: {removed} characters removed" if removed else f"{verdict.action}: nothing removed")


@app.command(
    epilog=examples(
        "pharmaspam scan data/sample --out out",
        "pharmaspam scan 2024.jsonl.gz 2025.jsonl.gz --out out --format csv --workers 4",
        "zcat dump.gz | pharmaspam scan - --out out",
    )
)
def scan(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE", help="JSON lines (.jsonl, .jsonl.gz), folders of them, or -.", show_default=False)
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Where verdicts and report go.", show_default=False)],
    format: Annotated[Output, typer.Option("--format", help="How verdicts are written.")] = Output.jsonl,
    workers: Annotated[
        int | None,
        typer.Option("--workers", "-w", min=1, metavar="N", help="Processes; by default one for small archives, else one a core."),
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, metavar="N", help="Stop after this many posts.")] = None,
    model: ModelOption = None,
    review: Review = None,
    block: Block = None,
    seeking: Seeking = None,
) -> None:
    """Judge every post of an archive: verdicts and a report out.

    A row holds a text, and may hold id, format, title, author and created. Rows that cannot be used go to
    rejected.jsonl. A scan that was cut off goes on where it was when the same command is given again.
    """
    from pharmaspam import archive
    from pharmaspam.terminal import show_scan, watching

    job = archive.Job(tuple(archive.expand(sources)), out, _model(model), _policy(review, block, seeking), kind=format.value, limit=limit)
    size = job.size()
    job = job.with_workers(workers or (1 if size is None or size < 4_000_000 else os.cpu_count() or 1))
    watched = _console(stderr=True)
    with watching(watched, size) as watch:
        summary = archive.scan(job, lambda now: watch(now.read, now.tally))
    if summary.resumed:
        _say(f"went on behind the {summary.resumed} rows that an earlier scan had judged")
    show_scan(_console(), summary)


@app.command(
    epilog=examples(
        "pharmaspam train",
        "pharmaspam train data/posts real/*.jsonl.gz --out models/2026-12-01-a --oof oof.jsonl",
        "pharmaspam train labelled.csv --lexicon data/lexicon --phrases data/phrases --out models/ours",
    )
)
def train(
    data: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DATA", help="Labelled posts, or folders of them; data/posts otherwise.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="The model folder to write; models/NAME otherwise.", show_default=False),
    ] = None,
    lexicon: Annotated[
        Path | None, typer.Option("--lexicon", metavar="DIR", help="Lexicon tables; data/lexicon otherwise.", show_default=False)
    ] = None,
    phrases: Annotated[
        list[Path] | None,
        typer.Option("--phrases", metavar="PATH", help="Phrase tables or folders of them; data/phrases otherwise.", show_default=False),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option("--name", metavar="NAME", help="The model's name; that of its folder, or the date, otherwise.", show_default=False),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="The same data and seed give the same model.")] = 0,
    made: Annotated[
        int, typer.Option("--made", min=0, metavar="N", help="Posts to make by dropping phrases into legitimate ones.")
    ] = 12000,
    folds: Annotated[int, typer.Option("--folds", min=2, metavar="N", help="Parts for cross-validation.")] = 5,
    jobs: Annotated[int, typer.Option("--jobs", min=1, metavar="N", help="Threads.")] = 2,
    oof: Annotated[
        Path | None,
        typer.Option(
            "--oof", metavar="FILE", help="Also write out-of-fold verdicts on the training posts, as JSON lines.", show_default=False
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", "-r", metavar="DIR", help="Also write an evaluation of those verdicts.", show_default=False),
    ] = None,
    skip_bad: SkipBad = False,
) -> None:
    """Train a model on labelled posts and write its folder.

    DATA is JSON lines, CSV, TSV or Parquet with text and label. The model is not in use before `pharmaspam model promote`.
    """
    from datetime import UTC, datetime

    from pharmaspam import card, corpus, evaluation, evaluation_report, insertions, outoffold, training
    from pharmaspam.archive import replacing, to_line
    from pharmaspam.lexicon import build, read_rows
    from pharmaspam.model import models_folder
    from pharmaspam.terminal import Steps
    from pharmaspam.tokens import simple_terms

    now = datetime.now(UTC)
    folder = out or models_folder() / (name or _free_name(models_folder(), now.date().isoformat()))
    name = name or folder.name
    if (folder / "manifest.json").exists() is False and folder.exists():
        raise CorpusError(f"{folder}: is there and is no model; choose another --out")
    with Steps(_console(stderr=True)) as step:
        step("loading labelled posts")
        posts = corpus.load(_inside(data or [_data("posts")], corpus.SUFFIXES), skip_bad=skip_bad, warn=_say)
        terms = build(read_rows(lexicon or _data("lexicon")), simple_terms)
        table = insertions.load_phrases(_inside(phrases or [_data("phrases")], (".tsv",)))
        reader = training.spacy_reader(terms)
        params = training.Params(seed=seed, made=made, folds=folds, jobs=jobs)
        trained = training.train(posts, terms, table, params, reader=reader, progress=step)
        step("judging posts out of fold")
        judged = list(outoffold.verdicts(trained, reader, name))
        facts = training.facts_of(posts, params, now.isoformat(timespec="seconds"))
        measured = evaluation.evaluate([post for post, _ in judged], [verdict for _, verdict in judged], reader=reader)
        facts["metrics"] = card.metrics(measured)
        step(f"writing {folder}")
        if oof:
            with replacing(oof) as file:
                file.writelines(to_line(outoffold.to_row(post, verdict)) for post, verdict in judged)
        if report:
            evaluation_report.write(measured, report, f"{len(judged)} posts judged by models that had not seen them")
        fitted = training.to_model(trained, terms, name, facts)
        fitted.save(folder, card.card(name, facts, trained.thresholds, measured))
    typer.echo(f"{folder}: model {name} from {len(posts)} posts; use it with --model {folder}, or `pharmaspam model promote {name}`")


@app.command(
    epilog=examples(
        "pharmaspam evaluate labelled.jsonl --report report",
        "pharmaspam evaluate data/posts --oof oof.jsonl --report report",
    )
)
def evaluate(
    data: Annotated[list[Path], typer.Argument(metavar="DATA", help="Labelled posts, or folders of them.", show_default=False)],
    report: Annotated[Path, typer.Option("--report", "-r", metavar="DIR", help="Where metrics, tables and plots go.", show_default=False)],
    model: ModelOption = None,
    oof: Annotated[
        Path | None,
        typer.Option("--oof", metavar="FILE", help="Take out-of-fold verdicts (`train --oof`) instead of a model's.", show_default=False),
    ] = None,
    skip_bad: SkipBad = False,
) -> None:
    """Measure a model on labelled posts that it was not trained on."""
    from pharmaspam import corpus, evaluation, evaluation_report, outoffold
    from pharmaspam.detector import Detector
    from pharmaspam.terminal import Steps, show_table

    with Steps(_console(stderr=True)) as step:
        step("loading labelled posts")
        posts = corpus.load(_inside(data, corpus.SUFFIXES), skip_bad=skip_bad, warn=_say)
        verdicts = None if oof is None else outoffold.read(oof, posts)
        detector = Detector.load(_model(model))
        step(f"judging {len(posts)} posts" if verdicts is None else f"comparing {len(posts)} verdicts")
        measured = evaluation.evaluate(posts, verdicts, detector=detector, reader=detector.reader)
        step(f"writing {report}")
        judge = f"model {detector.model.name}" if oof is None else f"out-of-fold verdicts of {oof}"
        paths = evaluation_report.write(measured, report, f"{len(posts)} posts judged by {judge}")
    out = _console()
    for table in (evaluation_report.headline(measured), evaluation_report.patients(measured)):
        if table.rows:
            show_table(out, table.title, table.head, table.rows, table.note)
    for path in paths:
        typer.echo(path)


@model_app.command("list", epilog=examples("pharmaspam model list"))
def model_list(
    folder: Annotated[Path | None, typer.Option("--models", metavar="DIR", help="The folder of models.", show_default=False)] = None,
) -> None:
    """List the models; an arrow points at the current one."""
    from pharmaspam import model as models
    from pharmaspam.terminal import show_models

    place = folder or models.models_folder()
    names = sorted(path.parent.name for path in place.glob("*/manifest.json") if not path.parent.name.startswith("."))
    if not names:
        raise CorpusError(f"{place}: no models in it; train one, or name another folder with --models")
    try:
        current = models.current(place).name
    except PharmaspamError:
        current = ""
    show_models(_console(), [(name == current, name, _manifest(place / name)) for name in names])


@model_app.command("show", epilog=examples("pharmaspam model show", "pharmaspam model show models/2026-12-01-a --json"))
def model_show(
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="A folder or a name; the current model otherwise.", show_default=False)
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the manifest as JSON.")] = False,
) -> None:
    """Show what a model is: thresholds, data, versions, figures."""
    from pharmaspam.model import read_manifest
    from pharmaspam.terminal import show_facts

    folder = _model(model)
    manifest = read_manifest(folder)
    if json:
        import json as codec

        _write(codec.dumps(manifest, indent=1, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        return
    show_facts(_console(), _facts(folder, manifest))


@model_app.command("verify", epilog=examples("pharmaspam model verify", "pharmaspam model verify models/2026-12-01-a"))
def model_verify(
    model: Annotated[
        str | None, typer.Argument(metavar="MODEL", help="A folder or a name; the current model otherwise.", show_default=False)
    ] = None,
) -> None:
    """Check that a model is whole.

    Every part must match its SHA-256 in the manifest, and the parts must fit together.
    """
    from pharmaspam.detector import Detector

    folder = _model(model)
    detector = Detector.load(folder)
    typer.echo(f"{folder}: model {detector.model.name} is whole, {len(detector.model.names)} features")


@model_app.command("promote", epilog=examples("pharmaspam model promote 2026-12-01-a"))
def model_promote(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model in the folder of models.", show_default=False)],
    folder: Annotated[Path | None, typer.Option("--models", metavar="DIR", help="The folder of models.", show_default=False)] = None,
) -> None:
    """Make a model the current one, in one rename."""
    from pharmaspam import model as models

    place = folder or models.models_folder()
    models.promote(name, place)
    typer.echo(f"{place / 'CURRENT'}: {name} is the current model")


def _facts(folder: Path, manifest: dict[str, Any]) -> Iterable[tuple[str, str]]:
    """What `model show` shows of a manifest; what is missing there is left out."""
    yield "model", f"{manifest.get('name', folder.name)} ({folder})"
    if "created" in manifest:
        yield "created", str(manifest["created"])
    yield "thresholds", " · ".join(f"{key} {value:.4f}" for key, value in manifest.get("thresholds", {}).items())
    if data := manifest.get("data"):
        yield "trained on", f"{data['posts']} posts of {len(data['sources'])} sources, fingerprint {data['fingerprint'][:16]}"
    for key, name in FIGURES.items():
        if (rate := manifest.get("metrics", {}).get(key)) and rate.get("total"):
            yield name, f"{100 * rate['hits'] / rate['total']:.2f} % of {rate['total']} posts it had not seen"
    if versions := manifest.get("versions"):
        yield "versions", " · ".join(f"{key} {value}" for key, value in versions.items())
    for part, row in manifest.get("parts", {}).items():
        yield part, f"{row['bytes']:,} bytes · sha256 {row['sha256'][:16]}…"


def _manifest(folder: Path) -> dict[str, Any]:
    from pharmaspam.model import read_manifest

    try:
        return read_manifest(folder)
    except PharmaspamError:
        return {"created": "unreadable"}


def _free_name(folder: Path, date: str) -> str:
    """The date with the first letter that is free, like 2026-12-01-a."""
    return next((name for letter in "abcdefghijklmnopqrstuvwxyz" if not (folder / (name := f"{date}-{letter}")).exists()), f"{date}-z")


def _data(kind: str) -> Path:
    """The folder of training data: in the working folder, or in the checkout this package runs from."""
    for folder in (Path("data"), Path(__file__).parents[2] / "data"):
        if (folder / kind).is_dir():
            return folder / kind
    raise CorpusError(f"data/{kind}: not here; run this in a checkout of the project, or name the files")


def _inside(paths: Iterable[Path], suffixes: tuple[str, ...]) -> list[Path]:
    """`paths` with every folder replaced by the files in it that end as they should, by name."""
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(item for item in path.iterdir() if item.name.lower().endswith(suffixes) and item.is_file())
        if not inside:
            raise CorpusError(f"{path}: no {', '.join(suffixes)} in it; name a file")
        found += inside
    return found


def _model(given: str | None) -> Path:
    """The model folder that is meant: a path, a name in the folder of models, or the current one."""
    from pharmaspam import model as models

    if given is None:
        return models.current()
    named = models.models_folder() / given
    return named if not os.path.isdir(given) and "/" not in given and named.is_dir() else Path(given)


def _policy(review: float | None, block: float | None, seeking: float | None) -> Policy:
    from pharmaspam.policy import Policy

    own = any(value is not None for value in (review, block, seeking))
    return Policy("custom" if own else "default", review, block, seeking)


def _detector(model: str | None, policy: Policy) -> Detector:
    from pharmaspam.detector import Detector

    return Detector.load(_model(model), policy)


def _read(text: str | None, file: str | None, *, errors: str = "replace") -> str:
    """The post that is meant, line ends as they are. `errors` says what becomes of bytes that are not UTF-8."""
    if text is not None and file is not None:
        raise _usage("TEXT and --file exclude each other; give one")
    if text is not None and text != "-":
        return text
    if file is None and text is None and sys.stdin.isatty():
        raise _usage("nothing to read; give TEXT, --file FILE, or a post on standard input")
    content = sys.stdin.buffer.read() if file in (None, "-") else Path(str(file)).read_bytes()
    return content.decode("utf-8", errors)


def _is_file(stream: BinaryIO) -> bool:
    import stat

    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except OSError:
        return False


def _console(*, stderr: bool = False) -> Console:
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or "COLUMNS" in os.environ else 120
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False)


def _write(content: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _say(message: str) -> None:
    """Words for people, on standard error, on one line."""
    from pharmaspam.terminal import visible

    typer.echo(f"pharmaspam: {visible(message, one_line=True)}", err=True)


def _usage(message: str) -> Exception:
    return UsageError(message)


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted. Errors are one line on standard error."""
    try:
        return app(list(arguments), prog_name="pharmaspam", standalone_mode=False) or 0
    except (BrokenPipeError, SystemExit):
        # Whoever read has had enough: typer and rich make a SystemExit of that. Python would complain once more when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except UsageError as error:
        return _failed(error)
    except ConfigError as error:
        _say(f"{error}")
        return 2
    except PharmaspamError as error:
        _say(f"{error}")
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _say(f"{where}{error.strerror or error}; check path, permissions and free space")
    except (KeyboardInterrupt, typer.Abort):
        return 130
    return 1


def _failed(error: Any) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "pharmaspam"
    message = error.format_message().strip().rstrip(".").replace("Value error, ", "")
    if "\n" in message:  # no command was named: the message is the help
        typer.echo(message, err=True)
    else:
        _say(f"{message}; see `{command} --help`")
    return 2


def main(*first: str) -> NoReturn:
    """The entry point of the command; `first` are arguments put before those of the process."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # closed by the shell, as by `>&-`
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    code = run([*first, *sys.argv[1:]])
    if code == 130:
        # Threads of a training or a scan may be busy for minutes; everything is written by rename, nothing needs them.
        sys.stderr.write("\n")
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
