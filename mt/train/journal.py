"""``log.jsonl`` of a training run: a row per report interval, and one per dev score."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import mean
from typing import Any

Row = Mapping[str, Any]


class Journal:
    """The rows on disk; what they say of the run's progress is read from them each time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, row: Row) -> None:
        with self._path.open("a", encoding="utf-8") as out:
            out.write(json.dumps(row, ensure_ascii=False) + "\n")

    def _read_dev(self) -> dict[int, dict[str, Row]]:
        """Dev scores by update and direction; of an update scored twice, the later."""
        scores: dict[int, dict[str, Row]] = {}
        if self._path.exists():
            for line in self._path.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                if "dev" in row:
                    scores.setdefault(row["update"], {})[row["dev"]] = row
        return scores

    def find_best(self) -> int | None:
        """The first update with the highest chrF++ on dev, mean over the directions."""
        means = {
            update: mean(row["chrf2++"] for row in rows.values())
            for update, rows in self._read_dev().items()
        }
        return max(sorted(means), key=means.__getitem__) if means else None

    def count_stale(self) -> int:
        """How often dev was scored after the best time."""
        best = self.find_best()
        return 0 if best is None else sum(update > best for update in self._read_dev())

    def compare(self, first: int, last: int) -> Iterator[str]:
        """A line per direction: its scores at the two updates."""
        scores = self._read_dev()
        for name, before in scores.get(first, {}).items():
            after = scores[last][name]
            yield (
                f"dev {name}: BLEU {before['bleu']:.1f} -> {after['bleu']:.1f}, "
                f"chrF++ {before['chrf2++']:.1f} -> {after['chrf2++']:.1f}"
            )
