"""The report as Markdown: headline, comparisons, recipe, and the segments to read first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from eval.analysis import Analysis, Ngram
from eval.fidelity.items import KINDS, OUTCOMES, Entry, Tally
from eval.overview import Overview
from eval.render.findings import (
    Loss,
    Outcome,
    count_legs,
    is_lost_number,
    list_items,
    list_losses,
)
from eval.render.wording import (
    EXPLAIN_SLICES,
    collect_recipes,
    describe_comparisons,
    describe_pairs,
    describe_reference,
    describe_slices,
    describe_system,
    describe_verdicts,
    format_score,
    list_recipes,
    list_skipped,
    name_language,
    number_segments,
)
from eval.results import Judgement, Report, SystemReport, Target
from mt.languages import LANGUAGES

WORST = 10  # pairs listed per language
LOSSES = 20  # things lost, and faults


def render_markdown(report: Report) -> str:
    """A page of CommonMark with GitHub's tables; texts of segments are escaped."""
    source = name_language(report.source_language)
    path = f", {escape(report.source_path)}" if report.source_path else ""
    lines = [f"# {escape(report.name)}", ""]
    lines += [f"{source} source, {report.source_segments} segments{path}", ""]
    for target in report.targets:
        lines += [f"## {source} to {name_language(target.language)}", "", *_headline(target)]
        lines += [*_comparisons(target), *_ledger(target, report.source_language)]
        lines += [*_analysis(target), *_slices(target)]
    if report.notes:
        lines += ["## Notes", "", *_items(escape(note) for note in report.notes)]
    for target in report.targets:
        lines += [*_verdicts(target), *_worst(target, report.source_language)]
    recipes = collect_recipes(report.targets)
    if recipes:
        lines += ["## Recipe", "", *_items(f"{label}: `{recipe}`" for label, recipe in recipes)]
    return "\n".join(lines).rstrip() + "\n"


def render_overview(overview: Overview) -> str:
    """The table of a suite, with a link to each report, and the recipes of its scores."""
    lines = [f"# {escape(overview.name)}", ""]
    lines.append(_row(["Test set", "System", "To", "Pairs", *overview.labels]))
    lines.append(_row(["---", "---", "---", "---:", *("---:" for _ in overview.labels)]))
    for report, target, system in overview.rows:
        scores = {score.label: format_score(score) for score in system.scores}
        link = f"[{escape(report.name)}]({report.name}/report.md)"
        cells = [scores.get(label, "") for label in overview.labels]
        name = escape(system.name)
        lines.append(_row([link, name, target.language, str(target.scored), *cells]))
    targets = [target for _, target, _ in overview.rows]
    recipes = (f"{label}: `{recipe}`" for label, recipe in collect_recipes(targets))
    notes = [*recipes, *map(escape, list_skipped(overview))]
    return "\n".join([*lines, "", *_items(notes)]).rstrip() + "\n"


def _headline(target: Target) -> Iterator[str]:
    yield from _items(f"{escape(describe_system(target, system))}." for system in target.systems)
    labels = list(list_recipes(target))
    if labels:
        yield _row(["System", *labels, "Numbers kept", "Invented", "Made by"])
        yield _row(["---", *("---:" for _ in labels), "---:", "---:", "---"])
        for system in target.systems:
            yield _row([escape(system.name), *_cells(system, labels)])
        numbers = _count(target.reference_kept)
        yield _row(["(reference)", *("" for _ in labels), *numbers, ""])
        yield ""
    facts = [describe_pairs(target), *map(describe_reference, target.references)]
    if target.references:
        yield from _items(map(escape, facts))


def _cells(system: SystemReport, labels: Sequence[str]) -> Iterator[str]:
    scores = {score.label: format_score(score) for score in system.scores}
    yield from (scores.get(label, "") for label in labels)
    yield from _count(system.kept)
    yield escape(system.origin)


def _count(numbers: Tally) -> tuple[str, str]:
    return f"{numbers.kept} of {numbers.expected}", str(numbers.invented)


def _comparisons(target: Target) -> Iterator[str]:
    if target.power:
        yield from ("### How sure", "")
        yield from _items(map(escape, (*describe_comparisons(target), target.power)))


def _ledger(target: Target, source_language: str) -> Iterator[str]:
    """What of the source arrived, by kind, and the first things that did not."""
    ledgers = [(escape(system.name), system.ledger) for system in target.systems]
    if not any(ledger for _, ledger in ledgers):
        return
    yield from ("### What arrived and what was lost", "")
    counted = [*ledgers, ("(reference)", target.reference_ledger)]
    entries = [{entry.kind: entry for entry in ledger} for _, ledger in counted]
    yield _row(["Of the source", *(name for name, _ in counted)])
    yield _row(["---"] * (len(counted) + 1))
    for kind, title in KINDS.items():
        if any(kind in each for each in entries):
            cells = (_count_outcomes(each.get(kind, Entry(kind))) for each in entries)
            yield _row([title, *cells])
    yield ""
    yield from _list(
        "By the leg of the route that lost or changed it:",
        [
            f"{escape(name)}, {KINDS[kind]}: {legs}"
            for (name, kind), legs in count_legs(target, source_language).items()
        ],
    )
    losses = list(list_losses(target, source_language))
    shown = [_loss(target, loss, source_language) for loss in losses[:LOSSES]]
    yield from _list("What was lost or changed, one by one:", shown)
    if len(losses) > LOSSES:
        yield from (f"{len(losses) - LOSSES} more stand in the other reports.", "")


def _count_outcomes(entry: Entry) -> str:
    """``7 kept, 2 changed, 3 invented``; ``-`` where there are none."""
    counts = ((getattr(entry, outcome), outcome) for outcome in OUTCOMES)
    return ", ".join(f"{count} {outcome}" for count, outcome in counts if count) or "-"


def _loss(target: Target, loss: Loss, source_language: str) -> str:
    found = "; ".join(
        f"{escape(system.name)}: {_outcome(outcome, target.language)}"
        for system, outcome in zip(target.systems, loss.outcomes, strict=True)
        if outcome.name
    )
    value = _isolate(loss.value, source_language)
    return f"Source {number_segments(loss.pair.sources)}, {loss.kind} {value} ({found})"


def _outcome(outcome: Outcome, language: str) -> str:
    """``kept``; ``2024 instead, Arabic to English``."""
    what = f"{_isolate(outcome.found, language)} instead" if outcome.found else outcome.name
    return ", ".join(filter(None, (what, outcome.leg)))


def _analysis(target: Target) -> Iterator[str]:
    """Where the systems are weak: long or short segments, rare words, faults, n-grams."""
    systems = [system for system in target.systems if system.analysis != Analysis()]
    if not systems:
        return
    names = [escape(system.name) for system in systems]
    yield from ("### Where it is weak", "")
    yield from _table(
        ["Words of the reference", "Pairs", *(f"chrF++ {name}" for name in names)],
        [
            [buckets[0].label, str(buckets[0].pairs), *(f"{b.score:.1f}" for b in buckets)]
            for buckets in zip(*(system.analysis.lengths for system in systems), strict=True)
        ],
    )
    yield from _table(
        ["Words that the references have", "Running words", *(f"F1 {name}" for name in names)],
        [
            [buckets[0].label, str(buckets[0].words), *(f"{b.f1:.2f}" for b in buckets)]
            for buckets in zip(*(system.analysis.frequencies for system in systems), strict=True)
        ],
    )
    yield from _list(
        "Words written more or less often than the reference has them:",
        [
            f"{name} {heading}: {', '.join(_ngram(each) for each in ngrams[:WORST])}"
            for name, analysis in zip(names, (system.analysis for system in systems), strict=True)
            for heading, ngrams in (
                ("writes too often", analysis.overproduced),
                ("writes too seldom", analysis.underproduced),
            )
            if ngrams
        ],
    )
    yield from _list("Wrong at first sight:", list(_list_faults(target)))
    yield from _list(
        "Where the systems lie furthest apart:",
        [
            f"Source {number_segments(target.pairs[each.pair].sources)}: {escape(each.better)} is "
            f"{each.gap:.1f} chrF++ above {escape(each.worse)}"
            for each in target.differences[:WORST]
        ],
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Nothing where there are no rows; all but the first column are figures."""
    if rows:
        yield _row(heads)
        yield _row(["---", *["---:"] * (len(heads) - 1)])
        yield from map(_row, rows)
        yield ""


def _ngram(each: Ngram) -> str:
    return f"{escape(each.text)} ({each.hypothesis}, reference {each.reference})"


def _list_faults(target: Target) -> Iterator[str]:
    found = [(fault, system) for system in target.systems for fault in system.analysis.faults]
    found.sort(key=lambda entry: entry[0].pair)
    for fault, system in found[:LOSSES]:
        where = number_segments(target.pairs[fault.pair].sources)
        yield f"{escape(system.name)}, source {where}: {fault.kind}, {escape(fault.detail)}"
    if len(found) > LOSSES:
        yield f"{len(found) - LOSSES} more in the other reports"


def _slices(target: Target) -> Iterator[str]:
    """Every system scored in other ways, beside its score over all pairs."""
    cut = [system for system in target.systems if system.slices]
    if not cut:
        return
    labels = [score.label for score in cut[0].slices[0].scores]
    yield from ("### Alignment error apart from translation error", "")
    yield _row(["System", "Scored on", "Segments", *labels])
    yield _row(["---", "---", "---:", *("---:" for _ in labels)])
    for system in cut:
        scores = {score.label: score for score in system.scores}
        figures = [f"{scores[label].score:.1f}" for label in labels]
        yield _row([escape(system.name), "all pairs", str(target.scored), *figures])
        for each in system.slices:
            name = f"{each.name}, {each.note}" if each.note else each.name
            figures = [f"{score.score:.1f}" for score in each.scores]
            yield _row([escape(system.name), name, str(each.segments), *figures])
    yield ""
    yield from _items([*map(escape, describe_slices(target)), EXPLAIN_SLICES])


def _worst(target: Target, source_language: str) -> Iterator[str]:
    rows = [row for row in target.rows if row[0].pair.scored]
    rows.sort(key=lambda row: min(j.chrf or 0.0 for j in row))
    if rows:
        count = min(WORST, len(rows))
        yield from (f"## The {count} weakest segments in {name_language(target.language)}", "")
        yield from ("By the lowest chrF++ of any system.", "")
    for row in rows[:WORST]:
        pair = row[0].pair
        yield f"**Source {number_segments(pair.sources)}** (alignment confidence {pair.score:.2f})"
        yield ""
        texts = (text for text in pair.references if text)
        yield from _items(
            [
                f"Source: {_isolate(pair.source, source_language)}",
                *(f"Reference: {_isolate(text, target.language)}" for text in texts),
                *(_hypothesis(target, *each) for each in zip(target.systems, row, strict=True)),
            ]
        )


def _verdicts(target: Target) -> Iterator[str]:
    """How many translations reviewers found good and less good, and what they said of each."""
    judged = [system for system in target.systems if any(j.verdict for j in system.judgements)]
    if judged:
        yield from (f"## Reviewers' verdicts in {name_language(target.language)}", "")
        yield from _items(map(escape, describe_verdicts(target)))
    for system in judged:
        for judgement in system.judgements:
            if judgement.verdict:
                where = f"{system.name}, source {number_segments(judgement.pair.sources)}"
                found = (judgement.verdict.severity or "no verdict", judgement.verdict.comment)
                yield f"**{escape(where)}**, {escape(': '.join(filter(None, found)))}"
                yield ""
                text = _isolate(judgement.pair.hypothesis, target.language) or "(empty)"
                yield from _items([f"Hypothesis: {text}"])


def _hypothesis(target: Target, system: SystemReport, judgement: Judgement) -> str:
    missing = ", ".join(item.value for item in list_items(judgement) if is_lost_number(item))
    lost = f", missing {missing}" if missing else ""
    text = _isolate(judgement.pair.hypothesis, target.language) or "(empty)"
    return f"{escape(system.name)} (chrF++ {judgement.chrf or 0.0:.1f}{escape(lost)}): {text}"


def _isolate(text: str, language: str) -> str:
    """The text escaped and, in a script that runs from the right, kept to itself.

    Else the full stop of an Arabic sentence in a line that begins in Latin letters would be shown
    at its right, where it begins.
    """
    escaped = escape(text)
    right_to_left = language in LANGUAGES and LANGUAGES[language].right_to_left
    return f"\u2067{escaped}\u2069" if right_to_left and escaped else escaped


def _items(lines: Iterable[str]) -> Iterator[str]:
    found = [f"- {line}" for line in lines]
    yield from (*found, "") if found else ()


def _list(lead: str, items: Sequence[str]) -> Iterator[str]:
    """Nothing where there are no items; else two lists in a row would be read as one."""
    if items:
        yield from (lead, "")
        yield from _items(items)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def escape(text: str) -> str:
    """Text that Markdown shows as it is: no tags, emphasis, links, formulas, or table cells."""
    text = re.sub(r"([\\`*_~$\[\]|])", r"\\\1", " ".join(text.split()))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
