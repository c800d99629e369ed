"""The report as Markdown: headline, comparisons, recipe, and the segments to read first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from eval.overview import Overview
from eval.render.wording import (
    count_numbers,
    describe_comparisons,
    describe_pairs,
    describe_reference,
    describe_system,
    format_score,
    list_recipes,
    list_skipped,
    name_language,
    number_segments,
)
from eval.report import Judgement, Report, SystemReport, Target

WORST = 10  # pairs listed per language


def render_markdown(report: Report) -> str:
    """A page of CommonMark with GitHub's tables; texts of segments are escaped."""
    lines = [
        f"# {_escape(report.name)}",
        "",
        f"{name_language(report.source_language)} source, {report.source_segments} segments"
        + (f", `{report.source_path}`" if report.source_path else ""),
        "",
    ]
    for target in report.targets:
        lines += [f"## {name_language(target.language)}", "", *_headline(target)]
        lines += [*_comparisons(target), *_recipe(target), *_worst(target)]
    if report.notes:
        lines += ["## Notes", "", *_items(_escape(note) for note in report.notes)]
    return "\n".join(lines).rstrip() + "\n"


def render_overview(overview: Overview) -> str:
    """The table of a suite, with a link to each report, and the recipes of its scores."""
    lines = [f"# {_escape(overview.name)}", ""]
    lines.append(_row(["Test set", "System", "Pairs", *overview.labels]))
    lines.append(_row(["---", "---", "---:", *("---:" for _ in overview.labels)]))
    recipes: dict[str, None] = {}
    for report, target, system in overview.rows:
        scores = {score.label: format_score(score) for score in system.scores}
        link = f"[{_escape(report.name)}]({report.name}/report.md)"
        cells = [scores.get(label, "") for label in overview.labels]
        lines.append(_row([link, _escape(system.name), str(target.scored), *cells]))
        recipes.update({f"{k}: `{v}`": None for k, v in list_recipes(target).items()})
    notes = [*recipes, *map(_escape, list_skipped(overview))]
    return "\n".join([*lines, "", *_items(notes)]).rstrip() + "\n"


def _headline(target: Target) -> Iterator[str]:
    yield from _items(f"{_escape(describe_system(target, system))}." for system in target.systems)
    labels = list(list_recipes(target))
    if labels:
        yield _row(["System", *labels, "Numbers and codes", "Made by"])
        yield _row(["---", *("---:" for _ in labels), "---", "---"])
        for system in target.systems:
            yield _row([_escape(system.name), *_cells(system, labels)])
        yield ""
    facts = [describe_pairs(target), *map(describe_reference, target.references)]
    if target.references:
        counted = f"reference: {count_numbers(target.reference_numbers)}"
        yield from _items([*map(_escape, facts), counted, target.power])


def _cells(system: SystemReport, labels: Sequence[str]) -> Iterator[str]:
    scores = {score.label: format_score(score) for score in system.scores}
    yield from (scores.get(label, "") for label in labels)
    yield count_numbers(system.numbers)
    yield _escape(system.origin)


def _comparisons(target: Target) -> Iterator[str]:
    if target.comparisons:
        yield from ("### Comparison", "")
        yield from _items(map(_escape, describe_comparisons(target)))


def _recipe(target: Target) -> Iterator[str]:
    recipes = list_recipes(target)
    if recipes:
        yield from ("### Recipe", "")
        yield from _items(f"{label}: `{recipe}`" for label, recipe in recipes.items())


def _worst(target: Target) -> Iterator[str]:
    rows = [row for row in target.rows if row[0].pair.scored]
    rows.sort(key=lambda row: min(j.chrf or 0.0 for j in row))
    if rows:
        yield from (f"### The {min(WORST, len(rows))} weakest segments", "")
    for row in rows[:WORST]:
        pair = row[0].pair
        yield f"**Source {number_segments(pair.sources)}** (alignment {pair.score:.2f})"
        yield ""
        yield from _items(
            [
                f"Source: {_escape(pair.source)}",
                *(f"Reference: {_escape(text)}" for text in pair.references if text),
                *map(_hypothesis, target.systems, row),
            ]
        )


def _hypothesis(system: SystemReport, judgement: Judgement) -> str:
    lost = f", missing {', '.join(judgement.numbers.lost)}" if judgement.numbers.lost else ""
    text = _escape(judgement.pair.hypothesis) or "(empty)"
    return f"{_escape(system.name)} (chrF++ {judgement.chrf or 0.0:.1f}{_escape(lost)}): {text}"


def _items(lines: Iterable[str]) -> Iterator[str]:
    yield from (f"- {line}" for line in lines)
    yield ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escape(text: str) -> str:
    """Text that Markdown shows as it is: no tags, emphasis, links, or table cells."""
    text = re.sub(r"([\\`*_\[\]|])", r"\\\1", " ".join(text.split()))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
