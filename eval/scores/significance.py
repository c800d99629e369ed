"""Can the systems be told apart? Paired tests, and what this much text can show at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from eval.scores.counting import Counts, count_all, gather, sample
from eval.scores.metrics import (
    MetricScore,
    check_seed,
    is_higher_better,
    label_metric,
    select_metrics,
)

Test = Literal["bootstrap", "randomization"]
NAMES: dict[Test, str] = {
    "bootstrap": "paired bootstrap",
    "randomization": "approximate randomization",
}

LEVEL = 0.05  # below this a difference is called significant
MANY = 6  # systems; of more, not every two are compared
FEWEST = 10  # pairs; a bootstrap of fewer draws the same ones over and finds too narrow intervals


@dataclass(frozen=True)
class Comparison:
    """A system against another one, the baseline, on the same pairs, by one metric."""

    metric: str  # as MetricScore has it
    baseline: str
    system: str
    difference: float  # system minus baseline, in points of the metric
    p_value: float  # two-sided; how often chance alone makes as large a difference
    signature: str  # sacreBLEU's, with the number of resamples and the seed
    corrected: float | None = None  # p-value by Holm's correction; None for a single comparison
    test: Test = "bootstrap"
    half_width: float | None = None  # of the difference's 95% interval, from paired resamples

    @property
    def label(self) -> str:
        return label_metric(self.metric)

    @property
    def decisive(self) -> float:
        """The p-value that says whether the difference is significant."""
        return self.p_value if self.corrected is None else self.corrected

    @property
    def significant(self) -> bool:
        return self.decisive < LEVEL

    @property
    def better(self) -> bool:
        """Whether the system scored better than the baseline (lower, for TER)."""
        return (self.difference > 0) == is_higher_better(self.metric)


def compare_systems(
    metrics: Sequence[str],
    systems: Sequence[tuple[str, Sequence[str]]],
    references: Sequence[Sequence[str]],
    language: str = "",
    bootstrap: int = 1000,
    seed: int = 12345,
    test: Test = "bootstrap",
    trials: int = 10_000,
    sources: Sequence[str] = (),
    *,
    every: bool = False,
) -> tuple[Comparison, ...]:
    """Compare every system with the first one, metric by metric, as sacreBLEU does.

    With ``every``, every two systems are compared, those with the first one before the others; of
    more than ``MANY`` systems, all with the first and with the best one by the first metric.
    ``systems`` are names with one hypothesis per line of ``references``. The test is sacreBLEU's
    ``--paired-bs`` with ``bootstrap`` resamples, or its ``--paired-ar`` with ``trials``. Where a
    metric makes several comparisons, their p-values are corrected (Holm, 1979); ``samples_for``
    says how many resamples that takes.
    Nothing is compared when there is only one system, or with fewer than 2 resamples.

    Raises:
        ScoreError: as :func:`eval.scores.metrics.score_corpus`.
    """
    check_seed(seed)
    texts = [gather(lines, references, language, sources) for _, lines in systems]
    names = [name for name, _ in systems]
    samples = bootstrap if test == "bootstrap" else trials
    if len(systems) < 2 or samples < 2:
        return ()
    comparisons: list[Comparison] = []
    pairs = [(0, other) for other in range(1, len(systems))]
    for number, metric in enumerate(select_metrics(metrics, sources)):
        named = list(zip(names, count_all(metric, texts), strict=True))
        if every and not number:
            pairs = _choose_pairs([counts.score for _, counts in named], str(metric))
        found = [
            _measure(
                _compare(str(metric), named[i], named[j], test, samples, seed),
                named[i][1],
                named[j][1],
                samples if test == "bootstrap" else bootstrap,
                seed,
            )
            for i, j in pairs
        ]
        comparisons += correct(found)
    return tuple(comparisons)


def count_comparisons(systems: int) -> int:
    """How many pairs of so many systems :func:`compare_systems` compares at most (``every``)."""
    return systems * (systems - 1) // 2 if systems <= MANY else 2 * systems - 3


def samples_for(comparisons: int, samples: int) -> int:
    """``samples``, or as many as it takes to call any of so many comparisons significant.

    The smallest p-value of n resamples is 1 / (n + 1), and Holm's method multiplies it by the
    number of comparisons; the product is kept at half of ``LEVEL`` or less. Fewer than 2 resamples,
    which ask for no test, stay as they are.
    """
    if samples < 2:
        return samples
    return max(samples, math.ceil(2 * comparisons / LEVEL) - 1)


def _choose_pairs(scores: Sequence[float], metric: str) -> list[tuple[int, int]]:
    """Which systems are compared, by number; those with the first one come first."""
    every = combinations(range(len(scores)), 2)
    if len(scores) <= MANY:
        return list(every)
    best = scores.index(max(scores) if is_higher_better(metric) else min(scores))
    return [pair for pair in every if 0 in pair or best in pair]


def _measure(
    comparison: Comparison, baseline: Counts, system: Counts, samples: int, seed: int
) -> Comparison:
    """With the half-width of the middle 95% of the paired resampled differences."""
    from eval.scores.resampling import estimate_interval

    if samples < 2:
        return comparison
    gaps = sample(system, samples, seed) - sample(baseline, samples, seed)
    return replace(comparison, half_width=estimate_interval(gaps)[1])


def _compare(
    metric: str,
    baseline: tuple[str, Counts],
    system: tuple[str, Counts],
    test: Test,
    samples: int,
    seed: int,
) -> Comparison:
    from eval.scores.resampling import find_p_bootstrap, find_p_randomization

    ours, theirs = baseline[1], system[1]
    difference = theirs.score - ours.score
    if not difference:
        p_value = 1.0  # sacreBLEU calls a system that equals the baseline significantly different
    elif test == "bootstrap":
        p_value = find_p_bootstrap(
            sample(ours, samples, seed), sample(theirs, samples, seed), difference
        )
    else:
        p_value = find_p_randomization(
            ours.rows, theirs.rows, ours.formula, difference, samples, seed
        )
    signature = ours.sign(seed=seed, **{"bs" if test == "bootstrap" else "ar": samples})
    return Comparison(metric, baseline[0], system[0], difference, p_value, signature, test=test)


def correct(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The p-values of several comparisons made together, by Holm's step-down method (1979).

    The smallest is multiplied by their number, the next by one less, and so on; none comes out
    below a smaller one, nor above 1.
    """
    if len(comparisons) < 2:
        return list(comparisons)
    corrected: dict[int, float] = {}
    least = 0.0
    ranked = sorted(range(len(comparisons)), key=lambda i: comparisons[i].p_value)
    for rank, index in enumerate(ranked):
        least = max(least, (len(comparisons) - rank) * comparisons[index].p_value)
        corrected[index] = min(least, 1.0)
    return [replace(each, corrected=corrected[i]) for i, each in enumerate(comparisons)]


def describe_power(
    pairs: int, scores: Sequence[MetricScore], comparisons: Sequence[Comparison] = ()
) -> str:
    """What so many pairs can show: "40 pairs: chance alone moves the difference ... 1.2 BLEU."

    ``scores`` are one metric's over the systems of the run, ``comparisons`` those between them.
    Two systems are scored on the same pairs, so that their difference varies less than the score
    of either: what is said is the widest interval of a difference by the metric. Without one it is
    the widest interval of a score; without a bootstrap, a rule of thumb for BLEU (40 over the
    square root of the pairs, which fits 50 to 1012 segments of FLORES-200).
    """
    if not pairs:
        return "No pairs: nothing can be scored."
    counted = "1 pair" if pairs == 1 else f"{pairs} pairs"
    widths = [score.half_width for score in scores if score.half_width is not None]
    if pairs < FEWEST or (widths and not max(widths)):
        return f"{counted}: too little to say how far chance reaches."
    paired = max(
        (c.half_width or 0.0 for c in comparisons if c.metric == scores[0].metric), default=0.0
    )
    if paired:
        return (
            f"{counted}: chance alone moves the difference between two systems by up to about "
            f"{_round(paired)} {scores[0].label} (95% of paired resamples)."
        )
    if widths:
        own = f"the interval of a score is its own, up to ±{_round(max(widths))} {scores[0].label}"
    else:
        own = (
            f"by a rule of thumb, the interval of a score is ±{_round(40 / math.sqrt(pairs))} BLEU"
        )
    return f"{counted}: {own}; a difference between two systems on the same pairs can show sooner."


def _round(points: float) -> str:
    if points < 0.1:
        return f"{points:.2g}"
    return f"{points:.0f}" if points >= 3 else f"{points:.1f}"
