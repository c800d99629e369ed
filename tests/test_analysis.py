"""The analysis against compare-mt, sacreBLEU, plain counting, and cases seen by eye."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics.chrf import CHRF

from eval.analysis import Analysis, Difference, Fault, analyze_systems, find_differences
from eval.ngrams import Vocabulary, compare_ngrams, match_words
from eval.pairs import NO_REFERENCE, NO_SOURCE, Pair

ROOT = Path(__file__).parent.parent


def make_pair(index: int, source: str, hypothesis: str, *references: str, reason: str = "") -> Pair:
    sources = (index,) if source else ()
    return Pair(index, sources, (), source, hypothesis, (), references, 0.9, reason=reason)


def read_test_set(language: str) -> list[str]:
    path = ROOT / "corpora" / "vneco" / "test" / f"{language}.txt"
    return path.read_text(encoding="utf-8").splitlines()


def damage(text: str) -> str:
    """Every fifth word gone, and every ninth from the fourth on doubled."""
    words = text.split()
    return " ".join(
        word
        for place, word in enumerate(words)
        if place % 5 != 4
        for word in ([word] * 2 if place % 9 == 3 else [word])
    )


def analyze(pairs: list[Pair], languages: tuple[str, str] = ("ar", "en")) -> Analysis:
    (analysis,) = analyze_systems([pairs], languages)
    return analysis


def test_words_by_frequency_as_compare_mt_counts_them() -> None:
    """compare-mt 0.2.10's ``FreqWordBucketer`` with cutoffs 1, 2, 4, 10, 100 on these sentences.

    Its matches, reference and output words of each bucket; words stand between spaces here, so
    that both tools split alike.
    """
    references = [line.split() for line in read_test_set("en")[:200]]
    hypotheses = [damage(line).split() for line in read_test_set("en")[:200]]
    vocabulary = Vocabulary()
    wanted, written = vocabulary.read(references), vocabulary.read(hypotheses)
    found = match_words(written, wanted, vocabulary, (1, 2, 4, 10, 100))
    assert [(m.found, m.wanted, m.written) for m in found] == [
        (1120, 1385, 1276),
        (724, 885, 823),
        (537, 641, 605),
        (902, 1093, 1028),
        (717, 871, 802),
    ]
    f1 = [0.841789, 0.847775, 0.861958, 0.850542, 0.857143]
    assert [match.f1 for match in found] == pytest.approx(f1, abs=1e-6)


WORDS = st.lists(st.lists(st.sampled_from("abcd"), max_size=8), min_size=1, max_size=6)


def count_ngrams(sentences: list[list[str]], size: int) -> Counter[tuple[str, ...]]:
    return Counter(
        tuple(words[start : start + size])
        for words in sentences
        for start in range(len(words) - size + 1)
    )


@given(WORDS, WORDS)
def test_ngrams_are_counted_within_sentences(
    ours: list[list[str]], theirs: list[list[str]]
) -> None:
    vocabulary = Vocabulary()
    texts = vocabulary.read(ours), vocabulary.read(theirs)
    found = {c.words: (c.ours, c.theirs) for c in compare_ngrams(*texts, vocabulary, 4, -1.0)}
    expected = {}
    for size in range(1, 5):
        a, b = count_ngrams(ours, size), count_ngrams(theirs, size)
        if a and b:
            expected |= {gram: (a[gram], b[gram]) for gram in a | b}
    assert found == expected


def test_the_surprise_is_dunnings() -> None:
    """Of "a", 4 of 5 words here and 1 of 5 there: half of 10 are expected on each side."""
    vocabulary = Vocabulary()
    ours, theirs = vocabulary.read([list("aaaab")]), vocabulary.read([list("abbbb")])
    (count,) = [c for c in compare_ngrams(ours, theirs, vocabulary, 1, 0.0) if c.words == ("a",)]
    assert (count.ours, count.theirs) == (4, 1)
    assert count.surprise == pytest.approx(2 * (4 * math.log(4 / 2.5) + math.log(1 / 2.5)))


def test_phrases_written_too_often_and_too_seldom() -> None:
    pairs = [
        make_pair(i, "مصدر", f"a board met on day {i}", f"the committee met on day {i}")
        for i in range(30)
    ]
    analysis = analyze(pairs)
    over, under = analysis.overproduced[0], analysis.underproduced[0]
    assert "board" in over.text.split()
    assert (over.hypothesis, over.reference) == (30, 0)
    assert "committee" in under.text.split()
    assert (under.hypothesis, under.reference) == (0, 30)


def test_no_listed_ngram_stands_within_another() -> None:
    english = read_test_set("en")
    pairs = [make_pair(i, "مصدر", damage(line), line) for i, line in enumerate(english)]
    analysis = analyze(pairs)
    for ngrams in (analysis.overproduced, analysis.underproduced):
        texts = [f" {ngram.text} " for ngram in ngrams]
        assert not any(a != b and a in b for a in texts for b in texts)
    assert analysis.overproduced  # doubled words


def test_scores_by_length_are_sacrebleus() -> None:
    english = read_test_set("en")
    pairs = [make_pair(i, "مصدر", damage(line), line) for i, line in enumerate(english)]
    buckets = {bucket.label: bucket for bucket in analyze(pairs).lengths}
    assert list(buckets) == ["1-9", "10-19", "20-29", "30-39", "40 and more"]
    assert sum(bucket.pairs for bucket in buckets.values()) == len(pairs)
    middle = [
        pair
        for pair in pairs
        if re.fullmatch("[A-Za-z ,.:]+", pair.references[0])
        and 10 <= len(pair.references[0].split()) < 20
    ]
    assert len(middle) > 10
    (bucket,) = analyze(middle).lengths
    expected = CHRF(word_order=2).corpus_score(
        [pair.hypothesis for pair in middle], [[pair.references[0] for pair in middle]]
    )
    assert (bucket.label, bucket.pairs) == ("10-19", len(middle))
    assert bucket.score == pytest.approx(expected.score, abs=1e-9)


def test_pairs_that_are_not_scored_count_only_for_faults() -> None:
    pairs = [
        make_pair(0, "مصدر", "a source", "a source"),
        make_pair(1, "مصدر آخر", "", "", reason=NO_REFERENCE),
        make_pair(2, "", "", "more", reason=NO_SOURCE),
    ]
    analysis = analyze(pairs)
    assert [(bucket.label, bucket.pairs) for bucket in analysis.lengths] == [("1-9", 1)]
    assert [(bucket.label, bucket.words) for bucket in analysis.frequencies] == [("once", 2)]
    assert analysis.faults == (Fault("empty", 1, "nothing was written"),)


def test_without_references_there_are_faults_alone() -> None:
    pairs = [make_pair(0, "مصدر", "no no no no", reason=NO_REFERENCE)]
    assert analyze(pairs) == Analysis(faults=(Fault("loop", 0, "4 times: no"),))
    assert analyze([]) == Analysis()


LONG = "the first of the reports on the work of the year was long"


@pytest.mark.parametrize(
    ("source", "hypothesis", "languages", "kind"),
    [
        ("مصدر طويل جدا لا ينتهي أبدا هنا", "", ("ar", "en"), "empty"),
        ("مصدر", "he said and he said and he said and", ("ar", "en"), "loop"),
        ("مصدر", "the مصدر of the river", ("ar", "en"), "copy"),
        (LONG, LONG, ("en", "vi"), "copy"),
        (LONG, LONG, ("en", "ar"), "copy"),
        ("مصدر طويل جدا لا ينتهي أبدا هنا " * 3, "a source", ("ar", "en"), "short"),
        ("مصدر طويل جدا لا ينتهي أبدا هنا", LONG * 2, ("ar", "en"), "long"),
        ("مصدر", "mô hình OCOP trên Facebook", ("ar", "vi"), ""),
        ("OCOP trên Facebook", "صفحة OCOP على Facebook الجديدة", ("vi", "ar"), ""),
        ("no no no no", "không không không không", ("en", "vi"), ""),
        ("Hà Nội, Việt Nam", "Hà Nội, Việt Nam", ("vi", "en"), ""),
        ("", "", ("ar", "en"), ""),
    ],
)
def test_faults(source: str, hypothesis: str, languages: tuple[str, str], kind: str) -> None:
    usual = "مصدر طويل جدا لا ينتهي أبدا هنا" if languages[0] == "ar" else LONG
    filler = ("س" if languages[1] == "ar" else "x") * len(usual)
    pairs = [make_pair(i, usual, filler, filler) for i in range(20)]
    faults = analyze([*pairs, make_pair(20, source, hypothesis, "x")], languages).faults
    assert [fault.kind for fault in faults if fault.pair == 20] == [kind] * bool(kind)
    assert all(fault.pair == 20 for fault in faults)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_good_translations_have_no_faults(language: str) -> None:
    texts = zip(read_test_set("ar"), read_test_set(language), strict=True)
    pairs = [make_pair(i, source, text, text) for i, (source, text) in enumerate(texts)]
    analysis = analyze(pairs, ("ar", language))
    assert analysis.faults == ()
    assert analysis.overproduced == analysis.underproduced == ()
    assert {bucket.f1 for bucket in analysis.frequencies} == {1.0}
    assert {round(bucket.score, 6) for bucket in analysis.lengths} == {100.0}


def test_all_systems_have_the_same_buckets() -> None:
    english = read_test_set("en")
    good = [make_pair(i, "مصدر", line, line) for i, line in enumerate(english)]
    bad = [make_pair(i, "مصدر", "", line) for i, line in enumerate(english)]
    first, second = analyze_systems([good, bad], ("ar", "en"))
    assert [b.label for b in first.lengths] == [b.label for b in second.lengths]
    assert [(b.label, b.words) for b in first.frequencies] == [
        (b.label, b.words) for b in second.frequencies
    ]
    assert {b.f1 for b in second.frequencies} == {0.0}


def test_the_widest_gaps_come_first() -> None:
    scores = [(0, {"a": 50.0, "b": 40.0}), (3, {"a": 0.0, "b": 90.0}), (4, {"a": 7.0, "b": 7.0})]
    assert find_differences(scores) == (
        Difference(3, "b", "a", 90.0),
        Difference(0, "a", "b", 10.0),
    )
    assert find_differences(scores, most=1) == (Difference(3, "b", "a", 90.0),)
    assert find_differences([(0, {"a": 50.0})]) == ()


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.floats(0, 100), min_size=1)))
def test_gaps_fall(rows: list[dict[str, float]]) -> None:
    gaps = [difference.gap for difference in find_differences(enumerate(rows))]
    assert all(first >= second > 0 for first, second in pairwise(gaps))
