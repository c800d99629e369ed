"""The report on a terminal: tables that fit 80 columns, then what one must know to read them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import StringIO
from textwrap import fill
from typing import Any, cast

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eval.overview import Overview
from eval.render.grid import Grid
from eval.render.wording import (
    collect_recipes,
    describe_comparisons,
    describe_losses,
    describe_pairs,
    describe_reference,
    describe_slices,
    describe_verdicts,
    format_score,
    list_recipes,
    list_skipped,
    name_language,
)
from eval.results import Report, SystemReport, Target

_INDENT: dict[str, Any] = {
    "initial_indent": "  ",
    "subsequent_indent": "    ",
    "break_on_hyphens": False,
}


def render_terminal(report: Report, width: int = 80, color: bool = False) -> str:
    """The headline of a report in ``width`` columns; with ANSI codes where ``color``."""
    console = open_console(width, color)
    for target in report.targets:
        console.print(Text(_title(report, target), style="bold"))
        for table in _list_scores(target).build(width):
            console.print(table)
        for lines in _list_facts(target):
            console.print()
            for line in lines:
                console.print(Text(fill(line, width, **_INDENT)))
        console.print()
    for line in _recipes(report, width):
        console.print(Text(line, style="dim"))
    for note in report.notes:
        console.print(Text(f"Note: {note}", style="yellow"))
    return read_console(console)


def render_overview(overview: Overview, width: int = 80, color: bool = False) -> str:
    """The table of a suite, as :func:`render_terminal` writes one."""
    console = open_console(width, color)
    rows = list(overview.rows)
    sets = [report.name for report, *_ in rows]
    grid = Grid(
        names={
            "Test set": [
                "" if name == last else name for name, last in zip(sets, ["", *sets], strict=False)
            ],
            "System": [system.name for *_, system in rows],
        },
        figures={
            "To": [target.language for _, target, _ in rows],
            "Pairs": [str(target.scored) for _, target, _ in rows],
        },
        scores=_lay_out([system for *_, system in rows], overview.labels),
    )
    console.print(Text(overview.name, style="bold"))
    for table in grid.build(width):
        console.print(table)
    for line in list_skipped(overview):
        console.print(Text(f"Note: {line}", style="yellow"))
    return read_console(console)


def open_console(width: int, color: bool) -> Console:
    """A console that prints into a text; :func:`read_console` returns it."""
    return Console(
        file=StringIO(),
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        highlight=False,
        markup=False,
        emoji=False,
    )


def read_console(console: Console) -> str:
    """What was printed, without white space at the ends of lines."""
    out = cast(StringIO, console.file)
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


def _title(report: Report, target: Target) -> str:
    languages = f"{name_language(report.source_language)} to {name_language(target.language)}"
    return f"{report.name}: {languages}"


def start_table(*columns: str) -> Table:
    """A table with these columns of text, to which figures are added."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _list_scores(target: Target) -> Grid:
    """A row a system, and one for the reference, which also keeps and invents numbers."""
    counted = [(system.name, system.kept) for system in target.systems]
    if target.scored:
        counted.append(("(reference)", target.reference_kept))
    scores = _lay_out(target.systems, list(list_recipes(target)))
    return Grid(
        names={"System": [name for name, _ in counted]},
        figures={},
        scores={
            **{k: [*cells, *([""] if target.scored else [])] for k, cells in scores.items()},
            "Numbers kept": [f"{n.kept} of {n.expected}" for _, n in counted],
            "Invented": [str(n.invented) for _, n in counted],
        },
    )


def _lay_out(systems: Sequence[SystemReport], labels: Sequence[str]) -> dict[str, list[str]]:
    """Label -> a cell for every system."""
    figures = [{score.label: format_score(score) for score in s.scores} for s in systems]
    return {label: [each.get(label, "") for each in figures] for label in labels}


def _list_facts(target: Target) -> Iterator[list[str]]:
    """What one must know to read the table, in paragraphs: difference, alignment, origin."""
    if target.references:
        power = [target.power] if target.power else []
        yield [*describe_comparisons(target), *power]
        yield [
            describe_pairs(target),
            *map(describe_reference, target.references),
            *describe_slices(target),
        ]
    if losses := describe_losses(target):
        yield [losses]
    yield [f"{system.name}: {system.origin}" for system in target.systems]
    if verdicts := list(describe_verdicts(target)):
        yield verdicts


def _recipes(report: Report, width: int) -> Iterator[str]:
    """Every signature once."""
    for label, recipe in collect_recipes(report.targets):
        yield from wrap_recipe(f"{label} | {recipe}", width)


def wrap_recipe(recipe: str, width: int) -> Iterator[str]:
    """The lines of ``BLEU | nrefs:1|case:mixed|...``, broken only between its fields."""
    line = ""
    for part in recipe.split("|"):
        if line and len(line) + len(part) + 2 > width:
            yield line + "|"
            line = f"  {part}"
        else:
            line = f"{line}|{part}" if line else part
    yield line
