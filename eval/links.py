"""How good an alignment is: precision, recall and F1 of its beads against a hand-made one.

The rules are those of Vecalign's ``score.py`` (Thompson and Koehn, 2019), after Bleualign's:
*strict* counts a bead that stands in the gold alignment exactly so; *lax* also counts a bead that
has at least one source segment and one target segment which a gold bead joins. Precision looks at
all beads of the tested alignment (a null bead is right only if gold has it too), recall at the gold
beads that have two sides, so that finding what has no translation is neither asked for nor free.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from mt.align.alignment import Alignment

_Pair = tuple[tuple[int, ...], tuple[int, ...]]


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
    gold_beads, test_beads = _pairs(gold), _pairs(test)
    gold_full, test_full = _two_sided(gold_beads), _two_sided(test_beads)
    found_strict, found_lax = _count(test_beads, gold_beads)
    recalled_strict, recalled_lax = _count(gold_full, test_full)
    n, m = len(test_beads), len(gold_full)
    return LinkScores(
        strict=LinkScore(_ratio(found_strict, n), _ratio(recalled_strict, m)),
        lax=LinkScore(_ratio(found_lax, n), _ratio(recalled_lax, m)),
        gold_beads=m,
        test_beads=n,
    )


def _pairs(alignment: Alignment) -> set[_Pair]:
    beads = {(bead.source, bead.target) for bead in alignment.beads}
    return beads - {((), ())}


def _two_sided(pairs: Collection[_Pair]) -> set[_Pair]:
    return {(source, target) for source, target in pairs if source and target}


def _count(judged: Collection[_Pair], judge: Collection[_Pair]) -> tuple[int, int]:
    """How many of ``judged`` stand in ``judge`` exactly, and how many at least share a link."""
    links = {(i, j) for source, target in judge for i in source for j in target}
    strict = sum(pair in judge for pair in judged)
    lax = sum(
        (source, target) in judge or any((i, j) in links for i in source for j in target)
        for source, target in judged
    )
    return strict, lax


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
