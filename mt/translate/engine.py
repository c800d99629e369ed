"""What an engine is: a loaded Marian model that turns strings into strings with a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from mt.translate.translation import Progress

ComputeType = Literal["int8", "float16", "float32"]

_CLASS = 32  # pieces: outputs of inputs that round up to the same length may grow equally long


@dataclass(frozen=True)
class Decoding:
    """What steers the search, for both engines alike."""

    beam_size: int = 5
    # padded source pieces translated at a time; steers no search, so results do not name it
    batch_tokens: int = field(default=1024, repr=False)
    device: str = "cpu"  # "cpu" or "cuda"
    repair: bool = True  # make other attempts where the first is plainly wrong
    deterministic: bool = False  # the same bytes whatever is translated beside a text
    compute_type: ComputeType = "int8"  # of the weights, in CTranslate2

    def length_class(self, pieces: int) -> int:
        """Inputs of one class can share a batch, whose outputs have one longest length."""
        return -(-pieces // _CLASS)

    def max_length(self, pieces: int, positions: int) -> int:
        """Longest output for an input of so many pieces, in a model of so many positions.

        Generous, so that only a loop reaches it, and never CTranslate2's silent 256. The same for
        all inputs of a length class, so that it never depends on a text's company.
        """
        return min(3 * _CLASS * self.length_class(pieces) + 20, positions)


class Hypothesis(NamedTuple):
    """A translation as the search made it."""

    text: str
    score: float  # mean log-probability per piece
    finished: bool = True  # False where it reached the longest output before its end


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
        progress: Progress | None = None,
    ) -> list[list[Hypothesis]]:
        """Translate non-empty texts, in order: each as its best hypothesis, or the ``whole_beam``.

        No n-gram of ``no_repeat`` pieces stands twice in a translation; 0 allows all. Progress is
        told of texts.
        """
        ...
