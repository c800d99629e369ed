"""The command line: the one place that prints and picks exit codes.

Results go to stdout, everything else to stderr. 0 done, 1 the run failed, 2 the request was wrong,
130 interrupted (a run goes on from there). Heavy imports stay inside the commands that need them.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mt import __version__
from mt.errors import AwdaError, CorpusError, RunError, ScoreError
from mt.translate.translation import Progress

if TYPE_CHECKING:
    from eval.report import Report
    from mt.job import Job
    from mt.suite import Suite

app = typer.Typer(
    name="awda",
    help="Back-translate an Arabic document, align it with references, and score it.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)

JobFile = Annotated[Path, typer.Argument(help="A job file; configs/README.md explains its keys.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key: --set score.bootstrap=200"),
]
Engine = Literal["ctranslate2", "transformers"]


def main() -> None:
    """Run the command line; errors that a user can cause end in one message, not a traceback."""
    signal.signal(signal.SIGINT, _interrupt)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # whatever the locale says
    try:
        app()
    except AwdaError as error:
        _say(*str(error).splitlines(), prefix="awda: ")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _say(f"awda: {where}{error.strerror or error}")
        sys.exit(1)


def _interrupt(_signal: int, _frame: object) -> None:
    _say("awda: interrupted; what was finished is kept, and the same command goes on from there")
    sys.exit(130)


def _say(*lines: str, prefix: str = "") -> None:
    for line in lines:
        print(f"{prefix}{line}", file=sys.stderr, flush=True)


def _version(asked: bool) -> None:
    if asked:
        print(f"awda {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def run(
    job_file: JobFile,
    out: Annotated[
        Path | None, typer.Option(help="The run directory.", show_default="runs/NAME")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Redo every stage.")] = False,
    overrides: Overrides = None,
) -> None:
    """Translate, align, score and report: the whole job, or all jobs of a suite.

    Stages whose inputs have not changed are reused, so that the same command resumes a job that
    was interrupted.

    Example: `awda run configs/nghean.yaml`
    """
    from mt.job import Job
    from mt.suite import load_jobs

    asked = load_jobs(job_file, overrides or ())
    directory = out or Path("runs") / asked.name
    if isinstance(asked, Job):
        _show(_run(asked, directory, fresh), directory, asked.report.formats)
    else:
        _run_suite(asked, directory, fresh)


def _run(job: Job, directory: Path, fresh: bool) -> Report:
    from eval.metrics import prepare_metrics
    from eval.render import write_reports
    from mt.pipeline import run as run_job

    prepare_metrics(job.score.metrics, job.references)
    with _bars() as monitor:
        run_job(job, directory, fresh=fresh, monitor=monitor)
    return write_reports(directory, job.report.formats)


def _run_suite(suite: Suite, directory: Path, fresh: bool) -> None:
    """Run every job in a folder of its own, write the overview beside them, and print it."""
    from eval.overview import Overview
    from eval.render import write_overview
    from eval.render.terminal import render_overview

    reports = []
    for job in suite.jobs_at_hand:
        _say(f"{job.name}:")
        reports.append(_run(job, directory / job.name, fresh))
    overview = Overview(suite.name, tuple(reports), suite.skipped)
    written = write_overview(directory, overview)
    print(render_overview(overview, *_screen()), end="")
    _say(f"wrote {', '.join(map(str, written))}, and a report in the folder of every job")


@app.command()
def translate(
    target: Annotated[str, typer.Option("--to", metavar="LANG", help="Target language: en, vi.")],
    file: Annotated[
        Path | None, typer.Argument(help="UTF-8 text, one segment a line; stdin without it.")
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            metavar="MODEL",
            help="builtin, a folder, or a Hub id; repeat for a route.",
            show_default="builtin",
        ),
    ] = None,
    via: Annotated[
        list[str] | None,
        typer.Option(metavar="LANG", help="Pivot language after each model but the last."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="LANG", help="Refuse input that is not in this language."),
    ] = None,
    beam_size: Annotated[int, typer.Option(min=1, max=64)] = 5,
    engine: Annotated[Engine, typer.Option(help="How the model is run.")] = "ctranslate2",
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option()] = "auto",
) -> None:
    """Translate lines: exactly one line out per line in; blank stays blank.

    Example: `awda translate --to en < source.ar.txt`

    Through English: `awda translate -m builtin -m builtin --via en --to vi source.ar.txt`
    """
    from mt.languages import find_language, mismatch
    from mt.text.normalize import normalize
    from mt.text.reader import decode_lines, read_lines
    from mt.translate.translator import Workshop

    names = models or ["builtin"]
    targets = [*(via or ()), target]
    for language in (*targets, *([source] if source else [])):
        find_language(language)
    if len(targets) != len(names):
        raise CorpusError(
            f"{len(names)} models need {len(names) - 1} --via languages, not {len(targets) - 1}"
        )
    name = str(file) if file else "<stdin>"
    lines = read_lines(file) if file else decode_lines(sys.stdin.buffer.read(), name)
    if source and (reason := mismatch(normalize(" ".join(lines))[0], source)):
        raise CorpusError(f"{name}: {reason}")
    workshop = Workshop(engine=engine, beam_size=beam_size, device=device)
    with _bars() as monitor:
        translator = workshop.build(names, targets)
        progress = monitor.start("translate", len(lines) * len(names))
        for start in range(0, len(lines), 1024):
            for row in translator.translate(lines[start : start + 1024], progress):
                sys.stdout.write(row.text + "\n")
            sys.stdout.flush()


@app.command()
def align(
    source_file: Annotated[Path, typer.Argument(metavar="SRC")],
    target_file: Annotated[Path, typer.Argument(metavar="TGT")],
    source_lang: Annotated[str, typer.Option(metavar="LANG")],
    target_lang: Annotated[str, typer.Option(metavar="LANG")],
    hypothesis: Annotated[
        list[Path] | None,
        typer.Option(
            "--hyp", help="A machine translation of SRC, a line per segment; it helps; repeatable."
        ),
    ] = None,
    split: Annotated[
        Literal["sentence", "line"] | None,
        typer.Option(help="What a segment is.", show_default="line, or what the gold file says"),
    ] = None,
    similarity: Annotated[
        Literal["auto", "e5", "ngram", "length"], typer.Option(help="What sides are compared by.")
    ] = "auto",
    gold: Annotated[
        Path | None, typer.Option(help="Score against this hand-made alignment instead.")
    ] = None,
    form: Annotated[
        Literal["pairs", "tsv", "jsonl", "tmx"], typer.Option("--format", help="Output format.")
    ] = "pairs",
) -> None:
    """Align two documents sentence by sentence; prints `[0]:[0, 1]:cost` lines.

    Example: `awda align a.ar.txt a.en.txt --source-lang ar --target-lang en --split sentence`
    """
    from mt.align.aligner import align_texts
    from mt.align.alignment import read_pairs
    from mt.align.formats import render_alignment
    from mt.errors import AlignmentError
    from mt.text.reader import read_document, read_lines

    wanted = read_pairs(gold) if gold else None
    unit = split or (wanted.split if wanted and wanted.split else "line")
    source = read_document(source_file, source_lang, unit)
    target = read_document(target_file, target_lang, unit)
    if wanted:
        try:
            wanted.alignment.check(len(source.segments), len(target.segments))
        except AlignmentError as error:
            raise AlignmentError(
                f"{gold}: {error}; does it count segments by --split {unit}?"
            ) from None
    hypotheses = [read_lines(path) for path in hypothesis or ()]
    for path, lines in zip(hypothesis or (), hypotheses, strict=True):
        if len(lines) != len(source.segments):
            raise CorpusError(
                f"{path}: {len(lines)} lines, but {source_file} has {len(source.segments)} segments"
            )
    with _bars() as monitor:
        progress = monitor.start("align", len(source.segments))
        alignment = align_texts(
            source.texts,
            target.texts,
            hypotheses=hypotheses,
            similarity=similarity,
            progress=progress,
        )
    if wanted:
        from eval.links import score_alignment

        print(score_alignment(wanted.alignment, alignment))
        return
    text = render_alignment(alignment, source.texts, target.texts, form, source_lang, target_lang)
    print(text, end="")


@app.command()
def score(
    hypothesis: Annotated[Path, typer.Option("--hyp", help="System output, a segment a line.")],
    references: Annotated[list[Path], typer.Option("--ref", help="A reference; repeatable.")],
    language: Annotated[str, typer.Option("--lang", metavar="LANG", help="Language of both.")],
    source: Annotated[
        Path | None, typer.Option("--src", help="The source, for metrics that read it.")
    ] = None,
    metrics: Annotated[
        str,
        typer.Option(
            help="Comma-separated: bleu, chrf, chrf2++, ter, comet:MODEL, e5; "
            "with options: bleu:intl:lc, ter:folded."
        ),
    ] = "bleu,chrf2++,ter",
    bootstrap: Annotated[int, typer.Option(min=0, help="Resamples for intervals.")] = 1000,
    seed: Annotated[int, typer.Option(min=1)] = 12345,
    width: Annotated[int, typer.Option(min=0, max=8, help="Digits after the point.")] = 1,
    form: Annotated[Literal["text", "json"], typer.Option("--format")] = "text",
) -> None:
    """Score a file against references with sacreBLEU: its numbers, its signatures.

    Example: `awda score --hyp out.en --ref ref.en --lang en`

    Example: `awda score --hyp out.ar --ref ref.ar --lang ar --metrics bleu,bleu:folded,chrf2++`
    """
    from eval.metrics import find_metric, needs_source, score_corpus
    from eval.render.scores import render_scores, render_scores_json
    from mt.languages import find_language
    from mt.text.reader import read_lines

    find_language(language)
    names = [find_metric(name) for name in metrics.split(",")]
    if not source and (wanting := next(filter(needs_source, names), "")):
        raise ScoreError(f"{wanting} reads the source: name it with --src")
    sources = read_lines(source) if source else ()
    if source and not sources:
        raise ScoreError(f"{source}: empty; --src has a line for every line of --hyp")
    scores = score_corpus(
        names,
        read_lines(hypothesis),
        [read_lines(path) for path in references],
        language,
        bootstrap=bootstrap,
        seed=seed,
        sources=sources,
    )
    render = render_scores_json if form == "json" else render_scores
    print(render(scores, width), end="")


@app.command()
def report(
    directory: Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")],
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="html, markdown, json, csv, xlsx, latex; repeatable.",
            show_default="the job's",
        ),
    ] = None,
    verdicts: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Reviewers' verdicts, saved from the HTML report; repeatable. They are kept in "
            "the run directory, in place of those given before (then in verdicts.tsv.bak).",
        ),
    ] = None,
) -> None:
    """Score and report again from a run directory, without loading a model.

    A line corrected by hand in `alignments/*.jsonl` is honoured.

    Example: `awda report runs/nghean`

    With what reviewers said: `awda report runs/nghean --verdicts nghean.verdicts.tsv`
    """
    from eval.render import check_formats, write_reports
    from eval.verdicts import FILE, keep_verdicts
    from mt.store import RunDirectory

    settings = RunDirectory(directory).read_manifest().get("report")
    recorded = settings.get("formats") if isinstance(settings, dict) else None
    wanted = formats or recorded or ("html", "markdown")
    check_formats(wanted)
    if verdicts:
        for note in keep_verdicts(directory, verdicts):
            _say(note)
        _say(f"wrote {directory / FILE}")
    _show(write_reports(directory, wanted), directory, wanted)


@app.command()
def compare(
    run: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run directory; the old one, where two.")
    ],
    new: Annotated[
        Path | None, typer.Argument(metavar="NEW", help="A later run of the same texts.")
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(metavar="SYSTEM", help="In one run: compare with this system only."),
    ] = None,
    renamed: Annotated[
        list[str] | None,
        typer.Option(
            "--map", metavar="OLD=NEW", help="In two runs: systems of other names; repeatable."
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(help="Comma-separated; the first decides.", show_default="the job's"),
    ] = None,
    bootstrap: Annotated[
        int | None,
        typer.Option(
            min=2, help="Test by bootstrap, with so many resamples.", show_default="the job's test"
        ),
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, metavar="POINTS", help="In two runs: a loss not to mind.")
    ] = 0.0,
    form: Annotated[Literal["text", "json"], typer.Option("--format")] = "text",
) -> None:
    """Compare the systems of a run with each other, or a new run with an old one.

    Exits with 1 when a system of the new run is significantly worse than in the old one by the
    first metric: a regression check.

    Example: `awda compare runs/nghean`

    Example: `awda compare runs/released runs/candidate --tolerance 0.3`
    """
    from eval.comparison import compare_run, compare_runs
    from eval.render.comparison import render_comparison, render_comparison_json

    chosen = [name.strip() for name in metrics.split(",")] if metrics else []
    if new is None:
        if renamed or tolerance:
            raise RunError("--map and --tolerance are for two runs; name the new one too")
        found = compare_run(run, baseline or "", chosen, bootstrap or 0)
    else:
        if baseline:
            raise RunError("--baseline is for one run; of two, the old one is the baseline")
        pairs = [pair.partition("=") for pair in renamed or ()]
        if wrong := next((pair for pair in pairs if not (pair[0] and pair[2])), None):
            raise RunError(f"--map {''.join(wrong)}: expected OLD=NEW, two names of systems")
        names = {old: other for old, _, other in pairs}
        found = compare_runs(run, new, names, chosen, bootstrap or 0, tolerance)
    if form == "json":
        print(render_comparison_json(found), end="")
    else:
        print(render_comparison(found, *_screen()), end="")
    if found.regressions:
        raise typer.Exit(1)


@app.command()
def history(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run directories.")],
    page: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with charts too.")
    ] = None,
) -> None:
    """Show the scores of one job over many runs, by time, and what changed between them.

    Prints Markdown. Runs of another source, or with other references, are shown apart.

    Example: `awda history runs/nightly-* --html history.html`
    """
    from eval.history import read_history
    from eval.render.history import render_history_html, render_history_markdown
    from mt.store import write_text

    found = read_history(runs)
    print(render_history_markdown(found), end="")
    for note in found.notes:
        _say(f"note: {note}")
    if page:
        write_text(page, render_history_html(found))
        _say(f"wrote {page}")


@app.command()
def check(job_file: JobFile, overrides: Overrides = None) -> None:
    """Validate a job and try its models on a few segments, with an estimate of the time.

    Example: `awda check configs/nghean.yaml`
    """
    from eval.metrics import prepare_metrics
    from mt.job import Job
    from mt.preflight import check_job
    from mt.suite import load_jobs

    asked = load_jobs(job_file, overrides or ())
    failed = False
    for job in (asked,) if isinstance(asked, Job) else asked.jobs_at_hand:
        prepare_metrics(job.score.metrics, job.references)
        for finding in check_job(job):
            print(finding.line)
            failed = failed or not finding.good
    if failed:
        raise typer.Exit(2)


@app.command()
def train(
    config: Annotated[Path, typer.Argument(help="A training file: configs/train-builtin.yaml")],
    overrides: Overrides = None,
) -> None:
    """Train a Marian model, or adapt one; the same command resumes.

    Example: `awda train configs/train-builtin.yaml --set data=DIR`
    """
    from mt.train.recipe import load_recipe
    from mt.train.trainer import train as train_model
    from mt.translate.marian import quiet_transformers

    recipe = load_recipe(config, tuple(overrides or ()))
    quiet_transformers()
    folder = train_model(recipe, log=_say)
    print(folder)


def _show(report: Report, directory: Path, formats: Sequence[str]) -> None:
    """Print the headline of a report, and say where the rest is."""
    from eval.render import RENDERERS
    from eval.render.terminal import render_terminal

    print(render_terminal(report, *_screen()), end="")
    for name in dict.fromkeys((*formats, "json")):
        _say(f"wrote {directory / RENDERERS[name][0]}")


def _screen() -> tuple[int, bool]:
    """Columns, and whether to colour."""
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size((80, 24)).columns if terminal else 80
    return width, terminal and "NO_COLOR" not in os.environ


class _Bars:
    """A progress bar per stage on a terminal, elsewhere a line now and then; a closing line."""

    EVERY = 30.0  # seconds between lines where there is no terminal

    def __init__(self, progress: Any) -> None:
        self._progress = progress
        self._task: Any = None
        self._said = 0.0

    def start(self, stage: str, segments: int) -> Progress:
        added = self._progress.add_task(stage, total=segments)
        self._task = next(task for task in self._progress.tasks if task.id == added)
        self._said = 0.0
        return self._advance

    def _advance(self, done: int) -> None:
        task = self._task
        self._progress.advance(task.id, done)
        elapsed = task.elapsed or 0.0
        if self._progress.disable and elapsed - self._said >= self.EVERY and task.completed:
            self._said = elapsed
            rate = task.completed / elapsed
            left = (task.total - task.completed) / rate
            _say(
                f"{task.description}: {task.completed:.0f}/{task.total:.0f} segments, "
                f"{rate:.1f} segments/s, ETA {left:.0f} s"
            )

    def finish(self, stage: str, outcome: str) -> None:
        task, self._task = self._task, None
        if task is None:
            _say(f"{stage}: {'corrected by hand, kept' if outcome == 'edited' else outcome}")
            return
        elapsed = max(task.elapsed or 0.0, 1e-3)
        self._progress.update(task.id, visible=False)
        rate = f"{task.completed / elapsed:.1f} segments/s"
        _say(f"{stage}: {outcome} in {elapsed:.1f} s, {rate}")


@contextmanager
def _bars() -> Iterator[_Bars]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Speed(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f} segments/s" if task.speed else "")

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        Speed(),
        TextColumn("ETA"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as p:
        yield _Bars(p)


if __name__ == "__main__":
    main()
