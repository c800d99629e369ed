"""The same translations scored in other ways, so that alignment error shows apart.

Where the scores of all beads and of the confident beads differ, or fall far below the whole
document taken as one segment, the alignment is to blame and not the translation.
"""

from __future__ import annotations

from dataclasses import dataclass

from eval.metrics import MetricScore


@dataclass(frozen=True)
class Slice:
    """One way to score a system."""

    name: str  # "confident beads", "whole document", "resegmented"
    segments: int  # that were scored
    scores: tuple[MetricScore, ...]
