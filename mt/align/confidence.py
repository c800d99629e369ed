"""How sure each bead of a path is: its share of the weight of all paths through the same place.

A path of cost c weighs exp(-sharpness * c), as in a conditional random field (Lafferty, McCallum
and Pereira, 2001) whose potentials are the costs that the search adds up; the forward-backward
algorithm sums the paths through each bead and all paths. What it finds is set on a curve that was
fitted to gold alignments (:class:`mt.align.costs.Weights`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mt.align.monotone import Costs, Floats, Step
from mt.align.similarity import SPAN

_MARGIN = 8  # cells looked at on each side of the path
_PIECE = 256  # steps looked at together, and ...
_OVERLAP = 12  # ... so many before and after, which only lend their weight
_NEVER = -1e9  # the logarithm of no weight at all


def find_posteriors(costs: Costs, path: Sequence[Step], sharpness: float) -> list[float]:
    """The posterior of every step of ``path``, 0 to 1; steps follow each other without a gap."""
    found: list[float] = []
    for start in range(0, len(path), _PIECE):
        first = max(start - _OVERLAP, 0)
        piece = path[first : start + _PIECE + _OVERLAP]
        posteriors = _Lattice(costs, piece, sharpness).posteriors()
        found += posteriors[start - first : start - first + _PIECE]
    return found


class _Lattice:
    """The cells near a piece of a path, and the logarithms of what leads to and from each.

    Two targets left alone before a source and after it are the same alignment; so that it is
    counted once, a source is not left alone right after a target is.
    """

    def __init__(self, costs: Costs, path: Sequence[Step], sharpness: float) -> None:
        self._path, last = path, path[-1]
        self._start, self._first = path[0][:2]
        self._rows = last.source + last.sources - self._start + 1
        self._columns = last.target + last.targets - self._first + 1
        rows, columns = self._rows, self._columns
        self._sources = -sharpness * costs.source_skips[self._start :][: rows - 1]
        self._targets = -sharpness * costs.target_skips[self._first :][: columns - 1]
        self._gone = np.concatenate([[0.0], np.cumsum(self._targets)])
        self._low, self._high = self._find_band()
        self._weights = [self._weigh(costs, row, sharpness) for row in range(rows - 1)]

    def _find_band(self) -> tuple[list[int], list[int]]:
        low, high = [self._columns] * self._rows, [0] * self._rows
        for step in self._path:
            source, target = step.source - self._start, step.target - self._first
            for row in range(source, source + step.sources + 1):
                low[row] = min(low[row], max(target - _MARGIN, 0))
                high[row] = max(high[row], target + step.targets + _MARGIN)
        return low, [min(stop, self._columns - 1) for stop in high]

    def _weigh(self, costs: Costs, row: int, sharpness: float) -> Floats:
        """Logarithms of the weights of the beads from a row's cells on, (SPAN, SPAN, width)."""
        low, high = self._low[row], self._high[row]
        width = high - low + 1
        weights = np.full((SPAN, SPAN, width + SPAN), _NEVER)
        stop = min(high + 1, self._columns - 1)
        if low < stop:
            source, target = self._start + row, self._first
            beads = costs.beads(slice(source, source + 1), slice(target + low, target + stop))
            weights[:, :, : stop - low] = np.maximum(-sharpness * beads[:, :, 0], _NEVER)
        return weights[:, :, :width]

    def posteriors(self) -> list[float]:
        reached, left = self._go_forward(), self._go_back()
        total = left[0][0][0]
        found = []
        for step in self._path:
            row, column = step.source - self._start, step.target - self._first
            place = column - self._low[row]
            after = row + step.sources, column + step.targets
            opened, closed = (side[after[1] - self._low[after[0]]] for side in left[after[0]])
            before = reached[row]
            if step.sources and step.targets:
                bead = self._weights[row][step.sources - 1, step.targets - 1, place]
                log = np.logaddexp(*(side[place] for side in before)) + bead + opened
            elif step.sources:
                log = before[0][place] + self._sources[row] + opened
            else:
                log = np.logaddexp(*(side[place] for side in before))
                log += self._targets[column] + closed
            found.append(float(np.exp(np.minimum(log - total, 0))))
        return found

    def _go_forward(self) -> list[tuple[Floats, Floats]]:
        """Of each cell, what leads there otherwise, and what leads there by leaving a target."""
        reached: list[tuple[Floats, Floats]] = []
        for row in range(self._rows):
            low, high = self._low[row], self._high[row]
            ways = [np.full(high - low + 1, _NEVER)]
            if not row:
                ways[0][0 - low] = 0.0
            else:
                skipped = reached[row - 1][0] + self._sources[row - 1]
                ways.append(_shift(skipped, self._low[row - 1], low, high))
            for size in range(1, min(SPAN, row) + 1):
                weights, sums = self._weights[row - size], np.logaddexp(*reached[row - size])
                for other in range(1, SPAN + 1):
                    joined = sums + weights[size - 1, other - 1]
                    ways.append(_shift(joined, self._low[row - size] + other, low, high))
            opened = np.logaddexp.reduce(ways)
            gone = self._gone[low : high + 1]
            run = np.logaddexp.accumulate(opened - gone) + gone
            closed = np.full_like(run, _NEVER)
            closed[1:] = run[:-1] + np.diff(gone)
            reached.append((opened, closed))
        return reached

    def _go_back(self) -> list[tuple[Floats, Floats]]:
        """Of each cell, what leads from there to the end: before and after leaving a target."""
        left: list[tuple[Floats, Floats]] = []
        for row in reversed(range(self._rows)):
            low, high = self._low[row], self._high[row]
            ways = [np.full(high - low + 1, _NEVER)]
            if row == self._rows - 1:
                ways[0][self._columns - 1 - low] = 0.0
            for size in range(1, min(SPAN, self._rows - 1 - row) + 1):
                after = left[-size][0]
                for other in range(1, SPAN + 1):
                    follow = _shift(after, self._low[row + size] - other, low, high)
                    ways.append(self._weights[row][size - 1, other - 1] + follow)
            joined = np.logaddexp.reduce(ways)
            gone = self._gone[low : high + 1]
            closed = np.logaddexp.accumulate((joined + gone)[::-1])[::-1] - gone
            opened = closed
            if left:
                skipped = _shift(left[-1][0], self._low[row + 1], low, high) + self._sources[row]
                opened = np.logaddexp(joined, skipped)
                opened[:-1] = np.logaddexp(opened[:-1], closed[1:] + np.diff(gone))
            left.append((opened, closed))
        return left[::-1]


def _shift(values: Floats, place: int, low: int, high: int) -> Floats:
    """``values``, the first of which stands at ``place``, as far as they lie from low to high."""
    found = np.full(high - low + 1, _NEVER)
    start, stop = max(place, low), min(place + len(values), high + 1)
    if start < stop:
        found[start - low : stop - low] = values[start - place : stop - place]
    return found


def calibrate(posteriors: Sequence[float], slope: float, shifts: Floats) -> Floats:
    """Posteriors set on the curve that gold alignments gave: a line between log odds.

    ``shifts`` has one for each, or one for all.
    """
    safe = np.clip(np.asarray(posteriors, dtype=np.float64), 1e-6, 1 - 1e-6)
    return np.asarray(1 / (1 + np.exp(-(slope * np.log(safe / (1 - safe)) + shifts))))
