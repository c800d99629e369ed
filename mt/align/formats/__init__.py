"""The formats that alignments are written in and read from: one table, a module for each family."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from mt.align.alignment import Alignment, Reading, read_pairs
from mt.align.formats.bitext import Bitext, pair_up, set_side_by_side
from mt.align.formats.hunalign import RUNG, read_ladder, read_text, write_ladder, write_text
from mt.align.formats.intertext import read_intertext, write_intertext
from mt.align.formats.matching import quote
from mt.align.formats.table import read_jsonl, read_tsv, write_jsonl, write_pairs, write_tsv
from mt.align.formats.tmx import read_tmx, write_tmx
from mt.errors import AlignmentError, suggest
from mt.text.document import Document
from mt.text.lines import open_file, read_lines

__all__ = [
    "FORMATS",
    "PAGE",
    "Bitext",
    "Format",
    "check_format",
    "find_format",
    "pair_up",
    "read_alignment",
    "render_bitext",
    "set_side_by_side",
]

Write = Callable[[Bitext], str | Mapping[str, str]]
Read = Callable[[Path, Document, Document], Reading]


@dataclass(frozen=True)
class Format:
    """A way to write an alignment. Several files are written as texts by file name."""

    title: str
    write: Write
    read: Read
    lost: str  # of what a bead has
    sides: int = 2  # at most
    files: int = 1


def _read_pairs(path: Path, _source: Document, _target: Document) -> Reading:
    return read_pairs(path)


PAGE = "html"  # written by eval.render.bitext, and not read

FORMATS: dict[str, Format] = {
    "pairs": Format("Vecalign's pairs", write_pairs, _read_pairs, "texts, notes"),
    "tsv": Format("a table for spreadsheets", write_tsv, read_tsv, "tabs in texts", sides=3),
    "jsonl": Format("an object a line", write_jsonl, read_jsonl, "nothing", sides=3),
    "tmx": Format("TMX 1.4b", write_tmx, read_tmx, "null beads", sides=3),
    "ladder": Format("hunalign's ladder", write_ladder, read_ladder, "texts, notes"),
    "hunalign": Format("hunalign's text", write_text, read_text, "tabs in texts, notes"),
    "intertext": Format(
        "InterText XML", write_intertext, read_intertext, "scores, words of notes", files=3
    ),
}


def render_bitext(bitext: Bitext, name: str) -> str | Mapping[str, str]:
    """The alignment in one of ``FORMATS``: a text that ends in a line end, or texts by file name.

    Raises:
        AlignmentError: unknown format, or it cannot hold this alignment.
    """
    return check_format(name, len(bitext.documents)).write(bitext)


def check_format(name: str, sides: int = 2) -> Format:
    """The format of this name; raises ``AlignmentError`` where it cannot hold so many sides."""
    if name not in FORMATS:
        raise AlignmentError(f"unknown format '{name}'{suggest(name, (*FORMATS, PAGE))}")
    form = FORMATS[name]
    if sides > form.sides:
        able = [other for other in FORMATS if FORMATS[other].sides >= sides]
        raise AlignmentError(
            f"format '{name}' has two sides, not three; choose from: {', '.join((*able, PAGE))}"
        )
    return form


def find_format(path: Path) -> str:
    """Which format a file is in, by how it begins.

    Raises:
        AlignmentError: empty, or no format that is known.
        CorpusError: unreadable.
    """
    lines = (line for line in _peek(path) if line.strip() and not line.startswith("#"))
    line = next(lines, "")
    cells, first = line.split("\t"), line.strip()  # a cell may be empty
    if not first:
        raise AlignmentError(f"{path}: empty; expected an alignment")
    if RUNG.fullmatch(first):
        return "ladder"
    if len(cells) == 3 and re.fullmatch(r"-?\d[\d.eE+-]*", cells[2].strip()):
        return "hunalign"
    if "source_ids" in cells or '"source_ids"' in cells:
        return "tsv"
    if first.startswith("<"):
        start = " ".join((first, *islice(lines, 20)))
        return "intertext" if "<linkGrp" in start else "tmx"
    if first[0] in "{[":
        return "jsonl" if first.startswith("{") else "pairs"
    raise AlignmentError(
        f"{path}: not an alignment in a format that is known ({', '.join(FORMATS)}); "
        f"it begins with {quote(first)}"
    )


def _peek(path: Path) -> Sequence[str]:
    """The lines of a file, but only the first ones of UTF-16, as some tools write TMX."""
    with open_file(path) as file:
        head = file.read(4096)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return head.decode("utf-16", "ignore").splitlines()
    return read_lines(path)


def read_alignment(path: Path, source: Document, target: Document, hint: str = "") -> Alignment:
    """Read an alignment in any of ``FORMATS``, and check that it has every segment once.

    ``hint`` is what to say where it does not. Beads that hold nothing, as of two blank lines in
    hunalign's text, are left out.

    Raises:
        AlignmentError: of no format, damaged, or not of these documents: which segment of which
            side, and the line.
        CorpusError: unreadable.
    """
    reading = FORMATS[find_format(path)].read(path, source, target)
    try:
        for number, (name, document) in enumerate((("source", source), ("target", target))):
            _check(reading, number, str(path), name, document)
    except AlignmentError as error:
        raise AlignmentError(f"{error}{hint}") from None
    beads = tuple(bead for bead in reading.alignment.beads if bead.source or bead.target)
    return replace(reading.alignment, beads=beads)


def _check(reading: Reading, number: int, path: str, name: str, document: Document) -> None:
    """That one side is covered once."""
    count = len(document.segments)
    seen: dict[int, int] = {}
    for bead, line in zip(reading.alignment.beads, reading.lines, strict=True):
        for index in (bead.source, bead.target)[number]:
            if index in seen:
                raise AlignmentError(
                    f"{path}:{line}: {name} segment {index} stands here and on line {seen[index]}"
                )
            if index >= count:
                raise AlignmentError(
                    f"{path}:{line}: {name} segment {index} does not exist: there are {count}, "
                    "from 0"
                )
            seen[index] = line
    missing = next((index for index in range(count) if index not in seen), None)
    if missing is not None:
        text = quote(document.texts[missing])
        near = f" after line {seen[missing - 1]}" if missing else " at the beginning"
        raise AlignmentError(
            f"{path}: {name} segment {missing} ({text}) stands in no bead; put it into one,{near} "
            "it would be in order"
        )
