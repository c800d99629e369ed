"""Precision and recall against an example worked by hand with the rules of Vecalign's score.py."""

from __future__ import annotations

import pytest

from eval.links import score_alignment
from mt.align.alignment import Alignment, Bead


def alignment(*beads: tuple[list[int], list[int]]) -> Alignment:
    return Alignment(tuple(Bead(tuple(source), tuple(target)) for source, target in beads))


GOLD = alignment(([0], [0]), ([1], [1, 2]), ([2, 3], [3]), ([4], []), ([5], [4]), ([], [5]))


def test_the_example_worked_by_hand() -> None:
    # Of the seven tested beads [0]:[0] and the null bead [4]:[] are right; [1]:[1] and [2]:[3]
    # share a link with gold; []:[2], [3]:[4] and [5]:[5] are wrong.
    test = alignment(
        ([0], [0]), ([1], [1]), ([], [2]), ([2], [3]), ([3], [4]), ([4], []), ([5], [5])
    )
    scores = score_alignment(GOLD, test)
    assert scores.strict.precision == pytest.approx(2 / 7)
    assert scores.lax.precision == pytest.approx(4 / 7)
    # Of the four gold beads with two sides one is found, and two more are touched.
    assert scores.strict.recall == pytest.approx(1 / 4)
    assert scores.lax.recall == pytest.approx(3 / 4)
    assert scores.strict.f1 == pytest.approx(4 / 15)
    assert scores.lax.f1 == pytest.approx(24 / 37)
    assert (scores.gold_beads, scores.test_beads) == (4, 7)


def test_a_perfect_alignment_scores_1() -> None:
    scores = score_alignment(GOLD, GOLD)
    assert scores.strict.f1 == scores.lax.f1 == 1
    assert str(scores).splitlines()[1].split() == ["strict", "1.000", "1.000", "1.000"]


def test_nothing_to_count_scores_0() -> None:
    scores = score_alignment(alignment(), alignment(([], [])))
    assert scores.strict.f1 == scores.lax.f1 == 0
    assert score_alignment(GOLD, alignment()).strict.precision == 0


def test_the_scores_of_beads_do_not_matter() -> None:
    doubtful = Alignment(tuple(Bead(b.source, b.target, 0.1) for b in GOLD.beads))
    assert score_alignment(GOLD, doubtful) == score_alignment(GOLD, GOLD)
