"""Beads, alignments, and Vecalign's text format for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.align.alignment import Alignment, Bead, format_pairs, join_texts, read_pairs
from mt.errors import AlignmentError


@st.composite
def alignments(draw: st.DrawFn) -> Alignment:
    beads, source, target = [], 0, 0
    for a, b in draw(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12)):
        if a or b:
            score = draw(st.floats(0, 1)) if a and b else 0.0
            beads.append(
                Bead(tuple(range(source, source + a)), tuple(range(target, target + b)), score)
            )
            source, target = source + a, target + b
    return Alignment(tuple(beads))


@settings(max_examples=40, deadline=None)
@given(alignments())
def test_pairs_come_back_as_they_were(
    tmp_path_factory: pytest.TempPathFactory, alignment: Alignment
) -> None:
    path = tmp_path_factory.mktemp("pairs") / "pairs.txt"
    path.write_text(format_pairs(alignment), encoding="utf-8")
    read = read_pairs(path).alignment
    assert [(b.source, b.target) for b in read.beads] == [
        (b.source, b.target) for b in alignment.beads
    ]
    for before, after in zip(alignment.beads, read.beads, strict=True):
        assert after.score == pytest.approx(before.score, abs=1e-6)


def test_a_gold_file_may_name_its_unit(tmp_path: Path) -> None:
    path = tmp_path / "gold.txt"
    path.write_text("# segments: sentence\n# a remark\n[0]:[0]\n\n[1, 2] : [] : 0.5\n", "utf-8")
    gold = read_pairs(path)
    assert gold.split == "sentence"
    assert [bead.shape for bead in gold.alignment.beads] == ["1-1", "2-0"]
    assert gold.lines == (3, 5)
    path.write_text("[0]:[0]\n0-0\n", "utf-8")
    with pytest.raises(AlignmentError, match=r"gold\.txt:2: expected"):
        read_pairs(path)


def test_scores_of_others_are_brought_between_0_and_1(tmp_path: Path) -> None:
    """Vecalign's costs may exceed 1 (its distance is relative to chance)."""
    path = tmp_path / "pairs.txt"
    path.write_text("[0]:[0]:1.3\n[1]:[1]:-0.1\n[2]:[2]:0.25\n[3]:[]:0.0\n", "utf-8")
    assert [bead.score for bead in read_pairs(path).alignment.beads] == [0, 1, 0.75, 0]
    path.write_text("[0]:[0]:1.2.3\n", "utf-8")
    with pytest.raises(AlignmentError, match=r"pairs\.txt:1: the cost '1\.2\.3' is not a number"):
        read_pairs(path)


@pytest.mark.parametrize(
    ("beads", "message"),
    [
        ([Bead((0,), (0,)), Bead((0,), (1,))], "source segment 0 stands in two beads"),
        ([Bead((0,), (0,))], "target segment 1 stands in no bead"),
        ([Bead((0, 1), (0, 1))], "source segment 1 does not exist"),
    ],
)
def test_check_says_what_is_wrong(beads: list[Bead], message: str) -> None:
    with pytest.raises(AlignmentError, match=message):
        Alignment(tuple(beads)).check(1, 2)


def test_join_leaves_blank_segments_out() -> None:
    assert join_texts(["a", "", "b"], (0, 1, 2)) == "a b"
