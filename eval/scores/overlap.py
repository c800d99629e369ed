"""N-grams that hypothesis and reference share, counted in many segments at once.

What sacreBLEU's BLEU and chrF count segment by segment in dictionaries, exactly: here an n-gram is
a number with the segment in its leading digits, so that all segments are sorted together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]

_LARGEST = 2**63 - 1


def count_shared(
    hypotheses: Sequence[Integers], references: Sequence[Integers], orders: int
) -> Integers:
    """How many n-grams stand in both texts of a segment, as often as in the text that has fewer.

    The texts are numbers of characters or words, from 0; line stands against line. The result has
    a row a segment and a column for each n from 1 to ``orders``.
    """
    lengths = [_measure(texts) for texts in (hypotheses, references)]
    segments = np.concatenate([np.repeat(np.arange(len(each)), each) for each in lengths])
    symbols = np.concatenate([*hypotheses, *references, np.zeros(0, np.int64)])
    border = int(lengths[0].sum())  # where the references begin
    base = int(symbols.max(initial=0)) + 1
    keys = segments.astype(np.int64)
    shared = np.zeros((len(hypotheses), orders), np.int64)
    for order in range(1, orders + 1):
        if int(keys.max(initial=0)) >= _LARGEST // base - 1:
            keys = np.unique(keys, return_inverse=True)[1]
        keys = keys[: len(symbols) - order + 1] * base + symbols[order - 1 :]
        whole = segments[: len(keys)] == segments[order - 1 :]
        whole[max(border - order + 1, 0) : border] = False  # would run on into a reference
        sides = keys[:border][whole[:border]], keys[border:][whole[border:]]
        shared[:, order - 1] = _match(*sides, np.maximum(lengths[0] - order + 1, 0))
    return shared


def count_ngrams(texts: Sequence[Integers], orders: int) -> Integers:
    """How many n-grams each text has: a row a text, a column for each n from 1 to ``orders``."""
    counts: Integers = _measure(texts)[:, None] - np.arange(orders)
    return counts.clip(min=0)


def _measure(texts: Sequence[Integers]) -> Integers:
    return np.array([len(text) for text in texts], np.int64)


def _match(ours: Integers, theirs: Integers, numbers: Integers) -> Integers:
    """Per segment, the keys that both have; ``numbers`` says how many of ``ours`` it has."""
    ours, theirs = np.sort(ours), np.sort(theirs)
    if not (len(ours) and len(theirs)):
        return np.zeros(len(numbers), np.int64)
    first, times = _find_runs(ours)
    their_first, their_times = _find_runs(theirs)
    keys = theirs[their_first]
    places = np.minimum(np.searchsorted(keys, ours[first]), len(keys) - 1)
    fewer = np.minimum(times, their_times[places]) * (keys[places] == ours[first])
    segments = np.repeat(np.arange(len(numbers)), numbers)  # sorted keys are in their order
    return np.bincount(segments[first], fewer, len(numbers)).astype(np.int64)


def _find_runs(ordered: Integers) -> tuple[Integers, Integers]:
    """Where each key stands first, and how often it is there."""
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    return first, np.diff(np.append(first, len(ordered)))


def number_characters(texts: Iterable[str]) -> list[Integers]:
    """The characters of each text as small numbers, the same in all of them."""
    codes = [np.frombuffer(t.encode("utf-32-le", "surrogatepass"), np.int32) for t in texts]
    known = np.unique(np.concatenate([*codes, np.zeros(0, np.int32)]))
    return [np.searchsorted(known, each) for each in codes]


def number_words(texts: Iterable[Sequence[str]]) -> list[Integers]:
    """The words of each text as small numbers, the same in all of them."""
    known: dict[str, int] = {}
    return [np.array([known.setdefault(w, len(known)) for w in text], np.int64) for text in texts]
