"""An alignment as one HTML page, to be read, printed and checked: two or three columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eval.render.html import mark
from eval.render.page import fill_page
from eval.render.wording import name_language
from eval.slices import CONFIDENT
from mt.align.formats.bitext import Bitext, Row
from mt.align.order import ORDER

GROUP = 20  # beads that a browser lays out, or leaves for later, together
SHOWN = 40  # links to beads in a list, at most


def render_page(bitext: Bitext) -> str:
    """The page. It needs nothing else: no network, no second file, no JavaScript."""
    beads = [_view(number, row, bitext) for number, row in enumerate(bitext.rows, 1)]
    return fill_page(
        "bitext.html.j2",
        ["report.css", "bitext.css"],
        bitext=bitext,
        beads=beads,
        lists=list(_list_doubts(beads)),
        facts=list(_count(bitext)),
        columns=len(bitext.documents),
        group=GROUP,
        shown=SHOWN,
        order=ORDER,
        name_language=name_language,
        mark=mark,
    )


@dataclass(frozen=True)
class _Side:
    """What one column shows of a bead: segments with their numbers, or why there are none."""

    segments: Sequence[tuple[int, str]]
    reason: str


@dataclass(frozen=True)
class _Bead:
    number: int  # from 1
    shape: str  # "1–2"
    score: float | None  # None for a bead with one side only
    bar: int  # twentieths
    unsure: bool
    note: str
    sides: Sequence[_Side]

    @property
    def gapped(self) -> bool:
        return not all(side.segments for side in self.sides)


def _view(number: int, row: Row, bitext: Bitext) -> _Bead:
    scored = row.filled > 1
    reasons = (*row.reasons, *[""] * len(row.sides))
    sides = [
        _Side(
            [(index, document.segments[index].text) for index in side],
            "" if side else reason or f"no {name}",
        )
        for name, document, side, reason in zip(
            bitext.names, bitext.documents, row.sides, reasons, strict=False
        )
    ]
    return _Bead(
        number,
        "–".join(str(len(side)) for side in row.sides),
        row.score if scored else None,
        round(20 * row.score),
        scored and row.score < CONFIDENT,
        row.note,
        sides,
    )


def _list_doubts(beads: Sequence[_Bead]) -> Iterator[tuple[str, list[int]]]:
    """What a reviewer looks at first, and the numbers of the beads."""
    yield "Unsure", [bead.number for bead in beads if bead.unsure]
    yield "In another order", [bead.number for bead in beads if bead.note.startswith(ORDER)]
    yield "With an empty side", [bead.number for bead in beads if bead.gapped]


def _count(bitext: Bitext) -> Iterator[str]:
    """How long the documents are, and which shapes their beads have."""
    for name, document in zip(bitext.names, bitext.documents, strict=True):
        yield f"{len(document.segments)} segments of the {name}"
    shapes = Counter("–".join(str(len(side)) for side in row.sides) for row in bitext.rows)
    common = ", ".join(f"{shape}: {count}" for shape, count in shapes.most_common(6))
    yield f"{len(bitext.rows)} beads ({common})"
    if bitext.method:
        yield f"method: {bitext.method}"
