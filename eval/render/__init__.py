"""A report as text: every renderer takes a ``Report`` and returns a string."""

from __future__ import annotations

from collections.abc import Callable

from eval.render.html import render_html
from eval.render.markdown import render_markdown
from eval.render.scores import render_json
from eval.report import Report

# format -> (file in the run directory, renderer)
RENDERERS: dict[str, tuple[str, Callable[[Report], str]]] = {
    "html": ("report.html", render_html),
    "markdown": ("report.md", render_markdown),
    "json": ("scores.json", render_json),
}
