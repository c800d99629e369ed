"""Corpus scores, exactly as sacreBLEU's command line gives them, with its signatures.

Metrics are sacreBLEU's own (Post, 2018); intervals are those of its ``--confidence``: 95%,
from bootstrap resampling of the pairs (Koehn, 2004). Our part is to refuse what it would let
pass, lists of unequal length first of all, and to score composed text: the same Vietnamese in
NFD would lose nearly all of its BLEU.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from mt.errors import ScoreError, suggest

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric as Scorer


@dataclass(frozen=True)
class Metric:
    """A row of the table below; ``make`` gets the target language's code."""

    name: str  # sacreBLEU's own, as its signatures have it
    label: str  # as papers call it
    make: Callable[[str], Scorer]
    higher_is_better: bool = True


def _bleu(language: str) -> Scorer:
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(trg_lang=language, force=True)  # force silences a warning, not a rule


def _chrf(_: str) -> Scorer:
    from sacrebleu.metrics.chrf import CHRF

    return _level(CHRF())


def _chrf_words(_: str) -> Scorer:
    from sacrebleu.metrics.chrf import CHRF

    return _level(CHRF(word_order=2))


def _ter(_: str) -> Scorer:
    from sacrebleu.metrics.ter import TER

    scorer = TER()

    def count_edits(hypothesis: str, references: Mapping[str, Any]) -> list[float]:
        words = tuple(tuple(reference) for reference in references["ref_words"])
        return list(_count_edits(hypothesis, words))

    scorer._compute_segment_statistics = count_edits
    return _level(scorer)


@lru_cache(maxsize=100_000)
def _count_edits(hypothesis: str, references: tuple[tuple[str, ...], ...]) -> tuple[float, ...]:
    """TER's statistics of a segment, remembered: its search for shifts is nine tenths of a report.

    Scores, intervals and comparisons each ask for the same segments again.
    """
    from sacrebleu.metrics.ter import TER

    words = {"ref_words": [list(reference) for reference in references]}
    return tuple(TER()._compute_segment_statistics(hypothesis, words))


def _level(scorer: Scorer) -> Scorer:
    """Give all resampled scores one type.

    sacreBLEU 2.6 under numpy 2 computes them as float32, but a plain 0.0 where nothing matches;
    ``statistics.mean`` cannot mix the two, and a short text with empty translations stops it.
    """
    import numpy

    compute = scorer._compute_score_from_stats

    def compute_level(stats: Any) -> Any:
        result = compute(stats)
        if isinstance(stats, numpy.ndarray):
            result.score = numpy.float32(result.score)
        return result

    scorer._compute_score_from_stats = compute_level
    return scorer


METRICS = {
    "bleu": Metric("BLEU", "BLEU", _bleu),
    "chrf": Metric("chrF2", "chrF", _chrf),
    "chrf2++": Metric("chrF2++", "chrF++", _chrf_words),
    "ter": Metric("TER", "TER", _ter, higher_is_better=False),
}

ALIASES = {"chrf++": "chrf2++", "chrf2": "chrf"}

DEFAULT_METRICS = ("bleu", "chrf2++", "ter")


@dataclass(frozen=True)
class MetricScore:
    """A corpus score with its recipe.

    ``mean`` and ``half_width`` are what ``sacrebleu --confidence`` prints as ``μ = mean ± half``;
    None where no bootstrap was asked for.
    """

    metric: str  # key of METRICS
    name: str  # "BLEU", "chrF2++"
    score: float  # 0 to 100; TER may be more
    signature: str  # sacreBLEU's, word for word
    mean: float | None = None  # of the resampled scores
    half_width: float | None = None  # of the middle 95% of them
    detail: str = ""  # sacreBLEU's verbose part: n-gram precisions, brevity penalty, lengths

    @property
    def label(self) -> str:
        return METRICS[self.metric].label

    @property
    def higher_is_better(self) -> bool:
        return METRICS[self.metric].higher_is_better

    @property
    def low(self) -> float | None:
        return None if self.mean is None or self.half_width is None else self.mean - self.half_width

    @property
    def high(self) -> float | None:
        return None if self.mean is None or self.half_width is None else self.mean + self.half_width

    @property
    def recipe(self) -> str:
        """The signature and what we did to the text before (TER has a ``norm`` of its own)."""
        return f"{self.signature}|unicode:nfc"


def score_corpus(
    metrics: Sequence[str],
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    language: str = "",
    bootstrap: int = 0,
    seed: int = 12345,
) -> tuple[MetricScore, ...]:
    """Score ``hypotheses`` against one or more lists of references, one per metric asked for.

    ``language`` is the target's code and picks the tokenizer as ``sacrebleu -l`` does ("": 13a).
    ``bootstrap`` is the number of resamples, below 2 for none; ``seed`` is ``SACREBLEU_SEED``.
    With several references, ``""`` means that one has nothing for the line (``nrefs:var``).

    Raises:
        ScoreError: an unknown metric; empty lists; lists of unequal length.
    """
    keys = [find_metric(name) for name in metrics]
    check_lengths(hypotheses, references)
    lines = [compose(line) for line in hypotheses]
    streams = prepare_references(references)
    scores = []
    with seeded(seed):
        for key in keys:
            scorer = METRICS[key].make(language)
            result = scorer.corpus_score(lines, streams, n_bootstrap=max(bootstrap, 1))
            sampled = bootstrap > 1
            scores.append(
                MetricScore(
                    metric=key,
                    name=result.name,
                    score=float(result.score),
                    signature=str(scorer.get_signature()),
                    mean=float(result._mean) if sampled else None,
                    half_width=float(result._ci) if sampled else None,
                    detail=result._verbose,
                )
            )
    return tuple(scores)


def score_sentences(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]]
) -> tuple[float, ...]:
    """chrF++ of each line, 0 to 100; shapes and errors as for :func:`score_corpus`.

    For finding segments that are worth reading; no average of these is a corpus score.
    """
    check_lengths(hypotheses, references)
    scorer = METRICS["chrf2++"].make("")
    streams = prepare_references(references)
    return tuple(
        float(scorer.sentence_score(compose(line), [r for r in lines if r is not None]).score)
        for line, *lines in zip(hypotheses, *streams, strict=True)
    )


def find_metric(name: str) -> str:
    """The key of METRICS for a name in any case; raises ``ScoreError`` with a suggestion."""
    key = ALIASES.get(name.lower(), name.lower())
    if key not in METRICS:
        raise ScoreError(f"unknown metric '{name}'{suggest(key, [*METRICS, *ALIASES])}")
    return key


def check_lengths(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> None:
    """Raise ``ScoreError`` unless there is something to score, line against line."""
    if not references:
        raise ScoreError("no references to score against")
    for number, lines in enumerate(references, 1):
        if len(lines) != len(hypotheses):
            which = f"reference {number}" if len(references) > 1 else "the reference"
            raise ScoreError(
                f"{len(hypotheses)} hypothesis lines, but {len(lines)} lines in {which}; "
                "line must stand against line: align them first"
            )
    if not hypotheses:
        raise ScoreError("nothing to score: 0 hypothesis lines and 0 reference lines")


def compose(text: str) -> str:
    """The text as it is scored: NFC; letters, digits and marks stay as they are."""
    return unicodedata.normalize("NFC", text)


def prepare_references(references: Sequence[Sequence[str]]) -> list[list[str]]:
    """The streams as sacreBLEU takes them: None where another reference has a text and this not.

    (Its documentation allows None, its annotations do not.) A line that is empty in every
    reference stays an empty reference, as on sacreBLEU's own command line.
    """
    lines = [
        [compose(text) or None for text in texts] if any(texts) else list(texts)
        for texts in zip(*references, strict=True)
    ]
    return cast("list[list[str]]", [list(stream) for stream in zip(*lines, strict=True)])


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Set ``SACREBLEU_SEED``, the only way to hand sacreBLEU a seed, and set it back.

    Raises:
        ScoreError: a seed below 1; sacreBLEU's paired test takes 0 for no seed at all.
    """
    if seed < 1:
        raise ScoreError(f"seed {seed}: expected 1 or more, or a rerun would give other intervals")
    before = os.environ.get("SACREBLEU_SEED")
    os.environ["SACREBLEU_SEED"] = str(seed)
    try:
        yield
    finally:
        if before is None:
            del os.environ["SACREBLEU_SEED"]
        else:
            os.environ["SACREBLEU_SEED"] = before
