"""Notice where two texts say the same things in another order. Beads never cross; notes say so.

An aligner that only goes forward must break one of two beads that are swapped: it leaves both
sides of it alone, joins both beads into one, or sets each against the wrong other side. Whatever
it did, the two would cost much less crosswise, and that is what is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import numpy as np

from mt.align.alignment import Bead
from mt.align.costs import BeadCosts
from mt.align.similarity import SPAN, Vectors

ORDER = "order: "  # notes of this kind begin so

# What crossing must save, in units of mt.align.costs.Weights (leaving one segment alone on either
# side costs about 1.4).
_GAIN = 0.3
_NEAR = 8  # segments that something is looked for away from its place
_BEADS = 3  # a swap breaks so many beads at most
_SURE = 0.9  # Bead.score from which a bead is left alone, unless two segments on both sides of it
# could change places, or a bead beside it is in doubt


class _Swap(NamedTuple):
    """Spans that match though other beads stand between them, and what that would save."""

    gain: float
    pairs: tuple[tuple[range, range], ...]  # sources and targets that look like each other
    beads: range  # of the path, that it concerns


def flag_order(beads: Sequence[Bead], costs: BeadCosts) -> tuple[Bead, ...]:
    """The same beads; those whose texts match crosswise much better get a ``note``.

    ``beads`` are those of a path, in order and without crossing. A note names what looks alike,
    ``order: source 5 looks like target 7``, counted from 0, on every bead that holds some of it.
    """
    found = sorted(_find_swaps(beads, costs), key=lambda swap: (-swap.gain, swap.beads.start))
    notes: dict[int, str] = {}
    for swap in found:
        if not notes.keys() & set(swap.beads):
            notes |= _describe(beads, swap)
    return tuple(
        replace(bead, note=notes[index]) if notes.get(index) else bead
        for index, bead in enumerate(beads)
    )


def _describe(beads: Sequence[Bead], swap: _Swap) -> dict[int, str]:
    """Notes by the index of the bead; "" where one that is concerned holds nothing of a match."""
    notes = {}
    for index in swap.beads:
        held = [
            f"source {_number(sources)} looks like target {_number(targets)}"
            for sources, targets in swap.pairs
            if set(beads[index].source) & set(sources) or set(beads[index].target) & set(targets)
        ]
        notes[index] = f"{ORDER}{', '.join(held)}" if held else ""
    return notes


def _number(indices: range) -> str:
    return "+".join(map(str, indices))


def _find_swaps(beads: Sequence[Bead], costs: BeadCosts) -> Iterator[_Swap]:
    starts = [(0, 0)]
    for bead in beads:
        starts.append((starts[-1][0] + len(bead.source), starts[-1][1] + len(bead.target)))
    doubtful = [bead.score < _SURE or min(len(bead.source), len(bead.target)) > 1 for bead in beads]
    for first in range(len(beads)):
        if any(doubtful[first : first + _BEADS]):
            yield from _cross(first, starts, beads, costs)
    alone = [index for index, bead in enumerate(beads) if not (bead.source and bead.target)]
    for one, other in product(alone, alone):
        if beads[one].source and beads[other].target and abs(one - other) <= _NEAR:
            yield from _move(one, other, starts, costs)


def _cross(
    first: int, starts: Sequence[tuple[int, int]], beads: Sequence[Bead], costs: BeadCosts
) -> Iterator[_Swap]:
    """The best way to let two halves of up to ``_BEADS`` beads change places, if it saves much."""
    source, target = starts[first]
    stop = min(first + _BEADS, len(beads))
    sources, targets = starts[stop][0] - source, starts[stop][1] - target
    if sources < 2 or targets < 2 or any(_is_wide(bead) for bead in beads[first:stop]):
        return
    table = costs.beads(slice(source, source + sources), slice(target, target + targets))
    best: _Swap | None = None
    price = 0.0
    for last in range(first, stop):
        price += _price(beads[last], starts[last], (source, target), table, costs)
        height, width = starts[last + 1][0] - source, starts[last + 1][1] - target
        for x, y in product(range(1, height), range(1, width)):
            if max(x, y, height - x, width - y) > SPAN:
                continue
            # As Python's floats: a pinned bead may cost infinity, which NumPy warns of.
            crossed = float(table[x - 1, width - y - 1, 0, y])
            crossed += float(table[height - x - 1, y - 1, x, 0])
            gain = price - crossed
            if gain > max(_GAIN, best.gain if best else 0.0):
                middle, cut = source + x, target + y
                pairs = (
                    (range(source, middle), range(cut, target + width)),
                    (range(middle, source + height), range(target, cut)),
                )
                best = _Swap(gain, pairs, range(first, last + 1))
    if best:
        yield best


def _is_wide(bead: Bead) -> bool:
    """Whether it was not found, but pinned by somebody."""
    return max(len(bead.source), len(bead.target)) > SPAN


def _price(
    bead: Bead, start: tuple[int, int], corner: tuple[int, int], table: Vectors, costs: BeadCosts
) -> float:
    """What the path pays for a bead; ``table`` has the costs from ``corner`` on."""
    source, target = start
    if bead.source and bead.target:
        shape = len(bead.source) - 1, len(bead.target) - 1
        return float(table[*shape, source - corner[0], target - corner[1]])
    skips = np.concatenate(
        [costs.source_skips[list(bead.source)], costs.target_skips[list(bead.target)]]
    )
    return float(skips.sum())


def _move(
    one: int, other: int, starts: Sequence[tuple[int, int]], costs: BeadCosts
) -> Iterator[_Swap]:
    """A source and a target that stand alone, not side by side, and would match."""
    source, target = starts[one][0], starts[other][1]
    price = float(costs.source_skips[source] + costs.target_skips[target])
    table = costs.beads(slice(source, source + 1), slice(target, target + 1))
    gain = price - float(table[0, 0, 0, 0])
    if gain > _GAIN:
        pair = (range(source, source + 1), range(target, target + 1))
        first, last = sorted((one, other))
        yield _Swap(gain, (pair,), range(first, last + 1))
