"""The cuts of mwerSegmenter, worked out by hand, and what holds for any two texts."""

from __future__ import annotations

import random
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval import resegmentation
from eval.resegmentation import resegment
from mt.errors import ScoreError

words = st.text(alphabet="ab", min_size=1, max_size=2)
segments = st.lists(words, max_size=4).map(" ".join)
documents = st.lists(segments, max_size=5)
filled = documents.filter(lambda texts: bool(" ".join(texts).split()))


@pytest.mark.parametrize(
    ("hypothesis", "reference", "expected"),
    [
        # One long line is cut where the reference's words end.
        (["a b c d e"], ["a b", "c d e"], ("a b", "c d e")),
        # A changed word keeps its place.
        (["a X c d e"], ["a b", "c d e"], ("a X", "c d e")),
        # A missing word moves no other: "b" is gone, "c" still opens the second segment.
        (["a c d e"], ["a b", "c d e"], ("a", "c d e")),
        # X fits behind "b" and before "c" at the same cost: the hypothesis's own border decides.
        (["a b X", "c d e"], ["a b", "c d e"], ("a b X", "c d e")),
        (["a b", "X c d e"], ["a b", "c d e"], ("a b", "X c d e")),
        # Without a border there, the word stays with the segment before.
        (["a b X c d e"], ["a b", "c d e"], ("a b X", "c d e")),
        # A segment that was not translated gets nothing, and its neighbours lose nothing.
        (["a b e f"], ["a b", "c d", "e f"], ("a b", "", "e f")),
        # Case and the comma are no difference; the text comes back as it was.
        (["The city,", "however"], ["the", "city however"], ("The", "city, however")),
        # NFD in the hypothesis, NFC in the reference.
        (["la\u0300ng xa"], ["l\u00e0ng", "xa"], ("la\u0300ng", "xa")),
        (["X a b Y"], ["", "a", "b", " "], ("", "X a", "b Y", "")),
        ([], ["a", "b"], ("", "")),
    ],
)
def test_cuts_by_hand(
    hypothesis: list[str], reference: list[str], expected: tuple[str, ...]
) -> None:
    assert resegment(hypothesis, reference) == expected


def test_a_reference_without_words_is_refused() -> None:
    for reference in ([], ["", " "]):
        with pytest.raises(ScoreError, match="no words"):
            resegment(["a"], reference)


@given(reference=filled, borders=st.sets(st.integers(1, 19)))
def test_other_borders_of_the_same_text_change_nothing(
    reference: list[str], borders: set[int]
) -> None:
    text = " ".join(reference).split()
    cuts = [0, *sorted(border for border in borders if border < len(text)), len(text)]
    moved = [" ".join(text[a:b]) for a, b in pairwise(cuts)]
    assert resegment(moved, reference) == tuple(reference)


@given(hypothesis=documents, reference=filled)
def test_every_word_stands_once_and_in_order(hypothesis: list[str], reference: list[str]) -> None:
    cut = resegment(hypothesis, reference)
    assert len(cut) == len(reference)
    assert " ".join(cut).split() == " ".join(hypothesis).split()
    assert all(not text for text, wanted in zip(cut, reference, strict=True) if not wanted)


@given(hypothesis=st.lists(words, max_size=6), reference=filled)
def test_no_other_cut_has_fewer_edits(hypothesis: list[str], reference: list[str]) -> None:
    """All cuts of a short text, tried one by one."""
    cut = [text.split() for text in resegment([" ".join(hypothesis)], reference)]
    wanted = [text.split() for text in reference]
    total = len(hypothesis)
    best = min(
        sum(map(_distance, [hypothesis[a:b] for a, b in pairwise(c)], wanted))
        for inner in product(range(total + 1), repeat=len(reference) - 1)
        if list(c := (0, *inner, total)) == sorted(c)
    )
    assert sum(map(_distance, cut, wanted)) == best


def test_a_long_text_is_cut_as_a_short_one_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three in ten words are wrong, missing or added; a passage has moved to the front."""
    rng = random.Random(3)
    known = [f"w{number}" for number in range(300)]
    reference = [" ".join(rng.choices(known, k=rng.randint(3, 20))) for _ in range(200)]
    text = [word for line in reference for word in line.split()]
    wrong = {0: [], 1: ["x"], 2: ["x", "y"]}
    heard = [
        w for word in text for w in (wrong[rng.randrange(3)] if rng.random() < 0.3 else [word])
    ]
    heard = [*heard[900:930], *heard[:900], *heard[930:]]
    whole = resegment([" ".join(heard)], reference)
    monkeypatch.setattr(resegmentation, "STRETCH", 100)
    assert resegment([" ".join(heard)], reference) == whole
    source = [word for line in reference for word in line.split()]
    assert len(resegmentation._find_anchors(source, heard)) > 10


def _distance(a: list[str], b: list[str]) -> int:
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        left = row
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(left[j] + 1, row[-1] + 1, left[j - 1] + (x != y)))
    return row[-1]
