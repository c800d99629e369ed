"""Tables of beads: TSV for spreadsheets, JSONL for programs, Vecalign's pairs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mt.align.alignment import Alignment, Bead, Reading, clip_score, format_pairs
from mt.align.formats.bitext import Bitext, Row
from mt.errors import AlignmentError
from mt.text.document import Document
from mt.text.lines import read_lines

_IDS = ("source_ids", "target_ids")
_SIDE = re.compile(r"\d{1,9}(?:[+,;\s]+\d{1,9})*")


def write_pairs(bitext: Bitext) -> str:
    """Vecalign's ``[0]:[0, 1]:cost``."""
    beads = tuple(Bead(row.sides[0], row.sides[1], row.score) for row in bitext.rows)
    return format_pairs(Alignment(beads))


def write_tsv(bitext: Bitext) -> str:
    """A header, then a line per bead; tabs and line ends in a text become spaces.

    Segments are joined by ``+``, which no spreadsheet takes for a number as it does ``1,2``.
    """
    names = bitext.names
    header = [*(f"{name}_ids" for name in names), "score", *names, "note"]
    lines = ["\t".join(header)]
    for row in bitext.rows:
        ids = ("+".join(map(str, side)) for side in row.sides)
        cells = (*ids, f"{row.score:.6f}", *bitext.texts(row), "; ".join(_remarks(row, names)))
        lines.append("\t".join(" ".join(cell.split()) for cell in cells))
    return "\n".join(lines) + "\n"


def _remarks(row: Row, names: Sequence[str]) -> Iterator[str]:
    """Why a side is empty, and the note."""
    for name, reason in zip(names, row.reasons, strict=False):
        if reason:
            yield f"no {name}: {reason}"
    if row.note:
        yield row.note


def write_jsonl(bitext: Bitext) -> str:
    """An object a line: ``source_ids``, ``target_ids``, ``score``, ``source``, ``target``.

    A bead that has a ``note``, or ``reasons`` for empty sides, has them too.
    """
    lines = []
    for row in bitext.rows:
        ids = {f"{name}_ids": side for name, side in zip(bitext.names, row.sides, strict=True)}
        entry: dict[str, object] = {**ids, "score": round(row.score, 6)}
        entry |= zip(bitext.names, bitext.texts(row), strict=True)
        reasons = zip(bitext.names, row.reasons, strict=False)
        if given := {name: reason for name, reason in reasons if reason}:
            entry["reasons"] = given
        if row.note:
            entry["note"] = row.note
        lines.append(json.dumps(entry, ensure_ascii=False) + "\n")
    return "".join(lines)


def read_tsv(path: Path, _source: Document, _target: Document) -> Reading:
    """The beads of a table with the columns ``source_ids`` and ``target_ids``; texts are not read.

    ``score`` and ``note`` count where they are; so do cells in quotation marks, as spreadsheets
    write them.
    """
    lines = read_lines(path)
    header = [_unquote(cell) for cell in lines[0].split("\t")] if lines else []
    if missing := [name for name in _IDS if name not in header]:
        raise AlignmentError(f"{path}:1: the table has no column '{missing[0]}'")
    beads, places = [], []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        cells = dict(zip(header, map(_unquote, line.split("\t")), strict=False))
        sides = [_read_side(cells.get(name, ""), f"{path}:{number}: {name}") for name in _IDS]
        score = _read_score(cells.get("score", ""), f"{path}:{number}: score")
        beads.append(Bead(sides[0], sides[1], clip_score(score, *sides), cells.get("note", "")))
        places.append(number)
    return Reading(Alignment(tuple(beads), f"read from {path.name}"), None, tuple(places))


def _unquote(cell: str) -> str:
    cell = cell.strip()
    quoted = len(cell) > 1 and cell[0] == cell[-1] == '"'
    return cell[1:-1].replace('""', '"') if quoted else cell


def _read_side(cell: str, where: str) -> tuple[int, ...]:
    if cell and not _SIDE.fullmatch(cell):
        raise AlignmentError(f"{where}: '{cell}'; expected segments from 0, such as 4 or 4+5")
    return tuple(sorted(map(int, re.findall(r"\d+", cell))))


def _read_score(cell: str, where: str) -> float:
    try:
        return float(cell.replace(",", ".")) if cell else 1.0
    except ValueError:
        raise AlignmentError(f"{where}: '{cell}' is not a number from 0 to 1") from None


def read_jsonl(path: Path, _source: Document, _target: Document) -> Reading:
    """Objects as :func:`write_jsonl` has them, or as ``alignments/*.jsonl`` of a run has them."""
    beads, places = [], []
    for number, line in enumerate(read_lines(path), 1):
        if line.strip():
            beads.append(_read_object(line, f"{path}:{number}"))
            places.append(number)
    return Reading(Alignment(tuple(beads), f"read from {path.name}"), None, tuple(places))


def _read_object(line: str, where: str) -> Bead:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise AlignmentError(f"{where}: not JSON: {error}") from None
    entry = entry if isinstance(entry, dict) else {}
    sides: list[Any] = [entry.get(f"{name}_ids", entry.get(name)) for name in ("source", "target")]
    score, note = entry.get("score", 1.0), entry.get("note", "")
    if not (all(map(_is_side, sides)) and type(score) in (int, float) and isinstance(note, str)):
        raise AlignmentError(
            f"{where}: not a bead; expected an object like "
            '{"source_ids": [0], "target_ids": [0, 1], "score": 0.9}'
        )
    source, target = (tuple(sorted(side)) for side in sides)
    return Bead(source, target, clip_score(score, source, target), note)


def _is_side(value: Any) -> bool:
    return isinstance(value, list) and all(type(i) is int and i >= 0 for i in value)
