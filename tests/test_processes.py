"""Work in several processes comes to the same as work in one."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest
from tiny_run import make_run

from eval.processes import spread
from eval.report import build_report


def square(number: int) -> int:
    return number * number


def nest(number: int) -> tuple[int, set[int]]:
    """Who works on this, and who worked where this asked for more processes."""
    return os.getpid(), set(spread([report_process] * number))


def report_process() -> int:
    return os.getpid()


def test_results_come_in_order() -> None:
    assert spread([partial(square, number) for number in range(1000)]) == [
        n * n for n in range(1000)
    ]
    assert spread([]) == []


def test_processes_start_no_others() -> None:
    for process, others in spread([partial(nest, 3), partial(nest, 4)]):
        assert others == {process}


def test_a_report_is_the_same_either_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path / "run")
    alone = build_report(run)
    monkeypatch.setattr("eval.report.LARGE", 0)
    monkeypatch.setattr("eval.results.LARGE", 0)
    assert build_report(run) == alone
