"""What an alignment must respect: beads that are pinned, and boundaries that no bead crosses.

A file of anchors has one a line: ``[3]:[4, 5]`` pins a bead, as in Vecalign's format; ``12:14`` is
a boundary: what stands before source segment 12 belongs to what stands before target segment 14, as
where a page, a chapter or a paragraph begins on both sides. ``#`` starts a comment line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from mt.align.alignment import INDICES, Bead
from mt.align.monotone import Region
from mt.errors import AlignmentError
from mt.text.reader import read_lines

Boundary = tuple[int, int]  # a source and a target segment, from 0; no bead crosses over to them
Anchor = Bead | Boundary

_BEAD = re.compile(rf"{INDICES}\s*:\s*{INDICES}(?:\s*:.*)?")
_BOUNDARY = re.compile(r"(\d{1,9})\s*:\s*(\d{1,9})")


class _AnchorError(AlignmentError):
    """What is wrong with one anchor, or with two that contradict each other."""

    def __init__(self, anchors: Sequence[Anchor], message: str) -> None:
        self.anchors = anchors
        super().__init__(message)


def read_anchors(path: Path, sources: int, targets: int) -> tuple[Anchor, ...]:
    """Read a file of anchors for documents of so many segments.

    Raises:
        AlignmentError: a line is neither a bead nor a boundary, lies outside the documents, or
            contradicts another one (with its number).
        CorpusError: the file cannot be read.
    """
    anchors: dict[Anchor, int] = {}  # and their lines
    for number, line in enumerate(map(str.strip, read_lines(path)), 1):
        if boundary := _BOUNDARY.fullmatch(line):
            anchors.setdefault((int(boundary[1]), int(boundary[2])), number)
        elif bead := _BEAD.fullmatch(line):
            anchors.setdefault(Bead(_indices(bead[1]), _indices(bead[2])), number)
        elif line and not line.startswith("#"):
            raise AlignmentError(
                f"{path}:{number}: expected a bead such as [3]:[4, 5], or a boundary such as 12:14"
            )
    try:
        divide(tuple(anchors), sources, targets)
    except _AnchorError as error:
        first, *_, last = sorted(anchors[anchor] for anchor in (*error.anchors, error.anchors[0]))
        other = f" (line {first})" if first != last else ""
        raise AlignmentError(f"{path}:{last}: {error}{other}") from None
    return tuple(anchors)


def _indices(text: str) -> tuple[int, ...]:
    return tuple(sorted({int(word) for word in text.replace(",", " ").split()}))


def divide(
    anchors: Sequence[Anchor], sources: int, targets: int
) -> tuple[list[Region | Bead], list[Bead]]:
    """What lies between the anchors and the pinned beads among it, in order; and the null beads.

    A pinned null bead has no place in the order: its segments must be left alone where they are.

    Raises:
        AlignmentError: an anchor lies outside the documents, or two contradict each other.
    """
    anchors = list(dict.fromkeys(anchors))
    for anchor in anchors:
        _check(anchor, sources, targets)
    _check_shared([anchor for anchor in anchors if isinstance(anchor, Bead)])
    alone = [a for a in anchors if isinstance(a, Bead) and not (a.source and a.target)]
    others = [a for a in anchors if not isinstance(a, Bead) or (a.source and a.target)]
    placed = sorted(((_place(anchor), anchor) for anchor in others), key=lambda pair: pair[0])
    parts: list[Region | Bead] = []
    source = target = 0
    for (before, one), (after, other) in pairwise(placed):
        if after.source < before.source_end or after.target < before.target_end:
            said = f"anchors {_show(one)} and {_show(other)} contradict each other"
            raise _AnchorError((one, other), said)
    for place, anchor in placed:
        parts.append(Region(source, target, place.source, place.target))
        if isinstance(anchor, Bead):
            parts.append(Bead(anchor.source, anchor.target, 1.0))
        source, target = place.source_end, place.target_end
    parts.append(Region(source, target, sources, targets))
    return parts, [Bead(bead.source, bead.target, 1.0) for bead in alone]


def _check(anchor: Anchor, sources: int, targets: int) -> None:
    """Raise ``AlignmentError`` where an anchor cannot stand in documents of these sizes."""
    if isinstance(anchor, Bead):
        sides = [(anchor.source, sources - 1, "source"), (anchor.target, targets - 1, "target")]
        if not (anchor.source or anchor.target):
            raise _AnchorError((anchor,), "anchor []:[] pins nothing; name segments")
    else:
        sides = [(anchor[:1], sources, "source"), (anchor[1:], targets, "target")]
    for indices, last, side in sides:
        if any(not 0 <= index <= last for index in indices):
            raise _AnchorError(
                (anchor,), f"anchor {_show(anchor)} lies outside: {side} segments are 0 to {last}"
            )
        if any(after != before + 1 for before, after in pairwise(indices)):
            raise _AnchorError(
                (anchor,), f"anchor {_show(anchor)}: its {side} segments do not follow each other"
            )


def _check_shared(beads: Iterable[Bead]) -> None:
    owners: dict[tuple[str, int], Bead] = {}
    for bead in beads:
        for side, indices in (("source", bead.source), ("target", bead.target)):
            for index in indices:
                owner = owners.setdefault((side, index), bead)
                if owner is not bead:
                    raise _AnchorError(
                        (owner, bead),
                        f"anchors {_show(owner)} and {_show(bead)} contradict each other: "
                        f"{side} segment {index} stands in both",
                    )


def _place(anchor: Anchor) -> Region:
    if isinstance(anchor, Bead):
        ends = anchor.source[-1] + 1, anchor.target[-1] + 1
        return Region(anchor.source[0], anchor.target[0], *ends)
    return Region(*anchor, *anchor)


def _show(anchor: Anchor) -> str:
    if isinstance(anchor, Bead):
        return f"{list(anchor.source)}:{list(anchor.target)}"
    return f"{anchor[0]}:{anchor[1]}"


def set_alone(beads: Sequence[Bead], alone: Sequence[Bead]) -> list[Bead]:
    """The null beads of ``alone`` in place of those that leave their segments alone one by one."""
    pinned = {(i, True): bead for bead in alone for i in bead.source}
    pinned |= {(i, False): bead for bead in alone for i in bead.target}
    found: list[Bead] = []
    for bead in beads:
        first = (bead.source[0], True) if bead.source else (bead.target[0], False)
        pin = None if bead.source and bead.target else pinned.get(first)
        if pin is None:
            found.append(bead)
        elif first[0] == (pin.source or pin.target)[0]:
            found.append(pin)
    return found
