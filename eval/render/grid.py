"""Tables of scores that fit a terminal: names fold between their parts, metrics go on below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

GAP = 3  # columns between two columns
LEAST = 12  # columns that a long name keeps

Column = Sequence[str]  # a cell for every row


@dataclass(frozen=True)
class Grid:
    """The columns by their titles, in three groups from left to right; all of equal length."""

    names: Mapping[str, Column]
    figures: Mapping[str, Column]  # shown in every table
    scores: Mapping[str, Column]  # shown as many at a time as there is room for

    def build(self, width: int) -> Iterator[Table]:
        """Tables of at most ``width`` columns, with the same rows one after the other."""
        fixed = sum(map(_measure, self.figures.items()))
        least = sum(min(_measure(item), LEAST + GAP) for item in self.names.items())
        for labels in _split(self.scores, width - fixed - least + GAP):
            scores = {label: self.scores[label] for label in labels}
            room = width - fixed - sum(map(_measure, scores.items()))
            yield self._build(_share(self.names, room), scores)

    def _build(self, widths: Mapping[str, int], scores: Mapping[str, Column]) -> Table:
        table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 2, 0, 0))
        for title in self.names:
            table.add_column(title, no_wrap=True)
        for title in (*self.figures, *scores):
            table.add_column(title, justify="right", no_wrap=True)
        names = [[_fold(name, widths[k]) for name in column] for k, column in self.names.items()]
        for row in zip(*names, *self.figures.values(), *scores.values(), strict=True):
            table.add_row(*map(Text, row))
        return table


def _measure(item: tuple[str, Column]) -> int:
    """Columns that a column takes with the gap before it."""
    title, cells = item
    return GAP + max(map(len, (title, *cells)))


def _split(columns: Mapping[str, Column], room: int) -> list[list[str]]:
    """Titles of the columns that stand side by side; at least one at a time, and one list."""
    parts: list[list[str]] = [[]]
    left = room
    for title, cells in columns.items():
        taken = _measure((title, cells))
        if parts[-1] and taken > left:
            parts.append([])
            left = room
        parts[-1].append(title)
        left -= taken
    return parts


def _share(names: Mapping[str, Column], room: int) -> dict[str, int]:
    """How wide each column of names may be: the longest give way first."""
    widths = {title: _measure((title, cells)) - GAP for title, cells in names.items()}
    while sum(widths.values()) + GAP * (len(widths) - 1) > room:
        longest = max(widths, key=lambda title: widths[title])
        if widths[longest] <= LEAST:
            break
        widths[longest] -= 1
    return widths


def _fold(name: str, width: int) -> str:
    """The name on as many lines as it needs, broken after a hyphen where there is one."""
    return "\n".join(wrap(name, width)) if len(name) > width else name
