"""What a metric that is not counted but judged gives every segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Rating:
    """Scores of segments; their mean is the score of the corpus."""

    name: str  # of the metric: "COMET"
    scores: tuple[float, ...]  # on a scale to 100
    references: int  # how many each was judged by
    recipe: Mapping[str, object]  # fields of the signature; the version of the program among them
    detail: str = ""
