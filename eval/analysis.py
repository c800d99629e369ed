"""Where the quality was lost: by length, by word frequency, in n-grams, and in plain faults.

As compare-mt does it (Neubig et al., 2019): scores by the length of the reference, F1 of words by
their frequency, n-grams that a system writes more or less often than the reference. With several
references, a pair's is the first that says something, except for chrF++, which takes them all.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from eval.pairs import Pair
from eval.scores.metrics import score_corpus
from mt.languages import LANGUAGES
from mt.text.loops import find_loop

if TYPE_CHECKING:
    from eval.ngrams import Count

LISTED = 20  # n-grams of each sort, and differences
_LENGTHS = (1, 10, 20, 30, 40)  # words that a bucket begins at
_FREQUENCIES = (1, 2, 4, 10, 100)  # times
_ORDER = 4  # words of the longest n-gram
_SURE = 10.83  # log-likelihood that chance reaches once in a thousand n-grams (chi-squared, 1 df)
_LONG_ENOUGH = 30  # characters of a source from which lengths are compared
_ENOUGH = 10  # pairs that show how long translations of this document are
_FACTOR = 2.0  # a translation is short below its half, long above its double

_WORD = re.compile("[\\w\u064b-\u0652\u0670]+(?:['’][\\w\u064b-\u0652\u0670]+)*")
_SCRIPTS = {"Arab": re.compile("[\u0621-\u064a]{2,}"), "Latn": re.compile("[A-Za-zÀ-ɏḀ-ỹ]{2,}")}


@dataclass(frozen=True)
class Bucket:
    """Pairs that have something in common, and how well they are translated."""

    label: str  # "1-9", "10-19", "40 and more" reference words
    pairs: int
    score: float  # corpus chrF++ of these pairs, 0 to 100


@dataclass(frozen=True)
class WordBucket:
    """Reference words of one frequency, and how many of them the system also wrote (F1)."""

    label: str  # "once", "2-3", "100 and more": how often the references have the word
    words: int  # running words of the references
    f1: float  # 0 to 1


@dataclass(frozen=True)
class Ngram:
    """Words that a system writes more or less often than the references do."""

    text: str
    hypothesis: int  # times
    reference: int


@dataclass(frozen=True)
class Fault:
    """A pair whose translation is wrong at first sight."""

    kind: str  # "loop", "copy", "short", "long", "empty"
    pair: int  # index
    detail: str  # "repeats: and the and the and the"


@dataclass(frozen=True)
class Analysis:
    """What was found in the scored pairs of one system (faults: in all of its pairs)."""

    lengths: tuple[Bucket, ...] = ()
    frequencies: tuple[WordBucket, ...] = ()
    overproduced: tuple[Ngram, ...] = ()
    underproduced: tuple[Ngram, ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Difference:
    """A pair that one system translates better than another."""

    pair: int  # index
    better: str
    worse: str
    gap: float  # of sentence-level chrF++


def analyze_systems(
    systems: Sequence[Sequence[Pair]], languages: tuple[str, str]
) -> tuple[Analysis, ...]:
    """Analyse every system of a target; all have the same pairs but for the hypotheses.

    ``languages`` are those of source and hypothesis. Buckets depend on the references alone, so
    they are the same for all systems, and empty ones are left out.
    """
    scored = [pair for pair in systems[0] if pair.scored] if systems else []
    references = [_split(_choose(pair)) for pair in scored]
    ratio = _find_ratio((pair.source, _choose(pair)) for pair in scored)
    words = _Words(references)
    lengths = [max(len(reference), 1) for reference in references]
    return tuple(_analyze(pairs, languages, words, lengths, ratio) for pairs in systems)


def _analyze(
    pairs: Sequence[Pair],
    languages: tuple[str, str],
    words: _Words,
    lengths: Sequence[int],
    ratio: float | None,
) -> Analysis:
    scored = [pair for pair in pairs if pair.scored]
    over, under, frequencies = words.compare([_split(pair.hypothesis) for pair in scored])
    ratio = ratio or _find_ratio((pair.source, pair.hypothesis) for pair in pairs)
    return Analysis(
        lengths=tuple(_score_lengths(scored, lengths)),
        frequencies=frequencies,
        overproduced=over,
        underproduced=under,
        faults=tuple(_find_faults(pairs, languages, ratio)),
    )


def _choose(pair: Pair) -> str:
    """The first reference that says something."""
    return next((text for text in pair.references if text), "")


def _split(text: str) -> list[str]:
    """Into words, without punctuation, in the case that they have; syllables, in Vietnamese."""
    return _WORD.findall(text)


def _score_lengths(scored: Sequence[Pair], lengths: Sequence[int]) -> Iterator[Bucket]:
    groups: dict[int, list[Pair]] = {}
    for pair, length in zip(scored, lengths, strict=True):
        groups.setdefault(bisect_right(_LENGTHS, length) - 1, []).append(pair)
    for number, group in sorted(groups.items()):
        score, *_ = score_corpus(
            ["chrf2++"],
            [pair.hypothesis for pair in group],
            [list(texts) for texts in zip(*(pair.references for pair in group), strict=True)],
        )
        yield Bucket(_label(_LENGTHS, number), len(group), score.score)


def _label(edges: Sequence[int], number: int) -> str:
    """``1-9``, ``40 and more``; a frequency of one is ``once``."""
    start = edges[number]
    if number == len(edges) - 1:
        return f"{start} and more"
    end = edges[number + 1] - 1
    return f"{start}-{end}" if end > start else "once"


class _Words:
    """The words of the references, read once, and those of a system beside them."""

    def __init__(self, references: Sequence[list[str]]) -> None:
        from eval.ngrams import Vocabulary

        self._vocabulary = Vocabulary()
        self._references = self._vocabulary.read(references)

    def compare(
        self, sentences: Sequence[list[str]]
    ) -> tuple[tuple[Ngram, ...], tuple[Ngram, ...], tuple[WordBucket, ...]]:
        """N-grams written too often and too seldom, the surest first, and F1 by frequency.

        By log-likelihood (Dunning, 1993), which weighs a difference by how often the words stand
        at all. N-grams that are mostly the same words as one further up in the list are left out.
        """
        from eval.ngrams import compare_ngrams, match_words

        written = self._vocabulary.read(sentences)
        both = (written, self._references, self._vocabulary)
        found = compare_ngrams(*both, _ORDER, _SURE)
        found.sort(key=lambda count: (-round(count.surprise, 6), -len(count.words), count.words))
        return (
            _list_ngrams(count for count in found if count.ours > count.theirs),
            _list_ngrams(count for count in found if count.ours < count.theirs),
            tuple(
                WordBucket(_label(_FREQUENCIES, number), match.wanted, match.f1)
                for number, match in enumerate(match_words(*both, _FREQUENCIES))
                if match.wanted
            ),
        )


def _list_ngrams(found: Iterable[Count]) -> tuple[Ngram, ...]:
    listed: list[Count] = []
    for count in found:
        if not any(_repeats(count.words, other.words) for other in listed):
            listed.append(count)
        if len(listed) == LISTED:
            break
    return tuple(Ngram(" ".join(each.words), each.ours, each.theirs) for each in listed)


def _repeats(words: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one is within the other, or two words of one stand side by side in the other."""
    few, many = sorted((words, other), key=len)
    if any(many[start : start + len(few)] == few for start in range(len(many) - len(few) + 1)):
        return True
    rows = set(pairwise(other))
    return any(row in rows for row in pairwise(words))


def _find_ratio(texts: Iterable[tuple[str, str]]) -> float | None:
    """The median of the lengths in characters of translation by source; None of too few."""
    ratios = [
        len(text) / len(source) for source, text in texts if len(source) >= _LONG_ENOUGH and text
    ]
    return median(ratios) if len(ratios) >= _ENOUGH else None


def _find_faults(
    pairs: Iterable[Pair], languages: tuple[str, str], ratio: float | None
) -> Iterator[Fault]:
    for pair in pairs:
        if not pair.source:
            continue
        if not pair.hypothesis.strip():
            yield Fault("empty", pair.index, "nothing was written")
            continue
        loop = find_loop(pair.hypothesis)
        if loop and not find_loop(pair.source):
            yield Fault("loop", pair.index, f"{loop.times} times: {loop.words}")
        if copied := _find_copy(pair.source, pair.hypothesis, languages):
            yield Fault("copy", pair.index, copied)
        if ratio and len(pair.source) >= _LONG_ENOUGH:
            share = len(pair.hypothesis) / (ratio * len(pair.source))
            if share < 1 / _FACTOR or share > _FACTOR:
                kind = "short" if share < 1 else "long"
                yield Fault(kind, pair.index, f"{share:.0%} of the usual length")


def _find_copy(source: str, hypothesis: str, languages: tuple[str, str]) -> str:
    """What was left untranslated: words in the script of the source, or most of its words."""
    given, wanted = (LANGUAGES[c].script if c in LANGUAGES else "" for c in languages)
    if given != wanted and given in _SCRIPTS:
        left = _SCRIPTS[given].findall(hypothesis)
        foreign = given == "Latn"  # names may keep their letters; the whole text may not
        if left and not (foreign and len(left) * 2 < len(_split(hypothesis))):
            return f"in the script of the source: {_shorten(left)}"
        return ""
    if languages[0] == languages[1]:
        return ""
    ours = [word for word in _split(hypothesis) if word.islower()]
    known = set(_split(source))
    left = [word for word in ours if word in known]
    if len(left) >= 4 and len(left) * 2 > len(ours):
        return f"words of the source: {_shorten(left)}"
    return ""


def _shorten(words: Sequence[str], most: int = 6) -> str:
    return " ".join(words[:most]) + (" …" if len(words) > most else "")


def find_differences(
    scores: Iterable[tuple[int, Mapping[str, float]]], most: int = LISTED
) -> tuple[Difference, ...]:
    """The pairs where two systems lie furthest apart, the widest gap first.

    ``scores`` are indices of pairs with the sentence-level chrF++ of each system by name.
    """
    found = []
    for pair, values in scores:
        better, worse = (pick(values, key=lambda n: values[n]) for pick in (max, min))
        gap = values[better] - values[worse]
        if gap > 0:
            found.append(Difference(pair, better, worse, gap))
    return tuple(sorted(found, key=lambda each: (-each.gap, each.pair))[:most])
