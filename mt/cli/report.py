"""``awda report``, ``awda compare`` and ``awda history``: what runs that are done say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mt.cli.console import say, screen, show_overview, show_report
from mt.errors import RunError

if TYPE_CHECKING:
    from eval.overview import SuiteFolder


def report(
    directory: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run directory, or the folder of a suite.")
    ],
    formats: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="html, markdown, json, csv, xlsx, latex; repeatable.",
            show_default="the job's",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write the files here.", show_default="the run directory"),
    ] = None,
    verdicts: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="Reviewers' verdicts, saved from the HTML report; repeatable. They are kept in "
            "the run directory, in place of those given before (then in verdicts.tsv.bak).",
        ),
    ] = None,
    alignments: Annotated[
        list[str] | None,
        typer.Option(
            "--alignment",
            metavar="NAME=FILE",
            help="An alignment corrected by hand, in any format that `awda align` writes; "
            "NAME is a reference, such as en.1; repeatable. It takes the run's place.",
        ),
    ] = None,
) -> None:
    """Score and report again from a run directory, without loading a model.

    A line corrected by hand in `alignments/*.jsonl` is honoured. In the folder of a suite, all its
    runs and the overview are made again.

    Example: `awda report runs/nghean`

    With an alignment corrected elsewhere: `awda report runs/nghean --alignment en.1=nghean.tmx`

    With what reviewers said: `awda report runs/nghean --verdicts nghean.verdicts.tsv`
    """
    from eval.overview import find_suite
    from eval.render import write_reports
    from eval.verdicts import FILE, keep_verdicts
    from mt.correction import check_correction, correct_alignment, parse_correction

    if suite := find_suite(directory):
        if verdicts:
            raise RunError(f"{directory}: a suite; give --verdicts with one of its runs")
        if alignments:
            raise RunError(f"{directory}: a suite; give --alignment with one of its runs")
        _report_suite(suite, formats, out or directory)
        return
    wanted = _choose_formats(directory, formats)
    corrections = [parse_correction(directory, word) for word in alignments or ()]
    for correction in corrections:  # all are checked before one is written
        check_correction(directory, *correction)
    for correction in corrections:
        say(correct_alignment(directory, *correction))
    if verdicts:
        for note in keep_verdicts(directory, verdicts):
            say(note)
        say(f"wrote {directory / FILE}")
    show_report(write_reports(directory, wanted, out), out or directory, wanted)


def _choose_formats(directory: Path, formats: Sequence[str] | None) -> Sequence[str]:
    """Those asked for, or the job's."""
    from eval.render import check_formats
    from mt.store import RunDirectory

    settings = RunDirectory(directory).read_manifest().get("report")
    recorded = settings.get("formats") if isinstance(settings, dict) else None
    wanted = formats or recorded or ("html", "markdown")
    check_formats(wanted)
    return wanted


def _report_suite(suite: SuiteFolder, formats: Sequence[str] | None, out: Path) -> None:
    from eval.overview import Overview
    from eval.render import write_reports

    reports = [
        write_reports(run, _choose_formats(run, formats), out / run.name) for run in suite.runs
    ]
    show_overview(Overview(suite.name, tuple(reports), suite.skipped), out)


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
        print(render_comparison(found, *screen()), end="")
    if found.regressions:
        raise typer.Exit(1)


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
        say(f"note: {note}")
    if page:
        write_text(page, render_history_html(found))
        say(f"wrote {page}")
