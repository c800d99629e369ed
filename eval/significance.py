"""Can the systems be told apart? Paired tests, and what this much text can show at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from eval.counting import Counts, count_all, gather, sample
from eval.metrics import (
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
FEWEST = 10  # pairs; a bootstrap of fewer draws the same ones over and finds too narrow intervals


@dataclass(frozen=True)
class Comparison:
    """A system against the baseline, on the same pairs, by one metric."""

    metric: str  # as MetricScore has it
    baseline: str
    system: str
    difference: float  # system minus baseline, in points of the metric
    p_value: float  # two-sided; how often chance alone makes as large a difference
    signature: str  # sacreBLEU's, with the number of resamples and the seed
    corrected: float | None = None  # p-value by Holm's correction; None for a single comparison
    test: Test = "bootstrap"

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
) -> tuple[Comparison, ...]:
    """Compare every system with the first one, metric by metric, as sacreBLEU does.

    ``systems`` are names with one hypothesis per line of ``references``. The test is sacreBLEU's
    ``--paired-bs`` with ``bootstrap`` resamples, or its ``--paired-ar`` with ``trials``. Where a
    metric compares several systems with the first, their p-values are corrected (Holm, 1979).
    Nothing is compared when there is only one system, or with fewer than 2 resamples.

    Raises:
        ScoreError: as :func:`eval.metrics.score_corpus`.
    """
    check_seed(seed)
    texts = [gather(lines, references, language, sources) for _, lines in systems]
    names = [name for name, _ in systems]
    samples = bootstrap if test == "bootstrap" else trials
    if len(systems) < 2 or samples < 2:
        return ()
    comparisons: list[Comparison] = []
    for metric in select_metrics(metrics, sources):
        baseline, *others = count_all(metric, texts)
        found = [
            _compare(str(metric), (names[0], baseline), (name, other), test, samples, seed)
            for name, other in zip(names[1:], others, strict=True)
        ]
        comparisons += correct(found)
    return tuple(comparisons)


def _compare(
    metric: str,
    baseline: tuple[str, Counts],
    system: tuple[str, Counts],
    test: Test,
    samples: int,
    seed: int,
) -> Comparison:
    from eval.resampling import find_p_bootstrap, find_p_randomization

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


def describe_power(pairs: int, scores: Sequence[MetricScore]) -> str:
    """What so many pairs can show: "40 pairs: differences under about 6 BLEU ... chance."

    ``scores`` are one metric's over the systems of the run; their widest measured half-width is
    taken. Without a bootstrap, a rule of thumb for BLEU stands in (40 over the square root of
    the pairs, which fits 50 to 1012 segments of FLORES-200).
    """
    if not pairs:
        return "No pairs: nothing can be scored."
    counted = "1 pair" if pairs == 1 else f"{pairs} pairs"
    widths = [score.half_width for score in scores if score.half_width is not None]
    if pairs < FEWEST or (widths and not max(widths)):
        return f"{counted}: too little to say how far chance reaches."
    width = max(widths, default=40 / math.sqrt(pairs))
    label = scores[0].label if widths else "BLEU"
    basis = "by the intervals of this run" if widths else "by a rule of thumb"
    points = f"{width:.0f}" if width >= 3 else f"{width:.1f}"
    return (
        f"{counted}: {basis}, differences under about {points} {label} cannot be told from chance."
    )
