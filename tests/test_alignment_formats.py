"""What an alignment is written in comes back as it was, and a wrong file says where it is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree
from tiny_run import document

from mt.align.alignment import Alignment, Bead
from mt.align.formats import (
    FORMATS,
    Bitext,
    find_format,
    pair_up,
    read_alignment,
    render_bitext,
    set_side_by_side,
)
from mt.align.threeway import ThreeWay, Triple
from mt.errors import AlignmentError, CorpusError
from mt.text.document import Document, Segment

SOURCE = document("ar", ("مهام رئيسية", "الأولى <مهمة> & أخرى", "مصدر"))
TARGET = document("en", ("Key tasks", "First one\tand", "the other"))
ALIGNMENT = Alignment(
    (Bead((0,), (0,), 0.875), Bead((1,), (1, 2), 0.5, "order: a note"), Bead((2,), (), 0.0)),
    "by hand",
)

# The element structure of TMX 1.4b in the parts that a bitext needs: what its specification says
# of header, body, tu, tuv, seg, note and prop, and of which attributes they must have.
TMX_RULES = """
<!ELEMENT tmx (header, body)> <!ATTLIST tmx version CDATA #FIXED "1.4">
<!ELEMENT header (note | prop)*>
<!ATTLIST header creationtool CDATA #REQUIRED creationtoolversion CDATA #REQUIRED
  segtype (block | paragraph | sentence | phrase) #REQUIRED o-tmf CDATA #REQUIRED
  adminlang CDATA #REQUIRED srclang CDATA #REQUIRED datatype CDATA #REQUIRED>
<!ELEMENT body (tu*)>
<!ELEMENT tu ((note | prop)*, tuv+)>
<!ELEMENT tuv ((note | prop)*, seg)> <!ATTLIST tuv xml:lang CDATA #REQUIRED>
<!ELEMENT seg (#PCDATA)>
<!ELEMENT note (#PCDATA)>
<!ELEMENT prop (#PCDATA)> <!ATTLIST prop type CDATA #REQUIRED>
"""


def render(name: str, alignment: Alignment = ALIGNMENT) -> str:
    text = render_bitext(pair_up(alignment, SOURCE, TARGET), name)
    assert isinstance(text, str)
    return text


def write(folder: Path, name: str, bitext: Bitext) -> Path:
    """Write a format, and return the file that has the alignment."""
    text = render_bitext(bitext, name)
    files = text if isinstance(text, Mapping) else {f"file.{name}": text}
    for file, content in files.items():
        (folder / file).write_text(content, encoding="utf-8")
    return folder / list(files)[-1]


def links(alignment: Alignment) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    return sorted((bead.source, bead.target) for bead in alignment.beads)


# Few different words, so that many texts are the same or begin alike; white space within; marks
# that formats use themselves.
WORDS = st.sampled_from(["a", "a b", "ab", "b  a", "~~~", "1", "[0]:[0]", "<s>&", '"', "ق", "é\tb"])
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=3).map(" ".join), max_size=8)


@st.composite
def bitexts(draw: st.DrawFn, *, cross: bool = False) -> Bitext:
    """Two documents of segments that are not blank, and an alignment with single null beads."""
    documents = []
    for language in ("ar", "en"):
        texts = draw(TEXTS)
        lines = sorted(draw(st.lists(st.integers(1, 3), min_size=len(texts), max_size=len(texts))))
        segments = zip(range(len(texts)), lines, texts, strict=True)
        documents.append(Document(f"x.{language}", language, tuple(Segment(*s) for s in segments)))
    n, m = (len(each.segments) for each in documents)
    beads, i, j = [], 0, 0
    while i < n or j < m:
        a, b = draw(st.tuples(st.integers(0, min(3, n - i)), st.integers(0, min(3, m - j))))
        a, b = (a, b) if a and b else (1, 0) if i < n and (a or j == m) else (0, 1)
        score = round(draw(st.floats(0, 1)), 6) if a and b else 0.0
        beads.append(Bead(tuple(range(i, i + a)), tuple(range(j, j + b)), score))
        i, j = i + a, j + b
    if cross:
        beads = draw(st.permutations(beads))
    return pair_up(Alignment(tuple(beads)), *documents)


def come_back(name: str, bitext: Bitext, folder: Path) -> None:
    path = write(folder, name, bitext)
    if bitext.rows and not (name == "tmx" and all(row.filled < 2 for row in bitext.rows)):
        assert find_format(path) == name
    read = FORMATS[name].read(path, *bitext.documents).alignment
    before = sorted((row.sides[0], row.sides[1], row.score) for row in bitext.rows)
    after = sorted((bead.source, bead.target, bead.score) for bead in read.beads)
    assert [row[:2] for row in after] == [row[:2] for row in before]
    if name != "intertext":  # which has no place for scores
        assert [row[2] for row in after] == pytest.approx([row[2] for row in before], abs=1e-6)


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "hunalign"])
@settings(max_examples=30, deadline=None)
@given(bitexts())
def test_beads_come_back_as_they_were(
    name: str, tmp_path_factory: pytest.TempPathFactory, bitext: Bitext
) -> None:
    come_back(name, bitext, tmp_path_factory.mktemp("formats"))


@pytest.mark.parametrize("name", ["pairs", "tsv", "jsonl", "tmx", "intertext"])
@settings(max_examples=30, deadline=None)
@given(bitexts(cross=True))
def test_beads_that_cross_come_back_too(
    name: str, tmp_path_factory: pytest.TempPathFactory, bitext: Bitext
) -> None:
    come_back(name, bitext, tmp_path_factory.mktemp("formats"))


def _has_words(bitext: Bitext) -> bool:
    """hunalign's text has nothing of a segment that is its own mark."""
    return all(set(text.split()) != {"~~~"} for d in bitext.documents for text in d.texts)


@settings(max_examples=30, deadline=None)
@given(bitexts().filter(_has_words))
def test_hunaligns_text_comes_back_in_order(
    tmp_path_factory: pytest.TempPathFactory, bitext: Bitext
) -> None:
    come_back("hunalign", bitext, tmp_path_factory.mktemp("formats"))


def test_pairs_have_vecaligns_format() -> None:
    assert render("pairs") == "[0]:[0]:0.125000\n[1]:[1, 2]:0.500000\n[2]:[]:0.000000\n"


def test_a_ladder_has_hunaligns_format() -> None:
    """A rung at every border, and at the end; the quality is that of what follows."""
    rungs = [line.split("\t") for line in render("ladder").splitlines()]
    assert rungs == [
        ["0", "0", "0.875000"],
        ["1", "1", "0.500000"],
        ["2", "3", "0.000000"],
        ["3", "3", "0"],
    ]


def test_hunaligns_text_has_its_marks_between_segments() -> None:
    lines = render("hunalign").splitlines()
    assert lines[1] == "الأولى <مهمة> & أخرى\tFirst one and ~~~ the other\t0.500000"
    assert lines[2] == "مصدر\t\t0.000000"


def test_a_ladder_cannot_hold_beads_that_cross() -> None:
    crossing = Alignment((Bead((0,), (1, 2)), Bead((1, 2), (0,))))
    with pytest.raises(AlignmentError, match="target segment 1: a ladder cannot hold beads that"):
        render("ladder", crossing)


def test_a_ladder_may_begin_at_its_first_border(tmp_path: Path) -> None:
    path = tmp_path / "a.ladder"
    path.write_text("1\t1\t0.3\n3\t3\n", "utf-8")
    assert links(read_alignment(path, SOURCE, TARGET)) == [((0,), (0,)), ((1, 2), (1, 2))]
    path.write_text("0\t0\t1\n2\t2\t1\n1\t3\t1\n", "utf-8")
    with pytest.raises(AlignmentError, match=r"a\.ladder:3: a rung may not be lower"):
        read_alignment(path, SOURCE, TARGET)


def test_tsv_has_a_line_per_bead() -> None:
    header, *lines = render("tsv").splitlines()
    columns = ["source_ids", "target_ids", "score", "source", "target", "note"]
    assert header.split("\t") == columns
    texts = [SOURCE.texts[1], "First one and the other"]
    assert lines[1].split("\t") == ["1", "1+2", "0.500000", *texts, "order: a note"]
    assert lines[2].split("\t") == ["2", "", "0.000000", "مصدر", "", ""]


def test_tsv_may_come_from_a_spreadsheet(tmp_path: Path) -> None:
    """Columns moved, cells quoted, a decimal comma, other separators of segments."""
    path = tmp_path / "a.tsv"
    path.write_text(
        "\ufefftarget_ids\tsource_ids\tsource\tscore\r\n"
        '0\t0\t"""Key"" tasks"\t0,875\r\n"1, 2"\t1\tx\t\r\n\t2\tx\t0\r\n',
        "utf-8",
    )
    read = read_alignment(path, SOURCE, TARGET)
    assert links(read) == links(ALIGNMENT)
    assert [bead.score for bead in read.beads] == [0.875, 1, 0]


def test_jsonl_keeps_the_text_as_it_is() -> None:
    entries = [json.loads(line) for line in render("jsonl").splitlines()]
    assert entries[1] == {
        "source_ids": [1],
        "target_ids": [1, 2],
        "score": 0.5,
        "source": SOURCE.texts[1],
        "target": "First one\tand the other",
        "note": "order: a note",
    }
    assert len(entries) == 3


def test_notes_come_back_where_a_format_has_them(tmp_path: Path) -> None:
    bitext = pair_up(ALIGNMENT, SOURCE, TARGET)
    for name in ("tsv", "jsonl", "tmx"):
        read = read_alignment(write(tmp_path, name, bitext), SOURCE, TARGET)
        assert [bead.note for bead in read.beads if bead.note] == ["order: a note"], name


def test_tmx_follows_its_specification() -> None:
    root = etree.fromstring(render("tmx").encode())
    rules = etree.DTD(StringIO(TMX_RULES))
    assert rules.validate(root), rules.error_log
    assert root.find("header").get("srclang") == "ar"
    units = root.findall("body/tu")
    texts = [unit.findtext("tuv[2]/seg") for unit in units]
    assert texts == ["Key tasks", "First one\tand the other"]
    languages = [
        variant.get("{http://www.w3.org/XML/1998/namespace}lang")
        for variant in units[0].iter("tuv")
    ]
    assert languages == ["ar", "en"]
    assert units[1].findtext("tuv[1]/seg") == SOURCE.texts[1]


def test_the_check_of_tmx_can_fail() -> None:
    rules = etree.DTD(StringIO(TMX_RULES))
    wrong = render("tmx").replace('segtype="block"', 'segtype="bead"')
    assert not rules.validate(etree.fromstring(wrong.encode()))


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=st.characters(), min_size=1).filter(str.strip))
@example("\ud800\x00")
def test_xml_survives_any_text(text: str) -> None:
    bitext = pair_up(
        Alignment((Bead((0,), (0,), 1.0),)), document("ar", (text,)), document("en", ("x",))
    )
    for name in ("tmx", "intertext"):
        found = render_bitext(bitext, name)
        for content in found.values() if isinstance(found, Mapping) else [found]:
            etree.fromstring(content.encode())


def test_a_tmx_of_another_tool_is_matched_by_its_texts(tmp_path: Path) -> None:
    """Without our properties: by language; a bead that was joined; null beads put back."""
    path = tmp_path / "a.tmx"
    path.write_text(
        '<tmx version="1.4"><header/><body><tu><tuv xml:lang="EN-us"><seg>Key  tasks '
        'First one and the other</seg></tuv><tuv xml:lang="ar"><seg>مهام رئيسية</seg></tuv>'
        "</tu></body></tmx>",
        "utf-8",
    )
    read = read_alignment(path, SOURCE, TARGET)
    assert [(b.source, b.target) for b in read.beads] == [
        ((0,), (0, 1, 2)),
        ((1,), ()),
        ((2,), ()),
    ]


def test_a_tmx_in_utf_16_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tmx"
    text = render("tmx").replace('encoding="UTF-8"', 'encoding="UTF-16"')
    path.write_bytes(text.encode("utf-16"))
    assert links(read_alignment(path, SOURCE, TARGET)) == links(ALIGNMENT)


def test_a_sentence_moved_in_a_tmx_counts_where_it_is_now(tmp_path: Path) -> None:
    """The property says which segments it was; the text decides."""
    first = render("tmx").replace("<seg>Key tasks</seg>", "<seg>Key tasks First one\tand</seg>")
    path = tmp_path / "a.tmx"
    path.write_text(first.replace("First one\tand the other<", "the other<"), "utf-8")
    assert links(read_alignment(path, SOURCE, TARGET)) == [
        ((0,), (0, 1)),
        ((1,), (2,)),
        ((2,), ()),
    ]


@pytest.mark.parametrize("name", ["tmx", "hunalign"])
def test_a_text_that_was_changed_is_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.file"
    text = render(name)
    path.write_text(text.replace("Key tasks", "Key task"), "utf-8")
    line = 1 + text[: text.index("Key tasks")].count("\n")
    with pytest.raises(AlignmentError) as caught:
        read_alignment(path, SOURCE, TARGET)
    message = str(caught.value)
    assert "target text 'Key task' is not that of any segments" in message
    assert "the nearest is segment 0: 'Key tasks'" in message
    assert message.startswith(f"{path}:{line}: ")


def test_a_text_that_stands_twice_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("مهام رئيسية\tKey tasks\t1\nمصدر\tKey tasks\t1\n", "utf-8")
    with pytest.raises(AlignmentError, match=r"a\.txt:2: .*'Key tasks' stands in another bead"):
        read_alignment(path, SOURCE, TARGET)


def test_intertext_has_three_files_with_its_conventions() -> None:
    """toDoc is the second version and comes first in type and xtargets; sentences count from 1."""
    source = Document(
        "in/speech.ar.txt",
        "ar",
        tuple(
            Segment(i, line, text)
            for i, (line, text) in enumerate(zip((1, 4, 4), SOURCE.texts, strict=True))
        ),
    )
    files = render_bitext(pair_up(ALIGNMENT, source, TARGET), "intertext")
    assert isinstance(files, Mapping)
    assert list(files) == ["speech.ar.xml", "speech.en.xml", "speech.ar.en.xml"]
    group = etree.fromstring(files["speech.ar.en.xml"].encode())
    assert dict(group.attrib) == {"toDoc": "speech.en.xml", "fromDoc": "speech.ar.xml"}
    assert [dict(link.attrib) for link in group] == [
        {"type": "1-1", "xtargets": "1:1;1:1", "status": "auto"},
        {"type": "2-1", "xtargets": "2:1 3:1;2:1", "status": "auto", "mark": "1"},
        {"type": "0-1", "xtargets": ";2:2", "status": "auto"},
    ]
    text = etree.fromstring(files["speech.ar.xml"].encode())
    assert [s.get("id") for s in text.iterfind("p/s")] == ["1:1", "2:1", "2:2"]
    assert [s.text for s in text.iterfind("p/s")] == list(SOURCE.texts)


def test_intertext_is_read_with_its_own_numbers(tmp_path: Path) -> None:
    """An editor may number anew; the documents beside the links say what is what."""
    (tmp_path / "t.ar.xml").write_text(
        "<text>" + "".join(f'<s id="{9 + i}">{t}</s>' for i, t in enumerate("abc")) + "</text>",
        "utf-8",
    )
    path = tmp_path / "t.ar.en.xml"
    path.write_text(
        "<linkGrp toDoc='t.en.xml' fromDoc='t.ar.xml'>\n"
        "<link type='1-2' xtargets='1:1;9 10' status='man'/>\n"
        "<link type='1-1' xtargets='2:1;11' status='auto'/>\n</linkGrp>\n",
        "utf-8",
    )
    source, target = document("ar", ("a", "b", "c")), document("en", ("x", "y"))
    assert links(read_alignment(path, source, target)) == [((0, 1), (0,)), ((2,), (1,))]
    changed = document("ar", ("a", "B", "c"))
    with pytest.raises(AlignmentError, match=r"sentence '10' is 'b', but source segment 1 is 'B'"):
        read_alignment(path, changed, target)
    with pytest.raises(AlignmentError, match="3 sentences, but the source has 2 segments"):
        read_alignment(path, document("ar", ("a", "b")), target)
    path.write_text(path.read_text("utf-8").replace("9 10", "9 12"), "utf-8")
    with pytest.raises(AlignmentError, match=r"en\.xml:2: there is no sentence '12'"):
        read_alignment(path, source, target)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text",
    [
        "[0]:[0]\n[1]:[1, 2]\n",
        "source_ids\ttarget_ids\n0\t0\n1\t1+2\n",
        "0\t0\t1\n1\t1\t1\n2\t3\t0\n",
        '{"source": [0], "target": [0]}\n{"source": [1], "target": [1, 2]}\n',
    ],
)
def test_a_file_in_utf_16_is_refused_with_what_to_do(
    tmp_path: Path, text: str, encoding: str
) -> None:
    path = tmp_path / "links"
    path.write_bytes(text.encode(encoding))
    with pytest.raises(CorpusError, match=r"links:.*(?i:iconv -f UTF-16.* -t UTF-8)"):
        read_alignment(path, SOURCE, TARGET)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty; expected an alignment"),
        ("hello\n", "not an alignment in a format that is known"),
        ("[0]:[0]\n[1]:[1,2]\n[1]:[]\n", ":3: source segment 1 stands here and on line 2"),
        ("[0]:[0]\n[1]:[1,2]\n[2]:[3]\n", ":3: target segment 3 does not exist: there are 3"),
        ("[0]:[0]\n[2]:[1,2]\n", r"source segment 1 \('الأولى .*after line 1"),
        ("source_ids\ttarget\n", ":1: the table has no column 'target_ids'"),
        ("source_ids\ttarget_ids\nx\t0\n", ":2: source_ids: 'x'; expected segments"),
        ("source_ids\ttarget_ids\tscore\n0\t0\tx\n", ":2: score: 'x' is not a number"),
        ("{}\n", ":1: not a bead"),
        ('{"source": [0], "target": [0]}\n{"source": [true], "target": [0]}', ":2: not a bead"),
        ("{\n", ":1: not JSON"),
        ("<tmx>\n<body>\n", ":3: not XML"),
        ("<?xml version='1.0' encoding='UTF-7'?><linkGrp>ك</linkGrp>", "not XML: .*encoding"),
        ("<html/>", "<html>; expected <tmx>"),
        ("<linkGrp>\n<link xtargets='1:1'/></linkGrp>", ":2: a link needs xtargets"),
        ("مصدر\tKey tasks\t1\nc\n", ":2: 1 columns; expected source, target and quality"),
        ("0\t0\t1\n1\tx\t1\n", ":2: not a rung"),
        ("0\t0\t1\n3\t3\t1.2.3\n", ":2: quality '1.2.3' is not a number"),
        ("0\t0\t1\n3\t4\t0\n", ":2: 4 target segments; there are 3"),
    ],
)
def test_a_wrong_file_says_where_it_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text(text, "utf-8")
    with pytest.raises(AlignmentError, match=message):
        read_alignment(path, SOURCE, TARGET)


def test_entities_of_a_file_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("مصدر", "utf-8")
    path = tmp_path / "a.tmx"
    path.write_text(
        f'<!DOCTYPE tmx [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]>\n<tmx><body>'
        '<tu><tuv xml:lang="ar"><seg>&x;</seg></tuv></tu></body></tmx>',
        "utf-8",
    )
    with pytest.raises(AlignmentError, match="source text '&x;' is not that of any segments"):
        read_alignment(path, SOURCE, TARGET)


def test_rows_of_a_run_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "en.1.jsonl"
    path.write_text('{"source": [0, 1], "target": [0]}\n{"source": [2], "target": [1, 2]}\n')
    assert links(read_alignment(path, SOURCE, TARGET)) == [((0, 1), (0,)), ((2,), (1, 2))]


@pytest.mark.parametrize(
    "text",
    [
        "[0]:[{}]\n",
        "source_ids\ttarget_ids\n0\t{}\n",
        "0\t0\t1\n3\t{}\t0\n",
        "0\t0\t1\n3\t999999999\t0\n",  # whose beads would fill the memory
        '{"source": [0], "target": [{}]}\n',
        '{"source": ' + "[" * 100_000,
    ],
)
def test_absurd_numbers_are_an_error_like_any_other(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a"
    path.write_text(text.replace("{}", "9" * 5000), encoding="utf-8")
    with pytest.raises(AlignmentError, match=r"a:[12]: "):
        read_alignment(path, SOURCE, TARGET)


def test_beads_of_nothing_are_left_out(tmp_path: Path) -> None:
    """As hunalign's text has them where a blank line stands alone."""
    path = tmp_path / "a"
    path.write_text("[]:[]\n[0, 1, 2]:[0, 1, 2]\n", encoding="utf-8")
    assert [bead.shape for bead in read_alignment(path, SOURCE, TARGET).beads] == ["3-3"]


def test_a_score_that_is_no_number_counts_as_none(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_text('{"source": [0, 1, 2], "target": [0, 1, 2], "score": NaN}', encoding="utf-8")
    assert [bead.score for bead in read_alignment(path, SOURCE, TARGET).beads] == [0.0]


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_alignment_can_be_written(name: str) -> None:
    empty = pair_up(Alignment(()), document("ar", ()), document("en", ()))
    assert render_bitext(empty, name) is not None


def test_unknown_formats_and_foreign_alignments_are_refused() -> None:
    with pytest.raises(AlignmentError, match="unknown format 'tmxx'; did you mean 'tmx'"):
        render("tmxx")
    with pytest.raises(AlignmentError, match="source segment 2 stands in no bead"):
        render("tsv", Alignment(ALIGNMENT.beads[:2]))


THREE = set_side_by_side(
    ThreeWay(
        (
            Triple((0,), (0,), (0,), 0.9),
            Triple((1,), (1, 2), (), 0.4, ("", "", "not in the reference")),
            Triple((), (), (1,), 0.0, ("added", "added", "")),
        )
    ),
    document("ar", ("مهام", "مصدر")),
    document("en", ("tasks", "a", "source")),
    document("en", ("the tasks", "more")),
)


def test_three_sides_stand_side_by_side() -> None:
    tsv = render_bitext(THREE, "tsv")
    assert isinstance(tsv, str)
    header, *rows = (line.split("\t") for line in tsv.splitlines())
    assert header[:3] == ["source_ids", "hypothesis_ids", "reference_ids"]
    assert rows[1][:4] == ["1", "1+2", "", "0.400000"]
    assert rows[1][-1] == "no reference: not in the reference"
    jsonl = render_bitext(THREE, "jsonl")
    assert isinstance(jsonl, str)
    entries = [json.loads(line) for line in jsonl.splitlines()]
    assert entries[1]["hypothesis"] == "a source"
    assert entries[2]["reasons"] == {"source": "added", "hypothesis": "added"}


def test_three_sides_become_three_variants() -> None:
    tmx = render_bitext(THREE, "tmx")
    assert isinstance(tmx, str)
    root = etree.fromstring(tmx.encode())
    rules = etree.DTD(StringIO(TMX_RULES))
    assert rules.validate(root), rules.error_log
    units = [[seg.text for seg in unit.iter("seg")] for unit in root.iter("tu")]
    assert units == [["مهام", "tasks", "the tasks"], ["مصدر", "a source"]]


@pytest.mark.parametrize("name", ["pairs", "ladder", "hunalign", "intertext"])
def test_formats_with_two_sides_say_so(name: str) -> None:
    with pytest.raises(AlignmentError, match="has two sides, not three; choose from: tsv, jsonl"):
        render_bitext(THREE, name)
