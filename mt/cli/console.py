"""What a command says beside its results: lines on stderr, progress bars, a report's headline."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mt.translate.translation import Progress

if TYPE_CHECKING:
    from eval.overview import Overview
    from eval.results import Report


def say(*lines: str, prefix: str = "") -> None:
    """Print lines on stderr."""
    for line in lines:
        print(f"{prefix}{line}", file=sys.stderr, flush=True)


def show_report(report: Report, directory: Path, formats: Sequence[str]) -> None:
    """Print the headline of a report, and say where the rest is."""
    from eval.render import RENDERERS
    from eval.render.terminal import render_terminal

    print(render_terminal(report, *screen()), end="")
    for name in dict.fromkeys((*formats, "json")):
        say(f"wrote {directory / RENDERERS[name][0]}")


def show_overview(overview: Overview, directory: Path) -> None:
    """Write the overview of a suite beside its runs, and print it."""
    from eval.render import write_overview
    from eval.render.terminal import render_overview

    written = write_overview(directory, overview)
    print(render_overview(overview, *screen()), end="")
    say(f"wrote {', '.join(map(str, written))}, and a report in the folder of every job")


def screen() -> tuple[int, bool]:
    """Columns, and whether to colour."""
    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size((80, 24)).columns if terminal else 80
    return width, terminal and "NO_COLOR" not in os.environ


class Bars:
    """A progress bar per stage on a terminal, elsewhere a line now and then; a closing line."""

    EVERY = 30.0  # seconds between lines where there is no terminal

    def __init__(self, progress: Any) -> None:
        self._progress = progress
        self._task: Any = None
        self._said = 0.0

    def start(self, stage: str, segments: int | None) -> Progress:
        added = self._progress.add_task(stage, total=segments)
        self._task = next(task for task in self._progress.tasks if task.id == added)
        self._said = 0.0
        return self._advance

    def _advance(self, done: int) -> None:
        task = self._task
        self._progress.advance(task.id, done)
        elapsed = task.elapsed or 0.0
        if self._progress.disable and elapsed - self._said >= self.EVERY and task.completed:
            self._said = elapsed
            rate = task.completed / elapsed
            whole = f"/{task.total:.0f}" if task.total else ""
            left = f", ETA {(task.total - task.completed) / rate:.0f} s" if task.total else ""
            say(
                f"{task.description}: {task.completed:.0f}{whole} segments, "
                f"{rate:.1f} segments/s{left}"
            )

    def finish(self, stage: str, outcome: str, note: str = "") -> None:
        task, self._task = self._task, None
        if task is None:
            say(f"{stage}: {'corrected by hand, kept' if outcome == 'edited' else outcome}")
            return
        elapsed = max(task.elapsed or 0.0, 1e-3)
        self._progress.update(task.id, visible=False)
        rate = f"{task.completed / elapsed:.1f} segments/s"
        say(f"{stage}: {outcome} in {elapsed:.1f} s, {rate}" + (f"; {note}" if note else ""))


@contextmanager
def bars() -> Iterator[Bars]:
    """Draw the progress of stages while the context lasts."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Speed(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:.1f} segments/s" if task.speed else "")

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        Speed(),
        TextColumn("ETA"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as p:
        yield Bars(p)
