"""Cut a hypothesis to the segments of a reference without looking at the source.

The words of the whole hypothesis are set against the words of the whole reference at minimum edit
distance, and cut where the reference's segments end, as mwerSegmenter does (Matusov et al.,
2005). Scored so, a text owes nothing to an alignment of source and reference, which makes it a
cross-check of one.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise

from eval.scores.normalization import compose
from mt.errors import ScoreError

STRETCH = 5000  # words of the reference compared at a time, at least
PHRASE = 6  # words that are taken to stand opposite where neither text repeats them

_EDGES = re.compile(r"^\W+|\W+$")


def resegment(hypothesis: Sequence[str], reference: Sequence[str]) -> tuple[str, ...]:
    """The words of ``hypothesis`` in order, in one text for each segment of ``reference``.

    How many segments the hypothesis has does not matter. Where a cut could stand in several
    places at the same edit distance, it stands at a border of the hypothesis's own segments, or
    else as late as possible. Words are what white space divides, compared without case and
    without punctuation at their edges. A blank segment gets no words.

    Raises:
        ScoreError: the reference has no words to cut by.
    """
    filled = [index for index, text in enumerate(reference) if text.split()]
    if not filled:
        raise ScoreError("the reference has no words; nothing to cut the hypothesis by")
    words = _split(hypothesis)
    borders = set(_ends(hypothesis))
    places = _places(words, [reference[index] for index in filled])
    cuts = [max(borders.intersection(place), default=place[-1]) for place in places]
    texts = [""] * len(reference)
    for index, (start, stop) in zip(filled, pairwise([0, *cuts[:-1], len(words)]), strict=True):
        texts[index] = " ".join(words[start:stop])
    return tuple(texts)


def _places(words: Sequence[str], reference: Sequence[str]) -> Iterator[range]:
    """For each segment's end, how many ``words`` may stand before it on the cheapest path."""
    from rapidfuzz.distance import Levenshtein

    source, target = [*map(_fold, _split(reference))], [*map(_fold, words)]
    first = [0] * (len(source) + 1)  # per number of reference words that are behind
    last = list(first)
    for (start, place), (stop, end) in pairwise(_find_anchors(source, target)):
        for step in Levenshtein.opcodes(source[start:stop], target[place:end]):
            if step.tag == "insert":
                last[start + step.src_start] = place + step.dest_end
            for done in range(1, step.src_end - step.src_start + 1):
                here = min(step.dest_start + done, step.dest_end)  # a deletion stays where it is
                behind = start + step.src_start + done
                first[behind] = last[behind] = place + here
    return (range(first[end], last[end] + 1) for end in _ends(reference))


def _find_anchors(source: Sequence[str], target: Sequence[str]) -> list[tuple[int, int]]:
    """Places that stand opposite for sure, from the beginnings to the ends of the two texts.

    The time of an edit distance grows with the square of the length. So long texts are taken in
    stretches, which begin with a phrase that stands once in either, none of them crossing
    another.
    """
    anchors = [(0, 0)]
    if len(source) > 2 * STRETCH:
        once = [_find_once(words) for words in (source, target)]
        opposite = [
            (start, once[1][phrase]) for phrase, start in once[0].items() if phrase in once[1]
        ]
        for start, place in _longest_chain(opposite):
            if start - anchors[-1][0] >= STRETCH:
                anchors.append((start, place))
    return [*anchors, (len(source), len(target))]


def _find_once(words: Sequence[str]) -> dict[tuple[str, ...], int]:
    """Where each phrase that is not repeated begins, from left to right."""
    phrases = list(zip(*(words[shift:] for shift in range(PHRASE)), strict=False))
    times = Counter(phrases)
    return {phrase: start for start, phrase in enumerate(phrases) if times[phrase] == 1}


def _longest_chain(opposite: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most pairs that go up on both sides; ``opposite`` goes up on the first."""
    ends: list[int] = []  # second side of the last pair of the best chain of each length
    best: list[int] = []  # index of that pair
    before: list[int] = []  # index of the pair before each
    for index, (_, place) in enumerate(opposite):
        length = bisect_left(ends, place)
        before.append(best[length - 1] if length else -1)
        ends[length : length + 1] = [place]
        best[length : length + 1] = [index]
    chain = []
    index = best[-1] if best else -1
    while index >= 0:
        chain.append(opposite[index])
        index = before[index]
    return chain[::-1]


def _split(texts: Iterable[str]) -> list[str]:
    return [word for text in texts for word in text.split()]


def _ends(texts: Iterable[str]) -> Iterator[int]:
    """How many words stand before the end of each text."""
    return accumulate(len(text.split()) for text in texts)


@lru_cache(maxsize=1 << 16)
def _fold(word: str) -> str:
    """What two spellings of a word have in common; all of it where it is punctuation alone."""
    return _EDGES.sub("", compose(word)).casefold() or word
