"""A report as text: every renderer takes a ``Report`` and returns a string."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from eval.render.html import render_html
from eval.render.markdown import render_markdown
from eval.render.scores import render_json
from eval.report import Report, build_report
from mt.errors import RunError, suggest
from mt.store import write_text

# format -> (file in the run directory, renderer)
RENDERERS: dict[str, tuple[str, Callable[[Report], str]]] = {
    "html": ("report.html", render_html),
    "markdown": ("report.md", render_markdown),
    "json": ("scores.json", render_json),
}


def write_reports(run: Path | str, formats: Sequence[str] = ("html", "markdown")) -> Report:
    """Build the report and write ``scores.json``, and ``report.html`` or ``report.md`` if asked.

    Returns the report, to be shown without building it again.

    Raises:
        RunError: as :func:`build_report`, and for an unknown format.
        ScoreError: as :func:`build_report`.
    """
    for name in formats:
        if name not in RENDERERS:
            raise RunError(f"unknown report format '{name}'{suggest(name, RENDERERS)}")
    report = build_report(run)
    for name in dict.fromkeys((*formats, "json")):
        file, render = RENDERERS[name]
        write_text(Path(run) / file, render(report))
    return report
