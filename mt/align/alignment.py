"""Beads and alignments, and Vecalign's text format for them: ``[0]:[0, 1]:0.123``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mt.errors import AlignmentError
from mt.text.reader import Split, read_lines


@dataclass(frozen=True)
class Bead:
    """A minimal group of segments that translate each other; a null bead has one empty side."""

    source: tuple[int, ...]  # 0-based, ascending, adjacent
    target: tuple[int, ...]
    score: float = 1.0  # similarity of the two sides, 0 to 1; 0 for a null bead

    @property
    def shape(self) -> str:
        """``"1-1"``, ``"2-1"``, ``"0-1"``..."""
        return f"{len(self.source)}-{len(self.target)}"


@dataclass(frozen=True)
class Alignment:
    """Beads in source order that cover every segment of both sides exactly once."""

    beads: tuple[Bead, ...]
    method: str = ""  # what made it: "e5-small+chrf, beads to 4"

    def check(self, sources: int, targets: int) -> None:
        """Raise ``AlignmentError`` unless the beads cover ``sources`` and ``targets`` once each."""
        for side, count, indices in (
            ("source", sources, [i for bead in self.beads for i in bead.source]),
            ("target", targets, [i for bead in self.beads for i in bead.target]),
        ):
            repeated = [i for i, n in Counter(indices).items() if n > 1]
            missing = sorted(set(range(count)) - set(indices))
            beyond = sorted(set(indices) - set(range(count)))
            if repeated:
                raise AlignmentError(f"{side} segment {min(repeated)} stands in two beads")
            if beyond:
                raise AlignmentError(
                    f"{side} segment {beyond[0]} does not exist: there are {count}, from 0"
                )
            if missing:
                raise AlignmentError(f"{side} segment {missing[0]} stands in no bead")


def format_pairs(alignment: Alignment) -> str:
    """Vecalign's lines ``[sources]:[targets]:cost``, cost being 1 - similarity; null beads 0."""
    lines = []
    for bead in alignment.beads:
        cost = 1 - bead.score if bead.source and bead.target else 0.0
        lines.append(f"{list(bead.source)}:{list(bead.target)}:{cost:.6f}\n")
    return "".join(lines)


@dataclass(frozen=True)
class Gold:
    """A hand-made alignment, and the unit its indices count where the file says so."""

    alignment: Alignment
    split: Split | None = None  # from a first line such as "# segments: sentence"


_LINE = re.compile(r"\[([\d,\s]*)\]\s*:\s*\[([\d,\s]*)\](?:\s*:\s*(-?[\d.eE+-]+))?\s*")
_UNIT = re.compile(r"#\s*segments:\s*(sentence|line)\s*")


def read_pairs(path: Path) -> Gold:
    """Read a file in Vecalign's format; ``#`` starts a comment line.

    Raises:
        AlignmentError: a line is not in the format (with its number).
        CorpusError: the file cannot be read.
    """
    beads: list[Bead] = []
    split: Split | None = None
    for number, line in enumerate(read_lines(path), 1):
        if unit := _UNIT.fullmatch(line):
            split = "sentence" if unit[1] == "sentence" else "line"
        elif line.strip() and not line.startswith("#"):
            match = _LINE.fullmatch(line.strip())
            if not match:
                raise AlignmentError(f"{path}:{number}: expected [0]:[0, 1] or [0]:[0, 1]:cost")
            cost = float(match[3]) if match[3] else 0.0
            beads.append(Bead(_indices(match[1]), _indices(match[2]), 1 - cost))
    return Gold(Alignment(tuple(beads), f"read from {path.name}"), split)


def _indices(text: str) -> tuple[int, ...]:
    return tuple(sorted(int(word) for word in text.replace(",", " ").split()))


def join_texts(texts: Sequence[str], indices: Iterable[int]) -> str:
    """The text of one side of a bead: its segments with a space between."""
    return " ".join(texts[i] for i in indices if texts[i])
