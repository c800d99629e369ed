"""hunalign's two outputs (Varga et al., 2005): the ladder, and the text with ``~~~``.

A ladder has a rung a line: ``source``, ``target`` and quality, separated by tabs. What lies between
a rung and the next one is a bead; the quality is that of the bead after the rung. The text has a
line a bead, source, target and quality, with ``~~~`` between the segments of a side.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from mt.align.alignment import Alignment, Bead, Reading, clip_score
from mt.align.formats.bitext import Bitext
from mt.align.formats.matching import BREAK, Matcher, add_null_beads
from mt.errors import AlignmentError
from mt.text.document import Document
from mt.text.lines import read_lines

RUNG = re.compile(r"(\d{1,9})\t(\d{1,9})(?:\t(-?[\d.]+(?:[eE][+-]?\d+)?))?\s*")


def write_ladder(bitext: Bitext) -> str:
    """The rungs, with what the file's last one has for a quality: 0.

    Raises:
        AlignmentError: beads cross, or have gaps; rungs only go up.
    """
    lines, rung = [], [0, 0]
    for row in bitext.rows:
        lines.append(f"{rung[0]}\t{rung[1]}\t{row.score:.6f}\n")
        for number, side in enumerate(row.sides):
            if list(side) != list(range(rung[number], rung[number] + len(side))):
                raise AlignmentError(
                    f"{bitext.names[number]} segment {side[0]}: a ladder cannot hold beads that "
                    "cross or leave segments out; choose another format, for example pairs"
                )
            rung[number] += len(side)
    return "".join(lines) + f"{rung[0]}\t{rung[1]}\t0\n"


def read_ladder(path: Path, source: Document, target: Document) -> Reading:
    """The beads between rungs; the first rung is 0 and 0, whether it stands there or not."""
    rungs: list[tuple[int, int, float]] = []
    places: list[int] = []
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        match = RUNG.fullmatch(line)
        if not match:
            raise AlignmentError(
                f"{path}:{number}: not a rung; expected source, target and quality, with tabs"
            )
        quality = _read_quality([match[3] or "1"], f"{path}:{number}")
        rung = (int(match[1]), int(match[2]), quality)
        for side, place, document in (("source", rung[0], source), ("target", rung[1], target)):
            if place > len(document.segments):
                raise AlignmentError(
                    f"{path}:{number}: {place} {side} segments; there are {len(document.segments)}"
                )
        if not rungs and rung[:2] != (0, 0):
            rungs.append((0, 0, 0.0))
            places.append(number)
        if rungs and (rung[0] < rungs[-1][0] or rung[1] < rungs[-1][1]):
            raise AlignmentError(f"{path}:{number}: a rung may not be lower than the one before it")
        rungs.append(rung)
        places.append(number)
    beads, kept = [], []
    for place, (here, there) in zip(places, pairwise(rungs), strict=False):
        mine, theirs = tuple(range(here[0], there[0])), tuple(range(here[1], there[1]))
        beads.append(Bead(mine, theirs, clip_score(here[2], mine, theirs)))
        kept.append(place)
    return Reading(Alignment(tuple(beads), f"read from {path.name}"), None, tuple(kept))


def write_text(bitext: Bitext) -> str:
    """The texts of every bead; tabs and line ends in a segment become spaces."""
    lines = []
    columns = [document.texts for document in bitext.documents]
    for row in bitext.rows:
        sides = (_join(texts, side) for texts, side in zip(columns, row.sides, strict=True))
        lines.append("\t".join((*sides, f"{row.score:.6f}")) + "\n")
    return "".join(lines)


def _join(texts: Sequence[str], side: Sequence[int]) -> str:
    words = (" ".join(texts[i].split()) for i in side)
    return f" {BREAK} ".join(filter(None, words))


def read_text(path: Path, source: Document, target: Document) -> Reading:
    """The beads, matched back to segments by their text.

    Raises:
        AlignmentError: a text is not that of any segments (with the line).
    """
    matchers = Matcher("source", source), Matcher("target", target)
    beads, places = [], []
    for number, line in enumerate(read_lines(path), 1):
        cells = line.split("\t")
        if not line.strip():
            continue
        if len(cells) not in (2, 3):
            raise AlignmentError(
                f"{path}:{number}: {len(cells)} columns; expected source, target and quality"
            )
        where = f"{path}:{number}"
        here, there = (
            matcher.find(cell, where) for matcher, cell in zip(matchers, cells, strict=False)
        )
        score = _read_quality(cells[2:], where)
        beads.append(Bead(here, there, clip_score(score, here, there)))
        places.append(number)
    return add_null_beads(beads, places, matchers, path.name)


def _read_quality(cells: Sequence[str], where: str) -> float:
    try:
        return float(cells[0]) if cells else 1.0
    except ValueError:
        raise AlignmentError(f"{where}: quality '{cells[0]}' is not a number") from None
