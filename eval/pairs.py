"""From alignments to the units that are scored: source, hypothesis and references side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mt.align.alignment import Alignment, Bead, join_texts
from mt.errors import AlignmentError, ScoreError
from mt.text.document import Document
from mt.translate.translation import Translation

NO_REFERENCE = "no reference"
NO_SOURCE = "no source"


@dataclass(frozen=True)
class Pair:
    """A stretch of the source with its translation and what every reference says there.

    A pair with a ``reason`` is not scored, but listed and counted: ``NO_REFERENCE`` (nothing
    stands opposite these segments) or ``NO_SOURCE`` (a reference says more than the source).
    """

    index: int  # 0-based, in document order, over scored pairs and others
    sources: tuple[int, ...]  # 0-based source segments, ascending
    targets: tuple[tuple[int, ...], ...]  # segments of each reference, ascending
    source: str
    hypothesis: str
    pivots: tuple[str, ...]  # intermediate translations, first leg first
    references: tuple[str, ...]  # one per reference; "" where that one has nothing here
    score: float  # the lowest similarity of the beads joined here, 0 to 1; 0 where not scored
    notes: tuple[str, ...] = ()  # of the translations, without repeats
    reason: str = ""

    @property
    def scored(self) -> bool:
        return not self.reason


def build_pairs(
    sources: Sequence[str],
    translations: Sequence[Translation],
    references: Sequence[tuple[Alignment, Document]],
) -> tuple[Pair, ...]:
    """Every source segment once, and every reference segment once, in document order.

    Source segments that any alignment puts into one bead stay together: with several references
    a pair is a connected component of source segments, so all systems of a language, which
    share the alignments, have the same pairs. Without references nothing is scored.

    Raises:
        ScoreError: there is not one translation per source segment.
        AlignmentError: an alignment does not cover its two documents once each.
    """
    if len(sources) != len(translations):
        raise ScoreError(
            f"{len(translations)} translations for {len(sources)} source segments; "
            "there must be one each"
        )
    for alignment, document in references:
        try:
            alignment.check(len(sources), len(document.segments))
        except AlignmentError as error:
            raise AlignmentError(f"{alignment.method or document.name}: {error}") from None
    groups = [*_paired(len(sources), references), *_without_source(references)]
    groups.sort(key=lambda group: group.order)
    streams = [document.texts for _, document in references]
    return tuple(
        _fill(index, group, sources, translations, streams) for index, group in enumerate(groups)
    )


@dataclass(frozen=True)
class _Group:
    """Beads that become one pair, before their texts are looked up."""

    order: tuple[int, int]  # the source segment it stands at, then 1 for what follows that segment
    sources: tuple[int, ...]
    beads: tuple[tuple[Bead, ...], ...]  # per reference

    @property
    def targets(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(sorted(i for b in beads for i in b.target)) for beads in self.beads)


def _paired(count: int, references: Sequence[tuple[Alignment, Document]]) -> Iterator[_Group]:
    beads = [bead for alignment, _ in references for bead in alignment.beads]
    opposite = [{i: bead for bead in a.beads for i in bead.source} for a, _ in references]
    for component in _components(count, (bead.source for bead in beads)):
        yield _Group(
            (component[0], 0),
            component,
            tuple(tuple(dict.fromkeys(found[i] for i in component)) for found in opposite),
        )


def _components(count: int, groups: Iterable[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Split 0..count-1 so that members of a group stay together (union by relabelling)."""
    label = list(range(count))
    members = {i: [i] for i in range(count)}
    for group in groups:
        for other in group[1:]:
            keep, drop = sorted((label[group[0]], label[other]))
            if keep != drop:
                for i in members[drop]:
                    label[i] = keep
                members[keep] += members.pop(drop)
    return [tuple(sorted(members[first])) for first in sorted(members)]


def _without_source(references: Sequence[tuple[Alignment, Document]]) -> Iterator[_Group]:
    for number, (alignment, _) in enumerate(references):
        last = -1
        for bead in alignment.beads:
            if bead.source:
                last = max(bead.source)
            elif bead.target:
                beads = tuple((bead,) if i == number else () for i in range(len(references)))
                yield _Group((last, 1), (), beads)


def _fill(
    index: int,
    group: _Group,
    sources: Sequence[str],
    translations: Sequence[Translation],
    references: Sequence[Sequence[str]],
) -> Pair:
    chosen = [translations[i] for i in group.sources]
    texts = tuple(
        join_texts(stream, targets)
        for stream, targets in zip(references, group.targets, strict=True)
    )
    reason = NO_SOURCE if not group.sources else "" if any(texts) else NO_REFERENCE
    scores = [b.score for beads in group.beads for b in beads if b.source and b.target]
    return Pair(
        index=index,
        sources=group.sources,
        targets=group.targets,
        source=join_texts(sources, group.sources),
        hypothesis=_join(translation.text for translation in chosen),
        pivots=_join_pivots(chosen),
        references=texts,
        score=0.0 if reason else min(scores),
        notes=tuple(dict.fromkeys(note for value in chosen for note in value.notes)),
        reason=reason,
    )


def _join_pivots(translations: Sequence[Translation]) -> tuple[str, ...]:
    """None where a part has none: without it, all of that part would look lost on the way."""
    if any(value.text and not value.pivots for value in translations):
        return ()
    legs = max((len(value.pivots) for value in translations), default=0)
    return tuple(
        _join(value.pivots[leg] for value in translations if leg < len(value.pivots))
        for leg in range(legs)
    )


def _join(texts: Iterable[str]) -> str:
    return " ".join(text for text in texts if text)
