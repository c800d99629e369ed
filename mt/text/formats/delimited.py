"""TSV and CSV: rows that are kept as they stand, but for the cells that are filled."""

from __future__ import annotations

import csv
import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mt.errors import AwdaWarning, CorpusError
from mt.text.formats import limits
from mt.text.formats.cells import list_names, replace_surrogates
from mt.text.formats.content import File
from mt.text.formats.encoding import decode, encode


class Delimited:
    """TSV, in which quotes are letters as any other, and CSV, in which they are not."""

    def __init__(self, file: File) -> None:
        self._name = file.name
        self._text, self._encoding = decode(file.data, file.name, file.encoding)
        if self._encoding == "utf-16":
            self._text = self._text.removeprefix("\ufeff")
        self._tabs = Path(file.name).suffix.lower() in (".tsv", ".tab")
        head = self._text.partition("\n")[0]
        self._mark = "\t" if self._tabs else _sniff_mark(head)
        self._end = "\r\n" if head.endswith("\r") else "\n"
        self._rows: list[list[str]] = []
        self._raw: list[str] = []  # with line ends; blank lines belong to the row before them
        self._lines: list[int] = []
        for line, raw, cells in self._split():
            if cells:
                self._rows.append(cells)
                self._raw.append(raw)
                self._lines.append(line)
            elif self._raw:
                self._raw[-1] += raw
        if not self._rows:
            raise CorpusError(f"{file.name}: empty; expected a table")
        self.names: list[str] = [name.strip() for name in self._rows[0]]
        if self._mark not in ",\t":
            warnings.warn(
                f"{file.name}: cells are taken to be apart by '{self._mark}'",
                AwdaWarning,
                stacklevel=5,
            )

    def _split(self) -> Iterator[tuple[int, str, list[str]]]:
        """Rows with the number of their first line and how they stand there."""
        lines = io.StringIO(self._text, newline="").readlines()
        if self._tabs:
            for number, line in enumerate(lines, 1):
                bare = line.rstrip("\r\n")
                yield number, line, self._check(number, bare.split("\t") if bare else [])
            return
        csv.field_size_limit(limits.CHARACTERS.value)
        rows = csv.reader(lines, delimiter=self._mark, strict=True)
        before = 0
        try:
            for cells in rows:
                raw = "".join(lines[before : rows.line_num])
                yield before + 1, raw, self._check(before + 1, cells)
                before = rows.line_num
        except csv.Error as error:
            raise CorpusError(f"{self._name}:{before + 1}: not CSV: {error}") from None

    def _check(self, line: int, cells: list[str]) -> list[str]:
        if cells and self._rows and len(cells) != len(self._rows[0]):
            raise CorpusError(
                f"{self._name}:{line}: {len(cells)} cells, expected {len(self._rows[0])} "
                f"({list_names(self._rows[0])})"
            )
        return cells

    def read_column(self, name: str) -> list[str]:
        place = self.names.index(name)
        return [row[place] for row in self._rows[1:]]

    def locate(self, row: int) -> str:
        return f"line {self._lines[row + 1]}"

    def write(self, name: str, cells: Mapping[int, str]) -> bytes:
        if name in self.names:
            place = self.names.index(name)
            for row, text in cells.items():
                made = [*self._rows[row + 1]]
                made[place] = text
                self._raw[row + 1] = self._join(made) + self._find_end(row + 1)
        else:
            texts = [name, *(cells.get(row, "") for row in range(len(self._rows) - 1))]
            for number, text in enumerate(texts):
                end = self._find_end(number)
                bare = self._raw[number].removesuffix(end) if end else self._raw[number]
                self._raw[number] = f"{bare}{self._mark}{self._join([text])}{end}"
        return encode("".join(self._raw), self._name, self._encoding)

    def _find_end(self, number: int) -> str:
        """The line end of a row, with the blank lines behind it."""
        raw = self._raw[number]
        return raw[len(raw.rstrip("\r\n")) :]

    def _join(self, cells: Sequence[str]) -> str:
        cells = [replace_surrogates(cell) for cell in cells]
        if self._tabs:
            return "\t".join(re.sub(r"[\t\r\n]+", " ", cell) for cell in cells)
        out = io.StringIO()
        quoted = self._raw[0].startswith('"')
        csv.writer(
            out,
            delimiter=self._mark,
            quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL,
            lineterminator="\r\n",  # so that line ends in cells are quoted
        ).writerow(cells)
        return out.getvalue().removesuffix("\r\n")


def _sniff_mark(head: str) -> str:
    """What stands most often between the cells of the first line, quoted ones apart."""
    bare = re.sub('"[^"]*"', "", head)
    return max(",;\t|", key=bare.count)
