"""Beads that stand in another order: two texts whose numbers say which sentence is which."""

from __future__ import annotations

import re

from mt.align.aligner import align_texts
from mt.align.alignment import Alignment
from mt.align.order import ORDER

WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def sentences(numbers: list[int], word: str) -> list[str]:
    """All of one length and one wording, so that only the words for the numbers differ."""
    return [f"{WORDS[n]} {WORDS[n]} {WORDS[n]} {word}" for n in numbers]


def align(order: list[int]) -> Alignment:
    """Sentences in counting order with the same ones in ``order``, by their letters alone."""
    sources = sentences(list(range(10)), "here")
    return align_texts(sources, sentences(order, "here"), hypotheses=[sources], similarity="ngram")


def claims(alignment: Alignment) -> set[tuple[str, str]]:
    found = set()
    for bead in alignment.beads:
        assert not bead.note or bead.note.startswith(ORDER)
        found |= set(re.findall(r"source ([\d+]+) looks like target ([\d+]+)", bead.note))
    return found


def test_in_order_nothing_is_flagged() -> None:
    alignment = align(list(range(10)))
    assert not any(bead.note for bead in alignment.beads)


def test_two_that_changed_places_are_flagged_and_beads_stay_in_order() -> None:
    alignment = align([0, 1, 2, 3, 5, 4, 6, 7, 8, 9])
    assert claims(alignment) == {("4", "5"), ("5", "4")}
    alignment.check(10, 10)
    for side in ("source", "target"):
        indices = [i for bead in alignment.beads for i in getattr(bead, side)]
        assert indices == sorted(indices)


def test_one_that_moved_is_flagged() -> None:
    assert ("2", "4") in claims(align([0, 1, 3, 4, 2, 5, 6, 7, 8, 9]))


def test_one_that_moved_far_is_flagged_though_others_stand_between() -> None:
    assert ("1", "7") in claims(align([0, 2, 3, 4, 5, 6, 7, 1, 8, 9]))
