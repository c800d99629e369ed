"""The reports of a suite as one value: every test set and system in one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from eval.report import Report, SystemReport, Target


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
