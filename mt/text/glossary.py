"""Glossaries: terms and their translations, as tab-separated text.

The first line names the columns: language codes, and ``category`` where terms are sorted by kind.
A row is one term; another way to say it in the source language is another row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mt.errors import CorpusError
from mt.languages import find_language
from mt.text.normalize import normalize
from mt.text.reader import read_lines


@dataclass(frozen=True)
class Term:
    """A concept named in two or more languages."""

    texts: Mapping[str, str]  # language code -> term
    category: str = ""


def read_glossary(path: Path) -> tuple[Term, ...]:
    """Read a glossary, in the order of the file.

    Raises:
        CorpusError: unreadable, an unknown column, or a row with another number of cells or an
            empty one (with its line).
    """
    lines = read_lines(path)
    header = lines[0].split("\t") if lines else []
    languages = [name for name in header if name != "category"]
    if len(languages) < 2 or len(set(header)) < len(header):
        raise CorpusError(
            f"{path}:1: the first line must name the columns, such as: category, ar, en, vi "
            "(with tabs between them)"
        )
    for code in languages:
        find_language(code)
    terms = []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        cells = [normalize(cell)[0] for cell in line.split("\t")]
        if len(cells) != len(header) or not all(cells):
            raise CorpusError(
                f"{path}:{number}: expected {len(header)} filled cells ({', '.join(header)})"
            )
        fields = dict(zip(header, cells, strict=True))
        terms.append(Term({code: fields[code] for code in languages}, fields.get("category", "")))
    return tuple(terms)
