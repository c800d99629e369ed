"""Comparisons must be those of ``sacrebleu --paired-bs``, and honest about equal systems."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from eval.metrics import MetricScore
from eval.significance import compare_systems, describe_power
from mt.errors import ScoreError

REFERENCE = [f"the {word} stood on the old bridge at noon" for word in "abcdefghijklmnopqrst"]
WORSE = [line.replace("old bridge", "house") for line in REFERENCE]
MIXED = [a if i % 3 else b for i, (a, b) in enumerate(zip(REFERENCE, WORSE, strict=True))]


def test_p_values_equal_the_command_line(tmp_path: Path) -> None:
    close = [line.replace("stood", "sat" if i % 3 else "lay") for i, line in enumerate(WORSE)]
    close[::2] = REFERENCE[::2]
    close[1::4] = ["nothing of the kind"] * 5
    for name, lines in (("ref", REFERENCE), ("base", WORSE), ("other", close)):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    printed = subprocess.run(
        [sys.executable, "-m", "sacrebleu", "ref", "-i", "base", "other", "-m", "bleu", "ter",
         "--paired-bs", "--paired-bs-n", "200", "-f", "text", "-q", "--no-color"],
        capture_output=True, check=True, encoding="utf-8", cwd=tmp_path,
    ).stdout  # fmt: skip
    found = compare_systems(
        ["bleu", "ter"], [("base", WORSE), ("other", close)], [REFERENCE], bootstrap=200
    )
    assert [f"{c.p_value:.4f}" for c in found] == re.findall(r"\(p = ([0-9.]+)\)", printed)
    assert max(c.p_value for c in found) > 0.05  # not just the smallest value there is
    assert all(c.signature in printed for c in found)


def test_a_system_equal_to_the_baseline_is_not_different() -> None:
    comparisons = compare_systems(
        ["bleu", "ter"], [("a", WORSE), ("b", list(WORSE))], [REFERENCE], bootstrap=50
    )
    assert [(c.difference, c.p_value, c.significant) for c in comparisons] == [
        (0.0, 1.0, False)
    ] * 2


def test_a_clear_difference_is_significant() -> None:
    (comparison,) = compare_systems(
        ["bleu"], [("a", REFERENCE), ("b", WORSE)], [REFERENCE], bootstrap=200
    )
    assert comparison.significant
    assert not comparison.better
    assert "bs:200" in comparison.signature
    assert "seed:12345" in comparison.signature


def test_nothing_to_compare() -> None:
    assert compare_systems(["bleu"], [("a", WORSE)], [REFERENCE]) == ()
    assert compare_systems(["bleu"], [("a", WORSE), ("b", MIXED)], [REFERENCE], bootstrap=0) == ()
    with pytest.raises(ScoreError, match="19 hypothesis lines, but 20"):
        compare_systems(["bleu"], [("a", WORSE), ("b", MIXED[1:])], [REFERENCE])


def test_power_is_said_from_the_measured_interval() -> None:
    scores = [MetricScore("bleu", "BLEU", 30, "", 30, width) for width in (4.0, 5.8)]
    assert "40 pairs" in describe_power(40, scores)
    assert "under about 6 BLEU cannot be told from chance" in describe_power(40, scores)


def test_power_without_an_interval_is_a_rule_of_thumb() -> None:
    """DESIGN.md: 100 segments of FLORES-200 +-3.7 BLEU, 1012 +-1.1."""
    assert "rule of thumb, differences under about 4 BLEU" in describe_power(100, [])
    assert "about 1.3 BLEU" in describe_power(1012, [])
    assert describe_power(0, []).startswith("No pairs")
    assert "too little to say" in describe_power(9, [])
