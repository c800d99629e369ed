"""From alignments to the units that are scored: source, hypothesis and references side by side.

Most hypotheses have a text per source segment. One that somebody wrote in sentences of his own is
a document, aligned with the source like a reference. Where one of its sentences renders two source
segments, the pairs of these two become one, for all systems of the language: so all are still
scored on the same pairs, and no sentence of anybody is cut at a place that somebody would have to
guess. The price is that such a document makes pairs longer, and fewer, for the others too; the
report says by how many.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from mt.align.alignment import Alignment, Bead, join_texts
from mt.align.order import ORDER
from mt.align.threeway import BLANK, ELSEWHERE
from mt.errors import AlignmentError, ScoreError
from mt.text.document import Document
from mt.translate.translation import Translation

NO_REFERENCE = "no reference"
NO_SOURCE = "no source"
LEFT_OUT = "left out"
ADDED = "added in a translation"

Aligned = tuple[Alignment, Document]  # a document and its alignment with the source


@dataclass(frozen=True)
class Pair:
    """A stretch of the source with its translation and what every reference says there.

    A pair with a ``reason`` is not scored, but listed and counted: ``NO_REFERENCE`` (nothing
    stands opposite these segments), ``NO_SOURCE`` (a reference, or a hypothesis in sentences of
    its own, says more than the source), or ``LEFT_OUT`` (all of it is of a kind that the job leaves
    out, such as page furniture).
    """

    index: int  # 0-based, in document order, over scored pairs and others
    sources: tuple[int, ...]  # 0-based source segments, ascending
    targets: tuple[tuple[int, ...], ...]  # segments of each reference, ascending
    source: str
    hypothesis: str
    pivots: tuple[str, ...]  # intermediate translations, first leg first
    references: tuple[str, ...]  # one per reference; "" where that one has nothing here
    score: float  # the lowest similarity of the beads joined here, 0 to 1; 0 where not scored
    notes: tuple[str, ...] = ()  # of the translations and of the alignment, without repeats
    reason: str = ""
    why: str = ""  # more about the reason, where more is known: "stands elsewhere (order)"

    @property
    def scored(self) -> bool:
        return not self.reason


def build_pairs(
    sources: Sequence[str],
    translations: Sequence[Translation],
    references: Sequence[Aligned],
    *,
    documents: Sequence[Aligned] = (),
    own: Aligned | None = None,
    left_out: Sequence[str] = (),
) -> tuple[Pair, ...]:
    """Every source segment once, and every reference segment once, in document order.

    Source segments that any alignment puts into one bead stay together: with several references
    a pair is a connected component of source segments, so all systems of a language, which
    share the alignments, have the same pairs. Without references nothing is scored.

    ``documents`` are the hypotheses in sentences of their own of all systems that are to have the
    same pairs, in the same order for each; ``own`` is the one among them that this system wrote,
    and ``translations`` are then what :func:`lay_out` makes of it. ``left_out`` has why each source
    segment is left out, or "", as :attr:`mt.text.document.Segment.left_out`.

    Raises:
        ScoreError: there is not one translation per source segment.
        AlignmentError: an alignment does not cover its two documents once each.
    """
    if len(sources) != len(translations):
        raise ScoreError(
            f"{len(translations)} translations for {len(sources)} source segments; "
            "there must be one each"
        )
    for alignment, document in (*references, *documents):
        try:
            alignment.check(len(sources), len(document.segments))
        except AlignmentError as error:
            raise AlignmentError(f"{alignment.method or document.name}: {error}") from None
    groups = [
        *_paired(len(sources), references, documents),
        *_without_source(references),
        *_added(documents, len(references)),
    ]
    groups.sort(key=lambda group: group.order)
    documents_opposite = [document for _, document in references]
    streams = [document.texts for document in documents_opposite]
    return tuple(
        _leave_out(
            _fill(index, group, sources, translations, streams, own),
            _why_left_out(group, left_out, documents_opposite),
        )
        for index, group in enumerate(groups)
    )


def _leave_out(pair: Pair, whys: Sequence[str]) -> Pair:
    """What a person aligned by hand is scored, whatever it is."""
    if pair.scored or not all(whys):
        return pair
    return replace(pair, reason=LEFT_OUT, why=", ".join(dict.fromkeys(whys)))


def _why_left_out(
    group: _Group, left_out: Sequence[str], references: Sequence[Document]
) -> list[str]:
    """Of every segment of the group, why it is left out, or ""."""
    whys = [left_out[i] if left_out else "" for i in group.sources]
    opposite = list(zip(references, group.targets, strict=True))
    if group.added:
        opposite.append((group.added[0][1], group.added[1]))
    return whys + [document.segments[i].left_out for document, side in opposite for i in side]


def lay_out(document: Aligned, count: int) -> tuple[Translation, ...]:
    """A hypothesis in sentences of its own as a translation for each of ``count`` source segments.

    What renders several segments stands with the first of them; the others have an empty one.
    Sentences with nothing opposite are in none of them.
    """
    alignment, hypothesis = document
    texts = [""] * count
    for bead in alignment.beads:
        if bead.source and bead.target:
            texts[min(bead.source)] = join_texts(hypothesis.texts, bead.target)
    return tuple(map(Translation, texts))


def count_joined(
    count: int, references: Sequence[Aligned], documents: Sequence[Aligned]
) -> tuple[int, int]:
    """How many pairs with a source there would be without the ``documents``, and how many are."""
    apart, joined = (
        _join_segments(count, each) for each in (references, [*references, *documents])
    )
    return len(apart), len(joined)


@dataclass(frozen=True)
class _Group:
    """Beads that become one pair, before their texts are looked up."""

    order: tuple[int, int]  # the source segment it stands at, then 1 for what follows that segment
    sources: tuple[int, ...]
    beads: tuple[tuple[Bead, ...], ...]  # per reference
    added: tuple[Aligned, tuple[int, ...]] | None = None  # sentences of a hypothesis alone

    @property
    def targets(self) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(sorted(i for b in beads for i in b.target)) for beads in self.beads)


def _paired(
    count: int, references: Sequence[Aligned], documents: Sequence[Aligned]
) -> Iterator[_Group]:
    opposite = [{i: bead for bead in a.beads for i in bead.source} for a, _ in references]
    for component in _join_segments(count, (*references, *documents)):
        yield _Group(
            (component[0], 0),
            component,
            tuple(tuple(dict.fromkeys(found[i] for i in component)) for found in opposite),
        )


def _join_segments(count: int, documents: Sequence[Aligned]) -> list[tuple[int, ...]]:
    beads = (bead for alignment, _ in documents for bead in alignment.beads)
    return _components(count, (bead.source for bead in beads))


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


def _without_source(references: Sequence[Aligned]) -> Iterator[_Group]:
    for number, (alignment, _) in enumerate(references):
        for last, bead in _find_extra(alignment):
            beads = tuple((bead,) if i == number else () for i in range(len(references)))
            yield _Group((last, 1), (), beads)


def _added(documents: Sequence[Aligned], references: int) -> Iterator[_Group]:
    for document in documents:
        for last, bead in _find_extra(document[0]):
            yield _Group((last, 1), (), ((),) * references, (document, bead.target))


def _find_extra(alignment: Alignment) -> Iterator[tuple[int, Bead]]:
    """Beads without a source, and the last source segment before each."""
    last = -1
    for bead in alignment.beads:
        if bead.source:
            last = max(bead.source)
        elif bead.target:
            yield last, bead


def _fill(
    index: int,
    group: _Group,
    sources: Sequence[str],
    translations: Sequence[Translation],
    references: Sequence[Sequence[str]],
    own: Aligned | None,
) -> Pair:
    chosen = [translations[i] for i in group.sources]
    texts = tuple(
        join_texts(stream, targets)
        for stream, targets in zip(references, group.targets, strict=True)
    )
    reason = NO_SOURCE if not group.sources else "" if any(texts) else NO_REFERENCE
    scores = [b.score for beads in group.beads for b in beads if b.source and b.target]
    hypothesis = _join(translation.text for translation in chosen)
    if group.added and group.added[0] == own:
        hypothesis = join_texts(own[1].texts, group.added[1])
    source = join_texts(sources, group.sources)
    notes = [*(note for value in chosen for note in value.notes), *_list_flags(group)]
    return Pair(
        index=index,
        sources=group.sources,
        targets=group.targets,
        source=source,
        hypothesis=hypothesis,
        pivots=_join_pivots(chosen),
        references=texts,
        score=0.0 if reason else min(scores),
        notes=tuple(dict.fromkeys(notes)),
        reason=reason,
        why=_explain(group, source) if reason else "",
    )


def _explain(group: _Group, source: str) -> str:
    """Why nothing stands opposite, where more is known than that."""
    if group.added:
        return ADDED
    if group.sources and not source.strip():
        return BLANK
    moved = any(bead.note.startswith(ORDER) for beads in group.beads for bead in beads)
    return ELSEWHERE if moved else ""


def _list_flags(group: _Group) -> Iterator[str]:
    """The notes of beads, for readers: counted from 1, and by the name of the side."""
    for number, beads in enumerate(group.beads, 1):
        where = f" {number}" if len(group.beads) > 1 else ""
        for note in dict.fromkeys(bead.note for bead in beads if bead.note):
            text = note.removeprefix(ORDER)
            if text != note:
                counted = re.sub(r"\d+", lambda match: str(int(match[0]) + 1), text)
                text = f"{ORDER}{counted.replace('target', f'reference{where} segment')}"
            yield text


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
