"""TER's edits must be sacreBLEU's, whose own function is the judge here."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics.lib_ter import translation_edit_rate

from eval.scores.edits import count_edits

WORDS = st.lists(st.sampled_from("abcde"), max_size=12)


def shuffle(words: list[str], rng: random.Random, moves: int) -> list[str]:
    """Move stretches of up to 15 words, drop some words and change some."""
    moved = list(words)
    for _ in range(moves):
        start, place = rng.randrange(len(moved)), rng.randrange(len(moved))
        stretch = moved[start : start + rng.randint(1, 15)]
        del moved[start : start + len(stretch)]
        moved[place:place] = stretch
    return [rng.choice(["x", word]) if rng.random() < 0.2 else word for word in moved]


@pytest.mark.parametrize(
    ("hypothesis", "reference", "edits"),
    [
        ("", "", 0),
        ("a b", "", 2),
        ("", "a b c", 3),
        ("a b c", "a b c", 0),
        ("d e f g h a b c", "a b c d e f g h", 1),  # one shift
        ("a b c d", "a x c", 2),  # one substitution, one deletion
    ],
)
def test_cases_counted_by_hand(hypothesis: str, reference: str, edits: int) -> None:
    assert count_edits(hypothesis.split(), reference.split()) == edits


@settings(max_examples=200, deadline=None)
@given(WORDS, WORDS)
def test_short_segments(hypothesis: list[str], reference: list[str]) -> None:
    assert count_edits(hypothesis, reference) == translation_edit_rate(hypothesis, reference)[0]


@pytest.mark.parametrize("seed", range(6))
def test_segments_longer_than_the_beam(seed: int) -> None:
    rng = random.Random(seed)
    reference = [str(rng.randrange(25)) for _ in range(rng.randint(45, 70))]
    hypothesis = shuffle(reference, rng, moves=seed)
    expected = translation_edit_rate(hypothesis, reference)[0]
    assert count_edits(hypothesis, reference) == expected


@pytest.mark.parametrize(("hypothesis", "reference"), [(2, 120), (120, 2), (60, 1), (30, 80)])
def test_segments_of_very_unequal_length(hypothesis: int, reference: int) -> None:
    rng = random.Random(hypothesis)
    words, target = ([rng.choice("abcd") for _ in range(n)] for n in (hypothesis, reference))
    assert count_edits(words, target) == translation_edit_rate(words, target)[0]
