"""What the metrics count in every segment; scores, samples and tests are made from it.

Every segment is counted once, however often it is scored. All that is asked of sacreBLEU below
the surface is asked here.
"""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from eval.processes import spread
from eval.scores.normalization import compose, fold
from mt.errors import ScoreError
from mt.metric import TOKENIZERS, MetricName

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric as Scorer
    from sacrebleu.metrics.base import Signature

    from eval.scores.rating import Rating
    from eval.scores.resampling import Floats, Formula, Rows

RATED = ("comet", "e5")  # metrics that are not counted, but give every segment a score
_MANY = 1 << 18  # segments remembered with their statistics
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
        rows = zip(*(_list_keys(name, texts) for texts in systems), strict=True)
        _learn([key for row in rows for key in row])
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
    keys = _list_keys(name, texts)
    scorer = copy.copy(make_scorer(name, keys[0][1]))
    numbers = {len(references) for *_, references in keys}
    scorer.num_refs = numbers.pop() if len(numbers) == 1 else -1  # as sacreBLEU marks nrefs:var
    rows = _learn(keys)
    result = scorer._aggregate_and_compute(rows)
    return Counts(
        name=result.name,
        score=float(result.score),
        signature=scorer.get_signature(),
        rows=rows,
        formula=formulas[name.base],
        detail=result._verbose,
    )


_Key = tuple[MetricName, str, str, tuple[str, ...]]  # language, hypothesis, references


def _list_keys(name: MetricName, texts: Texts) -> list[_Key]:
    """Per line all that its statistics depend on; references that have nothing for it left out.

    A line that is empty in every reference stays an empty reference, as on sacreBLEU's own
    command line.
    """
    prepared = _prepare(name, texts)
    language = texts.language if name.base == "bleu" else ""  # only BLEU's tokenizer depends on it
    return [
        (name, language, hypothesis, tuple(filter(None, references)) or tuple(references))
        for hypothesis, *references in zip(prepared.hypotheses, *prepared.references, strict=True)
    ]


_known: dict[_Key, tuple[float, ...]] = {}


def _learn(keys: Sequence[_Key]) -> list[tuple[float, ...]]:
    """sacreBLEU's statistics of every segment, remembered: slices and buckets score them again.

    All keys are of one metric and language.
    """
    new = list(dict.fromkeys(key for key in keys if key not in _known))
    if len(_known) + len(new) > _MANY:
        _known.clear()
        new = list(dict.fromkeys(keys))
    batches = [new[start : start + _BATCH] for start in range(0, len(new), _BATCH)]
    tasks = [partial(_count_segments, batch) for batch in batches]
    counted = spread(tasks) if len(new) > _ALONE else [task() for task in tasks]
    for batch, rows in zip(batches, counted, strict=True):
        _known.update(zip(batch, rows, strict=True))
    return [_known[key] for key in keys]


def _count_segments(keys: Sequence[_Key]) -> list[tuple[float, ...]]:
    name, language, *_ = keys[0]
    scorer = make_scorer(name, language)
    if name.base == "bleu":
        return _count_bleu(scorer, keys)
    if name.base in ("chrf", "chrf2++"):
        return _count_chrf(scorer, keys)
    return [_ask_scorer(scorer, key) for key in keys]


def _ask_scorer(scorer: Scorer, key: _Key) -> tuple[float, ...]:
    """The statistics of one segment, as the metric itself makes them."""
    name, language, hypothesis, references = key
    known = _read_references(name, language, references)
    row = scorer._compute_segment_statistics(scorer._preprocess_segment(hypothesis), known)
    return tuple(row)


@lru_cache(maxsize=1)
def _read_references(name: MetricName, language: str, references: tuple[str, ...]) -> Any:
    """What a metric needs of them; the systems of one segment are counted one after the other."""
    scorer = make_scorer(name, language)
    return scorer._extract_reference_info([scorer._preprocess_segment(r) for r in references])


def _count_bleu(scorer: Any, keys: Sequence[_Key]) -> list[tuple[float, ...]]:
    """Lengths of hypothesis and reference; matches and n-grams of each order."""
    from eval.scores.overlap import count_ngrams, count_shared, number_words

    single = [key for key in keys if len(key[-1]) == 1]
    lines = [*(line for *_, line, _ in single), *(line for *_, (line,) in single)]
    texts = number_words(scorer._preprocess_segment(line).split() for line in lines)
    ours, theirs = texts[: len(single)], texts[len(single) :]
    shared = count_shared(ours, theirs, scorer.max_ngram_order).tolist()
    totals = count_ngrams(ours, scorer.max_ngram_order).tolist()
    rows = {
        key: (len(ours[i]), len(theirs[i]), *shared[i], *totals[i]) for i, key in enumerate(single)
    }
    return [rows[key] if key in rows else _ask_scorer(scorer, key) for key in keys]


def _count_chrf(scorer: Any, keys: Sequence[_Key]) -> list[tuple[float, ...]]:
    """N-grams of hypothesis and reference and matches of each order, for the best reference."""
    import numpy as np

    from eval.scores.overlap import count_ngrams, count_shared, number_characters, number_words

    ours = [scorer._preprocess_segment(key[2]) for key in keys for _ in key[3]]
    theirs = [scorer._preprocess_segment(line) for *_, references in keys for line in references]
    units = [(number_characters("".join(t.split()) for t in (*ours, *theirs)), scorer.char_order)]
    if scorer.word_order:
        words = number_words(map(scorer._remove_punctuation, (*ours, *theirs)))
        units.append((words, scorer.word_order))
    parts = []
    for texts, orders in units:
        sides = texts[: len(ours)], texts[len(ours) :]
        mine, other = (count_ngrams(side, orders) for side in sides)
        parts.append(np.stack([mine * (other > 0), other, count_shared(*sides, orders)], axis=2))
    rows = iter(np.concatenate(parts, axis=1).reshape(len(ours), -1).tolist())
    choices = [[tuple(next(rows)) for _ in key[3]] for key in keys]
    return [max(each, key=scorer._compute_f_score) if each[1:] else each[0] for each in choices]


@lru_cache
def make_scorer(name: MetricName, language: str) -> Scorer:
    """sacreBLEU's own; raises ``ScoreError`` for a tokenizer that cannot be had."""
    from sacrebleu.metrics.bleu import BLEU
    from sacrebleu.metrics.chrf import CHRF
    from sacrebleu.metrics.ter import TER

    lowercase = "lc" in name.options
    if name.base == "ter":
        scorer = TER(case_sensitive="mixed" in name.options)
        scorer._compute_segment_statistics = _count_edits
        return scorer
    if name.base != "bleu":
        return CHRF(word_order=2 if name.base == "chrf2++" else 0, lowercase=lowercase)
    tokenizer = next((option for option in name.options if option in TOKENIZERS), None)
    try:  # force silences a warning, not a rule
        scorer = BLEU(lowercase, force=True, tokenize=tokenizer, trg_lang=language)
    except (OSError, RuntimeError, ImportError) as error:
        raise ScoreError(_explain(name, tokenizer or "", error)) from None
    if scorer.tokenizer.signature() == "13a":
        scorer.tokenizer._post_tokenizer = _part_words
    return scorer


@lru_cache(maxsize=1)
def _make_parting() -> tuple[dict[int, str], list[tuple[re.Pattern[str], str]]]:
    """The marks of 13a that stand apart wherever they are, and the rules for the others."""
    from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp

    (marks, apart), *rules = TokenizerRegexp()._re
    return {code: marks.sub(apart, chr(code)) for code in range(128)}, rules


def _part_words(line: str) -> str:
    """sacreBLEU's ``TokenizerRegexp`` in a third of its time: its first rule is a table."""
    marks, rules = _make_parting()
    line = line.translate(marks)
    for pattern, apart in rules:
        line = pattern.sub(apart, line)
    return " ".join(line.split())


def _count_edits(hypothesis: str, references: Mapping[str, Any]) -> list[float]:
    """TER's statistics of a segment: the fewest edits, and the mean length of the references."""
    from eval.scores.edits import count_edits

    words = hypothesis.split()
    edits = min(count_edits(words, reference) for reference in references["ref_words"])
    lengths = [len(reference) for reference in references["ref_words"]]
    return [edits, sum(lengths) / len(lengths)]


def _explain(name: MetricName, tokenizer: str, error: Exception) -> str:
    """Why a tokenizer cannot be had, and how it could."""
    from sacrebleu.tokenizers.tokenizer_spm import SACREBLEU_DIR, SPM_MODELS

    reason = " ".join(str(error).split())
    if tokenizer not in SPM_MODELS:
        return f"'{name}': {reason}"
    url = SPM_MODELS[tokenizer]["url"]
    path = os.path.join(SACREBLEU_DIR, "models", os.path.basename(url))  # noqa: PTH118, PTH119
    return (
        f"'{name}': its tokenizer model cannot be downloaded or read ({reason}); "
        f"where there is a network, fetch {url} and put it here as {path}"
    )


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
