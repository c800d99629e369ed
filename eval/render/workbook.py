"""The scores and segments of a report as a workbook for Excel and its like (ECMA-376)."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from eval.render.segments import Column, Value, is_formula, list_columns, list_lines
from eval.results import Report, SystemReport, Target
from eval.scores.metrics import MetricScore
from eval.scores.significance import Comparison
from mt.languages import LANGUAGES

MAX_ROWS = 1_048_576  # of a sheet, with the header
MAX_TEXT = 32_767  # of a cell, in UTF-16 code units

_SCORES = (  # column, width
    ("target", 8),
    ("system", 16),
    ("metric", 10),
    ("score", 9),
    ("low", 9),
    ("high", 9),
    ("pairs", 8),
    ("baseline", 16),
    ("difference", 11),
    ("p-value", 9),
    ("corrected p", 9),
    ("made by", 40),
    ("signature", 60),
)

# Characters that XML 1.0 has no way to write.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

# In a cell, _x0041_ stands for A, so that a text with these seven characters has to escape them.
_ESCAPE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")

_DATE = re.compile(rb"(<dcterms:[^>]*>)[^<]+")
_LONG_AGO = b"1980-01-01T00:00:00Z"  # the first moment that a zip file can have


def render_xlsx(report: Report) -> bytes:
    """A workbook with the sheets ``Scores``, ``Segments`` and ``Columns``; no date, no formula.

    Segments that need more rows than a sheet may have go on in ``Segments 2``. A text that is too
    long for a cell ends in a remark that says so.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    columns = list_columns(report)
    scores = ([(value, "") for value in row] for row in _list_scores(report))
    _Sheet(book, "Scores", _SCORES).write(scores, frozen="C2")
    rows = (
        [
            (column.read(line), column.language(line) if column.language else "")
            for column in columns
        ]
        for line in list_lines(report)
    )
    widths = [(column.name, column.width) for column in columns]
    for number, part in enumerate(_split(rows, MAX_ROWS - 1), 1):
        title = "Segments" if number == 1 else f"Segments {number}"
        _Sheet(book, title, widths).write(part, frozen="C2")
    about = [("column", 18), ("meaning", 100)]
    _Sheet(book, "Columns", about).write(_explain(columns), frozen="A2")
    out = io.BytesIO()
    book.save(out)
    return _take_dates_out(out.getvalue())


_Cell = tuple[Value, str]  # what a cell holds, and the code of its language or ""


def _explain(columns: Sequence[Column]) -> Iterator[list[_Cell]]:
    for column in columns:
        yield [(column.name, ""), (column.meaning, "")]


def _split(rows: Iterable[list[_Cell]], size: int) -> Iterator[Iterator[list[_Cell]]]:
    """Parts of at most ``size`` rows, to be taken one after the other; one part where none is."""
    rows = iter(rows)
    yield islice(rows, size)
    for row in rows:
        yield chain([row], islice(rows, size - 1))


def _list_scores(report: Report) -> Iterator[list[Value]]:
    for target in report.targets:
        for system in target.systems:
            for score in system.scores:
                yield _describe_score(target, system, score)


def _describe_score(target: Target, system: SystemReport, score: MetricScore) -> list[Value]:
    wanted = (target.systems[0].name, system.name, score.metric)
    found = [
        each for each in target.comparisons if (each.baseline, each.system, each.metric) == wanted
    ]
    return [
        target.language,
        system.name,
        score.label,
        _round(score.score),
        _round(score.low),
        _round(score.high),
        target.scored,
        *(_describe_comparison(found[0]) if found else (None, None, None, None)),
        system.origin,
        score.recipe,
    ]


def _describe_comparison(comparison: Comparison) -> tuple[Value, ...]:
    return (
        comparison.baseline,
        _round(comparison.difference),
        _round(comparison.p_value),
        _round(comparison.corrected),
    )


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


class _Sheet:
    """A sheet that is written from the top; openpyxl keeps none of its rows in memory.

    One cell object serves a whole column, or rather those of its cells that look the same: making
    and styling one for every value takes most of the time that a large workbook needs.
    """

    def __init__(self, book: Any, title: str, columns: Iterable[tuple[str, int]]) -> None:
        self._sheet = book.create_sheet(title)
        self._columns = tuple(columns)
        self._cells: dict[tuple[int, int, bool], Any] = {}

    def write(self, rows: Iterable[list[_Cell]], frozen: str) -> None:
        """Write the header and ``rows``; what is above and left of ``frozen`` stays in sight."""
        from openpyxl.utils import get_column_letter

        sheet = self._sheet
        sheet.freeze_panes = frozen
        for number, (_, width) in enumerate(self._columns, 1):
            sheet.column_dimensions[get_column_letter(number)].width = width
        sheet.append([self._head(name) for name, _ in self._columns])
        count = 1
        for row in rows:
            sheet.append([self._fill(i, *cell) for i, cell in enumerate(row)])
            count += 1
        sheet.auto_filter.ref = f"A1:{get_column_letter(len(self._columns))}{count}"

    def _head(self, name: str) -> Any:
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Alignment, Font, PatternFill

        cell = WriteOnlyCell(self._sheet, name)
        cell.font = Font(name="Calibri", size=11, bold=True)  # the default, but for its weight
        cell.fill = PatternFill("solid", fgColor="DDE3EA")
        cell.alignment = Alignment(vertical="top", wrap_text=True)
        return cell

    def _fill(self, column: int, value: Value, language: str) -> Any:
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            cell = self._find_cell(column, 0, quoted=False)
            cell.value = value
            return cell
        cell = self._find_cell(column, _find_order(language), quoted=is_formula(value))
        cell.value = _fit(value)
        cell.data_type = "s"  # also where it looks like a formula or an error
        return cell

    def _find_cell(self, column: int, order: int, *, quoted: bool) -> Any:
        """``quoted`` keeps a text from becoming a formula when somebody edits the cell."""
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Alignment

        key = (column, order, quoted)
        if key not in self._cells:
            cell = self._cells[key] = WriteOnlyCell(self._sheet)
            cell.alignment = Alignment(
                vertical="top",
                wrap_text=True,
                readingOrder=order,
                horizontal="right" if order == _RIGHT_TO_LEFT else None,
            )
            cell.quotePrefix = quoted
        return self._cells[key]


_RIGHT_TO_LEFT = 2  # readingOrder of ECMA-376; 1 is left to right, 0 by the first strong letter


def _find_order(language: str) -> int:
    if language not in LANGUAGES:
        return 0
    return _RIGHT_TO_LEFT if LANGUAGES[language].right_to_left else 1


def _fit(text: str) -> str:
    """The text as a cell can hold it: nothing is taken away without a visible sign."""
    text = _ESCAPE.sub("_x005F_", _FORBIDDEN.sub(_picture, text))
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MAX_TEXT:
        return text
    remark = f" [cut here: a cell holds {MAX_TEXT} of {len(units) // 2}; format csv has them all]"
    return units[: 2 * (MAX_TEXT - len(remark))].decode("utf-16-le", errors="ignore") + remark


def _picture(match: re.Match[str]) -> str:
    """U+2400 and what follows are pictures of the control characters: ␀, ␁, ␛."""
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def _take_dates_out(content: bytes) -> bytes:
    """The same workbook, equal byte for byte whenever it is made."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as book,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as copy,
    ):
        for name in book.namelist():
            part = book.read(name)
            if name == "docProps/core.xml":
                part = _DATE.sub(rb"\g<1>" + _LONG_AGO, part)
            copy.writestr(zipfile.ZipInfo(name), part, zipfile.ZIP_DEFLATED)
    return out.getvalue()
