"""Texts of a file found again among the segments they were made from."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Container, Iterator, Sequence
from itertools import chain

from mt.align.alignment import Alignment, Bead, Reading
from mt.align.formats.bitext import clean
from mt.errors import AlignmentError
from mt.text.document import Document
from mt.text.normalize import normalize

BREAK = "~~~"  # between segments in hunalign's text

CHANGED = (
    "Was it changed, or made by another --split? Texts are changed in the document, before it is "
    "aligned"
)

_SHOWN = 60  # characters of a text in a message


def fold(text: str) -> str:
    """What has to be the same of two texts: the words, not the white space or composition."""
    return " ".join(word for word in normalize(clean(text))[0].split() if word != BREAK)


def quote(text: str) -> str:
    """The beginning of a text, for a message."""
    short = " ".join(text.split())
    return f"'{short if len(short) <= _SHOWN else short[: _SHOWN - 1] + '…'}'"


class Matcher:
    """Finds texts among the segments of one document, each segment once, mostly in order."""

    def __init__(self, side: str, document: Document) -> None:
        self.side, self.document = side, document
        self._folded = [fold(text) for text in document.texts]
        self._filled = [i for i, text in enumerate(self._folded) if text]
        self._free = set(range(len(self._folded)))
        self._next = 0  # position in _filled after the last text that was found

    def find(self, text: str, where: str, expected: Sequence[int] | None = None) -> tuple[int, ...]:
        """The segments that make up ``text``: those ``expected``, the next ones, or others.

        Raises:
            AlignmentError: none do, or they were found before; ``where`` says what to look at.
        """
        wanted = fold(text)
        if expected and self._free.issuperset(expected) and self._says(expected) == wanted:
            return self._take(expected)
        if not wanted:
            return ()
        for start in chain(range(self._next, len(self._filled)), range(self._next)):
            if span := self._span(start, wanted, self._free):
                return self._take(span)
        raise AlignmentError(f"{where}: {self._explain(text, wanted)}")

    def __len__(self) -> int:
        return len(self._folded)

    def left(self) -> list[int]:
        """The segments that no text was found for."""
        return sorted(self._free)

    def _says(self, indices: Sequence[int]) -> str:
        return " ".join(filter(None, (self._folded[i] for i in indices)))

    def _span(self, start: int, wanted: str, free: Container[int]) -> tuple[int, ...]:
        """The free segments from this one on that say just what is wanted, or none."""
        found: list[int] = []
        rest = wanted
        for position in range(start, len(self._filled)):
            index = self._filled[position]
            piece = self._folded[index]
            if index not in free or not rest.startswith(piece):
                return ()
            found.append(index)
            rest = rest[len(piece) :]
            if not rest:
                return tuple(found)
            if rest[0] != " ":
                return ()
            rest = rest[1:]
        return ()

    def _take(self, indices: Sequence[int]) -> tuple[int, ...]:
        taken = tuple(sorted(indices))
        self._free.difference_update(taken)
        self._next = bisect_right(self._filled, taken[-1])
        return taken

    def _explain(self, text: str, wanted: str) -> str:
        from rapidfuzz import fuzz, process

        every = range(len(self._folded))
        if any(self._span(start, wanted, every) for start in range(len(self._filled))):
            return f"{self.side} text {quote(text)} stands in another bead already"
        message = f"{self.side} text {quote(text)} is not that of any segments of the document"
        near = process.extractOne(wanted, self._folded, scorer=fuzz.ratio, score_cutoff=50)
        if near:
            message += f"; the nearest is segment {near[2]}: {quote(self.document.texts[near[2]])}"
        return f"{message}. {CHANGED}"


def add_null_beads(
    beads: Sequence[Bead], places: Sequence[int], matchers: tuple[Matcher, Matcher], name: str
) -> Reading:
    """What was found, and a null bead where it belongs for every segment that was not."""
    lines = {id(bead): place for bead, place in zip(beads, places, strict=True)}
    kept = tuple(_insert(beads, [matcher.left() for matcher in matchers]))
    found = tuple(lines.get(id(bead), 0) for bead in kept)
    return Reading(Alignment(kept, f"read from {name}"), None, found)


def _insert(beads: Sequence[Bead], left: Sequence[Sequence[int]]) -> Iterator[Bead]:
    """Sources before the next bead that has one; a target after the one before it."""
    alone = set(left[1])

    def follow(target: int) -> Iterator[Bead]:
        while (target := target + 1) in alone:
            yield Bead((), (target,), 0.0)

    waiting = deque(left[0])
    yield from follow(-1)
    for bead in beads:
        while waiting and bead.source and waiting[0] < bead.source[0]:
            yield Bead((waiting.popleft(),), (), 0.0)
        yield bead
        for target in bead.target:
            yield from follow(target)
    yield from (Bead((source,), (), 0.0) for source in waiting)
