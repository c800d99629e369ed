"""Tables with a column per language: TSV, CSV, JSONL, Parquet. All other columns stay."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from mt.errors import AwdaWarning, CorpusError
from mt.languages import LANGUAGES
from mt.text.formats.cells import flatten_cell, join_cell, list_names, split_cell
from mt.text.formats.content import Block, Content, File, Project
from mt.text.formats.delimited import Delimited
from mt.text.formats.jsonlines import JsonLines
from mt.text.tmx import shorten

_PLAIN = ("text", "source")  # columns that are translated where none is named by its language

_PARQUET = b"PAR1"  # how the rows of a dataset begin, whose name has no ending


class _Table(Protocol):
    """Rows of text, as they lie in a file."""

    names: list[str]

    def read_column(self, name: str) -> list[str]:
        """The cells, "" where there is nothing."""
        ...

    def locate(self, row: int) -> str:
        """Where a row is, for messages."""
        ...

    def write(self, name: str, cells: Mapping[int, str]) -> bytes:
        """The file with other ``cells``, by row; a column that is not there becomes the last."""
        ...


def read(file: File) -> Content:
    """The cells of the column that is named by the language ``file.side``: a block per row.

    A name is a code or a language in English: ``ar``, ``ar-SA``, ``ara``, ``Arabic``; a column
    called ``text`` serves too. With ``file.target``, the rows whose cell in that language's column
    is empty, line by line; without such a column, all.

    Raises:
        CorpusError: not such a file, with its line; or no column, or several, for the language.
    """
    table = _open(file)
    column = _choose_column(file, table.names)
    cells = table.read_column(column)
    rows = _find_work(file, table, column, cells)
    blocks = []
    for row in rows:
        texts = split_cell(cells[row]) if file.target else (flatten_cell(cells[row]),)
        blocks += [Block(text, where=table.locate(row)) for text in texts]
    filled = sum(map(bool, map(str.strip, cells))) - len(rows) if file.target else 0
    if filled:
        warnings.warn(
            f"{file.name}: {filled} rows have a translation already, which stays",
            AwdaWarning,
            stacklevel=2,
        )
    return Content(tuple(blocks), partial(_write, file), _name_language(_last(column)))


def _write(file: File, texts: Sequence[str], language: str, _project: Project) -> bytes:
    table = _open(file)
    column = _choose_column(file, table.names)
    cells = table.read_column(column)
    target = _find_target(file, table.names, column, language) or language
    there = table.read_column(target) if target in table.names else [""] * len(cells)
    rest = iter(texts)
    made = {}
    for row in _find_work(file, table, column, cells):
        if file.target:
            made[row] = join_cell(cells[row], rest).strip()
        elif (text := next(rest)) != flatten_cell(cells[row]) or target != column:
            made[row] = text
    changed = {
        row: text
        for row, text in made.items()
        if text and (target == column or not there[row].strip())
    }
    return table.write(target, changed)


def _find_target(file: File, names: list[str], column: str, language: str) -> str | None:
    """The column to be filled: named by its language, or ``target`` beside a ``source``."""
    if found := _find_column(names, language, file.name):
        return found
    return "target" if file.target and column == "source" and "target" in names else None


def _find_work(file: File, table: _Table, column: str, cells: Sequence[str]) -> list[int]:
    """The rows that are blocks."""
    if not file.target:
        return list(range(len(cells)))
    target = _find_target(file, table.names, column, file.target)
    there = table.read_column(target) if target else [""] * len(cells)
    return [row for row, cell in enumerate(cells) if cell.strip() and not there[row].strip()]


def _name_language(name: str) -> str | None:
    """The language that a column is named by."""
    code = shorten(name)
    named = (each.code for each in LANGUAGES.values() if each.name.lower() == name.strip().lower())
    return code if code in LANGUAGES else next(named, None)


def _last(name: str) -> str:
    """Of a text nested in another, as in ``translation.ar``, its own name."""
    return name.rpartition(".")[2]


def _find_column(names: Sequence[str], language: str, name: str) -> str | None:
    found = [each for each in names if _name_language(each) == language]
    found = found or [each for each in names if _name_language(_last(each)) == language]
    if len(found) > 1:
        raise CorpusError(
            f"{name}: several columns for '{language}': {list_names(found)}; rename one"
        )
    return found[0] if found else None


def _choose_column(file: File, names: Sequence[str]) -> str:
    """The column to be read; raises ``CorpusError`` with those there are."""
    if repeated := next((each for each in names if names.count(each) > 1), None):
        raise CorpusError(f"{file.name}: two columns are called '{repeated[:40]}'; rename one")
    if file.column:
        if file.column not in names:
            raise CorpusError(f"{file.name}: no column '{file.column}'; it has {list_names(names)}")
        return file.column
    if file.side:
        found = _find_column(names, file.side, file.name)
    else:
        known = [each for each in names if _name_language(each)]
        known = known or [each for each in names if _name_language(_last(each))]
        others = [each for each in known if _name_language(_last(each)) != file.target]
        found = others[0] if len(others) == 1 else None
    plain = _PLAIN if file.target else _PLAIN[:1]
    found = found or next((each for each in names if each in plain), None)
    if not found:
        what = f"no column for '{file.side}'" if file.side else "no single column of a language"
        raise CorpusError(f"{file.name}: {what}; it has {list_names(names)}: {_advise(file)}")
    return found


def _advise(file: File) -> str:
    """What to do where no column can be chosen."""
    if not file.side:
        return "say which language to read, --from LANG, or LANG=FILE for awda init"
    if "://" in file.name or "?" in file.name:
        return "say which with column=NAME behind the '?'"
    return f"name the one to be read '{file.side}' (the first line of TSV and CSV has the names)"


def _open(file: File) -> _Table:
    suffix = Path(file.name).suffix.lower()
    if suffix == ".parquet" or file.data.startswith(_PARQUET):
        from mt.text.formats.parquet import Parquet

        return Parquet(file)
    return JsonLines(file) if suffix in (".jsonl", ".ndjson") else Delimited(file)
