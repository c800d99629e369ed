"""How good word links are: precision, recall and alignment error rate against hand-made ones.

The measure is Och and Ney's (2003): recall asks for the sure links, precision allows the possible
ones too, and ``AER = 1 - (found sure + found possible) / (found + sure)``.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mt.align.words import Link
from mt.errors import CorpusError
from mt.text.reader import read_lines

Pairs = frozenset[tuple[int, int]]

_LINK = re.compile(r"(\d+)([-?])(\d+)")
_RUN = re.compile(r"\S+")


@dataclass(frozen=True)
class GoldLinks:
    """The links of one pair of texts, between words counted from 0."""

    sure: Pairs
    possible: Pairs  # the sure ones included


@dataclass(frozen=True)
class WordScore:
    """Fractions from 0 to 1; ``error`` is the alignment error rate."""

    precision: float
    recall: float
    error: float


def read_gold_links(path: Path) -> list[GoldLinks]:
    """Read Pharaoh's format, a line a pair: ``0-1 2?3``; ``?`` marks a link that is only possible.

    Raises:
        CorpusError: the file cannot be read, or a line is not in the format (with its number).
    """
    gold = []
    for number, line in enumerate(read_lines(path), 1):
        matches = [_LINK.fullmatch(cell) for cell in line.split()]
        links = [(int(m[1]), int(m[3]), m[2]) for m in matches if m]
        if len(links) < len(matches):
            raise CorpusError(f"{path}:{number}: expected links such as 0-1 2?3")
        sure = frozenset((i, j) for i, j, kind in links if kind == "-")
        gold.append(GoldLinks(sure, frozenset((i, j) for i, j, _ in links)))
    return gold


def number_links(source: str, target: str, links: Sequence[Link], least: float = 0.5) -> Pairs:
    """The links of at least this probability, between words parted by white space, from 0."""
    here, there = ([run.start() for run in _RUN.finditer(text)] for text in (source, target))
    return frozenset(
        (bisect_right(here, link.source[0]) - 1, bisect_right(there, link.target[0]) - 1)
        for link in links
        if link.probability >= least
    )


def score_links(gold: Sequence[GoldLinks], found: Sequence[Pairs]) -> WordScore:
    """Over all pairs of texts together; both sequences have one entry a pair."""
    pairs = list(zip(gold, found, strict=True))
    total, sure = sum(map(len, found)), sum(len(each.sure) for each in gold)
    right = sum(len(links & each.possible) for each, links in pairs)
    recalled = sum(len(links & each.sure) for each, links in pairs)
    return WordScore(
        precision=right / total if total else 0.0,
        recall=recalled / sure if sure else 0.0,
        error=1 - (recalled + right) / (total + sure) if total + sure else 0.0,
    )
