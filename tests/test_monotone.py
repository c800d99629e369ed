"""The search against an exhaustive one, and its band against the full table."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.align import monotone
from mt.align.monotone import Floats, Step, cheapest_path
from mt.align.similarity import SPAN


class Table:
    """Costs written down in full: ``costs[a, b, i, j]``."""

    def __init__(self, costs: Floats, skip: float) -> None:
        rest = [(0, SPAN - size) for size in costs.shape[:2]]
        self.costs = np.pad(costs, (*rest, (0, 0), (0, 0)), constant_values=np.inf)
        self.skip = skip
        self.source_skips = np.full(costs.shape[2], skip)
        self.target_skips = np.full(costs.shape[3], skip)

    def beads(self, sources: slice, targets: slice) -> Floats:
        return self.costs[:, :, sources, targets]

    def halved(self) -> Table:
        return Table(self.costs[:, :, ::2, ::2], self.skip)


def total(table: Table, path: tuple[Step, ...]) -> float:
    return sum(
        table.costs[s.sources - 1, s.targets - 1, s.source, s.target]
        if s.sources and s.targets
        else table.skip * (s.sources + s.targets)
        for s in path
    )


def exhaustive(table: Table) -> float:
    sizes, _, n, m = table.costs.shape

    @cache
    def best(i: int, j: int) -> float:
        if (i, j) == (n, m):
            return 0.0
        options = [table.skip + best(i + 1, j)] if i < n else []
        options += [table.skip + best(i, j + 1)] if j < m else []
        for a, b in itertools.product(range(min(sizes, n - i)), range(min(sizes, m - j))):
            options.append(table.costs[a, b, i, j] + best(i + a + 1, j + b + 1))
        return min(options)

    return best(0, 0)


def check_path(path: tuple[Step, ...], sources: int, targets: int) -> None:
    place = (0, 0)
    for step in path:
        assert (step.source, step.target) == place
        assert step.sources or step.targets
        place = (step.source + step.sources, step.target + step.targets)
    assert place == (sources, targets)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 7), st.integers(0, 7), st.integers(0, 10**6), st.sampled_from([0.1, 0.5, 2]))
def test_finds_what_an_exhaustive_search_finds(n: int, m: int, seed: int, skip: float) -> None:
    table = Table(np.random.default_rng(seed).random((4, 4, n, m)) * 3, skip)
    path = cheapest_path(table)
    check_path(path, n, m)
    assert total(table, path) == pytest.approx(exhaustive(table), abs=0.005)


def test_equal_costs_give_the_smaller_beads() -> None:
    shapes = np.array([[1.0, 2.0], [2.0, 2.0]])  # a 2-2 costs as much as two 1-1
    table = Table(shapes[:, :, None, None] * np.ones((2, 2, 2, 2)), skip=9.0)
    assert [step[2:] for step in cheapest_path(table)] == [(1, 1), (1, 1)]


def test_a_forbidden_bead_is_never_used() -> None:
    table = Table(np.full((4, 4, 3, 2), np.inf), 1.0)
    assert all(not (s.sources and s.targets) for s in cheapest_path(table))


def test_the_band_finds_the_path_of_the_full_table(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    costs = 0.8 + rng.random((2, 2, 90, 122))
    for i in range(90):  # 32 targets in the middle have no source: the path leaves the diagonal
        costs[0, 0, i, i if i < 45 else i + 32] = 0.05
    table = Table(costs, 0.4)
    full = cheapest_path(table)
    monkeypatch.setattr(monotone, "FULL_CELLS", 900)
    monkeypatch.setattr(monotone, "MARGIN", 4)
    banded = cheapest_path(table)
    check_path(banded, 90, 122)
    assert banded == full


@pytest.mark.parametrize(("n", "m"), [(400, 3), (3, 400), (257, 1), (1, 1000)])
def test_unequal_sides_stay_in_the_band(monkeypatch: pytest.MonkeyPatch, n: int, m: int) -> None:
    monkeypatch.setattr(monotone, "FULL_CELLS", 50)
    monkeypatch.setattr(monotone, "MARGIN", 2)
    check_path(cheapest_path(Table(np.ones((1, 1, n, m)), 0.6)), n, m)
