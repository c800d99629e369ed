"""What the beads between two documents cost: how unlike their sides are, and of what shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mt.align.monotone import Floats
from mt.align.similarity import SPAN, Codes, Numbers, Vectors, View, halve, span_sums


@dataclass(frozen=True)
class Weights:
    """What a bead costs, in units of the distance of two unrelated average segments.

    Learnt for the expected strict F1, half on the development document of Text+Berg (German-French,
    468 by 554 sentences), half on 24 documents of corpora/vneco's training split whose segments
    were joined, split and left out at random; those with hypotheses on the latter alone, which the
    built-in model that made the hypotheses was trained on. Differences below 0.01 are noise. The
    weight of dictionaries was chosen on disturbed documents of the dev split, the rest of
    ``MEANING`` being kept: refitted weights gained 0.01 strict there, and lost 0.003 lax.
    """

    length: float  # per unit of |log length ratio|, relative to that of the documents
    numbers: float  # for numerals none of which is on the other side
    ending: float  # for sides that end differently, one in a question mark and one in a full stop
    shapes: tuple[tuple[float, ...], ...]  # by segments on the smaller side and on the larger
    alone: float  # for every segment that stays alone
    skip: float  # for the share of it in the text, besides
    sharpness: float  # what a unit of cost takes from the logarithm of a path's weight
    slope: float  # of the curve from posteriors to Bead.score, in log odds
    shift: float
    size: float  # what each segment beyond 1-1 takes from those log odds
    share: float = 0.4  # a segment counts as (its length / mean length) ** share


MEANING = Weights(
    length=0.35,
    numbers=0.08,
    ending=0.16,
    shapes=((0, 0.17, 0.35, 0.54), (0.36, 0.63, 0.80), (0.85, 0.96), (1.14,)),
    alone=0.34,
    skip=0.36,
    sharpness=38.0,
    slope=0.37,
    shift=0.53,
    size=0.48,
)
MEANING_AND_LETTERS = replace(  # where there are hypotheses besides
    MEANING,
    length=0.36,
    numbers=0.07,
    ending=0.15,
    shapes=((0, 0.14, 0.28, 0.42), (0.28, 0.42, 0.56), (0.56, 0.70), (0.85,)),
    alone=0.27,
    skip=0.34,
)
MEANING_AND_WORDS = replace(  # where there is a dictionary besides; calibrated on the dev split
    MEANING,
    slope=0.30,
    shift=0.0,
    size=0.38,
)
LETTERS = replace(  # hypotheses alone
    MEANING,
    length=0.43,
    numbers=0.1,
    ending=0.25,
    shapes=((0, 0.2, 0.4, 0.6), (0.4, 0.6, 0.8), (0.8, 1.0), (1.2,)),
    alone=0.4,
    skip=0.34,
    sharpness=31.0,
)
LENGTH = Weights(
    length=1.0,
    numbers=0.54,
    ending=0.43,
    shapes=((0, 0.43, 0.85, 1.42), (0.83, 1.31, 1.70), (1.57, 2.10), (2.30,)),
    alone=0.52,
    skip=0.52,
    sharpness=18.0,
    slope=0.34,
    shift=-0.57,
    size=0.0,
)

_RATIO = 0.5  # |log| of the documents' length ratio, at most: beyond, text is missing


class BeadCosts:
    """The costs of beads and skips between two documents, for :func:`cheapest_path`.

    A bead costs its distance times its share of the text, plus what its ending and its shape cost.
    A blank segment (of length 0) stands in no bead and is skipped for nothing.
    """

    def __init__(
        self,
        views: Sequence[View],
        numbers: Numbers,
        lengths: tuple[Floats, Floats],
        weights: Weights,
        endings: tuple[Codes, Codes] | None = None,
    ) -> None:
        """``endings`` are those of the segments, as :func:`find_endings` says them, where known."""
        self._views, self._numbers, self._lengths, self._weights = views, numbers, lengths, weights
        shares = [_shares(side, weights.share) for side in lengths]
        self.source_skips, self.target_skips = (
            weights.skip * share + weights.alone * (share > 0) for share in shares
        )
        self._shares = [_narrow(np.sqrt(span_sums(share))) for share in shares]
        self._logs = [_narrow(np.log(np.maximum(span_sums(side), 1))) for side in lengths]
        self._blank = [_price_blank(side) for side in lengths]
        self._shapes = _fill_shapes(weights.shapes)[:, :, None, None]
        self._endings, self._last = endings, [_find_last(side) for side in endings or ()]
        self._whole = sum(view.weight for view in views)
        ratio = np.log(max(lengths[1].sum(), 1) / max(lengths[0].sum(), 1))
        self._ratio = float(np.clip(ratio, -_RATIO, _RATIO))

    def distances(self, sources: slice, targets: slice) -> Vectors:
        """How unlike the spans are that begin in two ranges, (SPAN, SPAN, n, m); 0 is the same.

        What a view has no number for, as where a model makes NaN of a text, is as unlike as chance.
        """
        here, there = self._logs[0][:, None, sources, None], self._logs[1][None, :, None, targets]
        total = self._weights.length * np.abs(there - here - self._ratio)
        total += self._weights.numbers * self._numbers.distances(sources, targets)
        for view in self._views:
            seen = np.nan_to_num(view.distances(sources, targets), nan=1.0, posinf=1.0, neginf=1.0)
            total += seen * np.float32(view.weight / self._whole)
        return np.asarray(total)

    def beads(self, sources: slice, targets: slice) -> Vectors:
        """As :class:`mt.align.monotone.Costs` wants it."""
        costs = self.distances(sources, targets)
        costs *= self._shares[0][:, None, sources, None]
        costs *= self._shares[1][None, :, None, targets]
        costs += self._blank[0][:, None, sources, None]
        costs += self._blank[1][None, :, None, targets]
        costs += self._shapes
        if self._last:
            here, there = self._last[0][:, sources], self._last[1][:, targets]
            differ = here[:, None, :, None] != there[None, :, None, :]
            costs += differ * np.float32(self._weights.ending)
        return costs

    def halved(self) -> BeadCosts:
        sources, targets = (halve(span_sums(side)) for side in self._lengths)
        views = [rough for view in self._views if (rough := view.halved(sources, targets))]
        endings = None
        if self._endings:
            endings = _find_last(self._endings[0])[1, ::2], _find_last(self._endings[1])[1, ::2]
        return BeadCosts(views, self._numbers.halved(), (sources, targets), self._weights, endings)


def _shares(lengths: Floats, exponent: float) -> Floats:
    """What each segment counts for, 1 on average over those that are not blank."""
    shares = np.asarray(lengths**exponent)
    shares[lengths == 0] = 0
    return np.asarray(shares * np.count_nonzero(lengths) / max(shares.sum(), 1e-12))


def _price_blank(lengths: Floats) -> Vectors:
    """What each span (SPAN, n) adds to a bead: infinity if it has a blank segment, else nothing."""
    sizes = np.arange(1, SPAN + 1)[:, None]
    filled = span_sums((lengths > 0).astype(np.int64)) == sizes
    return _narrow(np.where(filled, 0, np.inf))


def _fill_shapes(shapes: Sequence[Sequence[float]]) -> Vectors:
    """The price of each shape, (SPAN, SPAN): the same whichever side is the larger."""
    prices = np.zeros((SPAN, SPAN))
    for less, row in enumerate(shapes):
        prices[less, less:] = prices[less:, less] = row
    return _narrow(prices)


def _find_last(endings: Codes) -> Codes:
    """The endings of spans, (SPAN, n), from those of segments; the last one's past the end."""
    places = np.arange(SPAN)[:, None] + np.arange(len(endings))
    return np.asarray(endings[np.minimum(places, len(endings) - 1)])


def _narrow(values: Floats) -> Vectors:
    """Half the memory, and twice the speed."""
    return values.astype(np.float32)
