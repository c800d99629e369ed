"""Batches: everything comes back in its place, within the budget, and when memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mt.errors import TranslationError
from mt.translate.batching import Batcher
from mt.translate.engine import Decoding

LENGTHS = st.lists(st.integers(1, 100), max_size=40)


class Device:
    """Answers each text with its index, and has room for so many padded tokens."""

    def __init__(self, lengths: Sequence[int], room: int, error: Exception) -> None:
        self.lengths, self.room, self.error = lengths, room, error
        self.batches: list[list[int]] = []
        self.failures = 0
        self.waiting = self.most_waiting = 0

    def start(self, batch: Sequence[int]) -> Callable[[], Sequence[int]]:
        self.batches.append(list(batch))
        self.waiting += 1
        self.most_waiting = max(self.waiting, self.most_waiting)
        return lambda: self._finish(batch)

    def _finish(self, batch: Sequence[int]) -> Sequence[int]:
        self.waiting -= 1
        if max(self.lengths[i] for i in batch) * len(batch) > self.room:
            self.failures += 1
            raise self.error
        return batch


NO_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("CUDA failed with error out of memory"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
    MemoryError("std::bad_alloc"),
]


@given(LENGTHS, st.integers(1, 500), st.integers(1, 4))
def test_batches_hold_every_text_once_and_keep_to_the_budget(
    lengths: list[int], budget: int, replicas: int
) -> None:
    decoding = Decoding(batch_tokens=budget)
    batches = list(Batcher(decoding, "x", replicas).cut(range(len(lengths)), lengths))
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    flat = [lengths[i] for batch in batches for i in batch]
    assert flat == sorted(lengths, reverse=True)
    for batch in batches:
        sizes = [lengths[i] for i in batch]
        assert len(batch) == 1 or max(sizes) * len(batch) <= budget
        assert len({decoding.max_length(size, 512) for size in sizes}) == 1


def test_a_small_input_is_shared_among_the_replicas() -> None:
    batches = list(Batcher(Decoding(batch_tokens=4096), "x", 2).cut(range(8), [10] * 8))
    assert [len(batch) for batch in batches] == [4, 4]


@given(LENGTHS)
def test_nothing_is_beside_another_text_in_a_deterministic_search(lengths: list[int]) -> None:
    batcher = Batcher(Decoding(deterministic=True), "x", 2)
    assert all(len(batch) == 1 for batch in batcher.cut(range(len(lengths)), lengths))


@given(LENGTHS, st.integers(100, 500), st.sampled_from(NO_MEMORY), st.integers(1, 3))
def test_where_memory_runs_out_all_is_done_in_smaller_batches(
    lengths: list[int], room: int, error: Exception, replicas: int
) -> None:
    device = Device(lengths, room, error)
    batcher = Batcher(Decoding(batch_tokens=2048), "x", replicas)
    told: list[int] = []
    assert batcher.run(lengths, device.start, told.append) == list(range(len(lengths)))
    assert sum(told) == len(lengths)
    assert device.most_waiting <= 2 * replicas
    for _ in range(5):  # each failure halves the budget for good: 2048, 1024, 512, 256, 128, 64
        batcher.run(lengths, device.start)
    failures = device.failures
    batcher.run(lengths, device.start)
    assert device.failures == failures


def test_no_memory_for_one_text_alone_is_told() -> None:
    lengths = [50, 60, 70]
    device = Device(lengths, 65, MemoryError())
    with pytest.raises(TranslationError, match="no memory for a text of 70 tokens alone"):
        Batcher(Decoding(), "x").run(lengths, device.start)
    assert [2] in device.batches


@pytest.mark.parametrize("kind", [RuntimeError, IndexError, ValueError])
def test_other_failures_end_the_work_at_once(kind: type[Exception]) -> None:
    device = Device([5, 5], 0, kind("the driver is gone"))
    with pytest.raises(TranslationError, match=r"^x: the driver is gone$"):
        Batcher(Decoding(), "x").run([5, 5], device.start)
    assert device.failures == 1
