"""Texts sorted by length and cut into batches of so many tokens; fewer when memory runs out.

Texts of like length waste little on padding, the longest come first so that what does not fit shows
at once, and results stand where their texts stood. The order is CTranslate2's and Fairseq's; the
halved budget is in the manner of Accelerate's ``find_executable_batch_size``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from mt.errors import TranslationError
from mt.translate.engine import Decoding
from mt.translate.translation import Progress

_Result = TypeVar("_Result")

Start = Callable[[Sequence[int]], Callable[[], Sequence[_Result]]]

# PyTorch tells of a position or a piece that is out of range with an IndexError.
_FAILURES = (RuntimeError, MemoryError, IndexError, ValueError)
_NO_MEMORY = ("out of memory", "can't allocate memory", "bad_alloc", "alloc_failed")


class Batcher:
    """Gives an engine its batches, ``replicas`` of them at a time."""

    def __init__(self, decoding: Decoding, engine: str, replicas: int = 1) -> None:
        self._engine = engine
        self._replicas = replicas
        self._budget = decoding.batch_tokens
        self._alone = decoding.deterministic
        self._class = decoding.length_class

    def run(
        self, lengths: Sequence[int], start: Start[_Result], progress: Progress | None = None
    ) -> list[_Result]:
        """The results for texts of ``lengths`` tokens, in order.

        ``start`` sets out on the batch of these indices, and what it returns waits for the results.
        Batches that find no memory are cut again by half of what the largest of them took, and so
        is all that comes later. Progress is told of texts.

        Raises:
            TranslationError: the engine failed, or has no memory for one text alone.
        """
        results: dict[int, _Result] = {}
        waiting: Sequence[int] = range(len(lengths))
        while waiting:
            failed: list[int] = []
            for batch, made in self._work(waiting, lengths, start):
                if made is None:
                    self._budget = min(self._budget, self._halve(batch, lengths))
                    failed += batch
                    continue
                results.update(zip(batch, made, strict=True))
                if progress:
                    progress(len(batch))
            waiting = failed
        return [results[index] for index in range(len(lengths))]

    def _work(
        self, indices: Sequence[int], lengths: Sequence[int], start: Start[_Result]
    ) -> Iterator[tuple[list[int], Sequence[_Result] | None]]:
        """Batches with their results, or None where the memory did not suffice.

        Two batches a replica are under way, so that none waits for the next.
        """
        batches = iter(self.cut(indices, lengths))
        running = deque((batch, start(batch)) for batch in islice(batches, 2 * self._replicas))
        while running:
            batch, wait = running.popleft()
            try:
                made: Sequence[_Result] | None = wait()
            except _FAILURES as error:
                if not _is_out_of_memory(error):
                    raise TranslationError(f"{self._engine}: {error}") from None
                made = None
            yield batch, made
            running.extend((batch, start(batch)) for batch in islice(batches, 1))

    def cut(self, indices: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
        """Batches of ``indices``, the longest texts first.

        The texts of a batch have one length class and, padded to the longest, keep to the budget
        and to a replica's share. A text that exceeds them is alone, as is every one where the
        result must not depend on its company.
        """
        share = -(-sum(lengths[i] for i in indices) // self._replicas)
        budget = 0 if self._alone else min(self._budget, share)
        batch: list[int] = []
        for index in sorted(indices, key=lambda i: -lengths[i]):
            if batch and (
                lengths[batch[0]] * (len(batch) + 1) > budget
                or self._class(lengths[index]) < self._class(lengths[batch[0]])
            ):
                yield batch
                batch = []
            batch.append(index)
        if batch:
            yield batch

    def _halve(self, batch: Sequence[int], lengths: Sequence[int]) -> int:
        if len(batch) == 1:
            raise TranslationError(
                f"{self._engine}: no memory for a text of {lengths[batch[0]]} tokens alone; "
                "set translate.beam_size lower or translate.device to cpu"
            )
        return lengths[batch[0]] * len(batch) // 2


def _is_out_of_memory(error: BaseException) -> bool:
    """As PyTorch, CTranslate2 and the C++ library put it."""
    return isinstance(error, MemoryError) or any(
        words in str(error).lower() for words in _NO_MEMORY
    )
