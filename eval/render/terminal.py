"""The report on a terminal: tables that fit 80 columns, then what one must know to read them."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import cast

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from eval.metrics import MetricScore
from eval.overview import Overview
from eval.render.wording import (
    count_numbers,
    describe_comparisons,
    describe_pairs,
    describe_reference,
    format_score,
    list_recipes,
    list_skipped,
    name_language,
)
from eval.report import Report, Target


def render_terminal(report: Report, width: int = 80, color: bool = False) -> str:
    """The headline of a report in ``width`` columns; with ANSI codes where ``color``."""
    console = _open_console(width, color)
    for target in report.targets:
        console.print(Text(_title(report, target), style="bold"))
        if target.references:
            console.print(_build_table(target))
        for line in _lines(target):
            console.print(Padding(Text(line), (0, 0, 0, 2)))
        console.print()
    for line in _recipes(report, width):
        console.print(Text(line, style="dim"))
    for note in report.notes:
        console.print(Text(f"Note: {note}", style="yellow"))
    return _read(console)


def render_overview(overview: Overview, width: int = 80, color: bool = False) -> str:
    """The table of a suite, as :func:`render_terminal` writes one."""
    console = _open_console(width, color)
    table = _start_table("Test set", "System")
    for label in ("Pairs", *overview.labels):
        table.add_column(label, justify="right", no_wrap=True)
    for report, target, system in overview.rows:
        cells = {score.label: _cell(score) for score in system.scores}
        scores = (cells.get(label, Text()) for label in overview.labels)
        table.add_row(Text(report.name), Text(system.name), str(target.scored), *scores)
    console.print(Text(overview.name, style="bold"))
    console.print(table)
    for line in list_skipped(overview):
        console.print(Text(f"Note: {line}", style="yellow"))
    return _read(console)


def _open_console(width: int, color: bool) -> Console:
    return Console(
        file=StringIO(),
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        highlight=False,
        markup=False,
        emoji=False,
    )


def _read(console: Console) -> str:
    out = cast(StringIO, console.file)
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


def _title(report: Report, target: Target) -> str:
    languages = f"{name_language(report.source_language)} to {name_language(target.language)}"
    return f"{report.name}: {languages}"


def _start_table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
    for name in columns:
        table.add_column(name, overflow="fold")
    return table


def _build_table(target: Target) -> Table:
    table = _start_table("System")
    labels = list(list_recipes(target))
    for label in labels:
        table.add_column(label, justify="right", no_wrap=True)
    for system in target.systems:
        cells = {score.label: score for score in system.scores}
        table.add_row(
            Text(system.name), *(_cell(cells[label]) for label in labels if label in cells)
        )
    return table


def _cell(score: MetricScore) -> Text:
    return Text(format_score(score))


def _lines(target: Target) -> Iterator[str]:
    if target.references:
        yield describe_pairs(target)
    for reference in target.references:
        yield describe_reference(reference)
    for system in target.systems:
        yield f"{system.name}: {count_numbers(system.numbers)} | {system.origin}"
    if target.scored:
        yield f"reference: {count_numbers(target.reference_numbers)}"
    yield from describe_comparisons(target)
    if target.power:
        yield target.power


def _recipes(report: Report, width: int) -> Iterator[str]:
    """Every signature once, broken only between its fields."""
    recipes = {f"{k} | {v}": None for t in report.targets for k, v in list_recipes(t).items()}
    for recipe in recipes:
        line = ""
        for part in recipe.split("|"):
            if line and len(line) + len(part) + 2 > width:
                yield line + "|"
                line = f"  {part}"
            else:
                line = f"{line}|{part}" if line else part
        yield line
