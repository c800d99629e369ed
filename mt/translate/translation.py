"""What a translator returns, and what a translator is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

REPAIRED = "repaired"  # how the note on a repaired translation begins
MATCHED = "from "  # how the note on one from a translation memory begins


@dataclass(frozen=True)
class Attempt:
    """One way to a translation, and what is plainly wrong with its outcome."""

    way: str  # "beam" (the first), "hypothesis 2 of the beam", "no repeats", "in 3 parts" ...
    text: str
    score: float  # mean log-probability per piece
    faults: tuple[str, ...]  # of mt/translate/repair.py


@dataclass(frozen=True)
class Translation:
    """The translation of one segment.

    ``score`` is the mean log-probability of its target tokens (natural log, at most 0), summed over
    the legs of a route, or None where no model made it. ``pivots`` are the intermediate
    translations of a route, first leg first, and ``pivot_scores`` the scores of their legs.
    ``notes`` say what was out of the ordinary: "blank", "no letters: copied", "split into 3 parts",
    "repaired (no repeats): loop", "lost 39-NQ/TW", "preferred (hypothesis 2 of the beam): missing
    term Hanoi".
    ``attempts`` are all that were made where the first was at fault, per part the one taken last.
    """

    text: str
    score: float | None = None
    pivots: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    pivot_scores: tuple[float | None, ...] = ()


Progress = Callable[[int], None]  # called with the number of segments just finished


class Translator(Protocol):
    """A model that is loaded and ready, for one target language."""

    @property
    def name(self) -> str:
        """As a report cites it: ``builtin@3f2a...``, ``Helsinki-NLP/opus-mt-ar-en@<revision>``."""
        ...

    def translate(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> list[Translation]:
        """One translation per text, in order.

        Raises:
            TranslationError: the engine failed.
        """
        ...
