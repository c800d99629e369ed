"""Segments for spreadsheets: every row once, text that stays text, the limits of the format."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from typing import get_args

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from tiny_run import BAD, SOURCE, make_run

from eval.analysis import Analysis, Fault
from eval.fidelity.items import Item
from eval.render import RENDERERS, workbook, write_reports
from eval.render.segments import disarm, list_columns, rearm, render_csv
from eval.render.workbook import render_xlsx
from eval.report import build_report
from eval.results import Report
from eval.verdicts import Verdict
from mt.errors import RunError
from mt.job import Format
from mt.store import RunDirectory
from mt.translate.translation import Translation

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FORMULAS = ("=1+1", "+84 24 3825 2700", "-1", "@SUM(A1)", " \t=HYPERLINK(A1)")


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return build_report(make_run(tmp_path / "tiny"))


def report_with(folder: Path, *texts: str) -> Report:
    """The tiny run where the bad system wrote these texts and then what it always writes."""
    run = make_run(folder / "tiny")
    lines = [*texts, *BAD[len(texts) :]]
    RunDirectory(run).write_translations(
        "translations/bad.jsonl", [Translation(text) for text in lines]
    )
    return build_report(run)


def read_csv(report: Report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_csv(report).removeprefix("\ufeff"))))


def open_xlsx(report: Report) -> Workbook:
    return load_workbook(io.BytesIO(render_xlsx(report)))


def read_xlsx(book: Workbook, title: str = "Segments") -> list[dict[str, object]]:
    header, *rows = book[title].iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_a_row_for_every_pair_and_system_in_document_order(report: Report) -> None:
    rows = read_csv(report)
    assert [(row["pair"], row["system"]) for row in rows] == [
        *((str(pair), system) for pair in range(1, 6) for system in ("good", "bad")),
        *((str(pair), "viet") for pair in range(1, 6)),
    ]
    assert [row["segments"] for row in rows[::2]][:5] == ["1", "2", "3+4", "", "5"]
    assert [row["reason"] for row in rows[:10:2]] == ["", "", "", "no source", "no reference"]
    assert (rows[0]["target"], rows[-1]["target"]) == ("en", "vi")


def test_the_cells_of_a_row(report: Report) -> None:
    good, bad = read_csv(report)[:2]
    assert good["source"] == bad["source"] == SOURCE[0]
    assert good["hypothesis"] == good["reference 1"]
    assert float(good["chrF++"]) == 100  # the reference, word for word
    assert bad["hypothesis"] == BAD[0]
    assert set(bad["numbers lost"].split(" | ")) == {"39-NQ/TW", "18 يوليو"}
    assert "changed date 18 يوليو to 19 July" in bad["ledger"].split(" | ")
    assert (bad["losses"], bad["numbers invented"]) == ("2", "")
    assert float(bad["confidence"]) == 0.9  # of the first bead
    viet = read_csv(report)[10]
    assert (viet["chrF++"], viet["confidence"], viet["reference 1"]) == ("", "", "")
    assert (viet["pivot 1"], viet["notes"]) == ("sentence 0", "blank")


def test_losses_faults_and_verdicts_have_their_place(report: Report) -> None:
    target = report.targets[0]
    judgement = target.systems[1].judgements[0]
    items = (Item("number", "39", "kept"), Item("date", "18 يوليو", "changed", "19 July", leg=2))
    object.__setattr__(judgement, "ledger", items)
    object.__setattr__(judgement, "verdict", Verdict("major", "the date"))
    faults = (Fault("short", 0, "7 words for 12"), Fault("copy", 1, "of the source"))
    object.__setattr__(target.systems[1], "analysis", Analysis(faults=faults))
    first, second = read_csv(report)[1:4:2]
    assert (first["losses"], second["losses"]) == ("1", "0")
    assert first["ledger"] == "changed date 18 يوليو to 19 July (leg 2)"
    assert first["faults"] == "short: 7 words for 12"
    assert second["faults"] == "copy: of the source"
    assert (first["verdict"], first["comment"]) == ("major", "the date")
    assert (second["verdict"], second["comment"]) == ("", "")


def test_csv_is_what_spreadsheet_programs_expect(tmp_path: Path) -> None:
    """RFC 4180: CRLF after every row, quotes doubled, a line break stays inside its cell."""
    text = 'He said "no",\nand left.'
    run = report_with(tmp_path, text).run
    write_reports(run, ["csv"])
    raw = (run / "segments.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbftarget,")
    assert raw.endswith(b"\r\n")
    assert b'"He said ""no"",\nand left."' in raw
    assert read_csv(build_report(run))[1]["hypothesis"] == text


def test_a_formula_in_csv_gets_an_apostrophe(tmp_path: Path) -> None:
    rows = read_csv(report_with(tmp_path, *FORMULAS))
    assert [row["hypothesis"] for row in rows[1:4:2]] == ["'=1+1", "'+84 24 3825 2700"]
    for row in rows:
        assert not any(re.match(r"\s*[=+\-@]", cell) for cell in row.values())


@given(st.text("'=+-@＝ \t\r\nab") | st.text())
def test_the_apostrophe_can_be_taken_away_again(text: str) -> None:
    assert rearm(disarm(text)) == text
    assert not re.match(r"\s*[=+\-@＝＋－＠]", disarm(text))


def test_a_formula_in_xlsx_is_the_same_text(tmp_path: Path) -> None:
    report = report_with(tmp_path, *FORMULAS[:2], *FORMULAS[3:], "#N/A")
    book = open_xlsx(report)
    cells = [row for row in book["Segments"].iter_rows(min_row=2) if row[3].value == "bad"]
    column = [column.name for column in list_columns(report)].index("hypothesis")
    found = [row[column] for row in cells]
    assert [cell.value for cell in found[:2]] == list(FORMULAS[:2])
    assert found[2].value == f"{FORMULAS[3]} {FORMULAS[4]}"  # a bead of two segments
    assert found[4].value == "#N/A"
    assert {cell.data_type for cell in found if cell.value} == {"s"}
    assert [cell.quotePrefix for cell in found] == [True, True, True, False, False]
    with zipfile.ZipFile(io.BytesIO(render_xlsx(report))) as parts:
        for name in parts.namelist():
            if name.startswith("xl/worksheets/"):
                assert not etree.fromstring(parts.read(name)).findall(f".//{MAIN}f")


def test_what_xlsx_cannot_hold_is_replaced_by_something_one_sees(tmp_path: Path) -> None:
    report = report_with(tmp_path, "a\x00b\x1b\ufffec", "<r>&</r> _x0041_")
    texts = [row["hypothesis"] for row in read_xlsx(open_xlsx(report)) if row["system"] == "bad"]
    assert texts[0] == "a␀b␛\ufffdc"
    with zipfile.ZipFile(io.BytesIO(render_xlsx(report))) as parts:
        sheet = etree.fromstring(parts.read("xl/worksheets/sheet2.xml"))
    raw = [node.text for node in sheet.iter(f"{MAIN}t") if "<r>" in node.text]
    assert raw == ["<r>&</r> _x005F_x0041_"]  # ECMA-376, 22.9.2.19: _xHHHH_ is one character


def test_a_text_too_long_for_a_cell_says_so(tmp_path: Path) -> None:
    """The limit is in UTF-16 code units, of which a character beyond U+FFFF takes two."""
    run = make_run(tmp_path / "tiny")
    lines = [Translation("🙂" * 20_000), Translation("b" * 32_767), *[Translation("c")] * 3]
    RunDirectory(run).write_translations("translations/viet.jsonl", lines)
    report = build_report(run)
    texts = [row["hypothesis"] for row in read_xlsx(open_xlsx(report)) if row["system"] == "viet"]
    assert isinstance(texts[0], str)
    assert texts[0].startswith("🙂" * 16_000)
    assert texts[0].endswith(" [cut here: a cell holds 32767 of 40000; format csv has them all]")
    assert len(texts[0].encode("utf-16-le")) <= 2 * 32_767
    assert texts[1] == "b" * 32_767
    assert read_csv(report)[10]["hypothesis"] == "🙂" * 20_000


@pytest.mark.parametrize(("most", "sheets"), [(16, 1), (15, 2), (6, 3), (2, 15)])
def test_rows_that_a_sheet_cannot_hold_go_on_in_the_next(
    report: Report, monkeypatch: pytest.MonkeyPatch, most: int, sheets: int
) -> None:
    monkeypatch.setattr(workbook, "MAX_ROWS", most)
    book = open_xlsx(report)
    titles = ["Segments", *(f"Segments {number}" for number in range(2, sheets + 1))]
    assert book.sheetnames == ["Scores", *titles, "Columns"]
    rows = [row for title in titles for row in read_xlsx(book, title)]
    assert [str(row["pair"]) for row in rows] == [row["pair"] for row in read_csv(report)]
    assert all(book[title].max_row <= most for title in titles)


def test_arabic_cells_read_from_the_right(report: Report) -> None:
    names = [column.name for column in list_columns(report)]
    for row in open_xlsx(report)["Segments"].iter_rows(min_row=2):
        orders = {
            name: cell.alignment.readingOrder
            for name, cell in zip(names, row, strict=True)
            if cell.value is not None
        }
        assert orders.get("source", 2) == 2
        assert orders.get("hypothesis", 1) == orders.get("reference 1", 1) == 1
        assert all(cell.alignment.wrap_text for cell in row if cell.value is not None)


def test_the_workbook_opens_on_the_scores(report: Report) -> None:
    book = open_xlsx(report)
    assert book.sheetnames[0] == book.active.title == "Scores"
    rows = read_xlsx(book, "Scores")
    assert [(row["system"], row["metric"]) for row in rows] == [
        (system, metric) for system in ("good", "bad") for metric in ("BLEU", "chrF++", "TER")
    ]
    good, bad = rows[0], rows[3]
    assert (good["score"], good["baseline"]) == (100, None)
    bleu = report.targets[0].systems[1].scores[0]
    assert bad["score"] == pytest.approx(bleu.score, abs=1e-4)
    assert bad["low"] < bad["high"]
    assert bad["difference"] == pytest.approx(bleu.score - 100, abs=1e-4)
    assert bad["signature"] == bleu.recipe
    for title in ("Scores", "Segments"):
        sheet = book[title]
        assert sheet.freeze_panes == "C2"
        assert sheet.auto_filter.ref == sheet.dimensions
    assert [row["column"] for row in read_xlsx(book, "Columns")] == [
        cell.value for cell in book["Segments"][1]
    ]


def test_the_same_run_gives_the_same_workbook(report: Report) -> None:
    """No moment of its making is in it."""
    content = render_xlsx(report)
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        properties = parts.read("docProps/core.xml").decode()
    assert set(re.findall(r"\d{4}-\d\d-\d\d", properties)) == {"1980-01-01"}
    assert render_xlsx(report) == content


def test_every_format_can_be_asked_for_and_is_written(tmp_path: Path) -> None:
    assert list(RENDERERS) == list(get_args(Format))
    run = make_run(tmp_path / "tiny")
    before = {path.name for path in run.iterdir()}
    formats = [name for name in RENDERERS if name != "html"]  # that one takes its time
    write_reports(run, formats)
    written = {path.name for path in run.iterdir()} - before
    assert written - {".lock"} == {RENDERERS[name][0] for name in formats}
    with pytest.raises(RunError, match="unknown report format 'excel'; expected one of"):
        write_reports(run, ["excel"])


def test_every_column_is_documented(report: Report) -> None:
    text = (ROOT / "docs" / "columns.md").read_text(encoding="utf-8")
    segments, scores = re.split("^## ", text, flags=re.MULTILINE)[1:3]
    documented = re.findall(r"^\| `([^`]+)` \| (.+) \|$", segments, re.MULTILINE)
    columns = list_columns(report)
    assert [name for name, _ in documented] == [
        re.sub(" 1$", " N", column.name) for column in columns
    ]
    for (_, meaning), column in zip(documented, columns, strict=True):
        assert meaning.startswith(column.meaning)
    cells = re.findall(r"^\| (`.+`) \|", scores, re.MULTILINE)
    assert [name for cell in cells for name in re.findall("`([^`]+)`", cell)] == [
        cell.value for cell in open_xlsx(report)["Scores"][1]
    ]
