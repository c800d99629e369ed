"""The reports of a suite as one value: every test set and system in one table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from eval.results import Report, SystemReport, Target
from mt.errors import RunError


@dataclass(frozen=True)
class Overview:
    """What the jobs of a suite came to."""

    name: str
    reports: tuple[Report, ...]  # of the jobs that ran, in the suite's order
    skipped: Mapping[str, Path]  # job -> what it needs and did not find

    @property
    def rows(self) -> Iterator[tuple[Report, Target, SystemReport]]:
        """Every system of every report."""
        for report in self.reports:
            for target in report.targets:
                for system in target.systems:
                    yield report, target, system

    @property
    def labels(self) -> tuple[str, ...]:
        """The metrics, as they first come up."""
        return tuple(
            dict.fromkeys(score.label for *_, system in self.rows for score in system.scores)
        )


@dataclass(frozen=True)
class SuiteFolder:
    """What an earlier run of a suite left: enough to report on it again."""

    name: str
    runs: tuple[Path, ...]  # in the suite's order
    skipped: Mapping[str, Path]


def find_suite(directory: Path) -> SuiteFolder | None:
    """The suite in a folder; None where there is none, as in a run directory.

    Raises:
        RunError: its ``scores.json`` cannot be read.
    """
    path = directory / "scores.json"
    if (directory / "manifest.json").exists() or not path.is_file():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if "suite" not in found:
            return None
        runs = dict.fromkeys(directory / row["test_set"] for row in found["rows"])
        skipped = {name: Path(needed) for name, needed in found["skipped"].items()}
        return SuiteFolder(str(found["suite"]), tuple(runs), skipped)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise RunError(f"{path}: damaged; run the suite again") from None
