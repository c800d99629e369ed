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
    note: str = ""  # what a reader should know: "order: source 5 looks like target 7"

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
class Reading:
    """An alignment that was read from a file, and where in it the beads stand."""

    alignment: Alignment
    split: Split | None = None  # what its indices count, where a line such as "# segments: line" is
    lines: tuple[int, ...] = ()  # 1-based, a line a bead; 0 where the file has none for it


def clip_score(score: float, source: Sequence[int], target: Sequence[int]) -> float:
    """A score of a file between 0 and 1; 0 for a null bead, and for NaN."""
    return min(max(0.0, score), 1.0) if source and target else 0.0


INDICES = r"\[(?![^\]]*\d{10})([\d,\s]*)\]"  # no document has 10 digits, and int() has a limit
_LINE = re.compile(rf"{INDICES}\s*:\s*{INDICES}(?:\s*:\s*(-?[\d.eE+-]+))?\s*")
_UNIT = re.compile(r"#\s*segments:\s*(sentence|line)\s*")


def read_pairs(path: Path) -> Reading:
    """Read a file in Vecalign's format; ``#`` starts a comment line.

    Raises:
        AlignmentError: a line is not in the format (with its number).
        CorpusError: the file cannot be read.
    """
    beads: list[Bead] = []
    lines: list[int] = []
    split: Split | None = None
    for number, line in enumerate(read_lines(path), 1):
        if unit := _UNIT.fullmatch(line):
            split = "sentence" if unit[1] == "sentence" else "line"
        elif line.strip() and not line.startswith("#"):
            match = _LINE.fullmatch(line.strip())
            if not match:
                raise AlignmentError(f"{path}:{number}: expected [0]:[0, 1] or [0]:[0, 1]:cost")
            source, target = _indices(match[1]), _indices(match[2])
            cost = _read_cost(match[3], f"{path}:{number}")
            beads.append(Bead(source, target, clip_score(1 - cost, source, target)))
            lines.append(number)
    return Reading(Alignment(tuple(beads), f"read from {path.name}"), split, tuple(lines))


def _read_cost(word: str | None, where: str) -> float:
    try:
        return float(word or 0)
    except ValueError:
        raise AlignmentError(f"{where}: the cost '{word}' is not a number") from None


def _indices(text: str) -> tuple[int, ...]:
    return tuple(sorted(int(word) for word in text.replace(",", " ").split()))


def join_texts(texts: Sequence[str], indices: Iterable[int]) -> str:
    """The text of one side of a bead: its segments with a space between."""
    return " ".join(texts[i] for i in indices if texts[i])
