"""What an engine is: a loaded Marian model that turns strings into strings with a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Decoding:
    """What steers the search, for both engines alike."""

    beam_size: int = 5
    batch_tokens: int = 4096  # padded source pieces translated at a time
    device: str = "cpu"  # "cpu" or "cuda"
    repair: bool = True  # make other attempts where the first is plainly wrong

    def max_length(self, pieces: int, positions: int) -> int:
        """Longest output for an input of so many pieces, in a model of so many positions.

        Generous, so that only a loop reaches it, and never CTranslate2's silent 256.
        """
        return min(3 * pieces + 20, positions)


Hypothesis = tuple[str, float]  # a translation and its mean log-probability per piece


class Engine(Protocol):
    """Two exist, :mod:`mt.translate.ctranslate` and :mod:`mt.translate.marian`."""

    name: str  # "ctranslate2" or "transformers", with the version

    def count_tokens(self, text: str) -> int:
        """Pieces that ``text`` makes, without target token and end of sentence."""
        ...

    def generate(
        self,
        texts: Sequence[str],
        token: str | None,
        *,
        whole_beam: bool = False,
        no_repeat: int = 0,
    ) -> list[list[Hypothesis]]:
        """Translate non-empty texts, in order: each as its best hypothesis, or the ``whole_beam``.

        No n-gram of ``no_repeat`` pieces stands twice in a translation; 0 allows all.
        """
        ...
