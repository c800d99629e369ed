"""Work spread over the cores of the machine."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")

_inside = False  # a process that was started here, which starts no others


def spread(work: Callable[[A], B], items: Sequence[A], chunk: int = 1) -> list[B]:
    """``work`` on every item, in order, ``chunk`` items at a time in as many processes as cores.

    The processes are forks, which know what is known here and take what they learn with them.
    ``work``, items and results go between them by pickle. Where forks cannot be had, and inside
    one, the work is done here.
    """
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
    if cores < 2 or len(items) < 2 or _inside:
        return list(map(work, items))
    with ProcessPoolExecutor(cores, get_context("fork"), initializer=_enter) as pool:
        return list(pool.map(work, items, chunksize=chunk))


def call(task: Callable[[], B]) -> B:
    """For :func:`spread` over tasks that differ."""
    return task()


def _enter() -> None:
    global _inside
    _inside = True
    gc.disable()  # it would look through, and so copy, all that this short-lived process inherits
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one answers it
