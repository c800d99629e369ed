"""Pairs: hand-worked alignments, and what holds for any of them."""

from __future__ import annotations

import random

import pytest

from eval.pairs import (
    ADDED,
    NO_REFERENCE,
    NO_SOURCE,
    Pair,
    build_pairs,
    count_joined,
    lay_out,
)
from mt.align.alignment import Alignment, Bead
from mt.errors import AlignmentError, ScoreError
from mt.text.document import Document, Segment
from mt.translate.translation import Translation


def document(*texts: str) -> Document:
    return Document("ref", "en", tuple(Segment(i, i + 1, t) for i, t in enumerate(texts)))


def translate(*texts: str) -> list[Translation]:
    return [Translation(text) for text in texts]


def align(*beads: tuple[list[int], list[int], float]) -> Alignment:
    return Alignment(tuple(Bead(tuple(s), tuple(t), score) for s, t, score in beads))


def test_one_reference_with_all_kinds_of_beads() -> None:
    alignment = align(
        ([0], [0, 1], 0.9), ([], [2], 0.0), ([1, 2], [3], 0.7), ([3], [], 0.0), ([4], [4], 0.5)
    )
    pairs = build_pairs(
        list("abcde"),
        translate("A", "B", "", "D", "E"),
        [(alignment, document("r0", "r1", "r2", "r3", "r4"))],
    )
    assert [(p.sources, p.source, p.hypothesis, p.references, p.reason) for p in pairs] == [
        ((0,), "a", "A", ("r0 r1",), ""),
        ((), "", "", ("r2",), NO_SOURCE),
        ((1, 2), "b c", "B", ("r3",), ""),
        ((3,), "d", "D", ("",), NO_REFERENCE),
        ((4,), "e", "E", ("r4",), ""),
    ]
    assert [p.index for p in pairs] == [0, 1, 2, 3, 4]
    assert [p.score for p in pairs] == [0.9, 0.0, 0.7, 0.0, 0.5]
    assert [p.scored for p in pairs] == [True, False, True, False, True]


def test_two_references_join_what_either_joins() -> None:
    first = align(([0, 1], [0], 0.8), ([2], [1], 0.9), ([3], [], 0.0))
    second = align(([0], [0], 0.6), ([1, 2], [1], 0.7), ([3], [2], 0.4))
    pairs = build_pairs(
        list("abcd"),
        translate("A", "B", "C", "D"),
        [(first, document("x0", "x1")), (second, document("y0", "y1", "y2"))],
    )
    assert [(p.sources, p.references, p.score) for p in pairs] == [
        ((0, 1, 2), ("x0 x1", "y0 y1"), 0.6),
        ((3,), ("", "y2"), 0.4),
    ]
    assert pairs[0].targets == ((0, 1), (0, 1))
    assert all(p.scored for p in pairs)


def test_without_references_everything_is_shown_and_nothing_scored() -> None:
    pairs = build_pairs(["a", "b"], translate("A", "B"), [])
    assert [(p.hypothesis, p.references, p.reason) for p in pairs] == [
        ("A", (), NO_REFERENCE),
        ("B", (), NO_REFERENCE),
    ]


def test_pivots_and_notes_of_joined_segments() -> None:
    translations = [
        Translation("A", -0.1, ("p1",), ("split into 2 parts",)),
        Translation("", None, (), ("blank",)),
        Translation("C", -0.2, ("p3",), ("split into 2 parts",)),
    ]
    (pair,) = build_pairs(
        list("abc"), translations, [(align(([0, 1, 2], [0], 1.0)), document("r"))]
    )
    assert pair.pivots == ("p1 p3",)
    assert pair.notes == ("split into 2 parts", "blank")
    assert pair.hypothesis == "A C"


def test_pivots_that_stand_for_a_part_only_are_left_out() -> None:
    """A segment from a translation memory never went through the pivot language."""
    translations = [Translation("A", -0.1, ("p1",)), Translation("B", notes=("from own.tmx",))]
    (pair,) = build_pairs(list("ab"), translations, [(align(([0, 1], [0], 1.0)), document("r"))])
    assert (pair.hypothesis, pair.pivots, pair.notes) == ("A B", (), ("from own.tmx",))


def test_counts_that_do_not_match_are_refused() -> None:
    with pytest.raises(ScoreError, match="1 translations for 2 source segments"):
        build_pairs(["a", "b"], translate("A"), [])
    with pytest.raises(AlignmentError, match="source segment 1 stands in no bead"):
        build_pairs(["a", "b"], translate("A", "B"), [(align(([0], [0], 1)), document("r"))])


def random_alignment(rng: random.Random, sources: int, targets: int) -> Alignment:
    beads, i, j = [], 0, 0
    while i < sources or j < targets:
        di, dj = min(rng.randint(0, 2), sources - i), min(rng.randint(0, 2), targets - j)
        if di or dj:
            score = round(rng.random(), 3) if di and dj else 0.0
            beads.append(Bead(tuple(range(i, i + di)), tuple(range(j, j + dj)), score))
        i, j = i + di, j + dj
    return Alignment(tuple(beads))


@pytest.mark.parametrize("seed", range(20))
def test_every_segment_of_either_side_stands_in_exactly_one_pair(seed: int) -> None:
    rng = random.Random(seed)
    sizes = [rng.randint(1, 12) for _ in range(rng.randint(1, 3))]
    references = [
        (random_alignment(rng, 10, size), document(*(f"r{i}" for i in range(size))))
        for size in sizes
    ]
    pairs = build_pairs(list("abcdefghij"), translate(*"ABCDEFGHIJ"), references)

    assert sorted(i for p in pairs for i in p.sources) == list(range(10))
    for number, size in enumerate(sizes):
        assert sorted(i for p in pairs for i in p.targets[number]) == list(range(size))
    starts = [p.sources[0] for p in pairs if p.sources]
    assert starts == sorted(starts)
    assert all(_is_consistent(pair) for pair in pairs)


def _is_consistent(pair: Pair) -> bool:
    if pair.scored:
        return bool(pair.sources) and any(pair.references)
    return pair.score == 0.0 and not (pair.sources and any(pair.references))


def test_a_hypothesis_in_its_own_sentences_joins_pairs_for_all() -> None:
    """Its sentence V1 renders b and c, so that these two are one pair for every system."""
    reference = align(([0], [0], 0.9), ([1], [1], 0.8), ([2], [2], 0.7)), document("r0", "r1", "r2")
    own = (
        align(([0], [0], 0.9), ([1, 2], [1], 0.6), ([], [2], 0.0)),
        document("V0", "V1", "only V"),
    )
    theirs = build_pairs(list("abc"), lay_out(own, 3), [reference], documents=[own], own=own)
    ours = build_pairs(list("abc"), translate("A", "B", "C"), [reference], documents=[own])
    assert [(p.sources, p.hypothesis, p.references, p.reason) for p in theirs] == [
        ((0,), "V0", ("r0",), ""),
        ((1, 2), "V1", ("r1 r2",), ""),
        ((), "only V", ("",), NO_SOURCE),
    ]
    assert [(p.sources, p.hypothesis) for p in ours] == [((0,), "A"), ((1, 2), "B C"), ((), "")]
    assert [p.why for p in ours] == ["", "", ADDED]
    assert count_joined(3, [reference], [own]) == (3, 2)


def test_reasons_say_more_where_more_is_known() -> None:
    flag = "order: source 1 looks like target 2"
    alignment = Alignment(
        (
            Bead((0,), (), 0.0),
            Bead((1,), (), 0.0, flag),
            Bead((2,), (0,), 0.9),
            Bead((3,), (1,), 0.9),
            Bead((), (2,), 0.0, flag),
        )
    )
    pairs = build_pairs(
        ["", "b", "c", "d"], translate("", "B", "C", "D"), [(alignment, document("C", "D", "B"))]
    )
    assert [(pair.reason, pair.why) for pair in pairs] == [
        (NO_REFERENCE, "not translated (blank source)"),
        (NO_REFERENCE, "stands elsewhere (order)"),
        ("", ""),
        ("", ""),
        (NO_SOURCE, "stands elsewhere (order)"),
    ]
    assert pairs[1].notes == ("order: source 2 looks like reference segment 3",)  # from 1
