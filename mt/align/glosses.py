"""What a text says in the words of the other language: the dictionaries of Awda as a similarity.

Each segment is written as its own words and, beside them, as those that the dictionary links with
them, every word as heavy as it is rare. The cosine of two such vectors is high where the words of
either side find theirs on the other, and falls with every word that a side has too many: it says
which neighbour a short sentence belongs to, where sentence embeddings are vague. Moore (2002) and
hunalign (Varga et al., 2005) count words and their translations likewise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from mt.align.forms import find_words
from mt.align.lexicon import FOLDER, Floats, Ints, Lexicon, load_lexicon
from mt.align.similarity import NGRAM_CHANCE, View, hash_text, span_sums, unit
from mt.languages import guess_language

_BATCH = 500  # segments worked on together
_WIDTH = 128  # of the hashed vectors, for each language
_LEAST = 0.02  # probability of a translation that counts
_READ = 10_000  # letters that tell what language a document is in
_KNOWN = 0.7  # of each side's words that a dictionary must have; else it is of other languages


def gloss_view(sources: Sequence[str], targets: Sequence[str], weight: float) -> GlossView | None:
    """Both documents in the words of both languages; None without a dictionary for them.

    Words are hashed with signs into vectors of fixed width, as in
    :func:`mt.align.similarity.ngram_view`; spans are exact, as the sums of their segments.
    """
    languages = _guess(sources), _guess(targets)
    if not any((FOLDER / f"{a}-{b}.txt.xz").is_file() for a, b in (languages, languages[::-1])):
        return None
    lexicon = load_lexicon(languages)
    forms = [
        [[word.form for word in find_words(text, language)] for text in side]
        for side, language in zip((sources, targets), languages, strict=True)
    ]
    seen = [Counter(form for text in side for form in text) for side in forms]
    if any(
        _know(counts, index) < _KNOWN for counts, index in zip(seen, lexicon.index, strict=True)
    ):
        return None
    vectors = []
    for side, texts in enumerate(forms):
        glosses = _Glosses(lexicon, side, seen[side])
        rows = np.concatenate(
            [glosses.add(texts[n : n + _BATCH]) for n in range(0, len(texts), _BATCH)]
        )
        vectors.append(unit(span_sums(rows)))
    return GlossView(vectors[0], vectors[1], NGRAM_CHANCE, weight)


class GlossView(View):
    """Decides between neighbours, so that it is not asked for the way at half resolution."""

    def halved(self, *_lengths: object) -> None:
        return None


def _guess(texts: Sequence[str]) -> str:
    letters = 0
    start: list[str] = []
    for text in texts:
        start.append(text)
        letters += len(text)
        if letters > _READ:
            break
    return guess_language(" ".join(start))


def _know(counts: Counter[str], index: dict[str, int]) -> float:
    """Which part of a document's words are among those of a dictionary."""
    return sum(n for form, n in counts.items() if form in index) / max(counts.total(), 1)


class _Glosses:
    """What each word of one side adds to a vector: itself, and what the dictionary says of it."""

    def __init__(self, lexicon: Lexicon, side: int, seen: Counter[str]) -> None:
        """``side`` is 0 for the lexicon's sources; ``seen`` has the words of the document."""
        self._names = lexicon.sources, lexicon.targets
        self._index, self._counts = lexicon.index[side], lexicon.seen[side]
        self._side, self._seen, self._total = side, seen, float(self._counts.sum())
        places = np.divmod(lexicon.keys, max(len(lexicon.targets), 1))
        own, self._others = places[side], places[1 - side]
        self._order: Ints = np.argsort(own, kind="stable")
        self._starts = np.searchsorted(own[self._order], np.arange(len(self._names[side]) + 1))
        self._probabilities: Floats = lexicon.probabilities[side]
        self._known: dict[str, tuple[Ints, Floats]] = {}

    def add(self, texts: Sequence[Sequence[str]]) -> Floats:
        """The vectors of some texts, (n, 2 * _WIDTH)."""
        found = [self.find(form) for text in texts for form in text]
        rows = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
        rows = np.repeat(rows, [len(places) for places, _ in found])
        nothing = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        places, values = (np.concatenate(part) for part in zip(*found, nothing, strict=True))
        size = len(texts) * 2 * _WIDTH
        sums = np.bincount(rows * 2 * _WIDTH + places, values, size).astype(np.float32)
        return sums.reshape(len(texts), 2 * _WIDTH)

    def find(self, form: str) -> tuple[Ints, Floats]:
        """Places in a vector, each once, and what the word adds to each."""
        if form not in self._known:
            vector = np.zeros(2 * _WIDTH, dtype=np.float32)
            number = self._index.get(form)
            for other, share in self._translate(form, number):
                place, sign = _place(other[0], other[1])
                vector[place] += sign * share
            times = self._seen[form] + (self._counts[number] if number is not None else 0)
            places = np.flatnonzero(vector)
            rarity = np.float32(np.log((self._total + 1) / (times + 0.5)))
            self._known[form] = places, vector[places] * max(rarity, np.float32(0))
        return self._known[form]

    def _translate(self, form: str, number: int | None) -> Iterator[tuple[tuple[int, str], float]]:
        """Words by their side, with the root of their probability; names not known stay as is."""
        yield (self._side, form), 1.0
        other = 1 - self._side
        if number is None:
            yield (other, form), 1.0
            return
        for place in self._order[self._starts[number] : self._starts[number + 1]].tolist():
            if (probability := float(self._probabilities[place])) >= _LEAST:
                yield (other, self._names[other][int(self._others[place])]), probability**0.5


def _place(side: int, form: str) -> tuple[int, int]:
    code = hash_text(form)
    return side * _WIDTH + (code >> 1) % _WIDTH, 1 if code & 1 else -1
