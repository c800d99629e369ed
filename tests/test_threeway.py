"""Three texts as one alignment: cases worked by hand, and what holds for any three alignments."""

from __future__ import annotations

import random

import numpy as np
import numpy.typing as npt
import pytest

from mt.align.aligner import Measured
from mt.align.alignment import Alignment, Bead
from mt.align.costs import BeadCosts
from mt.align.similarity import SPAN
from mt.align.threeway import (
    ADDED,
    BLANK,
    ELSEWHERE,
    OMITTED,
    ThreeWay,
    Triple,
    align_three_ways,
    compose_alignments,
    explain,
    inherit_sources,
    reconcile,
)

Sides = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]


class FlatCosts:
    """Every bead costs the same and every skip as much, but for beads that are named."""

    def __init__(
        self, sources: int, targets: int, named: dict[tuple[int, int, int, int], float]
    ) -> None:
        self.source_skips, self.target_skips = np.ones(sources), np.ones(targets)
        self._table = np.full((SPAN, SPAN, sources, targets), 2.0)
        for (source, target, a, b), cost in named.items():
            self._table[a - 1, b - 1, source, target] = cost

    def beads(self, sources: slice, targets: slice) -> npt.NDArray[np.float64]:
        return self._table[:, :, sources, targets]


def align(*beads: tuple[list[int], list[int]], score: float = 0.9) -> Alignment:
    return Alignment(tuple(Bead(tuple(s), tuple(t), score if s and t else 0.0) for s, t in beads))


def measure(
    alignment: Alignment, named: dict[tuple[int, int, int, int], float] | None = None
) -> Measured:
    sources = sum(len(bead.source) for bead in alignment.beads)
    targets = sum(len(bead.target) for bead in alignment.beads)
    costs: BeadCosts = FlatCosts(sources, targets, named or {})  # type: ignore[assignment]
    return Measured(alignment, costs)


def sides(alignment: ThreeWay) -> list[Sides]:
    return [triple.sides for triple in alignment.triples]


STRAIGHT = align(([0], [0]), ([1], [1]))
JOINED = align(([0, 1], [0, 1]))


def test_where_all_agree_nothing_is_lost_and_confidence_rises() -> None:
    found = reconcile(*(measure(STRAIGHT) for _ in range(3)))
    assert sides(found) == [((0,), (0,), (0,)), ((1,), (1,), (1,))]
    assert all(triple.confidence > 0.9 for triple in found.triples)


def test_two_outvote_a_third_that_hardly_cares() -> None:
    """Led through the cut of the others, the third pays 1.02 in place of 1."""
    cheap = {(0, 0, 1, 1): 0.5, (1, 1, 1, 1): 0.52, (0, 0, 2, 2): 1.0}
    found = reconcile(measure(STRAIGHT, cheap), measure(STRAIGHT, cheap), measure(JOINED, cheap))
    assert sides(found) == [((0,), (0,), (0,)), ((1,), (1,), (1,))]
    agreed = reconcile(*(measure(STRAIGHT, cheap) for _ in range(3)))
    assert all(
        one.confidence < other.confidence
        for one, other in zip(found.triples, agreed.triples, strict=True)
    )


def test_a_third_that_is_sure_keeps_what_it_joins() -> None:
    sure = {(0, 0, 1, 1): 1.5, (1, 1, 1, 1): 1.5, (0, 0, 2, 2): 1.0}
    same = {(0, 0, 1, 1): 0.5, (1, 1, 1, 1): 0.5}
    found = reconcile(measure(STRAIGHT, same), measure(STRAIGHT, same), measure(JOINED, sure))
    assert sides(found) == [((0, 1), (0, 1), (0, 1))]


def test_an_alignment_without_costs_stands() -> None:
    """A correction by hand is not outvoted, whatever the others say."""
    free = {(0, 0, 1, 1): 0.0, (1, 1, 1, 1): 0.0, (0, 0, 2, 2): 0.0}
    found = reconcile(measure(STRAIGHT, free), Measured(JOINED, None), measure(STRAIGHT, free))
    assert sides(found) == [((0, 1), (0, 1), (0, 1))]


def test_crossing_beads_stand_in_one_triple() -> None:
    crossed = Measured(align(([0], [1]), ([1], [0]), ([2], [2])), None)
    line = align(([0], [0]), ([1], [1]), ([2], [2]))
    found = reconcile(measure(line), crossed, measure(line))
    assert sides(found) == [((0, 1), (0, 1), (0, 1)), ((2,), (2,), (2,))]


def random_alignment(rng: random.Random, sources: int, targets: int) -> Alignment:
    beads, i, j = [], 0, 0
    while i < sources or j < targets:
        di, dj = min(rng.randint(0, 3), sources - i), min(rng.randint(0, 3), targets - j)
        if di and dj:
            score = rng.random()
            beads.append(Bead(tuple(range(i, i + di)), tuple(range(j, j + dj)), score))
        else:
            beads += [Bead((x,), (), 0.0) for x in range(i, i + di)]
            beads += [Bead((), (y,), 0.0) for y in range(j, j + dj)]
        i, j = i + di, j + dj
    return Alignment(tuple(beads))


@pytest.mark.parametrize("seed", range(30))
def test_every_segment_of_three_texts_stands_in_one_triple_in_order(seed: int) -> None:
    rng = random.Random(seed)
    sizes = [rng.randint(1, 25) for _ in range(3)]
    pairs = ((0, 1), (0, 2), (1, 2))
    alignments = [random_alignment(rng, sizes[a], sizes[b]) for a, b in pairs]
    measured = [measure(alignment) for alignment in alignments]
    if rng.random() < 0.3:
        measured[1] = Measured(alignments[1], None)
    found = reconcile(*measured)
    for side in range(3):
        held = [index for triple in found.triples for index in triple.sides[side]]
        assert held == list(range(sizes[side]))
    assert all(any(triple.sides) for triple in found.triples)
    assert all(0 <= triple.confidence <= 1 for triple in found.triples)
    for pair in pairs:
        found.between(*pair).check(sizes[pair[0]], sizes[pair[1]])
    composed = compose_alignments(alignments[0], alignments[1])
    for side in range(3):
        held = sorted(index for triple in composed.triples for index in triple.sides[side])
        assert held == list(range(sizes[side]))


def test_composition_joins_what_either_joins() -> None:
    found = compose_alignments(
        align(([0, 1], [0]), ([2], [1]), ([], [2])), align(([0], [0]), ([1, 2], [1]), ([], [2]))
    )
    assert sides(found) == [((0, 1, 2), (0, 1), (0, 1)), ((), (2,), ()), ((), (), (2,))]


def test_every_empty_side_has_its_reason() -> None:
    triples = (
        Triple((0,), (), (0,)),
        Triple((1,), (0,), ()),
        Triple((), (1,), ()),
        Triple((), (), (1,)),
        Triple((2,), (), ()),
        Triple((3,), (), (), note="order: source 3 looks like reference 1"),
        Triple((4,), (2,), (2,)),
    )
    texts = (["a", "b", " ", "d", "e"], ["B", "x", "E"], ["A", "y", "E"])
    assert [triple.reasons for triple in explain(ThreeWay(triples), texts).triples] == [
        ("", OMITTED["hypothesis"], ""),
        ("", "", OMITTED["reference"]),
        (ADDED["hypothesis"], "", ADDED["hypothesis"]),
        (ADDED["reference"], ADDED["reference"], ""),
        ("", BLANK, BLANK),
        ("", ELSEWHERE, ELSEWHERE),
        ("", "", ""),
    ]


def test_a_line_per_segment_inherits_its_source() -> None:
    found = inherit_sources(align(([0, 1], [0]), ([2], []), ([], [1])), ["A", "B", "C"])
    assert sides(found) == [((0, 1), (0, 1), (0,)), ((2,), (2,), ()), ((), (), (1,))]
    assert found.triples[1].reasons == ("", "", OMITTED["reference"])


SOURCE = ["Wort 11 und mehr.", "Noch 22 Worte.", "Es folgen 33.", "Am Ende 44."]


def test_three_texts_by_numbers_and_lengths() -> None:
    hypotheses = ["Word 11 and more. More 22 words.", "There follow 33.", "At the end 44."]
    references = ["Word 11 and more.", "Some 22 words.", "Then come 33. Finally 44."]
    done: list[int] = []
    found = align_three_ways(
        SOURCE, hypotheses, references, similarity="length", progress=done.append
    )
    assert sides(found) == [((0, 1), (0,), (0, 1)), ((2, 3), (1, 2), (2,))]
    assert sum(done) == len(SOURCE)


@pytest.mark.parametrize(
    "texts",
    [(SOURCE, [], SOURCE), (SOURCE, ["", " "], SOURCE), ([], SOURCE, []), ([""], [""], [""])],
)
def test_blank_texts_stand_alone(texts: tuple[list[str], list[str], list[str]]) -> None:
    found = align_three_ways(*texts, similarity="length")
    for side, lines in enumerate(texts):
        held = sorted(index for triple in found.triples for index in triple.sides[side])
        assert held == list(range(len(lines)))
    for triple in found.triples:
        pairs = zip(triple.sides, triple.reasons, strict=True)
        assert all(bool(side) != bool(reason) for side, reason in pairs)
