"""TER's edits of a segment: sacreBLEU's count, exactly, in a fraction of its time.

The search is Tercom's (Snover et al., 2006) with the limits and the order of preference of
sacreBLEU's ``lib_ter``: shift the stretch of words that saves most edits, while one saves any.
Nearly all of the time is edit distances, one a candidate. Here every word is one character, so
that rapidfuzz's bit-parallel distance tells the candidates that cannot win at once, and a row of
the matrix is three numpy calls. sacreBLEU looks for the way through the matrix in a beam only;
so does :class:`_Beam`, and it is asked wherever the beam could make the distance longer.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein, Prefix

LONGEST = 10  # words that are shifted together
FARTHEST = 50  # words between the places of a stretch in hypothesis and reference
CANDIDATES = 1000  # shifts tried per segment
WIDTH = 25  # columns of the beam on each side

_NONE = -(10**9)

Row = npt.NDArray[np.int32]
_Alignment = tuple[list[int], list[bool], list[bool]]


def count_edits(hypothesis: Sequence[str], reference: Sequence[str]) -> int:
    """Insertions, deletions, substitutions and shifts that make the reference, word by word."""
    if not reference:
        return len(hypothesis)
    codes = {word: chr(code) for code, word in enumerate({*hypothesis, *reference})}
    words, target = ("".join(codes[word] for word in text) for text in (hypothesis, reference))
    beam = _Beam(len(words), target)
    shifts = tried = 0
    while True:
        beam.fill(words)
        shifted, candidates = _find_shift(words, target, beam, CANDIDATES - tried)
        tried += candidates
        if tried >= CANDIDATES or not shifted:
            return shifts + beam.distance
        shifts += 1
        words = shifted


def _find_shift(words: str, target: str, beam: _Beam, most: int) -> tuple[str, int]:
    """The best shift of all that save edits, or "", and how many were tried.

    Best is what saves most, then the longest stretch, the first, and the first place for it.
    """
    best, rank = "", (0, 0, 0, 0)
    tried = 0
    for start, length, places in _find_stretches(words, target, beam.align()):
        for place in places:
            shifted = _shift(words, start, length, place)
            saved = beam.distance - beam.measure(shifted, beam.distance - max(rank[0], 1))
            if (found := (saved, length, -start, -place)) > rank and saved > 0:
                best, rank = shifted, found
        tried += len(places)
        if tried >= most:
            break
    return best, tried


def _find_stretches(
    words: str, target: str, alignment: _Alignment
) -> Iterator[tuple[int, int, list[int]]]:
    """Start and length of stretches of the target that stand elsewhere, and where they may go.

    Both sides must have an error in the stretch, or a shift could not help.
    """
    aligned, wrong, missing = alignment
    positions = defaultdict(list)
    for position, word in enumerate(target):
        positions[word].append(position)
    for start, word in enumerate(words):
        for first in positions.get(word, ()):
            if abs(first - start) > FARTHEST or aligned[first] == start:
                continue
            error = gap = False
            for length in range(1, 1 + min(LONGEST, len(words) - start, len(target) - first)):
                last = first + length - 1
                if words[start + length - 1] != target[last]:
                    break
                error = error or wrong[start + length - 1]
                gap = gap or missing[last]
                if error and gap and not start <= aligned[first] < start + length:
                    places = [aligned[at] + 1 for at in range(max(first - 1, 0), last + 1)]
                    yield start, length, list(dict.fromkeys(places if first else [0, *places]))


def _shift(words: str, start: int, length: int, place: int) -> str:
    """Move a stretch before the word at ``place``, counted before it is taken out.

    A place in the stretch itself is counted from there on without it, as Tercom does.
    """
    rest = words[:start] + words[start + length :]
    if place > start + length:
        place -= length
    return rest[:place] + words[start : start + length] + rest[place:]


class _Beam:
    """The matrix of edits between a target and words of one length, near its diagonal.

    Entry [i][j + 1] is i + j less the distance of the first i words and the first j of the target:
    what grows by 2 with a match, by 1 with a substitution, and by nothing otherwise. Column 0 and
    all that the beam leaves out are ``_NONE``.
    """

    def __init__(self, length: int, target: str) -> None:
        self.length, self.target = length, target
        self.distance = 0  # of the words last filled in
        self._letters = np.append(np.int32(-1), _number(target))
        self._words = ""
        self._rows = self._make_rows()
        self._scratch: list[Row] = []
        self._bounds = _find_bounds(length, len(target))

    def _make_rows(self) -> list[Row]:
        rows = np.full((self.length + 1, len(self.target) + 2), _NONE, dtype=np.int32)
        rows[0, 1:] = 0
        return list(rows)

    def fill(self, words: str) -> None:
        """Take these words; what stands before the first change is not computed again."""
        self._extend(self._rows, words, Prefix.similarity(words, self._words))
        self._words = words
        self.distance = self._read(self._rows)

    def _read(self, rows: list[Row]) -> int:
        return self.length + len(self.target) - int(rows[-1][-1])

    def _extend(self, rows: list[Row], words: str, start: int) -> None:
        # What the diagonal adds in every column: 2 for the same word, 1 for another.
        steps = np.add(_number(words[start:])[:, None] == self._letters, 1, dtype=np.int32)
        for index, step in enumerate(steps, start):
            low, high = self._bounds[index]
            above, row = rows[index], rows[index + 1]
            best = above[low:high] + step[low:high]
            np.maximum(best, above[low + 1 : high + 1], out=best)
            np.maximum.accumulate(best, out=row[low + 1 : high + 1])

    def measure(self, words: str, limit: int) -> int:
        """The distance of shifted words, or any number over ``limit`` where it is longer."""
        distance = Levenshtein.distance(words, self.target, score_cutoff=limit)
        # A way of d edits strays by (d + |n - m|) / 2 from the diagonal, at most.
        if distance > limit or distance + abs(self.length - len(self.target)) < 2 * WIDTH - 3:
            return distance
        self._scratch = self._scratch or self._make_rows()
        start = Prefix.similarity(words, self._words)
        self._scratch[start][:] = self._rows[start]
        self._extend(self._scratch, words, start)
        return self._read(self._scratch)

    def align(self) -> _Alignment:
        """Where each word of the target stands, and which words are wrong, and which missing.

        Of ways that cost the same, Tercom's: a match or substitution, else one word less, else
        one more. A missing word stands where the word before it does (-1: before all).
        """
        row, column = self.length, len(self.target)
        aligned = [-1] * column
        wrong, missing = [True] * row, [True] * column
        while column:
            here = self._rows[row][column + 1]
            above = self._rows[row - 1] if row else None
            same = bool(row) and self._words[row - 1] == self.target[column - 1]
            aligned[column - 1] = row - 1
            if above is not None and here == above[column] + 1 + same:
                row, column = row - 1, column - 1
                wrong[row] = missing[column] = not same
            elif above is not None and here == above[column + 1]:
                row -= 1
            else:
                column -= 1
        return aligned, wrong, missing


def _number(words: str) -> Row:
    return np.frombuffer(words.encode("utf-32-le", "surrogatepass"), np.int32)


@lru_cache(maxsize=4096)
def _find_bounds(rows: int, columns: int) -> list[tuple[int, int]]:
    """First column and last but one of each row's part of the beam, from row 1."""
    ratio = columns / rows if rows else 1.0
    width = max(WIDTH, math.ceil(ratio / 2 + WIDTH)) if ratio / 2 > WIDTH else WIDTH
    bounds = []
    for row in range(1, rows + 1):
        middle = math.floor(row * ratio)
        last = columns + 1 if row == rows else min(columns + 1, middle + width)
        bounds.append((max(0, middle - width), last))
    return bounds
