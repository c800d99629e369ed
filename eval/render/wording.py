"""The sentences and figures that all renderers share."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from eval.fidelity.items import KINDS, Entry, Tally
from eval.overview import Overview
from eval.results import ReferenceReport, SystemReport, Target
from eval.scores.metrics import MetricScore
from eval.scores.significance import NAMES, Comparison
from eval.slices import CONFIDENT, CONFIDENT_BEADS, WHOLE_DOCUMENT
from mt.languages import LANGUAGES

EXPLAIN_SLICES = (
    f"Confident beads: pairs whose alignment scores {CONFIDENT} or more. "
    "Whole document: everything as one segment, where nothing can be aligned wrongly; its level is "
    "higher. Resegmented: cut to the segments of the reference by edit distance, without our "
    "alignment; a score above that of all pairs shows an error of the alignment, one below does "
    "not."
)


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
        return f"{system.name}: not scored, {count_kept(system.kept)}"
    first = system.scores[0]
    return (
        f"{system.name}: {first.label} {format_score(first)} over {count_pairs(target.scored)}, "
        f"{count_kept(system.kept)}{describe_standing(target, system)}"
    )


def describe_standing(target: Target, system: SystemReport) -> str:
    """``; 2.1 above builtin-vi (p=0.003)`` by the first metric; nothing for the baseline."""
    for comparison in target.comparisons:
        if (comparison.baseline, comparison.system) == (target.systems[0].name, system.name):
            verdict = "" if comparison.significant else ", which may be chance"
            word = "above" if comparison.difference >= 0 else "below"
            points = f"{abs(comparison.difference):.1f} {word} {comparison.baseline}"
            return f"; {points} ({format_p(comparison)}{verdict})"
    return ""


def describe_pairs(target: Target) -> str:
    """``212 pairs scored, 3 not (2 no reference, 1 no source)``; ``..., 2 not (no reference)``."""
    left_out = target.left_out
    reasons = ", ".join(f"{count} {reason}" for reason, count in left_out.items())
    if len(left_out) == 1:
        reasons = next(iter(left_out))
    rest = f", {sum(left_out.values())} not ({reasons})" if left_out else ""
    return f"{count_pairs(target.scored)} scored{rest}"


def describe_reference(reference: ReferenceReport) -> str:
    """``en.1: 39 segments, 2 (5%) without a source opposite``."""
    if not reference.unaligned:
        return f"{reference.name}: {reference.segments} segments, each with a source opposite"
    share = f"{reference.unaligned} ({reference.share_unaligned:.0%})"
    return f"{reference.name}: {reference.segments} segments, {share} without a source opposite"


def describe_comparisons(target: Target) -> Iterator[str]:
    """A line for every two systems: ``b against a: BLEU +2.1 (p=0.003), TER -0.2 (...)``."""
    for (system, baseline), found in group_comparisons(target).items():
        yield f"{system} against {baseline}: {', '.join(map(_describe_difference, found))}"
    if target.comparisons:
        yield describe_test(target)


def group_comparisons(target: Target) -> dict[tuple[str, str], list[Comparison]]:
    """(system, baseline) -> what was found by each metric."""
    found: dict[tuple[str, str], list[Comparison]] = {}
    for each in target.comparisons:
        found.setdefault((each.system, each.baseline), []).append(each)
    return found


def describe_test(target: Target) -> str:
    """``Tested by paired bootstrap; p-values are corrected for 2 comparisons (Holm, 1979).``"""
    first = target.comparisons[0]
    count = len(group_comparisons(target))
    correction = f"; p-values are corrected for {count} comparisons (Holm, 1979)"
    return f"Tested by {NAMES[first.test]}{'' if first.corrected is None else correction}."


def describe_slices(target: Target) -> Iterator[str]:
    """What alignment may cost each system, and whether it decides which system is ahead.

    A line a system, then one for each but the first; nothing where there are no slices.
    """
    for system in target.systems:
        if system.slices:
            yield _describe_cost(target, system)
    baseline, *others = target.systems
    for system in others:
        if system.slices:
            yield _describe_lead(baseline, system)


def _describe_cost(target: Target, system: SystemReport) -> str:
    """``a: alignment may cost about 0.6 BLEU: 13.2 over all 29 pairs, 13.8 over ...``."""
    label, everything, found = _slice_scores(system)
    comparable = [s for s in system.slices if s.name != WHOLE_DOCUMENT and not s.note]
    cost = max((found[s.name] - everything for s in comparable), default=0.0)
    figures = [f"{everything:.1f} over all {count_pairs(target.scored)}"]
    for each in comparable:
        sure = f"the {each.segments} aligned with confidence"
        where = f"over {sure}" if each.name == CONFIDENT_BEADS else each.name
        figures.append(f"{found[each.name]:.1f} {where}")
    if CONFIDENT_BEADS not in found:
        verdict = "no pair is aligned with confidence"
    elif cost < 0.05:
        verdict = "no sign that alignment costs anything"
    else:
        verdict = f"alignment may cost about {cost:.1f} {label}"
    return f"{system.name}: {verdict}: {label} {', '.join(figures)}"


def _describe_lead(baseline: SystemReport, system: SystemReport) -> str:
    """``b is ahead of a however the text is cut: BLEU +2.1 over all pairs, ...``."""
    label, everything, found = _slice_scores(system)
    _, below, others = _slice_scores(baseline)
    gaps = {"over all pairs": everything - below}
    gaps |= {name: score - others[name] for name, score in found.items() if name in others}
    figures = f"{label} {', '.join(f'{gap:+.1f} {name}' for name, gap in gaps.items())}"
    if all(gap > 0 for gap in gaps.values()) or all(gap < 0 for gap in gaps.values()):
        place = "ahead of" if everything > below else "behind"
        return f"{system.name} is {place} {baseline.name} however the text is cut: {figures}"
    return f"{system.name} or {baseline.name} is ahead depending on how the text is cut: {figures}"


def _slice_scores(system: SystemReport) -> tuple[str, float, dict[str, float]]:
    """The label of the first metric of the slices, its score over all pairs, and in each slice."""
    first = system.slices[0].scores[0]
    everything = next(score.score for score in system.scores if score.metric == first.metric)
    return first.label, everything, {s.name: s.scores[0].score for s in system.slices}


def _describe_difference(comparison: Comparison) -> str:
    verdict = "" if comparison.significant else ", may be chance"
    figure = f"{comparison.label} {comparison.difference:+.1f}"
    return f"{figure} ({format_p(comparison)}{verdict})"


def format_p(comparison: Comparison) -> str:
    """``p=0.012``, corrected where it has to be; ``p<0.001`` where it would round to nothing."""
    return "p<0.001" if comparison.decisive < 0.0005 else f"p={comparison.decisive:.3f}"


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


def count_losses(ledger: Iterable[Entry]) -> str:
    """``2 of 9 numbers, 1 of 3 dates``: what was lost or changed; ``nothing`` where all is kept."""
    found = [
        f"{missing} of {missing + entry.kept} {KINDS[entry.kind]}"
        for entry in ledger
        if (missing := entry.lost + entry.changed)
    ]
    return ", ".join(found) or "nothing"


def describe_losses(target: Target) -> str:
    """``Lost or changed: a nothing; b 2 of 9 numbers; (reference) 1 of 3 dates``; "" for none."""
    ledgers = {system.name: system.ledger for system in target.systems if system.ledger}
    if target.reference_ledger:
        ledgers["(reference)"] = target.reference_ledger
    counts = "; ".join(f"{name} {count_losses(ledger)}" for name, ledger in ledgers.items())
    return f"Lost or changed: {counts}" if any(s.ledger for s in target.systems) else ""


def describe_verdicts(target: Target) -> Iterator[str]:
    """``a: 4 good, 1 major; 23 without a verdict``, a line for every system that has some."""
    for system in target.systems:
        if system.verdicts:
            given = system.verdicts
            counts = ", ".join(f"{count} {name}" for name, count in given.items() if count)
            sourced = sum(bool(judgement.pair.sources) for judgement in system.judgements)
            yield f"{system.name}: {counts}; {sourced - sum(given.values())} without a verdict"


def list_recipes(target: Target) -> dict[str, str]:
    """Metric label -> signature; the same for all systems of a language."""
    return {score.label: score.recipe for system in target.systems for score in system.scores}


def collect_recipes(targets: Iterable[Target]) -> list[tuple[str, str]]:
    """Metric label and signature, each once: ``("BLEU", "nrefs:1|...")``.

    Where a metric has several, the label names their languages: ``"BLEU (English)"``.
    """
    found: dict[str, dict[str, dict[str, None]]] = {}
    for target in targets:
        for label, recipe in list_recipes(target).items():
            languages = found.setdefault(label, {}).setdefault(recipe, {})
            languages[name_language(target.language)] = None
    return [
        (f"{label} ({', '.join(languages)})" if len(recipes) > 1 else label, recipe)
        for label, recipes in found.items()
        for recipe, languages in recipes.items()
    ]


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
