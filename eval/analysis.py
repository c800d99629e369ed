"""Where the quality was lost: by length, by word frequency, in n-grams, and in plain faults."""

from __future__ import annotations

from dataclasses import dataclass


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
