"""Can the systems be told apart? Paired bootstrap, and what this much text can show at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from eval.metrics import (
    METRICS,
    MetricScore,
    check_lengths,
    compose,
    find_metric,
    prepare_references,
    seeded,
)

if TYPE_CHECKING:
    from sacrebleu.significance import Result

LEVEL = 0.05  # below this a difference is called significant
FEWEST = 10  # pairs; a bootstrap of fewer draws the same ones over and finds too narrow intervals


@dataclass(frozen=True)
class Comparison:
    """A system against the baseline, on the same pairs, by one metric."""

    metric: str  # key of METRICS
    baseline: str
    system: str
    difference: float  # system minus baseline, in points of the metric
    p_value: float  # two-sided; how often chance alone makes as large a difference
    signature: str  # sacreBLEU's, with the number of resamples and the seed

    @property
    def label(self) -> str:
        return METRICS[self.metric].label

    @property
    def significant(self) -> bool:
        return self.p_value < LEVEL

    @property
    def better(self) -> bool:
        """Whether the system scored better than the baseline (lower, for TER)."""
        return (self.difference > 0) == METRICS[self.metric].higher_is_better


def compare_systems(
    metrics: Sequence[str],
    systems: Sequence[tuple[str, Sequence[str]]],
    references: Sequence[Sequence[str]],
    language: str = "",
    bootstrap: int = 1000,
    seed: int = 12345,
) -> tuple[Comparison, ...]:
    """Compare every system with the first one: sacreBLEU's ``--paired-bs``, metric by metric.

    ``systems`` are names with one hypothesis per line of ``references``; nothing is compared
    when there is only one system, or with fewer than 2 resamples.

    Raises:
        ScoreError: as :func:`eval.metrics.score_corpus`.
    """
    from sacrebleu.significance import PairedTest

    keys = [find_metric(name) for name in metrics]
    for _, hypotheses in systems:
        check_lengths(hypotheses, references)
    if len(systems) < 2 or bootstrap < 2:
        return ()
    named: list[tuple[str, Sequence[str]]] = [
        (name, [compose(line) for line in lines]) for name, lines in systems
    ]
    scorers = {key: METRICS[key].make(language) for key in keys}
    with seeded(seed):
        signatures, results = PairedTest(
            named,
            scorers,
            prepare_references(references),
            test_type="bs",
            n_samples=bootstrap,
        )()
    comparisons = []
    for key in keys:
        baseline, *others = cast("list[Result]", results[METRICS[key].name])
        signature = str(signatures[METRICS[key].name])
        for (system, _), result in zip(systems[1:], others, strict=True):
            difference = float(result.score - baseline.score)
            # sacreBLEU calls a system that equals the baseline significantly different from it.
            p_value = float(result.p_value or 1.0) if difference else 1.0
            comparisons.append(
                Comparison(key, systems[0][0], system, difference, p_value, signature)
            )
    return tuple(comparisons)


def describe_power(pairs: int, scores: Sequence[MetricScore]) -> str:
    """What so many pairs can show: "40 pairs: differences under about 6 BLEU ... chance."

    ``scores`` are one metric's over the systems of the run; their widest measured half-width is
    taken. Without a bootstrap, a rule of thumb for BLEU stands in (40 over the square root of
    the pairs, which fits 50 to 1012 segments of FLORES-200).
    """
    if not pairs:
        return "No pairs: nothing can be scored."
    count = "1 pair" if pairs == 1 else f"{pairs} pairs"
    widths = [score.half_width for score in scores if score.half_width is not None]
    if pairs < FEWEST or (widths and not max(widths)):
        return f"{count}: too little to say how far chance reaches."
    width = max(widths, default=40 / math.sqrt(pairs))
    label = scores[0].label if widths else "BLEU"
    basis = "by the intervals of this run" if widths else "by a rule of thumb"
    points = f"{width:.0f}" if width >= 3 else f"{width:.1f}"
    return f"{count}: {basis}, differences under about {points} {label} cannot be told from chance."
