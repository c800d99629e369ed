"""Counting all segments at once comes to what sacreBLEU counts one by one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF
from sacrebleu.tokenizers.tokenizer_re import TokenizerRegexp

from eval.scores.overlap import count_shared, number_characters, number_words
from eval.scores.segments import _part_words, count_segments
from mt.metric import parse_metric

WORDS = ["a", "b", "ab", "c", "(c)", "c.", "3,5", "ủy", "ban", "اللجنة", "…", "\ud800", "A"]
LINE = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
SEGMENT = st.tuples(LINE, st.lists(LINE, min_size=1, max_size=3).map(tuple))
SEGMENTS = st.lists(SEGMENT, min_size=1, max_size=8, unique=True)


@given(SEGMENTS, st.booleans())
def test_bleu_as_sacrebleu_counts(
    segments: list[tuple[str, tuple[str, ...]]], lowercase: bool
) -> None:
    theirs = BLEU(lowercase=lowercase)
    name = parse_metric("bleu:lc" if lowercase else "bleu")
    counted = count_segments(name, "en", segments)
    for (line, references), row in zip(segments, counted, strict=True):
        known = theirs._extract_reference_info([theirs._preprocess_segment(r) for r in references])
        line = theirs._preprocess_segment(line)
        assert row == tuple(theirs._compute_segment_statistics(line, known))


@given(SEGMENTS, st.booleans())
def test_chrf_as_sacrebleu_counts(segments: list[tuple[str, tuple[str, ...]]], words: bool) -> None:
    theirs = CHRF(word_order=2 if words else 0)
    name = parse_metric("chrf2++" if words else "chrf")
    counted = count_segments(name, "", segments)
    for (line, references), row in zip(segments, counted, strict=True):
        known = theirs._extract_reference_info(references)
        assert row == tuple(theirs._compute_segment_statistics(line, known))


def test_numbers_too_large_for_a_word_are_renumbered() -> None:
    """Ten n-gram digits of 100,000 values each do not fit into 63 bits."""
    ours = [np.arange(100_000), np.arange(50)]
    theirs = [np.arange(100_000), np.arange(25, 75)]
    shared = count_shared(ours, theirs, 10)
    assert shared[0].tolist() == [100_000 - order for order in range(10)]
    assert shared[1].tolist() == [25 - order for order in range(10)]


def test_ngrams_stay_within_their_segment_and_side() -> None:
    """By hand: "ab" ends one line and begins in the next, and a reference follows the last."""
    lines = number_characters(["xa", "bx", "b", "ab", "ab", "xx"])
    assert count_shared(lines[:3], lines[3:], 2).tolist() == [[1, 0], [1, 0], [0, 0]]


def test_a_word_counts_as_often_as_both_have_it() -> None:
    texts = number_words([["the", "the", "the"], ["the", "cat", "the"]])
    assert count_shared(texts[:1], texts[1:], 2).tolist() == [[2, 0]]


@given(st.text(st.one_of(st.characters(), st.sampled_from(" .,-0123456789ab()[]{}~`@:/&\"'"))))
def test_words_part_as_in_sacrebleu(line: str) -> None:
    assert _part_words(line) == TokenizerRegexp()(line)
