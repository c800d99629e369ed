"""Dictionaries with probabilities: how often a word of one language is linked with one of another.

Both directions of IBM Model 1 (Brown et al., 1993) are estimated together, so that they agree: a
link counts as much as both believe in it (Liang, Taskar and Klein, 2006), near the diagonal more
(Dyer, Chahuneau and Smith, 2013). ``corpora/lexicon.py`` made those in ``lexicons/``.
"""

from __future__ import annotations

import lzma
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Weights = npt.NDArray[np.floating[Any]]
Forms = Sequence[str]

FOLDER = Path(__file__).with_name("lexicons")

DIAGONAL = 4.0  # how fast a link off the diagonal grows less likely (fast_align's first value)
NULL = 0.08  # of words are linked with none (fast_align's value)
UNSEEN = 1e-6  # probability of two words that were never linked

_HOPE = 0.01  # links that two words are given at first where a prior knows others
_ALONE = 3  # rounds in which the directions do not wait for each other
_TOGETHER = 3
_UNMET = 1.0  # links of any word that are left for words it was never seen with
_LEAST, _RAREST = 0.1, 0.003  # of links and of probability: what a dictionary keeps
_HEADER = "awda lexicon 1"


@dataclass(frozen=True)
class Lexicon:
    """Links between forms (:mod:`mt.align.forms`), as expected counts."""

    languages: tuple[str, str]
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    seen: tuple[Floats, Floats]  # how often each form was seen, linked or not
    keys: Ints  # source * len(targets) + target, ascending
    links: Floats

    @cached_property
    def index(self) -> tuple[dict[str, int], dict[str, int]]:
        sources, targets = (dict(zip(f, range(len(f)), strict=True)) for f in self._sides)
        return sources, targets

    @property
    def _sides(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return self.sources, self.targets

    @cached_property
    def shares(self) -> tuple[Floats, Floats]:
        """How much of all text each form is; the last entry, 0, is for forms not here."""
        return _share(self.seen[0]), _share(self.seen[1])

    @cached_property
    def probabilities(self) -> tuple[Floats, Floats]:
        """Per key: of the target given the source, and of the source given the target."""
        places = np.divmod(self.keys, max(len(self.targets), 1))
        forward, backward = (_condition(self.links, place) for place in places)
        return forward, backward

    def find(self, sources: Ints, targets: Ints) -> tuple[Floats, Floats]:
        """Both probabilities for each pair of form numbers; -1 is a form that is not here."""
        if not len(self.keys):
            nothing = np.full(len(sources), UNSEEN, dtype=np.float32)
            return nothing, nothing
        wanted = sources * len(self.targets) + targets
        wanted[(sources < 0) | (targets < 0)] = -1
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        known = self.keys[at] == wanted
        forward, backward = (np.where(known, p[at], UNSEEN) for p in self.probabilities)
        return forward, backward

    def reversed(self) -> Lexicon:
        sources, targets = np.divmod(self.keys, max(len(self.targets), 1))
        keys = targets * len(self.sources) + sources
        order = np.argsort(keys)
        return Lexicon(
            (self.languages[1], self.languages[0]),
            self.targets,
            self.sources,
            (self.seen[1], self.seen[0]),
            keys[order],
            self.links[order],
        )


def _share(seen: Floats) -> Floats:
    return np.append(seen / max(float(seen.sum()), 1.0), 0).astype(np.float32)


def _condition(links: Weights, given: Ints) -> Floats:
    """Links as shares of all links of what is ``given``, and of some that may yet be seen.

    Otherwise a word seen once would be as sure of its only link as one seen a hundred times.
    """
    total = np.bincount(given, links)
    return np.asarray(links / (total[given] + _UNMET), dtype=np.float32)


def empty_lexicon(languages: tuple[str, str]) -> Lexicon:
    """One that knows no word."""
    none = np.zeros(0, dtype=np.float32)
    return Lexicon(languages, (), (), (none, none), np.zeros(0, dtype=np.int64), none)


@cache
def load_lexicon(languages: tuple[str, str]) -> Lexicon:
    """The dictionary that comes with Awda, either way round; an empty one where there is none."""
    for turned, pair in ((False, languages), (True, (languages[1], languages[0]))):
        path = FOLDER / f"{'-'.join(pair)}.txt.xz"
        if path.is_file():
            lexicon = parse_lexicon(lzma.decompress(path.read_bytes()).decode())
            return lexicon.reversed() if turned else lexicon
    return empty_lexicon(languages)


def format_lexicon(lexicon: Lexicon) -> str:
    """A header, then the forms of each side with how often they were seen, then the links.

    The parts are set apart by empty lines. Line n of the last one has the links of source form n:
    the number of a target form and how often the two were linked, as often as need be.
    """
    rows: list[list[str]] = [[] for _ in lexicon.sources]
    for key, count in zip(lexicon.keys.tolist(), lexicon.links.tolist(), strict=True):
        source, target = divmod(key, len(lexicon.targets))
        rows[source].append(f"{target} {count:.2g}" if count < 100 else f"{target} {count:.0f}")
    parts = [
        [f"{_HEADER} {' '.join(lexicon.languages)}"],
        *(
            [f"{form} {int(seen)}" for form, seen in zip(forms, counts.tolist(), strict=True)]
            for forms, counts in zip((lexicon.sources, lexicon.targets), lexicon.seen, strict=True)
        ),
        [" ".join(row) for row in rows],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def parse_lexicon(text: str) -> Lexicon:
    """What :func:`format_lexicon` wrote; raises ``ValueError`` for anything else."""
    parts = text.removesuffix("\n").split("\n\n")
    if not text.startswith(_HEADER) or len(parts) != 4:
        raise ValueError("not a lexicon of this version")
    header, *sides, rows = parts
    forms: list[tuple[str, ...]] = []
    seen: list[Floats] = []
    for side in sides:
        cells = side.split()
        forms.append(tuple(cells[::2]))
        seen.append(np.array(cells[1::2], dtype=np.float32))
    lines = [line.split() for line in rows.split("\n")]
    sources = np.repeat(np.arange(len(lines)), [len(line) // 2 for line in lines])
    flat = [cell for line in lines for cell in line]
    targets = np.array(flat[::2], dtype=np.int64)
    first, second = header.split()[-2:]
    return Lexicon(
        (first, second),
        forms[0],
        forms[1],
        (seen[0], seen[1]),
        sources * len(forms[1]) + targets,
        np.array(flat[1::2], dtype=np.float32),
    )


class Cells:
    """Every word of each source beside every word of its target, as flat arrays."""

    def __init__(self, lengths: tuple[Ints, Ints]) -> None:
        """``lengths``: words of each source, and of each target."""
        self.lengths = lengths
        self.starts = tuple(np.cumsum(side) - side for side in lengths)
        pairs = [np.repeat(np.arange(len(side)), side) for side in lengths]
        self.pairs = pairs[0], pairs[1]  # of each word
        width = lengths[0][pairs[1]]  # cells of each target word
        begin = np.cumsum(width) - width
        self.targets = np.repeat(np.arange(len(width)), width)
        self.sources = np.repeat(self.starts[0][pairs[1]] - begin, width) + np.arange(width.sum())
        here, there = (
            (np.arange(len(pair)) - start[pair] + 0.5) / side[pair]
            for pair, start, side in zip(pairs, self.starts, lengths, strict=True)
        )
        offset = np.abs(here[self.sources] - there[self.targets])
        self.near = np.exp(-DIAGONAL * offset).astype(np.float32)

    def share(
        self,
        forward: Floats,
        backward: Floats,
        shares: tuple[Weights, Weights],
        *,
        diagonal: bool = True,
    ) -> tuple[Floats, Floats]:
        """How likely each cell is a link, by the words' probabilities in either direction.

        A word may be linked with none, as likely as it is a large part of all text (``shares``).
        """
        near = self.near if diagonal else np.ones_like(self.near)
        found = []
        for words, there, own, share in (
            (forward, self.targets, len(self.pairs[1]), shares[1]),
            (backward, self.sources, len(self.pairs[0]), shares[0]),
        ):
            weights = words * near
            total = np.bincount(there, weights, own)
            alone = NULL / (1 - NULL) * share * np.bincount(there, near, own)
            found.append((weights / np.maximum(total + alone, 1e-30)[there]).astype(np.float32))
        return found[0], found[1]


def estimate_lexicon(
    pairs: Sequence[tuple[Forms, Forms]],
    languages: tuple[str, str],
    prior: Lexicon | None = None,
) -> Lexicon:
    """Learn from pairs of forms that translate each other, by EM.

    With a ``prior`` its links count beside those found here, and words it knows help to place
    those that it does not; the result then has both.
    """
    prior = prior or empty_lexicon(languages)
    sides = [
        dict.fromkeys((*known, *(form for pair in pairs for form in pair[side])))
        for side, known in enumerate((prior.sources, prior.targets))
    ]
    index = [dict(zip(forms, range(len(forms)), strict=True)) for forms in sides]
    words = [
        np.array([index[side][form] for pair in pairs for form in pair[side]], dtype=np.int64)
        for side in (0, 1)
    ]
    lengths = [np.array([len(pair[side]) for pair in pairs], dtype=np.int64) for side in (0, 1)]
    cells = Cells((lengths[0], lengths[1]))
    seen = [
        np.bincount(own, minlength=len(forms)) + _widen(known, len(forms))
        for own, forms, known in zip(words, sides, prior.seen, strict=True)
    ]
    width = max(len(sides[1]), 1)
    rows, columns = np.divmod(prior.keys, max(len(prior.targets), 1))
    here = words[0][cells.sources] * width + words[1][cells.targets]
    keys, places = np.unique(np.concatenate([rows * width + columns, here]), return_inverse=True)
    before = np.zeros(len(keys))
    before[places[: len(rows)]] = prior.links
    links = _count_links(cells, places[len(rows) :], keys, before, (seen[0], seen[1]), width)
    lexicon = Lexicon(
        languages,
        tuple(sides[0]),
        tuple(sides[1]),
        (seen[0].astype(np.float32), seen[1].astype(np.float32)),
        keys,
        links.astype(np.float32),
    )
    return _prune(lexicon)


def _widen(values: Floats, size: int) -> Floats:
    return np.concatenate([values, np.zeros(size - len(values), dtype=np.float32)])


def _count_links(
    cells: Cells,
    places: Ints,
    keys: Ints,
    before: npt.NDArray[np.float64],
    seen: tuple[Weights, Weights],
    width: int,
) -> npt.NDArray[np.float64]:
    sources, targets = np.divmod(keys, width)
    shares = tuple(
        (count / max(count.sum(), 1))[given[places]]
        for count, given in zip(seen, (sources, targets), strict=True)
    )
    by_word = [np.zeros(len(side)) for side in cells.pairs]
    by_word[0][cells.sources], by_word[1][cells.targets] = shares
    known = bool(before.any())
    counts = (before + (_HOPE if known else 1.0),) * 2
    for turn in range(_TOGETHER if known else _ALONE + _TOGETHER):
        together = known or turn >= _ALONE
        forward, backward = (
            _condition(count, given)[places]
            for count, given in zip(counts, (sources, targets), strict=True)
        )
        ways = cells.share(forward, backward, (by_word[0], by_word[1]), diagonal=together)
        if together:
            ways = (ways[0] * ways[1],) * 2
        found = [before + np.bincount(places, way, len(keys)) for way in ways]
        counts = found[0], found[1]
    return counts[0]


def _prune(lexicon: Lexicon) -> Lexicon:
    forward, backward = lexicon.probabilities
    kept = (lexicon.links >= _LEAST) & (np.maximum(forward, backward) >= _RAREST)
    rows, columns = np.divmod(lexicon.keys[kept], max(len(lexicon.targets), 1))
    used, rows = np.unique(rows, return_inverse=True)
    there, columns = np.unique(columns, return_inverse=True)
    return Lexicon(
        lexicon.languages,
        tuple(lexicon.sources[i] for i in used.tolist()),
        tuple(lexicon.targets[i] for i in there.tolist()),
        (lexicon.seen[0][used], lexicon.seen[1][there]),
        rows * len(there) + columns,
        lexicon.links[kept],
    )
