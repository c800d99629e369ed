"""Posteriors of beads against all paths written out, and the curve they are set on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from mt.align.confidence import calibrate, find_posteriors
from mt.align.monotone import Step, cheapest_path
from mt.align.similarity import SPAN


class Table:
    """Made-up costs of a few segments, the same on every run."""

    def __init__(self, sources: int, targets: int) -> None:
        random = np.random.default_rng(3)
        self.source_skips, self.target_skips = random.random(sources), random.random(targets)
        self.table = random.random((SPAN, SPAN, sources, targets)) * 3
        for a in range(SPAN):
            self.table[a, :, max(sources - a, 0) :] = np.inf
            self.table[:, a, :, max(targets - a, 0) :] = np.inf

    def beads(self, sources: slice, targets: slice) -> np.ndarray:
        return self.table[:, :, sources, targets]

    def halved(self) -> Table:
        raise NotImplementedError


def list_paths(table: Table, i: int = 0, j: int = 0, gone: bool = False) -> Iterator[tuple]:
    """Every alignment once, with its cost: after a target left alone, no source is."""
    n, m = len(table.source_skips), len(table.target_skips)
    if (i, j) == (n, m):
        yield (), 0.0
    ways = [
        (Step(i, j, a, b), table.table[a - 1, b - 1, i, j], False)
        for a in range(1, min(SPAN, n - i) + 1)
        for b in range(1, min(SPAN, m - j) + 1)
    ]
    if i < n and not gone:
        ways.append((Step(i, j, 1, 0), table.source_skips[i], False))
    if j < m:
        ways.append((Step(i, j, 0, 1), table.target_skips[j], True))
    for step, cost, alone in ways:
        for rest, more in list_paths(table, i + step.sources, j + step.targets, alone):
            yield (step, *rest), cost + more


@pytest.mark.parametrize(("sources", "targets"), [(1, 1), (3, 4), (5, 4)])
def test_a_posterior_is_the_share_of_all_paths_through_a_bead(sources: int, targets: int) -> None:
    table, sharpness = Table(sources, targets), 2.0
    paths = [(set(path), np.exp(-sharpness * cost)) for path, cost in list_paths(table)]
    path = cheapest_path(table)
    found = dict(zip(path, find_posteriors(table, path, sharpness), strict=True))
    total = sum(weight for _, weight in paths)
    assert len(found) == len(path)
    for step in path:
        if not (step.sources and step.targets):
            continue  # one left alone may be so in several orders
        through = sum(weight for steps, weight in paths if step in steps)
        assert found[step] == pytest.approx(through / total)


def test_the_curve_keeps_the_order_and_stays_within_bounds() -> None:
    curve = calibrate([0, 0.2, 0.5, 0.9, 1], 0.4, np.array(0.0))
    assert (np.diff(curve) > 0).all()
    assert 0 < curve[0] < curve[-1] < 1
    assert curve[2] == pytest.approx(0.5)
