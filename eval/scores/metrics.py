"""Corpus scores, exactly as sacreBLEU's command line gives them, with its signatures.

Metrics are sacreBLEU's own (Post, 2018), by the names of :mod:`mt.metric`; intervals are those of
its ``--confidence``: 95%, from bootstrap resampling of the pairs (Koehn, 2004). Our part is to
refuse what it would let pass, lists of unequal length first of all, to score composed text
(:mod:`.normalization`), and to be quick: all segments are counted together, once
(:mod:`.counting`, :mod:`.overlap`), all samples are scored together (:mod:`.resampling`), and TER's
edits are found in less time (:mod:`.edits`), each with sacreBLEU's result to the last bit.
``comet`` and ``e5`` read the source as well and are not sacreBLEU's (:mod:`.comet`,
:mod:`.adequacy`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from eval.scores.counting import Counts, count, count_all, gather, sample
from eval.scores.normalization import describe_folding
from eval.scores.segments import make_scorer
from mt.errors import ScoreError
from mt.metric import MetricName, parse_metric


@dataclass(frozen=True)
class Metric:
    """A row of the table below."""

    label: str  # as papers call it
    higher_is_better: bool = True
    needs_source: bool = False


METRICS = {
    "bleu": Metric("BLEU"),
    "chrf": Metric("chrF"),
    "chrf2++": Metric("chrF++"),
    "ter": Metric("TER", higher_is_better=False),
    "comet": Metric("COMET", needs_source=True),
    "e5": Metric("e5 similarity", needs_source=True),
}

DEFAULT_METRICS = ("bleu", "chrf2++", "ter")


@dataclass(frozen=True)
class MetricScore:
    """A corpus score with its recipe.

    ``mean`` and ``half_width`` are what ``sacrebleu --confidence`` prints as ``μ = mean ± half``;
    None where no bootstrap was asked for.
    """

    metric: str  # as find_metric has it: "bleu", "bleu:intl:lc"
    name: str  # "BLEU", "chrF2++"
    score: float  # 0 to 100; TER may be more, e5 less
    signature: str  # sacreBLEU's, word for word
    mean: float | None = None  # of the resampled scores
    half_width: float | None = None  # of the middle 95% of them
    detail: str = ""  # sacreBLEU's verbose part: n-gram precisions, brevity penalty, lengths
    folding: str = ""  # what was folded before: "tashkeel+tatweel"

    @property
    def label(self) -> str:
        return label_metric(self.metric)

    @property
    def higher_is_better(self) -> bool:
        return is_higher_better(self.metric)

    @property
    def low(self) -> float | None:
        return None if self.mean is None or self.half_width is None else self.mean - self.half_width

    @property
    def high(self) -> float | None:
        return None if self.mean is None or self.half_width is None else self.mean + self.half_width

    @property
    def recipe(self) -> str:
        """The signature and what we did to the text before (TER has a ``norm`` of its own)."""
        return f"{self.signature}|unicode:nfc" + (f"|fold:{self.folding}" if self.folding else "")


def score_corpus(
    metrics: Sequence[str],
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
    language: str = "",
    bootstrap: int = 0,
    seed: int = 12345,
    sources: Sequence[str] = (),
) -> tuple[MetricScore, ...]:
    """Score ``hypotheses`` against one or more lists of references, one per metric asked for.

    ``language`` is the target's code and picks the tokenizer as ``sacrebleu -l`` does ("": 13a).
    ``bootstrap`` is the number of resamples, below 2 for none; ``seed`` is ``SACREBLEU_SEED``.
    With several references, ``""`` means that one has nothing for the line (``nrefs:var``).
    Metrics that read the source are left out where no ``sources`` are given.

    Raises:
        ScoreError: an unknown metric or one that cannot be had; empty lists; lists of unequal
            length; a seed below 1.
    """
    return score_systems(metrics, [hypotheses], references, language, bootstrap, seed, sources)[0]


def score_systems(
    metrics: Sequence[str],
    systems: Sequence[Sequence[str]],
    references: Sequence[Sequence[str]],
    language: str = "",
    bootstrap: int = 0,
    seed: int = 12345,
    sources: Sequence[str] = (),
) -> list[tuple[MetricScore, ...]]:
    """:func:`score_corpus` for the hypotheses of several systems, which saves time."""
    check_seed(seed)
    texts = [gather(hypotheses, references, language, sources) for hypotheses in systems]
    columns = [
        [_score(name, language, counts, bootstrap, seed) for counts in count_all(name, texts)]
        for name in select_metrics(metrics, sources)
    ]
    return [tuple(column[i] for column in columns) for i in range(len(systems))]


def _score(
    name: MetricName, language: str, counts: Counts, bootstrap: int, seed: int
) -> MetricScore:
    from eval.scores.resampling import estimate_interval

    sampled = bootstrap > 1
    mean, half_width = (
        estimate_interval(sample(counts, bootstrap, seed)) if sampled else (None, None)
    )
    return MetricScore(
        metric=str(name),
        name=counts.name,
        score=counts.score,
        signature=counts.sign(bs=bootstrap, seed=seed) if sampled else counts.sign(),
        mean=mean,
        half_width=half_width,
        detail=counts.detail,
        folding=describe_folding(language) if "folded" in name.options else "",
    )


def score_sentences(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]]
) -> tuple[float, ...]:
    """chrF++ of each line, 0 to 100; shapes and errors as for :func:`score_corpus`.

    For finding segments that are worth reading; no average of these is a corpus score.
    """
    name = MetricName("chrf2++")
    scorer = make_scorer(name, "")
    rows = count(name, gather(hypotheses, references)).rows
    return tuple(float(scorer._compute_score_from_stats(row).score) for row in rows)


def find_metric(name: str) -> str:
    """A metric's name as scores have it; raises ``ScoreError`` for an unknown one."""
    return str(parse_metric(name))


def label_metric(metric: str) -> str:
    """As papers call it, with the options: ``BLEU (intl, lc)``, ``COMET (wmt22-comet-da)``."""
    name = parse_metric(metric)
    options = ", ".join(option.rstrip("/").rsplit("/", 1)[-1] for option in name.options)
    return METRICS[name.base].label + (f" ({options})" if options else "")


def is_higher_better(metric: str) -> bool:
    """False for error rates."""
    return METRICS[parse_metric(metric).base].higher_is_better


def needs_source(metric: str) -> bool:
    """Whether the metric reads the source, and cannot be had without it."""
    return METRICS[parse_metric(metric).base].needs_source


def select_metrics(metrics: Iterable[str], sources: Sequence[str]) -> list[MetricName]:
    """The metrics that can be had with these sources, or without any."""
    names = [parse_metric(metric) for metric in metrics]
    return [name for name in names if sources or not METRICS[name.base].needs_source]


def prepare_metrics(metrics: Iterable[str], languages: Iterable[str]) -> None:
    """Raise ``ScoreError`` for what would go wrong later: tokenizers, programs, embeddings.

    ``languages`` are those that have references; without any, nothing will be scored.
    """
    languages = list(languages)
    for name in map(parse_metric, metrics if languages else ()):
        if name.base == "comet":
            from eval.scores.comet import find_program

            find_program()
        elif name.base == "e5":
            from eval.scores.adequacy import check_embedder

            check_embedder()
        else:
            for language in languages:
                make_scorer(name, language)


def check_seed(seed: int) -> None:
    """Raise ``ScoreError`` for a seed below 1; sacreBLEU's paired test takes 0 for none at all."""
    if seed < 1:
        raise ScoreError(f"seed {seed}: expected 1 or more, or a rerun would give other intervals")
