"""A file as shards: tables of so many rows, with all columns, in order."""

from __future__ import annotations

import csv
import glob
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mt.errors import CorpusError, suggest
from mt.scale.files import TableFile, import_datasets

# What datasets, pandas and pyarrow raise for a file that is not what its name says.
_UNREADABLE = (OSError, ValueError, TypeError, KeyError, RuntimeError, pa.ArrowException)


@dataclass(frozen=True)
class Shard:
    """Rows of a file that are translated, written and, after a crash, redone together."""

    file: str
    number: int  # in the file, from 0
    last: bool  # of the file
    table: pa.Table


def read_shards(
    file: TableFile, column: str, shard_rows: int, finished: Collection[int] = ()
) -> Iterator[Shard]:
    """The shards of ``file`` that are not ``finished``, a few in memory at a time.

    Raises:
        CorpusError: the file cannot be read, or a row's ``column`` is not text.
    """
    first = next(number for number in count() if number not in finished)
    try:
        tables = _cut(_read_tables(file, column, shard_rows, first * shard_rows), shard_rows)
        for number, (table, last) in enumerate(_mark_last(tables), first):
            if number not in finished:
                _check_text(file, column, table, number * shard_rows)
                yield Shard(file.name, number, last, table)
    except CorpusError:
        raise
    except _UNREADABLE as error:
        reason = _find_odd_line(file, column) or _tell_unreadable(error)
        raise CorpusError(f"{file.location}: {reason}") from None


def read_tables(file: TableFile, rows: int) -> Iterator[pa.Table]:
    """All rows and columns of ``file``, about ``rows`` at a time; the cells of CSV are texts.

    Raises:
        CorpusError: the file cannot be read, or no longer.
    """
    from httpx2 import HTTPError

    from mt.translate.hub import quiet_client, tell_refusal, tell_trouble

    try:
        with quiet_client():
            yield from _read_tables(file, None, rows, 0)
    except HTTPError as error:
        trouble = f"the Hub cannot be reached any more ({tell_trouble(error)})"
        raise CorpusError(f"{file.location}: {tell_refusal(error, None) or trouble}") from None
    except _UNREADABLE as error:
        raise CorpusError(f"{file.location}: {_tell_unreadable(error)}") from None


def _tell_unreadable(error: Exception) -> str:
    return (
        f"cannot be read as a table: {_first_line(error)}; "
        "where columns or their types change further down, make a Parquet file of it"
    )


def count_rows(file: TableFile) -> int | None:
    """How many rows a file has, where that is known without reading all of it."""
    if file.kind != "parquet" or file.remote:
        return None
    try:
        with file.open() as handle:
            return int(pq.ParquetFile(handle).metadata.num_rows)
    except _UNREADABLE as error:
        raise CorpusError(
            f"{file.location}: cannot be read as a table: {_first_line(error)}"
        ) from None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _read_tables(file: TableFile, column: str | None, rows: int, start: int) -> Iterator[pa.Table]:
    """The rows from ``start``, as tables of any size without a schema's remarks."""
    if file.kind == "parquet":
        tables = _read_parquet(file, rows, start)
    else:
        tables = _drop(_stream(file, column, rows), start)
    for table in tables:
        yield table.replace_schema_metadata(None)


def _read_parquet(file: TableFile, rows: int, start: int) -> Iterator[pa.Table]:
    """Row groups that end before ``start`` are not read at all."""
    with file.open() as handle:
        parquet = pq.ParquetFile(handle)
        sizes = [parquet.metadata.row_group(i).num_rows for i in range(parquet.num_row_groups)]
        skipped = 0
        while sizes and sizes[0] <= start:
            start -= sizes.pop(0)
            skipped += 1
        groups = range(skipped, skipped + len(sizes))
        if not parquet.metadata.num_rows and not start:
            yield parquet.schema_arrow.empty_table()
        batches = parquet.iter_batches(batch_size=rows, row_groups=list(groups))
        yield from _drop((pa.Table.from_batches([batch]) for batch in batches), start)


def _stream(file: TableFile, column: str | None, rows: int) -> Iterator[pa.Table]:
    """Any other file, by the streaming reader of ``datasets``, which unpacks what is packed."""
    if not file.remote and not Path(file.location).stat().st_size:
        return
    options: dict[str, Any] = {}
    if file.kind == "json":
        # a number among the texts is a mistake, which must not make JSON of all texts
        options = {"on_mixed_types": None, "parse_agent_traces": False}
    elif file.kind == "csv":
        # pandas would read "NA" and "null" as nothing, and a column of digits as numbers
        options = {
            "converters": dict.fromkeys([column] if column else _read_header(file), str),
            "keep_default_na": False,
            "na_values": [""],
            "sep": _find_separator(file),
        }
    location = file.location if file.remote else glob.escape(file.location)
    builder = import_datasets().load_dataset_builder(file.kind, data_files=[location], **options)
    stream = builder.as_streaming_dataset("train")
    yield from stream.with_format("arrow").iter(batch_size=rows)


def _find_separator(file: TableFile) -> str:
    return "\t" if ".tsv" in file.name else ","


def _read_header(file: TableFile) -> list[str]:
    with file.unpack() as lines:
        head = lines.readline().decode("utf-8-sig")
    return next(csv.reader([head], delimiter=_find_separator(file)), [])


def _drop(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    for table in tables:
        if rows < table.num_rows:
            yield table.slice(rows)
        rows = max(0, rows - table.num_rows)


def _cut(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Tables of ``rows`` rows, and a last one of what is left; of an empty table, an empty one."""
    held: pa.Table | None = None
    made = 0
    for table in tables:
        held = table if held is None else _join(held, table)
        while held.num_rows >= rows:
            yield held.slice(0, rows).combine_chunks()
            held = held.slice(rows)
            made += 1
    if held is not None and (held.num_rows or not made):
        yield held.combine_chunks()


def _join(before: pa.Table, after: pa.Table) -> pa.Table:
    """A column that is empty in one part and not in the other has the other's type."""
    return pa.concat_tables([before, after], promote_options="permissive")


def _mark_last(tables: Iterable[pa.Table]) -> Iterator[tuple[pa.Table, bool]]:
    held: pa.Table | None = None
    for table in tables:
        if held is not None:
            yield held, False
        held = table
    if held is not None:
        yield held, True


def _check_text(file: TableFile, column: str, table: pa.Table, before: int) -> None:
    if column not in table.column_names:
        raise CorpusError(
            f"{file.location}: no column '{column}'{suggest(column, table.column_names)}"
        )
    table.validate(full=True)  # JSON may have brought bytes that are no UTF-8
    values = table.column(column)
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if pa.types.is_null(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return
    if pa.types.is_string_view(kind):
        return
    found = next(((row, value) for row, value in enumerate(values, 1) if value.is_valid), None)
    where = f"row {before + found[0]}: " if found else ""
    what = f"has {found[1]} ({kind})" if found else f"is of type {kind}"
    raise CorpusError(f"{file.location}: {where}column '{column}' {what}, not text")


def _find_odd_line(file: TableFile, column: str) -> str:
    """The line of a JSONL file that is no row with a text, or "" where none is at fault."""
    if file.kind != "json":
        return ""
    with file.unpack() as lines:
        for number, line in enumerate(lines, 1):
            if reason := _judge(line, column):
                return f"line {number}: {reason}"
    return ""


def _judge(line: bytes, column: str) -> str:
    if not line.strip():
        return ""
    try:
        row = json.loads(line)
    except ValueError as error:
        return f"not JSON: {error}"
    if not isinstance(row, dict):
        return "expected an object with keys and values"
    value = row.get(column)
    if value is None or isinstance(value, str):
        return ""
    return f"column '{column}' has {json.dumps(value, ensure_ascii=False)[:60]}, not text"
