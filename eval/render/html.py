"""The report as one HTML page that needs nothing else: no network, no second file, no JavaScript
for reading it (only for sorting and filtering).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from eval.fidelity import find_numbers
from eval.render import wording
from eval.report import Judgement, Report
from eval.significance import LEVEL
from mt.languages import LANGUAGES

_FOLDER = Path(__file__).parent


def render_html(report: Report) -> str:
    """The page. Every text goes through autoescape; style and script are allowed by their hash."""
    style, script = (_read(name) for name in ("report.css", "report.js"))
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            words=wording,
            level=LEVEL,
            style=Markup(style),  # noqa: S704  # our own files
            script=Markup(script),  # noqa: S704
            policy=(
                "default-src 'none'; base-uri 'none'; form-action 'none'; "
                f"style-src '{_hash(style)}'; script-src '{_hash(script)}'"
            ),
            direction=direction,
            mark=mark,
            lost=_lost,
            weakest=_weakest,
        )
        + "\n"
    )


def direction(code: str) -> str:
    """The ``dir`` of a text in this language: ``rtl``, ``ltr``, or ``auto`` where unknown."""
    if code not in LANGUAGES:
        return "auto"
    return "rtl" if LANGUAGES[code].right_to_left else "ltr"


def mark(text: str, values: Collection[str]) -> Markup:
    """``text`` escaped, with ``<mark>`` around its numbers and codes whose value is given.

    Codes are isolated, or an Arabic line would show 39-NQ/TW as NQ/TW-39.
    """
    parts, end = [], 0
    for number in find_numbers(text):
        shown = escape(text[number.start : number.end])
        if not number.value.isdigit():
            shown = Markup('<bdi dir="ltr">{}</bdi>').format(shown)
        if number.value in values:
            shown = Markup("<mark>{}</mark>").format(shown)
        parts += [escape(text[end : number.start]), shown]
        end = number.end
    return Markup("").join((*parts, escape(text[end:])))


def _lost(row: tuple[Judgement, ...]) -> set[str]:
    """What any system lost of the source's numbers."""
    return {value for judgement in row for value in judgement.numbers.lost}


def _weakest(row: tuple[Judgement, ...]) -> float | None:
    """The lowest chrF++ of the row, to sort by."""
    return min((j.chrf for j in row if j.chrf is not None), default=None)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _read(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """As Content-Security-Policy wants it: of exactly what stands between the tags."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
