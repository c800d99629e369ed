"""JSONL: a line is changed where its text is, and not written anew."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from typing import Any

from mt.errors import CorpusError
from mt.text.formats.cells import has_surrogates, replace_surrogates
from mt.text.formats.content import File
from mt.text.formats.encoding import decode, encode


class JsonLines:
    """An object a line."""

    def __init__(self, file: File) -> None:
        self._name = file.name
        text, self._encoding = decode(file.data, file.name, file.encoding)
        self._lines = io.StringIO(text, newline="").readlines()
        self._numbers: list[int] = []
        self._rows: list[dict[str, Any]] = []
        for number, line in enumerate(self._lines):
            if line.strip():
                self._numbers.append(number)
                self._rows.append(self._parse(number + 1, line))
        if not self._rows:
            raise CorpusError(f"{file.name}: empty; expected a JSON object a line")
        self.names = list(dict.fromkeys(key for row in self._rows for key in row))

    def _parse(self, number: int, line: str) -> dict[str, Any]:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)[:80]
            raise CorpusError(f"{self._name}:{number}: not JSON: {reason}") from None
        if not isinstance(row, dict):
            raise CorpusError(f"{self._name}:{number}: expected an object, such as {{...}}")
        return row

    def read_column(self, name: str) -> list[str]:
        cells = []
        for number, row in zip(self._numbers, self._rows, strict=True):
            cell = row.get(name)
            if cell is not None and not isinstance(cell, str):
                shown = json.dumps(cell, ensure_ascii=True)[:40]
                raise CorpusError(f"{self._name}:{number + 1}: '{name}' has {shown}, not a text")
            if has_surrogates(cell or ""):
                raise CorpusError(
                    f"{self._name}:{number + 1}: '{name}' has half a character (a lone surrogate)"
                )
            cells.append(cell or "")
        return cells

    def locate(self, row: int) -> str:
        return f"line {self._numbers[row] + 1}"

    def write(self, name: str, cells: Mapping[int, str]) -> bytes:
        lines = [*self._lines]
        for row, text in cells.items():
            number = self._numbers[row]
            lines[number] = self._change(lines[number], self._rows[row], name, text)
        return encode("".join(lines), self._name, self._encoding)

    def _change(self, line: str, row: dict[str, Any], name: str, text: str) -> str:
        value = json.dumps(replace_surrogates(text), ensure_ascii=False)
        bare = line.rstrip()
        end = line[len(bare) :]
        if name not in row:
            comma = ", " if row else ""
            return (
                f"{bare[:-1].rstrip()}{comma}{json.dumps(name, ensure_ascii=False)}: {value}}}{end}"
            )
        return json.dumps({**row, name: text}, ensure_ascii=False) + end
