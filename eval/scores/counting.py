"""What the metrics count in every segment; scores, samples and tests are made from it.

Every segment is counted once, however often it is scored.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from eval.processes import spread
from eval.scores.normalization import compose, fold
from eval.scores.segments import Row, Segment, count_segments, make_scorer
from mt.errors import ScoreError
from mt.metric import MetricName

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Signature

    from eval.scores.rating import Rating
    from eval.scores.resampling import Floats, Formula, Rows

RATED = ("comet", "e5")  # metrics that are not counted, but give every segment a score
_MANY = 1 << 17  # segments remembered with their statistics, for each metric
_ALONE = 6000  # segments up to which one process is quick enough
_BATCH = 1000  # segments counted together


@dataclass(frozen=True)
class Texts:
    """The lines to score; raises ``ScoreError`` unless line stands against line.

    A line for which one of several references has nothing is "" there.
    """

    hypotheses: tuple[str, ...]
    references: tuple[tuple[str, ...], ...]  # one or more lists
    language: str = ""
    sources: tuple[str, ...] = ()  # or none at all

    def __post_init__(self) -> None:
        if not self.references:
            raise ScoreError("no references to score against")
        for number, lines in enumerate(self.references, 1):
            which = f"reference {number}" if len(self.references) > 1 else "the reference"
            self._check(len(lines), which)
        if self.sources:
            self._check(len(self.sources), "the source")
        if not self.hypotheses:
            raise ScoreError("nothing to score: 0 hypothesis lines and 0 reference lines")

    def _check(self, lines: int, which: str) -> None:
        if lines != len(self.hypotheses):
            raise ScoreError(
                f"{len(self.hypotheses)} hypothesis lines, but {lines} lines in {which}; "
                "line must stand against line: align them first"
            )


def gather(
    hypotheses: Iterable[str],
    references: Iterable[Iterable[str]],
    language: str = "",
    sources: Iterable[str] = (),
) -> Texts:
    """The lists as a value."""
    return Texts(tuple(hypotheses), tuple(map(tuple, references)), language, tuple(sources))


@dataclass(frozen=True, eq=False)
class Counts:
    """What a metric counted in every segment, and its score over all of them."""

    name: str
    score: float
    signature: Signature
    rows: Rows
    formula: Formula  # from sums of rows to scores
    detail: str = ""

    def sign(self, **sampling: object) -> str:
        """The signature, with the number of samples and the seed as sacreBLEU adds them."""
        signature = copy.deepcopy(self.signature)
        for key, value in sampling.items():
            signature.update(key, value)
        return str(signature)


@lru_cache(maxsize=64)
def sample(counts: Counts, samples: int, seed: int) -> Floats:
    """The scores of bootstrap samples; the same draws for all counts of as many segments."""
    from eval.scores.resampling import resample

    return resample(counts.rows, counts.formula, samples, seed)


@lru_cache(maxsize=64)
def count(name: MetricName, texts: Texts) -> Counts:
    """The statistics of every segment and the score; asked again, they are at hand."""
    return _rate(name, texts) if name.base in RATED else _count(name, texts)


def count_all(name: MetricName, systems: Sequence[Texts]) -> list[Counts]:
    """:func:`count` for systems with the same references, which are read once for all of them."""
    if name.base not in RATED:
        rows = zip(*(_list_segments(name, texts) for texts in systems), strict=True)
        _learn(name, systems[0].language, [segment for row in rows for segment in row])
    return [count(name, texts) for texts in systems]


def _prepare(name: MetricName, texts: Texts) -> Texts:
    def prepare(line: str) -> str:
        text = compose(line)
        return fold(text, texts.language) if "folded" in name.options else text

    return Texts(
        tuple(map(prepare, texts.hypotheses)),
        tuple(tuple(map(prepare, lines)) for lines in texts.references),
        texts.language,
        tuple(map(prepare, texts.sources)),
    )


def _count(name: MetricName, texts: Texts) -> Counts:
    from eval.scores import resampling

    formulas = {
        "bleu": resampling.score_bleu,
        "chrf": resampling.score_chrf,
        "chrf2++": resampling.score_chrf,
        "ter": resampling.score_ter,
    }
    segments = _list_segments(name, texts)
    scorer = copy.copy(make_scorer(name, texts.language))
    numbers = {len(references) for _, references in segments}
    scorer.num_refs = numbers.pop() if len(numbers) == 1 else -1  # as sacreBLEU marks nrefs:var
    rows = _learn(name, texts.language, segments)
    result = scorer._aggregate_and_compute(rows)
    return Counts(
        name=result.name,
        score=float(result.score),
        signature=scorer.get_signature(),
        rows=rows,
        formula=formulas[name.base],
        detail=result._verbose,
    )


@lru_cache(maxsize=16)
def _list_segments(name: MetricName, texts: Texts) -> tuple[Segment, ...]:
    """Per line all that its statistics depend on; references that have nothing for it left out.

    A line that is empty in every reference stays an empty reference, as on sacreBLEU's own
    command line.
    """
    prepared = _prepare(name, texts)
    return tuple(
        (hypothesis, tuple(filter(None, references)) or tuple(references))
        for hypothesis, *references in zip(prepared.hypotheses, *prepared.references, strict=True)
    )


_known: dict[tuple[MetricName, str], dict[Segment, Row]] = {}


def _learn(name: MetricName, language: str, segments: Sequence[Segment]) -> list[Row]:
    """sacreBLEU's statistics of every segment, remembered: slices and buckets score them again."""
    language = language if name.base == "bleu" else ""  # only BLEU's tokenizer depends on it
    known = _known.setdefault((name, language), {})
    new = list(dict.fromkeys(segment for segment in segments if segment not in known))
    if len(known) + len(new) > _MANY:
        known.clear()
        new = list(dict.fromkeys(segments))
    batches = [new[start : start + _BATCH] for start in range(0, len(new), _BATCH)]
    tasks = [partial(count_segments, name, language, batch) for batch in batches]
    counted = spread(tasks) if len(new) > _ALONE else [task() for task in tasks]
    for batch, rows in zip(batches, counted, strict=True):
        known.update(zip(batch, rows, strict=True))
    return [known[segment] for segment in segments]


def _rate(name: MetricName, texts: Texts) -> Counts:
    """The same for a metric that gives every segment a score, of which the mean is taken."""
    from sacrebleu.metrics.base import Signature

    from eval.scores.resampling import score_mean

    rating = _ask(name, _prepare(name, texts))
    signature = Signature({"num_refs": rating.references})
    for key, value in rating.recipe.items():
        signature.update(key, value)
    return Counts(
        name=rating.name,
        score=sum(rating.scores) / len(rating.scores),
        signature=signature,
        rows=[(score, 1.0) for score in rating.scores],
        formula=score_mean,
        detail=rating.detail,
    )


def _ask(name: MetricName, texts: Texts) -> Rating:
    if name.base == "comet":
        from eval.scores.comet import rate_comet

        return rate_comet(name.options[0], texts.sources, texts.hypotheses, texts.references)
    from eval.scores.adequacy import rate_similarity

    return rate_similarity(texts.sources, texts.hypotheses)
