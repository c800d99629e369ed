"""``log.jsonl`` of a training run: a row per report interval, and one per dev score."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import mean
from typing import Any

from mt.store import write_text

Row = Mapping[str, Any]


class Journal:
    """The rows on disk, and what the dev scores among them say of the run's progress."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._dev: dict[int, dict[str, Row]] = {}

    def resume(self, update: int) -> None:
        """Forget rows later than ``update``: the run goes on from there and writes them anew."""
        rows = [row for row in self.rows if row["update"] <= update]
        write_text(self._path, "".join(_format(row) for row in rows))
        self._dev = {}
        for row in rows:
            self._note(row)

    @property
    def rows(self) -> list[Row]:
        """All rows on disk."""
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else []
        return [row for line in lines if (row := _parse(line))]

    def append(self, row: Row) -> None:
        with self._path.open("a", encoding="utf-8") as out:
            out.write(_format(row))
        self._note(row)

    def _note(self, row: Row) -> None:
        if "dev" in row:
            self._dev.setdefault(row["update"], {})[row["dev"]] = row

    def has_dev(self, update: int) -> bool:
        """Whether dev was scored at this update."""
        return update in self._dev

    def find_best(self) -> int | None:
        """The first update with the highest chrF++ on dev, mean over the directions."""
        means = {
            update: mean(row["chrf2++"] for row in rows.values())
            for update, rows in self._dev.items()
        }
        return max(sorted(means), key=means.__getitem__) if means else None

    def count_stale(self) -> int:
        """How often dev was scored after the best time."""
        best = self.find_best()
        return 0 if best is None else sum(update > best for update in self._dev)

    def compare(self, first: int, last: int) -> Iterator[str]:
        """A line per direction: its scores at the two updates."""
        for name, before in self._dev.get(first, {}).items():
            after = self._dev[last][name]
            yield (
                f"dev {name}: BLEU {before['bleu']:.1f} -> {after['bleu']:.1f}, "
                f"chrF++ {before['chrf2++']:.1f} -> {after['chrf2++']:.1f}"
            )


def _format(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _parse(line: str) -> dict[str, Any] | None:
    """The row, or None for the half-written end of a killed run."""
    try:
        row: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    return row
