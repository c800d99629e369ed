"""What all HTML pages have in common: one file, and nothing runs that is not ours."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mt.languages import LANGUAGES

_FOLDER = Path(__file__).parent


def fill_page(
    template: str, styles: Sequence[str], scripts: Sequence[str] = (), **values: object
) -> str:
    """The page. Every text goes through autoescape; style and script are allowed by their hash.

    ``styles`` and ``scripts`` are files beside this one; the template gets what they hold as
    ``style`` and ``script``, and the Content-Security-Policy as ``policy``.
    """
    style = "".join(map(_read, styles))
    policy = f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src '{_hash(style)}'"
    code = "".join(map(_read, scripts))
    if code:
        policy += f"; script-src '{_hash(code)}'"
    page = (
        _environment()
        .get_template(template)
        .render(
            style=Markup(style),  # noqa: S704  # our own files
            script=Markup(code),  # noqa: S704
            policy=policy,
            direction=direction,
            **values,
        )
    )
    return f"{page}\n"


def direction(code: str) -> str:
    """The ``dir`` of a text in this language: ``rtl``, ``ltr``, or ``auto`` where unknown."""
    if code not in LANGUAGES:
        return "auto"
    return "rtl" if LANGUAGES[code].right_to_left else "ltr"


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
