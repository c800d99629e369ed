"""``awda run`` and ``awda check``: a job, or all jobs of a suite."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mt.cli.console import bars, say, show_overview, show_report
from mt.cli.options import JobFile, Overrides

if TYPE_CHECKING:
    from eval.results import Report
    from mt.job import Job
    from mt.scale.job import TableJob
    from mt.suite import Suite
    from mt.translate.inspection import Finding


def run(
    job_file: JobFile,
    out: Annotated[
        Path | None, typer.Option(help="The run directory.", show_default="runs/NAME")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Redo every stage.")] = False,
    overrides: Overrides = None,
) -> None:
    """Translate, align, score and report: the whole job, or all jobs of a suite, or a table.

    Stages whose inputs have not changed are reused, so that the same command resumes a job that
    was interrupted.

    Example: `awda run configs/nghean.yaml`
    """
    from mt.job import Job
    from mt.suite import Suite, load_jobs

    asked = load_jobs(job_file, overrides or ())
    directory = out or Path("runs") / asked.name
    if isinstance(asked, Job):
        show_report(_run(asked, directory, fresh), directory, asked.report.formats)
    elif isinstance(asked, Suite):
        _run_suite(asked, directory, fresh)
    else:
        _run_table(asked, directory, fresh)


def _run(job: Job, directory: Path, fresh: bool) -> Report:
    from eval.render import write_reports
    from eval.scores.metrics import prepare_metrics
    from mt.pipeline import run as run_job

    prepare_metrics(job.score.metrics, job.references)
    with bars() as monitor:
        run_job(job, directory, fresh=fresh, monitor=monitor)
    return write_reports(directory, job.report.formats)


def _run_suite(suite: Suite, directory: Path, fresh: bool) -> None:
    """Run every job in a folder of its own, write the overview beside them, and print it."""
    from eval.overview import Overview

    reports = []
    for job in suite.jobs_at_hand:
        say(f"{job.name}:")
        reports.append(_run(job, directory / job.name, fresh))
    show_overview(Overview(suite.name, tuple(reports), suite.skipped), directory)


def _run_table(job: TableJob, directory: Path, fresh: bool) -> None:
    """Translate a table; the folder of its shards is the result."""
    from mt.scale.pipeline import FOLDER, run_table

    with bars() as monitor:
        totals = run_table(job, directory, fresh=fresh, monitor=monitor)
    made = f"{totals.rows} rows in {totals.shards} shards, {totals.reused} of them from before"
    kept = f"; protected: {totals.kept} of {totals.protected} kept" if totals.protected else ""
    say(made + kept)
    print(directory / FOLDER)


def check(job_file: JobFile, overrides: Overrides = None) -> None:
    """Validate a job and try its models on a few segments, with an estimate of the time.

    Example: `awda check configs/nghean.yaml`
    """
    from mt.suite import load_jobs

    failed = False
    for finding in _check(load_jobs(job_file, overrides or ())):
        print(finding.line)
        failed = failed or not finding.good
    if failed:
        raise typer.Exit(2)


def _check(asked: Job | Suite | TableJob) -> Iterator[Finding]:
    from eval.scores.metrics import prepare_metrics
    from mt.job import Job
    from mt.preflight import check_job
    from mt.scale.job import TableJob
    from mt.scale.preflight import check_table

    if isinstance(asked, TableJob):
        yield from check_table(asked)
        return
    for job in (asked,) if isinstance(asked, Job) else asked.jobs_at_hand:
        prepare_metrics(job.score.metrics, job.references)
        yield from check_job(job)
