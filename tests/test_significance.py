"""Comparisons must be those of ``sacrebleu --paired-bs``, and honest about equal systems."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.significance import PairedTest

from eval.scores.metrics import MetricScore, score_corpus
from eval.scores.significance import (
    Comparison,
    Test,
    compare_systems,
    correct,
    count_comparisons,
    describe_power,
    samples_for,
)
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


def invent(rng: random.Random, words: int) -> str:
    return " ".join(
        rng.choice(["the", "a", "mat", "cat", "sat,", "(on)", "12.5"]) for _ in range(words)
    )


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(("test", "theirs"), [("bootstrap", "bs"), ("randomization", "ar")])
def test_p_values_have_the_bits_of_sacrebleu(
    monkeypatch: pytest.MonkeyPatch, seed: int, test: Test, theirs: str
) -> None:
    """Also of texts with empty lines, of one to three references, and of few segments."""
    rng = random.Random(seed)
    lines = rng.choice([1, 3, 8, 20])
    references = [
        [invent(rng, rng.randint(1, 9)) for _ in range(lines)] for _ in range(1 + seed % 3)
    ]
    systems = [(name, [invent(rng, rng.randint(0, 9)) for _ in range(lines)]) for name in "abc"]
    metrics = {
        "bleu": BLEU(force=True, references=references),
        "chrf": CHRF(references=references),
        "chrf2++": CHRF(word_order=2, references=references),
        "ter": TER(references=references),
    }
    monkeypatch.setenv("SACREBLEU_SEED", str(seed + 1))
    signatures, expected = PairedTest(systems, metrics, None, test_type=theirs, n_samples=100)()
    found = compare_systems(
        list(metrics), systems, references, bootstrap=100, trials=100, seed=seed + 1, test=test
    )
    names = dict(zip(metrics, signatures, strict=True))
    for comparison in found:
        baseline, *others = expected[names[comparison.metric]]
        result = others["bc".index(comparison.system)]
        assert comparison.difference == result.score - baseline.score
        assert comparison.p_value == result.p_value or not comparison.difference
        assert comparison.signature == str(signatures[names[comparison.metric]])


def test_p_values_of_approximate_randomization_equal_the_command_line(tmp_path: Path) -> None:
    for name, lines in (("ref", REFERENCE), ("base", WORSE), ("other", MIXED)):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    printed = subprocess.run(
        [sys.executable, "-m", "sacrebleu", "ref", "-i", "base", "other", "-m", "bleu", "ter",
         "--paired-ar", "--paired-ar-n", "500", "-f", "text", "-q", "--no-color"],
        capture_output=True, check=True, encoding="utf-8", cwd=tmp_path,
    ).stdout  # fmt: skip
    found = compare_systems(
        ["bleu", "ter"],
        [("base", WORSE), ("other", MIXED)],
        [REFERENCE],
        test="randomization",
        trials=500,
    )
    assert [f"{c.p_value:.4f}" for c in found] == re.findall(r"\(p = ([0-9.]+)\)", printed)
    assert all(c.signature in printed for c in found)
    assert {c.test for c in found} == {"randomization"}


def test_p_values_of_several_comparisons_are_corrected() -> None:
    """By hand: 3 times the smallest, 2 times the next, the largest not below that."""
    raw = [Comparison("bleu", "a", "b", 1.0, p, "") for p in (0.01, 0.04, 0.03)]
    corrected = correct(raw)
    assert [c.corrected for c in corrected] == pytest.approx([0.03, 0.06, 0.06])
    assert [c.p_value for c in corrected] == [0.01, 0.04, 0.03]
    assert [c.significant for c in raw] == [True, True, True]
    assert [c.significant for c in corrected] == [True, False, False]
    assert [c.corrected for c in correct([replace(raw[0], p_value=0.7), raw[1], raw[2]])] == (
        pytest.approx([0.7, 0.09, 0.09])
    )
    assert correct(raw[:1])[0].corrected is None


def test_only_systems_of_one_metric_are_corrected_together() -> None:
    """No p-value is smaller than that of a clear difference, so it is doubled for two systems."""
    systems = [("a", REFERENCE), ("b", WORSE), ("c", MIXED)]
    found = compare_systems(["bleu", "ter"], systems, [REFERENCE], bootstrap=100)
    assert [c.corrected == min(1, 2 * c.p_value) for c in found if c.system == "b"] == [True] * 2
    assert all(c.corrected is None for c in compare_systems(["bleu"], systems[:2], [REFERENCE]))


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
    said = describe_power(40, scores)
    assert said.startswith("40 pairs")
    assert "±6 BLEU" in said
    assert "a difference between two systems on the same pairs can show sooner" in said
    (comparison,) = correct([Comparison("bleu", "a", "b", 1.5, 0.01, "", half_width=1.2)])
    assert "between two systems by up to about 1.2 BLEU" in describe_power(40, scores, [comparison])


def test_power_is_that_of_the_paired_test() -> None:
    """Good and bad lines, all of which the other system makes a little worse: a difference that is
    called significant lies within the interval of either score, and above what the sentence says.
    """
    lines = [
        line if i % 2 else f"{' '.join(line.split()[:4])} no one knew any of it"
        for i, line in enumerate(REFERENCE * 3)
    ]
    other = [line.replace("the ", "she ", 1) for line in lines]
    found = compare_systems(["chrf"], [("a", lines), ("b", other)], [REFERENCE * 3])
    scores = [
        score_corpus(["chrf"], each, [REFERENCE * 3], bootstrap=1000)[0] for each in (lines, other)
    ]
    gap = abs(found[0].difference)
    own = min(score.half_width or 0.0 for score in scores)
    said = re.search(r"about ([0-9.]+) chrF", describe_power(60, scores, found))
    assert found[0].significant
    assert gap < own
    assert said
    assert float(said[1]) <= gap


@pytest.mark.parametrize("systems", range(2, 30))
def test_a_collapse_is_significant_with_few_resamples(systems: int) -> None:
    """The least p-value of n resamples, 1/(n+1), times the number of comparisons."""
    number = count_comparisons(systems)
    assert number * 1 / (samples_for(number, 2) + 1) <= 0.05 / 2
    assert samples_for(number, 100_000) == 100_000
    assert samples_for(number, 0) == 0


def test_every_two_systems_are_compared() -> None:
    texts = {"a": WORSE, "b": REFERENCE, "c": MIXED}
    found = compare_systems(["bleu", "ter"], list(texts.items()), [REFERENCE], every=True)
    assert [(c.metric, c.baseline, c.system) for c in found] == [
        (metric, *pair) for metric in ("bleu", "ter") for pair in ("ab", "ac", "bc")
    ]
    many = [(name, MIXED) for name in "abcdefg"]
    many[3] = ("d", REFERENCE)
    found = compare_systems(["ter"], many, [REFERENCE], bootstrap=50, every=True)
    assert " ".join(c.baseline + c.system for c in found) == (
        "ab ac ad ae af ag bd cd de df dg"  # with the first, and with the best
    )
    assert len(found) == count_comparisons(7)


def test_power_without_an_interval_is_a_rule_of_thumb() -> None:
    """DESIGN.md: 100 segments of FLORES-200 +-3.7 BLEU, 1012 +-1.1."""
    assert "rule of thumb, the interval of a score is ±4 BLEU" in describe_power(100, [])
    assert "±1.3 BLEU" in describe_power(1012, [])
    assert describe_power(0, []).startswith("No pairs")
    assert "too little to say" in describe_power(9, [])
