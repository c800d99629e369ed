"""How good an alignment is: precision, recall and F1 of its beads against a hand-made one.

The rules are those of Vecalign's ``score.py`` (Thompson and Koehn, 2019), after Bleualign's:
*strict* counts a bead that stands in the gold alignment exactly so; *lax* also counts a bead that
has at least one source segment and one target segment which a gold bead joins. Precision looks at
all beads of the tested alignment (a null bead is right only if gold has it too), recall at the gold
beads that have two sides, so that finding what has no translation is neither asked for nor free.

Three-way beads are scored by the same rules, which become those above where the third side is
empty throughout: *strict* is equality of all three sides; *lax* asks for a link of gold between
every two sides that the bead has; recall looks at the gold beads with at least two sides.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import combinations, product

from mt.align.alignment import Alignment
from mt.align.threeway import ThreeWay

_Sides = tuple[tuple[int, ...], ...]  # of a bead, two or three


@dataclass(frozen=True)
class LinkScore:
    """Fractions from 0 to 1; 0 where nothing was there to count."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True)
class LinkScores:
    """The same alignment judged strictly and laxly, with the numbers of beads judged."""

    strict: LinkScore
    lax: LinkScore
    gold_beads: int  # with two sides: what recall is out of
    test_beads: int  # null beads included: what precision is out of

    def __str__(self) -> str:
        rows = ["        precision  recall      F1"]
        for name, part in (("strict", self.strict), ("lax", self.lax)):
            rows.append(f"{name:8}{part.precision:9.3f}{part.recall:8.3f}{part.f1:8.3f}")
        return "\n".join([*rows, f"{self.test_beads} beads against {self.gold_beads} of the gold"])


def score_alignment(gold: Alignment, test: Alignment) -> LinkScores:
    """Score ``test`` against ``gold``; beads are compared as sets, their scores do not matter."""
    return _score(*({(bead.source, bead.target) for bead in a.beads} for a in (gold, test)))


def score_three_ways(gold: ThreeWay, test: ThreeWay) -> LinkScores:
    """As :func:`score_alignment`, for beads of source, hypothesis and reference."""
    return _score(*({triple.sides for triple in each.triples} for each in (gold, test)))


def _score(gold: Collection[_Sides], test: Collection[_Sides]) -> LinkScores:
    gold_beads, test_beads = ({sides for sides in each if any(sides)} for each in (gold, test))
    gold_full, test_full = _linked(gold_beads), _linked(test_beads)
    found_strict, found_lax = _count(test_beads, gold_beads)
    recalled_strict, recalled_lax = _count(gold_full, test_full)
    n, m = len(test_beads), len(gold_full)
    return LinkScores(
        strict=LinkScore(_ratio(found_strict, n), _ratio(recalled_strict, m)),
        lax=LinkScore(_ratio(found_lax, n), _ratio(recalled_lax, m)),
        gold_beads=m,
        test_beads=n,
    )


def _linked(beads: Collection[_Sides]) -> set[_Sides]:
    """Those with at least two sides."""
    return {sides for sides in beads if sum(map(bool, sides)) > 1}


def _count(judged: Collection[_Sides], judge: Collection[_Sides]) -> tuple[int, int]:
    """How many of ``judged`` stand in ``judge`` exactly, and how many at least share its links."""
    links = {link for sides in judge for each in _links(sides) for link in each}
    strict = sum(sides in judge for sides in judged)
    lax = sum(sides in judge or _shares_links(sides, links) for sides in judged)
    return strict, lax


_Link = tuple[int, int, int, int]  # side and segment, and what it is linked with


def _links(sides: _Sides) -> list[set[_Link]]:
    """The links of a bead, a set for every two sides that it has."""
    filled = [number for number, side in enumerate(sides) if side]
    return [
        {(a, i, b, j) for i, j in product(sides[a], sides[b])} for a, b in combinations(filled, 2)
    ]


def _shares_links(sides: _Sides, links: Collection[_Link]) -> bool:
    found = _links(sides)
    return bool(found) and all(not each.isdisjoint(links) for each in found)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
