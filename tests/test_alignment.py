"""Beads, Vecalign's text format, and the formats an alignment is written in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from mt.align.alignment import Alignment, Bead, format_pairs, join_texts, read_pairs
from mt.align.formats import FORMATS, render_alignment
from mt.errors import AlignmentError

SOURCES = ["مهام رئيسية", "الأولى <مهمة> & أخرى", "مصدر"]
TARGETS = ["Key tasks", "First one\tand", "the other"]
ALIGNMENT = Alignment(
    (Bead((0,), (0,), 0.875), Bead((1,), (1, 2), 0.5), Bead((2,), (), 0.0)), "by hand"
)


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
        if before.source and before.target:
            assert after.score == pytest.approx(before.score, abs=1e-6)


def test_pairs_have_vecaligns_format() -> None:
    assert render(ALIGNMENT, "pairs") == "[0]:[0]:0.125000\n[1]:[1, 2]:0.500000\n[2]:[]:0.000000\n"


def test_a_gold_file_may_name_its_unit(tmp_path: Path) -> None:
    path = tmp_path / "gold.txt"
    path.write_text("# segments: sentence\n# a remark\n[0]:[0]\n\n[1, 2] : [] : 0.5\n", "utf-8")
    gold = read_pairs(path)
    assert gold.split == "sentence"
    assert [bead.shape for bead in gold.alignment.beads] == ["1-1", "2-0"]
    path.write_text("[0]:[0]\n0-0\n", "utf-8")
    with pytest.raises(AlignmentError, match=r"gold\.txt:2: expected"):
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


def render(alignment: Alignment, name: str) -> str:
    return render_alignment(alignment, SOURCES, TARGETS, name, "ar", "en")


def test_tsv_has_a_line_per_bead() -> None:
    header, *lines = render(ALIGNMENT, "tsv").splitlines()
    assert header.split("\t") == ["source_ids", "target_ids", "score", "source", "target"]
    assert lines[1].split("\t") == ["1", "1,2", "0.500000", SOURCES[1], "First one and the other"]
    assert lines[2].split("\t") == ["2", "", "0.000000", "مصدر", ""]


def test_jsonl_keeps_the_text_as_it_is() -> None:
    entries = [json.loads(line) for line in render(ALIGNMENT, "jsonl").splitlines()]
    assert entries[1] == {
        "source_ids": [1],
        "target_ids": [1, 2],
        "score": 0.5,
        "source": SOURCES[1],
        "target": "First one\tand the other",
    }
    assert len(entries) == 3


def test_tmx_is_well_formed_and_has_no_null_beads() -> None:
    root = etree.fromstring(render(ALIGNMENT, "tmx").encode())
    assert (root.tag, root.get("version")) == ("tmx", "1.4")
    assert root.find("header").get("srclang") == "ar"
    units = root.findall("body/tu")
    assert [unit.findtext("tuv[2]/seg") for unit in units] == [
        "Key tasks",
        "First one\tand the other",
    ]
    languages = [
        variant.get("{http://www.w3.org/XML/1998/namespace}lang")
        for variant in units[0].iter("tuv")
    ]
    assert languages == ["ar", "en"]
    assert units[1].findtext("tuv[1]/seg") == SOURCES[1]


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=st.characters(), min_size=1).filter(str.strip))
def test_tmx_survives_any_text(text: str) -> None:
    alignment = Alignment((Bead((0,), (0,), 1.0),))
    tmx = render_alignment(alignment, [text], ["x"], "tmx", "ar", "en")
    etree.fromstring(tmx.encode())


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_alignment_can_be_written(name: str) -> None:
    assert isinstance(render_alignment(Alignment(()), [], [], name, "ar", "en"), str)


def test_unknown_formats_and_foreign_alignments_are_refused() -> None:
    with pytest.raises(AlignmentError, match="unknown format 'tmxx'; did you mean 'tmx'"):
        render(ALIGNMENT, "tmxx")
    with pytest.raises(AlignmentError, match="source segment 2 stands in no bead"):
        render(Alignment(ALIGNMENT.beads[:2]), "tsv")
