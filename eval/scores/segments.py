"""What sacreBLEU's metrics count in a segment, for many segments at once.

All that is asked of sacreBLEU below the surface is asked here.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mt.errors import ScoreError
from mt.metric import TOKENIZERS, MetricName

if TYPE_CHECKING:
    from sacrebleu.metrics.base import Metric as Scorer

Segment = tuple[str, tuple[str, ...]]  # hypothesis, references
Row = tuple[float, ...]  # its statistics


def count_segments(name: MetricName, language: str, segments: Sequence[Segment]) -> list[Row]:
    """The statistics of every segment, as sacreBLEU's metric keeps them.

    Raises:
        ScoreError: a tokenizer cannot be had.
    """
    scorer = make_scorer(name, language)
    if name.base == "bleu":
        return _count_bleu(scorer, segments)
    if name.base in ("chrf", "chrf2++"):
        return _count_chrf(scorer, segments)
    return [_ask_scorer(scorer, segment) for segment in segments]


def _ask_scorer(scorer: Scorer, segment: Segment) -> Row:
    """The statistics of one segment, as the metric itself makes them."""
    hypothesis, references = segment
    known = _read_references(scorer, references)
    row = scorer._compute_segment_statistics(scorer._preprocess_segment(hypothesis), known)
    return tuple(row)


@lru_cache(maxsize=1)
def _read_references(scorer: Scorer, references: tuple[str, ...]) -> Any:
    """What a metric needs of them; the systems of one segment are counted one after the other."""
    return scorer._extract_reference_info([scorer._preprocess_segment(r) for r in references])


def _count_bleu(scorer: Any, segments: Sequence[Segment]) -> list[Row]:
    """Lengths of hypothesis and reference; matches and n-grams of each order."""
    from eval.scores.overlap import count_ngrams, count_shared, number_words

    single = [segment for segment in segments if len(segment[1]) == 1]
    lines = [*(line for line, _ in single), *(line for _, (line,) in single)]
    texts = number_words(scorer._preprocess_segment(line).split() for line in lines)
    ours, theirs = texts[: len(single)], texts[len(single) :]
    shared = count_shared(ours, theirs, scorer.max_ngram_order).tolist()
    totals = count_ngrams(ours, scorer.max_ngram_order).tolist()
    rows = {
        segment: (len(ours[i]), len(theirs[i]), *shared[i], *totals[i])
        for i, segment in enumerate(single)
    }
    return [rows[each] if each in rows else _ask_scorer(scorer, each) for each in segments]


def _count_chrf(scorer: Any, segments: Sequence[Segment]) -> list[Row]:
    """N-grams of hypothesis and reference and matches of each order, for the best reference."""
    import numpy as np

    from eval.scores.overlap import count_ngrams, count_shared, number_characters, number_words

    pairs = [(line, reference) for line, references in segments for reference in references]
    ours, theirs = (
        list(map(scorer._preprocess_segment, side)) for side in zip(*pairs, strict=True)
    )
    units = [(number_characters("".join(t.split()) for t in (*ours, *theirs)), scorer.char_order)]
    if scorer.word_order:
        words = number_words(map(scorer._remove_punctuation, (*ours, *theirs)))
        units.append((words, scorer.word_order))
    parts = []
    for texts, orders in units:
        both = texts[: len(ours)], texts[len(ours) :]
        mine, other = (count_ngrams(side, orders) for side in both)
        parts.append(np.stack([mine * (other > 0), other, count_shared(*both, orders)], axis=2))
    rows = iter(np.concatenate(parts, axis=1).reshape(len(ours), -1).tolist())
    choices = [[tuple(next(rows)) for _ in references] for _, references in segments]
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
