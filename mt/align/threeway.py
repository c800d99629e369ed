"""Source, hypothesis and reference side by side: three alignments reconciled into one.

Each two of the three texts are aligned by themselves. A *cut* is a place between segments of all
three texts at once. Where all three alignments have a border, a cut stands. Where two of them
have one, the third could be led through it, and the cut stands if that costs less than
``CUT_GAIN``, or ``SOURCE_GAIN`` where the two are those with the source: then the third was wrong
by a little, and it is outvoted. Otherwise there is no cut,
and what stands around it is one group. So two witnesses decide where the third hardly cares, and
nobody is overruled who is sure.

Alignments of two texts composed through a third, the usual way (Och and Ney, 2001, do so with
words), have the errors of both; this one has the errors that two of three make alike.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product

import numpy as np

from mt.align.aligner import Measured, Similarity, measure_texts
from mt.align.alignment import Alignment, Bead, join_texts
from mt.align.costs import BeadCosts
from mt.align.embedding import E5_SMALL
from mt.align.monotone import Floats
from mt.align.order import ORDER
from mt.align.similarity import SPAN

SIDES = ("source", "hypothesis", "reference")
ELSEWHERE = "stands elsewhere (order)"
BLANK = "not translated (blank source)"
OMITTED = {"hypothesis": "omitted in the translation", "reference": "omitted in the reference"}
ADDED = {"hypothesis": "added in the translation", "reference": "added in the reference"}

# In units of mt.align.costs.Weights. Chosen on documents of the dev split of corpora/vneco with
# sentences joined, split, dropped and shifted: what both alignments with the source say is right
# more often than what the third one says against them.
CUT_GAIN = 0.02
SOURCE_GAIN = 1.0
# Shares of triples that were right there: 0.96 where all three beads stand in the alignments, 0.83
# where two do, 0.64 one, 0.50 none; and 0.72 of those with one empty side.
_WITNESSES = (0.5, 0.7, 0.9)
_TWO_SIDED = 0.8
_REACH = 8  # segments of a side between two cuts that are in doubt, at most

_PAIRS = ((0, 1), (0, 2), (1, 2))  # the sides of the three alignments

Cut = tuple[int, int, int]  # how many segments of each side stand before it


@dataclass(frozen=True)
class Triple:
    """A minimal group of segments of three texts that say the same; a side may be empty."""

    source: tuple[int, ...]  # 0-based, ascending
    hypothesis: tuple[int, ...]
    reference: tuple[int, ...]
    confidence: float = 1.0  # how likely it is right, 0 to 1; 0 where one side alone is filled
    reasons: tuple[str, str, str] = ("", "", "")  # why a side is empty; "" where it is not
    note: str = ""  # as of a bead: "order: source 5 looks like reference 7"

    @property
    def sides(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        return self.source, self.hypothesis, self.reference


@dataclass(frozen=True)
class ThreeWay:
    """Triples that hold every segment of the three texts exactly once, in order."""

    triples: tuple[Triple, ...]
    method: str = ""  # what made it

    def between(self, first: int, second: int) -> Alignment:
        """The alignment of two sides (0 source, 1 hypothesis, 2 reference), as these triples go."""
        beads: list[Bead] = []
        for triple in self.triples:
            one, other = triple.sides[first], triple.sides[second]
            if one and other:
                beads.append(Bead(one, other, triple.confidence, triple.note))
            else:
                beads += [Bead((i,), (), 0.0, triple.note) for i in one]
                beads += [Bead((), (i,), 0.0, triple.note) for i in other]
        return Alignment(tuple(beads), self.method)


def align_three_ways(
    sources: Sequence[str],
    hypotheses: Sequence[str],
    references: Sequence[str],
    *,
    source_reference: Alignment | None = None,
    similarity: Similarity = "auto",
    model: str = E5_SMALL,
    progress: Callable[[int], None] | None = None,
) -> ThreeWay:
    """Align three texts, the last two in one language; the hypothesis in sentences of its own.

    Args:
        sources, hypotheses, references: segment texts.
        source_reference: an alignment that stands, such as one that other systems share or that
            somebody corrected; without it, the two are aligned.
        similarity: as of :func:`mt.align.aligner.align_texts`. Hypothesis and reference, which are
            in one language, are also compared letter by letter, but for "e5" and "length".
        model: as of :func:`mt.align.aligner.align_texts`.
        progress: called with the number of source segments just finished; they add up to
            ``len(sources)``.

    Raises:
        AlignmentError, ModelError: as :func:`mt.align.aligner.align_texts`.
    """
    texts = (sources, hypotheses, references)
    known = {(0, 2): source_reference} if source_reference else {}
    wanted = [pair for pair in _PAIRS if not any(_is_blank(texts[side]) for side in pair)]
    work = sum(len(texts[first]) for first, second in wanted if (first, second) not in known)
    meter = _share(progress, len(sources), work)
    measured = {}
    for pair in _PAIRS:
        if pair in known:
            measured[pair] = Measured(known[pair], None)
            continue
        one, other = (texts[side] for side in pair)
        same = pair == (1, 2) and similarity in ("auto", "ngram") and not _is_blank(one)
        measured[pair] = measure_texts(
            one,
            other,
            hypotheses=[one] if same else (),
            similarity="auto" if similarity == "ngram" and not same else similarity,
            model=model,
            progress=meter if pair in wanted else None,
        )
    meter(work)  # an estimate until here
    blank = next((side for side, lines in enumerate(texts) if _is_blank(lines)), None)
    if blank is None:
        found = reconcile(*(measured[pair] for pair in _PAIRS))
    else:
        pair = next(pair for pair in _PAIRS if blank not in pair)
        found = _set_apart(measured[pair].alignment, blank, len(texts[blank]))
    return explain(found, texts)


def _is_blank(texts: Sequence[str]) -> bool:
    return not any(map(str.strip, texts))


def inherit_sources(
    source_reference: Alignment, hypotheses: Sequence[str], sources: Sequence[str] = ()
) -> ThreeWay:
    """The triples of a hypothesis that has one text per source segment, and so its index.

    ``sources`` are needed only to tell what was left out from what was blank from the start.
    """
    triples = tuple(
        Triple(bead.source, bead.source, bead.target, bead.score, note=_rename(bead.note, (0, 2)))
        for bead in source_reference.beads
    )
    return explain(ThreeWay(triples, source_reference.method), (sources, hypotheses, ()))


def compose_alignments(source_hypothesis: Alignment, source_reference: Alignment) -> ThreeWay:
    """The triples that two alignments of one source make: what any bead joins stays together.

    Beads without a source stay alone, hypotheses' and references' each, after all others.
    """
    beads = [
        (side, bead)
        for side, alignment in ((1, source_hypothesis), (2, source_reference))
        for bead in alignment.beads
    ]
    leader: dict[int, int] = {}  # of each source segment: another one of its group, or itself

    def find(index: int) -> int:
        while leader.setdefault(index, index) != index:
            index = leader[index]
        return index

    for _, bead in beads:
        for index in bead.source[1:]:
            leader[find(index)] = find(bead.source[0])
    groups: defaultdict[int, tuple[set[int], set[int], set[int]]]
    groups = defaultdict(lambda: (set(), set(), set()))
    extra = []
    for side, bead in beads:
        if not bead.source:
            extra += [_stand_alone(side, index) for index in bead.target]
            continue
        group = groups[find(bead.source[0])]
        group[0].update(bead.source)
        group[side].update(bead.target)
    triples = [
        Triple(tuple(sorted(s)), tuple(sorted(h)), tuple(sorted(r))) for s, h, r in groups.values()
    ]
    return ThreeWay((*sorted(triples, key=lambda triple: triple.source), *extra))


def reconcile(
    source_hypothesis: Measured, source_reference: Measured, hypothesis_reference: Measured
) -> ThreeWay:
    """One set of triples from three alignments, as the head of this module tells.

    An alignment without costs stands as it is: no cut is made that it does not have. Beads that
    cross stand in one triple. Triples have no reasons yet; :func:`explain` adds them.
    """
    measured = (source_hypothesis, source_reference, hypothesis_reference)
    borders = [_find_borders(each.alignment) for each in measured]
    detours = [_Detours(each.costs) if each.costs else None for each in measured]
    votes = {
        cut: [(cut[a], cut[b]) in there for (a, b), there in zip(_PAIRS, borders, strict=True)]
        for cut in _propose(*borders)
    }
    gains = {cut: SOURCE_GAIN if all(vote[:2]) else CUT_GAIN for cut, vote in votes.items()}
    agreed = sorted(cut for cut, vote in votes.items() if all(vote))
    doubtful = sorted(
        cut
        for cut, vote in votes.items()
        if not all(vote) and all(yes or way for yes, way in zip(vote, detours, strict=True))
    )
    cuts = [agreed[0]]
    for start, end in pairwise(agreed):
        between = doubtful[bisect_left(doubtful, start) : bisect_left(doubtful, end)]
        inside = [cut for cut in between if _is_before(start, cut) and _is_before(cut, end)]
        cuts += _choose(start, inside, end, detours, gains) if inside else [end]
    triples = [triple for start, end in pairwise(cuts) for triple in _cut_out(start, end)]
    alignments = [each.alignment for each in measured]
    method = "; ".join(dict.fromkeys(each.method for each in alignments if each.method))
    return ThreeWay(tuple(_rate(triples, alignments)), f"three ways: {method}")


def explain(alignment: ThreeWay, texts: Sequence[Sequence[str]]) -> ThreeWay:
    """The same triples with a reason for every empty side.

    ``texts`` are those of source, hypothesis and reference; where a side's are not given, nothing
    of it counts as blank.
    """
    triples = (
        replace(triple, reasons=_find_reasons(triple, texts)) for triple in alignment.triples
    )
    return replace(alignment, triples=tuple(triples))


def _find_reasons(triple: Triple, texts: Sequence[Sequence[str]]) -> tuple[str, str, str]:
    filled = [name for name, side in zip(SIDES, triple.sides, strict=True) if side]
    blank = [
        name
        for name, side, lines in zip(SIDES, triple.sides, texts, strict=True)
        if side and lines and not join_texts(lines, side).strip()
    ]
    first, second, third = (
        "" if side else _find_reason(name, filled, blank, triple.note)
        for name, side in zip(SIDES, triple.sides, strict=True)
    )
    return first, second, third


def _find_reason(empty: str, filled: Sequence[str], blank: Sequence[str], note: str) -> str:
    if filled == blank:
        return BLANK if "source" in blank else f"blank {blank[0]}"
    if note.startswith(ORDER):
        return ELSEWHERE
    if "source" in filled:
        return OMITTED[empty]
    return ADDED[filled[0]] if len(filled) == 1 else "added in translation and reference"


def _set_apart(alignment: Alignment, blank: int, count: int) -> ThreeWay:
    """The alignment of two sides as triples, with the third side's ``count`` segments alone."""
    first, second = next(pair for pair in _PAIRS if blank not in pair)
    triples = []
    for bead in alignment.beads:
        sides: list[tuple[int, ...]] = [(), (), ()]
        sides[first], sides[second] = bead.source, bead.target
        note = _rename(bead.note, (first, second))
        triples.append(Triple(sides[0], sides[1], sides[2], bead.score, note=note))
    alone = (_stand_alone(blank, index) for index in range(count))
    return ThreeWay((*triples, *alone), alignment.method)


def _stand_alone(side: int, index: int) -> Triple:
    sides: list[tuple[int, ...]] = [(), (), ()]
    sides[side] = (index,)
    return Triple(sides[0], sides[1], sides[2], 0.0)


def _find_borders(alignment: Alignment) -> set[tuple[int, int]]:
    """Where both texts can be cut so that every bead stays whole: segments before the cut."""
    borders = {(0, 0)}
    seen, ends = [0, 0], [0, 0]
    for bead in alignment.beads:
        for side, indices in enumerate((bead.source, bead.target)):
            seen[side] += len(indices)
            ends[side] = max([ends[side], *(i + 1 for i in indices)])
        if seen == ends:
            borders.add((seen[0], seen[1]))
    return borders


_Borders = set[tuple[int, int]]


def _propose(
    source_hypothesis: _Borders, source_reference: _Borders, hypothesis_reference: _Borders
) -> set[Cut]:
    """Cuts that are borders of two alignments at least, which meet in the text that both have."""
    from_source, from_hypothesis, from_reference = (
        _index(source_hypothesis, 0),
        _index(hypothesis_reference, 0),
        _index(hypothesis_reference, 1),
    )
    cuts = {(s, h, r) for s, r in source_reference for h in from_source[s]}
    cuts |= {(s, h, r) for s, h in source_hypothesis for r in from_hypothesis[h]}
    return cuts | {(s, h, r) for s, r in source_reference for h in from_reference[r]}


def _index(borders: _Borders, side: int) -> defaultdict[int, list[int]]:
    """What stands opposite each place of one side."""
    opposite = defaultdict(list)
    for border in borders:
        opposite[border[side]].append(border[1 - side])
    return opposite


def _is_before(one: Cut, other: Cut) -> bool:
    return all(a <= b for a, b in zip(one, other, strict=True))


class _Detours:
    """What the cheapest path between two borders costs, near them, for one pair of texts."""

    def __init__(self, costs: BeadCosts) -> None:
        self._costs = costs
        self._tables: dict[tuple[int, int], Floats] = {}

    def cost(self, start: tuple[int, int], end: tuple[int, int]) -> float:
        """Infinite where the two are more than ``_REACH`` segments of a side apart."""
        sources, targets = end[0] - start[0], end[1] - start[1]
        if max(sources, targets) > _REACH:
            return math.inf
        if start not in self._tables:
            self._tables[start] = self._fill(*start)
        return float(self._tables[start][sources, targets])

    def _fill(self, source: int, target: int) -> Floats:
        source_skips = self._costs.source_skips[source : source + _REACH]
        target_skips = self._costs.target_skips[target : target + _REACH]
        sources, targets = len(source_skips), len(target_skips)
        table = np.full((sources + SPAN + 1, targets + SPAN + 1), math.inf)
        table[0, 0] = 0
        beads = self._costs.beads(slice(source, source + sources), slice(target, target + targets))
        for x, y in product(range(sources + 1), range(targets + 1)):
            here = table[x, y]
            if x < sources:
                table[x + 1, y] = min(table[x + 1, y], here + source_skips[x])
            if y < targets:
                table[x, y + 1] = min(table[x, y + 1], here + target_skips[y])
            if x < sources and y < targets:
                reached = table[x + 1 : x + SPAN + 1, y + 1 : y + SPAN + 1]
                np.minimum(reached, here + beads[:, :, x, y], out=reached)
        return table


def _choose(
    start: Cut,
    inside: Sequence[Cut],
    end: Cut,
    detours: Sequence[_Detours | None],
    gains: Mapping[Cut, float],
) -> list[Cut]:
    """The cuts after ``start`` up to ``end`` by which most is gained."""
    places = [start, *inside, end]
    totals, before = [0.0], [0]
    for index, place in enumerate(places[1:], 1):
        best, origin = math.inf, -1
        for other in reversed(range(index)):
            if place[0] - places[other][0] > _REACH:
                break
            if totals[other] < best + gains[place] and _is_before(places[other], place):
                price = totals[other] + _price(places[other], place, detours) - gains[place]
                if price < best:
                    best, origin = price, other
        totals.append(best)
        before.append(origin)
    if math.isinf(totals[-1]):
        return [end]  # the three differ over too long a stretch
    index, cuts = len(places) - 1, []
    while index:
        cuts.append(places[index])
        index = before[index]
    return cuts[::-1]


def _price(start: Cut, end: Cut, detours: Sequence[_Detours | None]) -> float:
    """Of all three between two cuts; one that stands as it is has no other way."""
    return sum(
        way.cost((start[a], start[b]), (end[a], end[b]))
        for (a, b), way in zip(_PAIRS, detours, strict=True)
        if way
    )


def _cut_out(start: Cut, end: Cut) -> Iterator[Triple]:
    """What stands between two cuts: a triple; segments of one side alone have one each."""
    sides = [tuple(range(*both)) for both in zip(start, end, strict=True)]
    if sum(map(bool, sides)) > 1:
        yield Triple(sides[0], sides[1], sides[2])
        return
    for number, side in enumerate(sides):
        yield from (_stand_alone(number, index) for index in side)


def _rate(triples: Sequence[Triple], alignments: Sequence[Alignment]) -> Iterator[Triple]:
    """Triples with their confidence, and with the notes of the beads that they hold."""
    scores = [{(b.source, b.target): b.score for b in a.beads} for a in alignments]
    notes: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    for pair, alignment in zip(_PAIRS, alignments, strict=True):
        for bead in alignment.beads:
            if bead.note:
                note = _rename(bead.note, pair)
                for side, indices in zip(pair, (bead.source, bead.target), strict=True):
                    for index in indices:
                        notes[side, index].append(note)
    for triple in triples:
        sides = triple.sides
        found = [notes[n, i] for n, side in enumerate(sides) for i in side if (n, i) in notes]
        note = "; ".join(dict.fromkeys(each for listed in found for each in listed))
        pairs = [(sides[a], sides[b]) for a, b in _PAIRS]
        yield replace(triple, confidence=_judge(pairs, scores), note=note)


def _judge(
    pairs: Sequence[tuple[tuple[int, ...], tuple[int, ...]]],
    scores: Sequence[Mapping[tuple[tuple[int, ...], tuple[int, ...]], float]],
) -> float:
    """How likely a triple is right: what matters most is how many alignments have its beads."""
    asked = [pair for pair in pairs if all(pair)]
    said = [known[p] for p, known in zip(pairs, scores, strict=True) if all(p) and p in known]
    mean = sum(said) / len(said) if said else 0.0
    if not asked:
        return 0.0
    if len(asked) == 1:
        return _TWO_SIDED * mean
    if len(said) == len(asked):
        return 1 - (1 - mean) / 3
    return _WITNESSES[len(said)] * (mean if said else 1.0)


def _share(progress: Callable[[int], None] | None, total: int, work: int) -> Callable[[int], None]:
    """A meter that counts ``work`` and tells of ``total`` in all."""
    done = reported = 0

    def add(count: int) -> None:
        nonlocal done, reported
        done = min(done + count, work)
        reached = total * done // work if work else total
        if progress and reached > reported:
            progress(reached - reported)
            reported = reached

    return add


def _rename(note: str, sides: tuple[int, int]) -> str:
    """The note of a bead with the names of the two sides that it is about."""
    first, second = (SIDES[side] for side in sides)
    return note.replace("target", second).replace("source", first)
