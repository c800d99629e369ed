"""A report as a file: every renderer takes a ``Report`` and returns text, or bytes for XLSX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from eval.overview import Overview
from eval.processes import spread
from eval.render import latex, markdown, scores
from eval.render.html import render_html
from eval.render.latex import render_latex
from eval.render.markdown import render_markdown
from eval.render.scores import render_json
from eval.render.segments import render_csv
from eval.render.workbook import render_xlsx
from eval.report import build_report
from eval.results import Report
from mt.errors import RunError, suggest
from mt.store import RunDirectory, write_bytes, write_text

# format -> (file in the run directory, renderer)
RENDERERS: dict[str, tuple[str, Callable[[Report], str | bytes]]] = {
    "html": ("report.html", render_html),
    "markdown": ("report.md", render_markdown),
    "json": ("scores.json", render_json),
    "csv": ("segments.csv", render_csv),
    "xlsx": ("segments.xlsx", render_xlsx),
    "latex": ("report.tex", render_latex),
}

# the same for the overview of a suite
OVERVIEWS: dict[str, Callable[[Overview], str]] = {
    "report.md": markdown.render_overview,
    "report.tex": latex.render_overview,
    "scores.json": scores.render_overview,
}


def check_formats(formats: Sequence[str]) -> None:
    """Raise ``RunError`` for a format that no renderer writes."""
    for name in formats:
        if name not in RENDERERS:
            raise RunError(f"unknown report format '{name}'{suggest(name, RENDERERS)}")


def write_reports(
    run: Path | str, formats: Sequence[str] = ("html", "markdown"), out: Path | None = None
) -> Report:
    """Build the report and write ``scores.json``, and a file for every other format asked for.

    They are written into the run directory, or into the folder ``out``. Returns the report, to be
    shown without building it again.

    Raises:
        RunError: as :func:`build_report`, and for an unknown format, or a directory at which
            another one is at work.
        ScoreError: as :func:`build_report`.
    """
    check_formats(formats)
    report = build_report(run)
    chosen = [RENDERERS[name] for name in dict.fromkeys((*formats, "json"))]
    tasks = [partial(render, report) for _, render in chosen]
    contents = spread(tasks) if report.large else [task() for task in tasks]
    with nullcontext() if out else RunDirectory(Path(run)).lock():
        for (file, _), content in zip(chosen, contents, strict=True):
            write_bytes(
                (out or Path(run)) / file, content.encode() if isinstance(content, str) else content
            )
    return report


def write_overview(directory: Path, overview: Overview) -> tuple[Path, ...]:
    """Write what there is of a suite, and return the files."""
    for file, render in OVERVIEWS.items():
        write_text(directory / file, render(overview))
    return tuple(directory / file for file in OVERVIEWS)
