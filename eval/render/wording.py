"""The sentences and figures that all renderers share."""

from __future__ import annotations

import os
from collections.abc import Iterator

from eval.fidelity import Tally
from eval.metrics import MetricScore
from eval.overview import Overview
from eval.report import ReferenceReport, SystemReport, Target
from eval.significance import Comparison
from mt.languages import LANGUAGES


def name_language(code: str) -> str:
    """``"Vietnamese"``; the code itself where we have no name."""
    return LANGUAGES[code].name if code in LANGUAGES else code


def format_score(score: MetricScore, width: int = 1) -> str:
    """``31.2 ±0.8``; rounded as sacreBLEU rounds."""
    if score.half_width is None:
        return f"{score.score:.{width}f}"
    return f"{score.score:.{width}f} ±{score.half_width:.{width}f}"


def describe_system(target: Target, system: SystemReport) -> str:
    """The finding: ``builtin-en: BLEU 12.3 ±4.1 over 28 pairs, 41 of 44 numbers kept``."""
    if not system.scores:
        return f"{system.name}: not scored, {count_kept(system.numbers)}"
    first = system.scores[0]
    return (
        f"{system.name}: {first.label} {format_score(first)} over {count_pairs(target.scored)}, "
        f"{count_kept(system.numbers)}{describe_standing(target, system)}"
    )


def describe_standing(target: Target, system: SystemReport) -> str:
    """``; 2.1 above builtin-vi (p=0.003)`` by the first metric; nothing for the baseline."""
    for comparison in target.comparisons:
        if comparison.system == system.name:
            verdict = "" if comparison.significant else ", which may be chance"
            word = "above" if comparison.difference >= 0 else "below"
            points = f"{abs(comparison.difference):.1f} {word} {comparison.baseline}"
            return f"; {points} ({format_p(comparison)}{verdict})"
    return ""


def describe_pairs(target: Target) -> str:
    """``212 pairs scored, 3 not (2 no reference, 1 no source)``."""
    left_out = target.left_out
    reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
    rest = f", {sum(left_out.values())} not ({reasons})" if left_out else ""
    return f"{count_pairs(target.scored)} scored{rest}"


def describe_reference(reference: ReferenceReport) -> str:
    """``en.1: 39 segments, 2 (5%) without a source opposite``."""
    share = f"{reference.unaligned} ({reference.share_unaligned:.0%})"
    return f"{reference.name}: {reference.segments} segments, {share} without a source opposite"


def describe_comparisons(target: Target) -> Iterator[str]:
    """A line a system: ``b against a: BLEU +2.1 (p=0.003), TER -0.2 (p=0.410, ...)``."""
    for system in target.systems[1:]:
        found = [each for each in target.comparisons if each.system == system.name]
        if found:
            figures = ", ".join(map(_describe_difference, found))
            yield f"{system.name} against {found[0].baseline}: {figures}"


def _describe_difference(comparison: Comparison) -> str:
    verdict = "" if comparison.significant else ", may be chance"
    figure = f"{comparison.label} {comparison.difference:+.1f}"
    return f"{figure} ({format_p(comparison)}{verdict})"


def format_p(comparison: Comparison) -> str:
    """``p=0.012``; ``p<0.001`` where it would round to nothing."""
    return "p<0.001" if comparison.p_value < 0.0005 else f"p={comparison.p_value:.3f}"


def count_pairs(count: int) -> str:
    """``1 pair``, ``28 pairs``."""
    return "1 pair" if count == 1 else f"{count} pairs"


def count_kept(numbers: Tally) -> str:
    """``41 of 44 numbers kept``."""
    return (
        f"{numbers.kept} of {numbers.expected} numbers kept" if numbers.expected else "no numbers"
    )


def count_numbers(numbers: Tally) -> str:
    """``41 of 44 numbers kept, 3 not in the source``."""
    extra = f", {numbers.invented} not in the source" if numbers.invented else ""
    return count_kept(numbers) + extra


def list_recipes(target: Target) -> dict[str, str]:
    """Metric label -> signature; the same for all systems of a language."""
    return {score.label: score.recipe for system in target.systems for score in system.scores}


def list_skipped(overview: Overview) -> list[str]:
    """``flores: skipped, there is no data/flores200-dev``, a line a job."""
    return [
        f"{name}: skipped, there is no {os.path.normpath(path)}"
        for name, path in overview.skipped.items()
    ]


def number_segments(indices: tuple[int, ...]) -> str:
    """1-based, as people count: ``4``, ``4-5``, ``4, 6``; ``-`` for none."""
    if not indices:
        return "-"
    if len(indices) > 1 and indices[-1] - indices[0] == len(indices) - 1:
        return f"{indices[0] + 1}-{indices[-1] + 1}"
    return ", ".join(str(i + 1) for i in indices)
