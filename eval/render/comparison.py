"""Comparisons of systems and of runs, for people and for machines.

The JSON, schema 1::

    schema      1
    run         name of the job
    runs        one run directory, or the old one and the new one
    tolerance   points of the first metric that may be lost
    worse       systems of the new run that are significantly worse by the first metric than in
                the old one: those for which ``awda compare`` exits with 1
    notes       sentences on what a reader must know
    contests    language, baseline, system, pairs (scored), and metrics:
      metrics   before (the baseline's score), after (the system's), and the comparison: metric,
                baseline, system, difference, p_value, corrected (for all that is compared; null
                where that is one), signature, test, half_width (of the 95% interval of the
                difference)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table
from rich.text import Text

from eval.comparison import Contest, Contests
from eval.render.terminal import open_console, read_console, start_table, wrap_recipe
from eval.render.wording import count_pairs, format_p, name_language
from eval.scores.significance import Comparison

SCHEMA = 1


def render_comparison(contests: Contests, width: int = 80, color: bool = False) -> str:
    """A table per target language in ``width`` columns, the verdict, and what it rests on."""
    console = open_console(width, color)
    for language in dict.fromkeys(each.language for each in contests.contests):
        held = [each for each in contests.contests if each.language == language]
        console.print(Text(_title(contests, held[0]), style="bold"))
        console.print(_build_table(contests, held))
        console.print()
    for line in _conclude(contests):
        console.print(Text(line, style="bold"))
    for recipe in dict.fromkeys(_list_recipes(contests)):
        for line in wrap_recipe(recipe, width):
            console.print(Text(line, style="dim"))
    if any(c.corrected is not None for each in contests.contests for c in each.comparisons):
        console.print(Text("p: corrected for all that is compared here (Holm)", style="dim"))
    for note in contests.notes:
        console.print(Text(f"Note: {note}", style="yellow"))
    return read_console(console)


def _list_recipes(contests: Contests) -> Iterator[str]:
    """Signatures of the tests, with what was done to the texts before."""
    for contest in contests.contests:
        for comparison, score in zip(contest.comparisons, contest.before, strict=True):
            texts = score.recipe.removeprefix(score.signature)
            yield f"{comparison.label} | {comparison.signature}{texts}"


def _title(contests: Contests, contest: Contest) -> str:
    languages = f"{name_language(contests.source_language)} to {name_language(contest.language)}"
    return f"{contests.name}: {languages}, {count_pairs(contest.pairs)}"


def _build_table(contests: Contests, held: Sequence[Contest]) -> Table:
    two = len(contests.runs) > 1
    table = start_table("System", "Metric")
    for name in ("Old" if two else "Against", "New" if two else "System", "Change"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("")
    for contest in held:
        names = _lay_out(name_contest(contest), len(contest.comparisons))
        for number, comparison in enumerate(contest.comparisons):
            table.add_row(
                Text(names[number]),
                Text(comparison.label),
                f"{contest.before[number].score:.1f}",
                f"{contest.after[number].score:.1f}",
                f"{comparison.difference:+.1f}",
                Text(_judge(comparison)),
                end_section=comparison is contest.comparisons[-1],
            )
    return table


def name_contest(contest: Contest) -> str:
    """``b against a``; one name where both have it, as in two runs."""
    names = dict.fromkeys((contest.system, contest.baseline))
    return " against ".join(names)


def _lay_out(name: str, rows: int) -> list[str]:
    """The name in the first of so many rows, what it is against in the second."""
    parts = name.partition(" against ") if rows > 1 else (name, "", "")
    return [parts[0], "".join(parts[1:]).strip(), *[""] * (rows - 2)][:rows]


def _judge(comparison: Comparison) -> str:
    if not comparison.difference:
        return "the same"
    better = "better" if comparison.better else "worse"
    return f"{better if comparison.significant else 'may be chance'}, {format_p(comparison)}"


def _conclude(contests: Contests) -> Iterator[str]:
    """Between two runs, which systems are worse than before."""
    if len(contests.runs) < 2:
        return
    label = contests.contests[0].comparisons[0].label
    more = f" by more than {contests.tolerance:g} {label}" if contests.tolerance else f" by {label}"
    worse = ", ".join(map(name_contest, contests.regressions))
    yield f"Significantly worse{more}: {worse or 'none'}."


def render_comparison_json(contests: Contests) -> str:
    """The same as JSON."""
    row = {
        "schema": SCHEMA,
        "run": contests.name,
        "runs": [str(run) for run in contests.runs],
        "tolerance": contests.tolerance,
        "worse": [each.system for each in contests.regressions],
        "notes": contests.notes,
        "contests": [_contest(each) for each in contests.contests],
    }
    return json.dumps(row, ensure_ascii=False, indent=1) + "\n"


def _contest(contest: Contest) -> dict[str, Any]:
    return {
        "language": contest.language,
        "baseline": contest.baseline,
        "system": contest.system,
        "pairs": contest.pairs,
        "metrics": [
            {
                **asdict(comparison),
                "before": round(before.score, 6),
                "after": round(after.score, 6),
                "difference": round(comparison.difference, 6),
            }
            for comparison, before, after in zip(
                contest.comparisons, contest.before, contest.after, strict=True
            )
        ],
    }
