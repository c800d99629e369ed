"""The search for the cheapest monotone sequence of beads, exact or in a band around a coarse path.

The method is the dynamic programme of Gale and Church (1993) with wider beads. A table too large to
fill is first searched at half the resolution, as in Vecalign (Thompson and Koehn, 2019), and then
only near the path found there: time and memory grow with the length of the path.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

FULL_CELLS = 1_000_000  # largest table (sources x targets) that is filled completely
MARGIN = 20  # cells kept on each side of the coarse path, at the finer resolution

_INSERT = 0  # pointer of a target skip; a source skip is (1, 0), a bead (sources, targets)


class Step(NamedTuple):
    """``sources`` segments against ``targets`` segments, starting at ``source`` and ``target``."""

    source: int
    target: int
    sources: int
    targets: int


class Costs(Protocol):
    """What beads and skips cost, at one resolution; costs are at least 0, ``inf`` forbids."""

    source_skips: Floats  # (n,) cost of leaving each source segment alone
    target_skips: Floats  # (m,)

    def beads(self, source: int, low: int, high: int) -> Floats:
        """Costs of the beads that start at ``source`` and at targets ``low`` to ``high - 1``.

        Shape (A, B, high - low): entry [a, b, j] is the bead of a + 1 sources and b + 1 targets
        that starts at target ``low + j``; ``inf`` where it would pass the end of a side.
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
    sources, targets = len(costs.source_skips), len(costs.target_skips)
    if sources * targets <= FULL_CELLS:
        return _search(costs, [(0, targets)] * (sources + 1))
    coarse = cheapest_path(costs.halved())
    return _search(costs, _band(coarse, sources, targets))


def _band(coarse: Sequence[Step], sources: int, targets: int) -> list[tuple[int, int]]:
    """First and last target position to look at, per source position, around a coarse path."""
    low = np.full(sources + 1, targets)
    high = np.zeros(sources + 1, dtype=np.int64)
    for step in coarse:
        rows = slice(2 * step.source, 2 * (step.source + step.sources) + 1)
        low[rows] = np.minimum(low[rows], 2 * step.target)
        high[rows] = np.maximum(high[rows], 2 * (step.target + step.targets))
    # A margin in both directions: that of its neighbours within MARGIN rows, and MARGIN cells more.
    low = np.minimum.accumulate(low[::-1])[::-1]
    high = np.maximum.accumulate(high)
    rows_ = np.arange(sources + 1)
    before, after = np.maximum(rows_ - MARGIN, 0), np.minimum(rows_ + MARGIN, sources)
    low = np.maximum(low[before] - MARGIN, 0)
    high = np.minimum(high[after] + MARGIN, targets)
    return list(zip(low.tolist(), high.tolist(), strict=True))


def _search(costs: Costs, windows: Sequence[tuple[int, int]]) -> tuple[Step, ...]:
    """Fill the table row by row within ``windows`` (first, last target position), then trace."""
    sources = len(costs.source_skips)
    gone = np.concatenate([[0.0], np.cumsum(costs.target_skips)])
    totals = [np.full(high - low + 1, np.inf) for low, high in windows]
    pointers = [np.zeros((high - low + 1, 2), dtype=np.int8) for low, high in windows]
    totals[0][0] = 0.0
    for source in range(sources + 1):
        low, high = windows[source]
        _insert(totals[source], pointers[source], gone[low : high + 1])
        if source == sources:
            break
        beads = costs.beads(source, low, high + 1)
        skipped = totals[source] + costs.source_skips[source]
        _push(totals, pointers, windows, skipped, (source + 1, low), (1, 0))
        for a in range(min(beads.shape[0], sources - source)):
            for b in reversed(range(beads.shape[1])):
                reached = totals[source] + beads[a, b]
                place = (source + a + 1, low + b + 1)
                _push(totals, pointers, windows, reached, place, (a + 1, b + 1))
        totals[source] = np.empty(0)  # no longer needed
    return _trace(pointers, windows)


def _insert(total: Floats, pointer: npt.NDArray[np.int8], gone: Floats) -> None:
    """Let target segments be skipped within one row; ``gone`` is the cost of skipping so far."""
    skipped = np.minimum.accumulate(total - gone) + gone
    better = skipped < total - 1e-9  # rounding alone must not look like a gain
    total[better] = skipped[better]
    pointer[better] = _INSERT


def _push(
    totals: Sequence[Floats],
    pointers: Sequence[npt.NDArray[np.int8]],
    windows: Sequence[tuple[int, int]],
    reached: Floats,
    place: tuple[int, int],
    shape: tuple[int, int],
) -> None:
    """Offer the row ``place[0]`` the totals ``reached``, the first of them at ``place[1]``."""
    row, first = place
    low, high = windows[row]
    start, stop = max(first, low), min(first + len(reached), high + 1)
    if start >= stop:
        return
    offered = reached[start - first : stop - first]
    total, pointer = totals[row][start - low : stop - low], pointers[row][start - low : stop - low]
    better = offered <= total  # of equals the last one stays, which is the smaller bead
    total[better] = offered[better]
    pointer[better] = shape


def _trace(
    pointers: Sequence[npt.NDArray[np.int8]], windows: Sequence[tuple[int, int]]
) -> tuple[Step, ...]:
    source, target = len(windows) - 1, windows[-1][1]
    steps = []
    while source or target:
        sources, targets = map(int, pointers[source][target - windows[source][0]])
        if not sources:
            targets = 1
        source, target = source - sources, target - targets
        steps.append(Step(source, target, sources, targets))
    return tuple(reversed(steps))
