"""Precision and recall against an example worked by hand with the rules of Vecalign's score.py."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

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


def test_duplicates_count_once() -> None:
    """Both sides are sets: [0]:[0] twice is one bead of the two that are judged."""
    test = alignment(([0], [0]), ([0], [0]), ([1], [1, 2]), ([], []))
    scores = score_alignment(alignment(([0], [0]), ([0], [0]), ([1], [1])), test)
    assert (scores.gold_beads, scores.test_beads) == (2, 2)
    assert scores.strict.precision == scores.strict.recall == pytest.approx(1 / 2)
    assert scores.lax.precision == scores.lax.recall == 1


def test_null_beads_weigh_on_precision_alone() -> None:
    """Gold has nothing for source 1 and target 1; joining them is two mistakes of one bead, and
    leaving both alone is right. Recall asks for [0]:[0] only, which both have."""
    gold = alignment(([0], [0]), ([1], []), ([], [1]))
    joined = score_alignment(gold, alignment(([0], [0]), ([1], [1])))
    assert (joined.strict.precision, joined.strict.recall) == (1 / 2, 1)
    assert (joined.lax.precision, joined.lax.recall) == (1 / 2, 1)
    alone = score_alignment(gold, gold)
    assert alone.strict.precision == 1
    # Without its null beads an alignment loses nothing: precision is out of what is said.
    silent = score_alignment(gold, alignment(([0], [0])))
    assert (silent.strict.precision, silent.strict.recall) == (1, 1)


def test_a_bead_that_joins_two_of_gold_is_lax_once_and_recalled_twice() -> None:
    """[0, 1]:[0, 1] shares a link with both gold beads: lax precision 1/1, lax recall 2/2."""
    gold = alignment(([0], [0]), ([1], [1]))
    scores = score_alignment(gold, alignment(([0, 1], [0, 1])))
    assert scores.strict.f1 == 0
    assert (scores.lax.precision, scores.lax.recall) == (1, 1)


def test_sharing_both_sides_but_no_link_is_not_lax() -> None:
    """[0, 1]:[2] touches sources and targets of gold, but gold joins neither 0 nor 1 with 2."""
    gold = alignment(([0], [0]), ([1], [1]), ([2], [2]))
    scores = score_alignment(gold, alignment(([0, 1], [2]), ([2], [0])))
    assert scores.lax.precision == scores.lax.recall == 0


Beads = Sequence[tuple[list[int], list[int]]]

_side = st.lists(st.integers(0, 4), unique=True, max_size=3).map(sorted)
_beads = st.lists(st.tuples(_side, _side), max_size=6)


def _count_hits(judged: Beads, judge: Beads) -> tuple[int, int, int]:
    """How many different beads that hold something are judged, and strict and lax hits, by the
    definition: the same two sides stand in the other alignment; or one of its beads has both ends
    of one of the links (i, j) that the bead is made of."""
    different = {(tuple(s), tuple(t)) for s, t in judged if s or t}
    strict = lax = 0
    for source, target in different:
        same = any((tuple(s), tuple(t)) == (source, target) for s, t in judge)
        touched = any(i in s and j in t for s, t in judge for i in source for j in target)
        strict += same
        lax += same or touched
    return len(different), strict, lax


@given(_beads, _beads)
@example([], [])
@example([([], [0])], [([], [0])])  # only null beads: precision 1, and nothing to recall
@example([([0], [])], [([0], []), ([], [0])])
@example([([0, 1], [0])], [([1], [0, 1]), ([0], [])])
def test_any_two_alignments_score_by_the_definition(gold: Beads, test: Beads) -> None:
    """Sennrich and Volk (2011) and Thompson and Koehn (2019): precision judges all beads of the
    test, null ones too; recall judges gold's beads by the test's, of two sides each."""
    found = score_alignment(alignment(*gold), alignment(*test))
    tested, *precise = _count_hits(test, gold)
    full = [[(s, t) for s, t in beads if s and t] for beads in (gold, test)]
    wanted, *recalled = _count_hits(*full)
    assert (found.gold_beads, found.test_beads) == (wanted, tested)
    scores = zip((found.strict, found.lax), precise, recalled, strict=True)
    for score, right, hit in scores:
        precision, recall = right / max(tested, 1), hit / max(wanted, 1)
        assert (score.precision, score.recall) == (precision, recall)
        f1 = 2 * precision * recall / (precision + recall) if right and hit else 0
        assert score.f1 == pytest.approx(f1)


def test_the_scores_of_beads_do_not_matter() -> None:
    doubtful = Alignment(tuple(Bead(b.source, b.target, 0.1) for b in GOLD.beads))
    assert score_alignment(GOLD, doubtful) == score_alignment(GOLD, GOLD)
