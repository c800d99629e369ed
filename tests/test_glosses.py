"""The view by dictionary: which of two texts has the words that translate a third."""

from __future__ import annotations

import numpy as np

from mt.align.costs import MEANING, BeadCosts
from mt.align.glosses import gloss_view
from mt.align.similarity import Numbers, View, count_numbers

ARABIC = [
    "افتتحت المكتبة العامة أبوابها في الثامنة صباحا.",
    "وصل الوزير إلى المدينة يوم الأحد.",
    "المدرسة الجديدة في القرية.",
]
ENGLISH = [
    "The public library opened its doors at eight in the morning.",
    "The minister arrived in the city on Sunday.",
    "The new school is in the village.",
]


def test_a_text_is_nearest_to_its_translation() -> None:
    view = gloss_view(ARABIC, ENGLISH, 1.0)
    assert view
    near = view.distances(slice(0, 3), slice(0, 3))[0, 0]
    assert near.argmin(axis=0).tolist() == near.argmin(axis=1).tolist() == [0, 1, 2]


def test_words_too_many_move_a_span_away() -> None:
    view = gloss_view(ARABIC, ENGLISH, 1.0)
    assert view
    spans = view.distances(slice(0, 1), slice(0, 1))[:, :, 0, 0]
    assert spans[0, 0] < spans[0, 1]
    assert spans[0, 0] < spans[1, 0]
    assert spans[1, 1] < spans[0, 1]


def test_both_ways_round_are_one() -> None:
    one, other = gloss_view(ARABIC, ENGLISH, 1.0), gloss_view(ENGLISH, ARABIC, 1.0)
    assert one
    assert other
    there = other.distances(slice(0, 3), slice(0, 3)).transpose(1, 0, 3, 2)
    np.testing.assert_allclose(one.distances(slice(0, 3), slice(0, 3)), there, atol=1e-4)


def test_texts_without_a_dictionary_have_no_view() -> None:
    german = ["Die Bibliothek wurde eröffnet.", "Der Minister kam am Sonntag in die Stadt."]
    assert gloss_view(ENGLISH, ENGLISH, 1.0) is None  # no dictionary of a language with itself
    assert gloss_view(ARABIC, german, 1.0) is None  # which the letters alone take for English


def test_what_is_no_number_does_not_reach_the_search() -> None:
    vectors = np.ones((4, 3, 2), dtype=np.float32)
    vectors[0, 1] = np.nan
    lengths = np.full(3, 10.0), np.full(3, 10.0)
    numbers = Numbers(count_numbers(ARABIC), count_numbers(ENGLISH))
    costs = BeadCosts([View(vectors, vectors, 0.2)], numbers, lengths, MEANING)
    assert not np.isnan(costs.beads(slice(0, 3), slice(0, 3))).any()
