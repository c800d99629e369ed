"""What every format writes: documents side by side, and beads of two or three of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mt.align.alignment import Alignment, join_texts
from mt.text.document import Document

if TYPE_CHECKING:
    from mt.align.threeway import ThreeWay


@dataclass(frozen=True)
class Row:
    """A bead, with as many sides as there are documents; some of them may be empty."""

    sides: tuple[tuple[int, ...], ...]  # 0-based segments of each document
    score: float  # how likely it is right, 0 to 1
    note: str = ""  # "order: source 5 looks like target 7"
    reasons: tuple[str, ...] = ()  # why a side is empty, a text a side; "" where it is not

    @property
    def filled(self) -> int:
        """How many sides are not empty."""
        return sum(map(bool, self.sides))


@dataclass(frozen=True)
class Bitext:
    """Documents that say the same, and the rows that hold every segment of them once."""

    names: tuple[str, ...]  # what each document is: "source", "target"
    documents: tuple[Document, ...]
    rows: tuple[Row, ...]
    method: str = ""  # what made the alignment

    @property
    def stem(self) -> str:
        """What to call files: ``speech`` where the source is ``speech.ar.txt``."""
        return Path(self.documents[0].name).name.split(".")[0] or "bitext"

    def texts(self, row: Row) -> tuple[str, ...]:
        return tuple(
            join_texts(texts, side) for texts, side in zip(self._texts, row.sides, strict=True)
        )

    @cached_property
    def _texts(self) -> tuple[tuple[str, ...], ...]:
        return tuple(document.texts for document in self.documents)


def pair_up(alignment: Alignment, source: Document, target: Document) -> Bitext:
    """An alignment with its documents; raises ``AlignmentError`` where it does not cover them."""
    alignment.check(len(source.segments), len(target.segments))
    rows = tuple(Row((bead.source, bead.target), bead.score, bead.note) for bead in alignment.beads)
    return Bitext(("source", "target"), (source, target), rows, alignment.method)


def set_side_by_side(
    alignment: ThreeWay, source: Document, hypothesis: Document, reference: Document
) -> Bitext:
    """Three texts with what aligns them."""
    rows = tuple(
        Row(triple.sides, triple.confidence, triple.note, triple.reasons)
        for triple in alignment.triples
    )
    names = ("source", "hypothesis", "reference")
    return Bitext(names, (source, hypothesis, reference), rows, alignment.method)


def clean(text: str) -> str:
    """``text`` with U+FFFD for what XML 1.0 cannot hold (its production ``Char``)."""
    return "".join(c if _is_xml(c) else "\ufffd" for c in text)


def _is_xml(character: str) -> bool:
    return (
        character in "\t\n\r"
        or " " <= character <= "\ud7ff"
        or "\ue000" <= character <= "\ufffd"
        or character >= "\U00010000"
    )
