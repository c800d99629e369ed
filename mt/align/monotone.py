"""The search for the cheapest monotone sequence of beads, exact or in a band around a coarse path.

The method is the dynamic programme of Gale and Church (1993) with wider beads. A table too large to
fill is first searched at half the resolution, as in Vecalign (Thompson and Koehn, 2019), and then
only near the path found there: time and memory grow with the length of the path.

Costs are rounded to multiples of 1/4096 and added as whole numbers, so that equal costs are equal
whatever the order in which a machine adds them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from mt.align.similarity import SPAN

Floats = npt.NDArray[np.float64]
_Integers = npt.NDArray[np.int64]

FULL_CELLS = 1_000_000  # largest table (sources x targets) that is filled completely
MARGIN = 20  # cells kept on each side of the coarse path, at the finer resolution

_BLOCK = 4096  # cells whose costs are computed at once
_UNIT = 4096  # costs are multiples of 1 / this
_INFINITE = 2.0**30  # more than any path costs
_NOWHERE = 1 << 60  # the sum of costs where no path goes

_SIZES = range(1, SPAN + 1)
_SHAPES = (*itertools.product(_SIZES, _SIZES), (1, 0), (0, 1))  # of equals, the first is taken
_WAYS = 32  # sums are multiples of this, so that an index of _SHAPES may be added
_SOURCE_SKIP, _TARGET_SKIP = SPAN * SPAN, SPAN * SPAN + 1
_BEAD_WAYS = np.arange(SPAN * SPAN).reshape(SPAN, SPAN, 1, 1)


class Step(NamedTuple):
    """``sources`` segments against ``targets`` segments, starting at ``source`` and ``target``."""

    source: int
    target: int
    sources: int
    targets: int


class Region(NamedTuple):
    """A part of both documents: the first segment of each side, and the first that is after it."""

    source: int
    target: int
    source_end: int
    target_end: int

    @property
    def cells(self) -> int:
        return (self.source_end - self.source) * (self.target_end - self.target)

    def halved(self) -> Region:
        """The smallest region at half the resolution that has all of this one."""
        return Region(
            self.source // 2, self.target // 2, -(-self.source_end // 2), -(-self.target_end // 2)
        )


class Costs(Protocol):
    """What beads and skips cost, at one resolution; costs are at least 0, ``inf`` forbids."""

    source_skips: Floats  # (n,) cost of leaving each source segment alone
    target_skips: Floats  # (m,)

    def beads(self, sources: slice, targets: slice) -> npt.NDArray[Any]:
        """Costs of the beads that start in a range of sources and one of targets.

        Shape (SPAN, SPAN, sources, targets): entry [a, b, i, j] is the bead of a + 1 sources and
        b + 1 targets that starts at the i-th and j-th of the ranges. What it is where the bead
        would pass the end of a side does not matter.
        """
        ...

    def halved(self) -> Costs:
        """The same documents with segments joined two by two (an odd last one stays alone)."""
        ...


def cheapest_path(costs: Costs) -> tuple[Step, ...]:
    """The sequence of beads and skips with the least total cost, from the start to the end.

    Deterministic; of equals, beads win over skips, and few source segments over many. Exact for
    tables of up to ``FULL_CELLS``; beyond, within ``MARGIN`` cells of the path at half resolution.
    """
    whole = Region(0, 0, len(costs.source_skips), len(costs.target_skips))
    return cheapest_paths(costs, [whole])[0]


def cheapest_paths(costs: Costs, regions: Sequence[Region]) -> list[tuple[Step, ...]]:
    """As :func:`cheapest_path`, for each of some parts of the documents by itself."""
    large = [region for region in regions if region.cells > FULL_CELLS]
    rough = cheapest_paths(costs.halved(), [part.halved() for part in large]) if large else []
    coarse = iter(rough)
    return [
        _search(costs, region, _band(next(coarse) if region.cells > FULL_CELLS else (), region))
        for region in regions
    ]


def _band(coarse: Sequence[Step], region: Region) -> tuple[_Integers, _Integers]:
    """First and last target position to look at, per source position, around a coarse path."""
    rows = np.arange(region.source, region.source_end + 1)
    if not coarse:
        return np.full(len(rows), region.target), np.full(len(rows), region.target_end)
    last = coarse[-1]
    nodes = [step[:2] for step in coarse]
    nodes.append((last.source + last.sources, last.target + last.targets))
    sources, targets = 2 * np.array(nodes).T
    # A margin in both directions: that of the rows within MARGIN, and MARGIN cells more.
    first = np.searchsorted(sources, rows - MARGIN, "left") - 1
    after = np.searchsorted(sources, rows + MARGIN, "right")
    low = targets[np.maximum(first, 0)] - MARGIN
    high = targets[np.minimum(after, len(targets) - 1)] + MARGIN
    low, high = (np.clip(side, region.target, region.target_end) for side in (low, high))
    low[0], high[-1] = region.target, region.target_end
    return low, high


class _Block(NamedTuple):
    """Rows of the table from ``first`` on, and its cells from ``low`` on: the way on from each."""

    first: int
    low: int
    ways: npt.NDArray[np.uint8]  # indices of _SHAPES


def _search(costs: Costs, region: Region, band: tuple[_Integers, _Integers]) -> tuple[Step, ...]:
    """Fill the table from its last row to its first within ``band``, then trace the path."""
    skips = _round(costs.source_skips) + _SOURCE_SKIP
    gone = np.concatenate([[0], np.cumsum(_round(costs.target_skips))])
    low, end = int(band[0][-1]), region.target_end
    below = (gone[end] - gone[low : end + 1])[None]  # the last row, where targets are left alone
    blocks = [_Block(region.source_end, low, np.full(below.shape, _TARGET_SKIP, dtype=np.uint8))]
    for first, after, low, high in _divide(region.source, *band):
        rows, cells = slice(first, after), slice(low, high + 1)
        block = _Block(first, low, np.empty((after - first, high + 1 - low), dtype=np.uint8))
        sums = np.full((after - first + SPAN, high + 1 - low + SPAN), _NOWHERE)
        follow = sums[after - first :, blocks[-1].low - low :]
        seen = below[: len(follow), : follow.shape[1]]
        follow[: seen.shape[0], : seen.shape[1]] = seen
        beads = _round(costs.beads(rows, slice(low, min(high + 1, end)))) + _BEAD_WAYS
        _fill(sums, block.ways, beads, skips[rows], gone[cells])
        blocks.append(block)
        below = sums
    return _trace(blocks, region)


def _divide(start: int, low: _Integers, high: _Integers) -> Iterator[tuple[int, int, int, int]]:
    """Blocks of rows, from the last: first row, row after the last, lowest and highest cell."""
    after = len(low) - 1
    while after:
        first = after - 1
        while first and (after - first + 1) * (high[after - 1] - low[first - 1] + 1) <= _BLOCK:
            first -= 1
        yield start + first, start + after, int(low[first]), int(high[after - 1])
        after = first


def _round(costs: npt.NDArray[Any]) -> _Integers:
    units = np.rint(np.minimum(costs, _INFINITE) * _UNIT)
    return np.asarray(units.astype(np.int64) * _WAYS)


def _fill(
    sums: _Integers,
    ways: npt.NDArray[np.uint8],
    beads: _Integers,
    skips: _Integers,
    gone: _Integers,
) -> None:
    """Find the least cost from each cell to the end, and the way on, row by row from the last.

    ``sums`` has, below and to the right of the cells to fill, those that follow; ``gone`` is the
    cost of skipping all targets up to a cell.
    """
    (rows, width), columns = ways.shape, beads.shape[3]
    down, right = sums.strides
    follow = np.lib.stride_tricks.as_strided(  # [i, a, b, j] is the cell after that bead at i, j
        sums[1:, 1:], (rows, SPAN, SPAN, columns), (down, down, right, right), writeable=False
    )
    for row in reversed(range(rows)):
        best = sums[row + 1, :width] + skips[row]
        joined = (beads[:, :, row] + follow[row]).reshape(SPAN * SPAN, columns).min(axis=0)
        np.minimum(best[:columns], joined, out=best[:columns])
        ways[row] = best % _WAYS
        best += gone - ways[row]
        reached = np.minimum.accumulate(best[::-1])[::-1]
        ways[row, reached < best] = _TARGET_SKIP
        sums[row, :width] = reached - gone


def _trace(blocks: list[_Block], region: Region) -> tuple[Step, ...]:
    """The steps from the first cell of the region on; ``blocks`` stand last first."""
    source, target = region[:2]
    steps = []
    while (source, target) != region[2:]:
        block = blocks[-1]
        if source >= block.first + len(block.ways):
            blocks.pop()
            continue
        shape = _SHAPES[block.ways[source - block.first, target - block.low]]
        steps.append(Step(source, target, *shape))
        source, target = source + shape[0], target + shape[1]
    return tuple(steps)
