"""Scores of a thousand samples at once: sacreBLEU's, to the last bit, but not one by one.

A sample's score follows from the sum of its segments' statistics. sacreBLEU computes it in Python,
sample by sample; here a formula is applied to all sums at once. To have the same bits, sums are
made with the same draws, in the same order and precision (float32 for the bootstrap, as there),
and each formula does the operations of its metric in their order. Logarithms and exponentials stay
those of :mod:`math`: numpy's may differ in the last bit.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Rows = Sequence[Sequence[float]]  # statistics, one row a segment
Formula = Callable[[Floats], Floats]  # sums, one row a sample, to scores

_CHUNK = 1000  # samples at a time
_KEPT = 1 << 23  # draws kept from one metric to the next
_EXACT = 1 << 24  # whole numbers below it are exact in float32


def resample(rows: Rows, formula: Formula, samples: int, seed: int) -> Floats:
    """The scores of ``samples`` bootstrap samples (Koehn, 2004); the same seed, the same draws."""
    stats = np.array(rows, dtype=np.float32)
    count = len(stats)
    if count * stats.max() < _EXACT and (stats == np.floor(stats)).all():
        return formula(_weigh(stats, samples, seed))
    return formula(np.array([stats[drawn].sum(0) for drawn in _draw(count, samples, seed)]))


def _draw(count: int, samples: int, seed: int) -> Iterator[npt.NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    return (rng.integers(count, size=count) for _ in range(samples))


def _weigh(stats: Floats, samples: int, seed: int) -> Floats:
    """The sums by multiplication with how often each segment was drawn.

    Quicker, and the same for whole numbers of which float32 can hold every sum.
    """
    count = len(stats)
    if count * samples <= _KEPT:
        return _count_draws(count, samples, seed) @ stats
    draws = _draw(count, samples, seed)
    sums = []
    while weights := [np.bincount(each, minlength=count) for each in islice(draws, _CHUNK)]:
        sums.append(np.array(weights, dtype=np.float32) @ stats)
    return np.concatenate(sums)


@lru_cache(maxsize=1)
def _count_draws(count: int, samples: int, seed: int) -> Floats:
    """How often each of ``count`` segments is in each sample: the same for all that is scored."""
    weights = np.empty((samples, count), np.float32)
    for row, drawn in zip(weights, _draw(count, samples, seed), strict=True):
        row[:] = np.bincount(drawn, minlength=count)
    return weights


def estimate_interval(scores: Floats) -> tuple[float, float]:
    """Mean, and half the width of the middle 95%, as ``sacrebleu --confidence`` has them."""
    ordered = np.sort(scores)
    tail = len(ordered) // 40
    half = 0.5 * (ordered[-1 - tail] - ordered[tail])
    return float(statistics.mean(list(ordered))), float(half)


def find_p_bootstrap(baseline: Floats, system: Floats, difference: float) -> float:
    """The p-value of a difference, from scores of both on the same bootstrap samples."""
    gaps = np.abs(system - baseline)
    return _estimate_p(gaps - gaps.mean(), difference)


def find_p_randomization(
    baseline: Rows, system: Rows, formula: Formula, difference: float, trials: int, seed: int
) -> float:
    """The p-value of a difference by approximate randomization (Noreen, 1989; Riezler and Maxwell,
    2005): how often a random exchange of segments makes one as large.
    """
    kept = np.random.default_rng(seed).integers(2, size=(trials, len(baseline)), dtype=bool)
    ours, theirs = (np.array(rows, dtype=np.float64) for rows in (baseline, system))
    gaps = []
    for start in range(0, trials, _CHUNK):
        keep = kept[start : start + _CHUNK].astype(np.float64)
        swap = 1 - keep
        one = formula(keep @ ours + swap @ theirs)
        other = formula(swap @ ours + keep @ theirs)
        gaps.append(np.abs(one - other))
    return _estimate_p(np.concatenate(gaps), difference)


def _estimate_p(gaps: Floats, difference: float) -> float:
    return float((np.sum(gaps > abs(difference)) + 1) / (len(gaps) + 1))


def score_bleu(sums: Floats) -> Floats:
    """From hypothesis and reference length, 4 counts of matches and 4 of n-grams; smoothed by
    halving (``smooth:exp``).
    """
    matches, totals = sums[:, 2:6], sums[:, 6:10]
    none = matches == 0
    hundred = sums.dtype.type(100)
    with np.errstate(divide="ignore", invalid="ignore"):
        smoothed = hundred / (2 ** np.cumsum(none, axis=1).astype(sums.dtype) * totals)
        precisions = np.where(none, smoothed, hundred * matches / totals)
    precisions[np.cumsum(totals == 0, axis=1) > 0] = 0
    return np.array(
        [
            _brevity(int(ours), int(theirs)) * math.exp(sum(map(_log, row)) / 4) if any_ else 0.0
            for ours, theirs, row, any_ in zip(
                sums[:, 0], sums[:, 1], precisions.tolist(), ~none.all(axis=1), strict=True
            )
        ]
    )


def _brevity(ours: int, theirs: int) -> float:
    if ours >= theirs:
        return 1.0
    return math.exp(1 - theirs / ours) if ours else 0.0


def _log(value: float) -> float:
    return math.log(value) if value else -9999999999.0


def score_chrf(sums: Floats) -> Floats:
    """From n-grams of hypothesis, of reference, and matches, for every order; beta is 2."""
    ours, theirs, matches = (sums[:, start::3] for start in range(3))
    there = (ours > 0) & (theirs > 0)
    orders = np.maximum(there.sum(axis=1), 1).astype(sums.dtype)
    precision = _average(matches, ours, there, orders)
    recall = _average(matches, theirs, there, orders)
    some = precision + recall > 0
    weight = np.where(some, 4 * precision + recall, 1)
    return _widen(100 * (5 * precision * recall / weight), ~some)


def _average(
    matches: Floats, counts: Floats, there: npt.NDArray[np.bool_], orders: Floats
) -> Floats:
    total = np.zeros(len(matches), dtype=matches.dtype)
    for order in range(matches.shape[1]):
        total += np.where(there[:, order], matches[:, order], 0) / np.where(
            there[:, order], counts[:, order], 1
        )
    return total / orders


def score_ter(sums: Floats) -> Floats:
    """From edits and the length of the reference; an empty reference makes it 100, or 0."""
    edits, length = sums[:, 0], sums[:, 1]
    there = length > 0
    score = np.where(there, edits / np.where(there, length, 1), edits > 0)
    return _widen(100 * score.astype(sums.dtype), ~there)


def score_mean(sums: Floats) -> Floats:
    """From the sum of the segments' scores and their number."""
    return np.asarray(sums[:, 0] / sums[:, 1])


def _widen(scores: Floats, plain: npt.NDArray[np.bool_]) -> Floats:
    """float64 where some scores are constants: in sacreBLEU one makes the others wide, too."""
    return scores.astype(np.float64) if plain.any() else scores
