"""Soft links between the words of two texts that translate each other.

The model is that of fast_align (Dyer, Chahuneau and Smith, 2013) in both directions: a word is
linked with another as likely as the dictionary says and as they stand at like places. A link's
probability is the mean of what the two directions say. The dictionary is the one that comes with
Awda, or that and what can be learnt from the texts at hand (:func:`fit_aligner`); numbers and
names are known without one, by their value and their sound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from mt.align.forms import Word, find_words
from mt.align.lexicon import (
    UNSEEN,
    Cells,
    Floats,
    Ints,
    Lexicon,
    estimate_lexicon,
    load_lexicon,
)
from mt.languages import guess_language

Span = tuple[int, int]  # text[start:end]

LEAST = 0.2  # links less likely than this are not told

_SAME = 0.5  # probability of two words that are written alike, numbers too
_HEARD = 0.1  # of two that sound alike
_BATCH = 2000  # pairs worked on together
_UNLINKED = 0.1  # what a word that is linked with none takes from a stretch that has it inside


@dataclass(frozen=True, slots=True)
class Link:
    """A word of the source and one of the target that say the same."""

    source: Span
    target: Span
    probability: float  # LEAST to 1


class WordAligner:
    """Links words by a dictionary; deterministic, and the same for a pair in any company."""

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon

    def link(self, source: str, target: str) -> tuple[Link, ...]:
        """The links of one pair, by their place in the target, then in the source."""
        return self.link_all([(source, target)])[0]

    def link_all(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[Link, ...]]:
        """As :meth:`link`, for many pairs in a fraction of the time; a blank text has no links."""
        rest, links = iter(pairs), []
        while batch := list(islice(rest, _BATCH)):
            links += self._link_batch(batch)
        return links

    def project(
        self, source: str, target: str, spans: Sequence[Span], *, guess: bool = True
    ) -> tuple[Span | None, ...]:
        """As :func:`project_spans`; None also where nothing is linked, if not to ``guess``."""
        own, other = self.lexicon.languages
        mine, theirs = find_words(source, own), find_words(target, other)
        links = self.link(source, target)
        places: list[Span | None] = []
        for start, end in spans:
            inside = [i for i, w in enumerate(mine) if w.start < end and start < w.end]
            stretch = None
            if inside and theirs:
                stretch = _find_stretch(mine[inside[0]].start, mine[inside[-1]].end, theirs, links)
                if guess and len(inside) == len(mine):
                    stretch = 0, len(theirs) - 1
                elif guess and not stretch:
                    stretch = _find_place(inside, mine, theirs, links)
            places.append(stretch and (theirs[stretch[0]].start, theirs[stretch[1]].end))
            if inside and places[-1]:
                edges = mine[inside[0]].start, mine[inside[-1]].end
                places[-1] = _take_marks(source, (start, end), edges, target, places[-1])
        return tuple(places)

    def _link_batch(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[Link, ...]]:
        own, other = self.lexicon.languages
        sources = [find_words(source, own) for source, _ in pairs]
        targets = [find_words(target, other) for _, target in pairs]
        cells = Cells((_count(sources), _count(targets)))
        words = [word for side in sources for word in side], [w for side in targets for w in side]
        probabilities = self._weigh(words, cells)
        found: list[list[Link]] = [[] for _ in pairs]
        likely = np.flatnonzero(probabilities >= LEAST)
        for source, target, pair, probability in zip(
            cells.sources[likely].tolist(),
            cells.targets[likely].tolist(),
            cells.pairs[1][cells.targets[likely]].tolist(),
            probabilities[likely].tolist(),
            strict=True,
        ):
            one, another = words[0][source], words[1][target]
            link = Link((one.start, one.end), (another.start, another.end), probability)
            found[pair].append(link)
        return [tuple(links) for links in found]

    def _weigh(self, words: tuple[Sequence[Word], Sequence[Word]], cells: Cells) -> Floats:
        """The probability of each cell."""
        known = [
            np.array([index.get(word.form, -1) for word in side], dtype=np.int64)
            for side, index in zip(words, self.lexicon.index, strict=True)
        ]
        forward, backward = self.lexicon.find(known[0][cells.sources], known[1][cells.targets])
        same = _equal([[word.form for word in side] for side in words], cells)
        heard = _equal([[word.sound for word in side] for side in words], cells)
        least = np.where(same, _SAME, np.where(heard, _HEARD, UNSEEN)).astype(np.float32)
        shares = self.lexicon.shares[0][known[0]], self.lexicon.shares[1][known[1]]
        ways = cells.share(np.maximum(forward, least), np.maximum(backward, least), shares)
        return np.asarray((ways[0] + ways[1]) / 2)


def _count(texts: Sequence[Sequence[Word]]) -> Ints:
    return np.array([len(words) for words in texts], dtype=np.int64)


def _equal(
    sides: Sequence[Sequence[str]], cells: Cells
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Per cell, whether the two are one and not empty."""
    numbers = {"": -1}
    sources, targets = (
        np.array([numbers.setdefault(text, len(numbers)) for text in side], dtype=np.int64)
        for side in sides
    )
    mine = sources[cells.sources]
    return np.asarray((mine == targets[cells.targets]) & (mine >= 0))


def fit_aligner(pairs: Sequence[tuple[str, str]], languages: tuple[str, str]) -> WordAligner:
    """An aligner that has learnt from ``pairs``, on top of the dictionary that comes with Awda.

    It helps where the texts have words of their own, and is all there is for languages without a
    dictionary. ``languages`` are ISO 639-1 codes.
    """
    own, other = languages
    forms = [
        ([w.form for w in find_words(source, own)], [w.form for w in find_words(target, other)])
        for source, target in pairs
    ]
    return WordAligner(estimate_lexicon(forms, languages, load_lexicon(languages)))


def link_words(
    source: str, target: str, languages: tuple[str, str] | None = None
) -> tuple[Link, ...]:
    """The words of two texts that say the same, such as the two sides of a bead.

    ``languages`` are those of the two texts; None guesses them from the letters.
    """
    return _open(source, target, languages).link(source, target)


def _open(source: str, target: str, languages: tuple[str, str] | None) -> WordAligner:
    return WordAligner(load_lexicon(languages or (guess_language(source), guess_language(target))))


def project_spans(
    source: str,
    target: str,
    spans: Sequence[Span],
    languages: tuple[str, str] | None = None,
) -> tuple[Span | None, ...]:
    """Where the target says what stands at these places of the source.

    A span gets the stretch of whole words that is linked most with what is in it and least with
    what is not; where nothing is linked, the stretch between the neighbours' or, without any, at
    the like place. With the punctuation at a side of a span goes that at the same side of its
    stretch. Spans apart may get stretches that overlap. All words of the source are all words of
    the target. None for a span without a word, and for all where the target has none.
    ``languages`` as in :func:`link_words`.
    """
    return _open(source, target, languages).project(source, target, spans)


def _take_marks(source: str, span: Span, edges: Span, target: str, place: Span) -> Span:
    """``place`` with the punctuation around its words, on the sides where ``span`` has some."""
    start, end = place
    if source[span[0] : edges[0]].strip():
        while start and not target[start - 1].isspace():
            start -= 1
    if source[edges[1] : span[1]].strip():
        while end < len(target) and not target[end].isspace():
            end += 1
    return start, end


def _find_stretch(
    start: int, end: int, words: Sequence[Word], links: Sequence[Link]
) -> tuple[int, int] | None:
    """The target words, first and last, with the largest sum of links into ``[start, end)``.

    Links to elsewhere count against them; the search is Kadane's (Bentley, 1984).
    """
    weights = dict.fromkeys((word.start for word in words), -_UNLINKED)
    for link in links:
        inside = start <= link.source[0] < end
        weights[link.target[0]] += link.probability if inside else -link.probability
    best: tuple[float, int, int] | None = None
    total, first = 0.0, 0
    for number, word in enumerate(words):
        if total <= 0:
            total, first = 0.0, number
        total += weights[word.start]
        if total > 0 and (best is None or total > best[0]):
            best = total, first, number
    return best[1:] if best else None


def _find_place(
    inside: Sequence[int], mine: Sequence[Word], theirs: Sequence[Word], links: Sequence[Link]
) -> tuple[int, int]:
    """Between the target words of the nearest linked neighbours, as far along as in the source."""
    numbers = {word.start: number for number, word in enumerate(theirs)}
    likeliest: dict[int, Link] = {}
    for link in links:
        if link.probability > likeliest.get(link.source[0], Link((0, 0), (0, 0), 0)).probability:
            likeliest[link.source[0]] = link
    placed = {
        i: numbers[likeliest[word.start].target[0]]
        for i, word in enumerate(mine)
        if word.start in likeliest
    }
    before = max((i for i in placed if i < inside[0]), default=None)
    after = min((i for i in placed if i > inside[-1]), default=None)
    left = (-1, -1) if before is None else (before, placed[before])
    right = (len(mine), len(theirs)) if after is None else (after, placed[after])
    if right[1] <= left[1]:  # the neighbours changed places
        right = len(mine), len(theirs)
    slope = (right[1] - left[1]) / (right[0] - left[0])
    ends = (round(left[1] + slope * (i - left[0])) for i in (inside[0], inside[-1]))
    first, last = (min(max(place, 0), len(theirs) - 1) for place in ends)
    return first, max(first, last)
