"""Work spread over the cores of the machine."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

A = TypeVar("A")

_inside = False  # a process that was started here, which starts no others
_tasks: Sequence[Callable[[], Any]] = ()


def spread(tasks: Sequence[Callable[[], A]]) -> list[A]:
    """Call the tasks in as many processes as cores, and return their results, in order.

    The processes are forks: they have all that is known here, tasks too, and take what they learn
    with them; only results go by pickle. Where forks cannot be had, and inside one, the work is
    done here.
    """
    global _tasks
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1
    if cores < 2 or len(tasks) < 2 or _inside:
        return [task() for task in tasks]
    _tasks = tasks
    try:
        with ProcessPoolExecutor(cores, get_context("fork"), initializer=_enter) as pool:
            return list(pool.map(_call, range(len(tasks))))
    finally:
        _tasks = ()


def _call(number: int) -> Any:
    return _tasks[number]()


def _enter() -> None:
    global _inside
    _inside = True
    gc.disable()  # it would look through, and so copy, all that this short-lived process inherits
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that started this one answers it
