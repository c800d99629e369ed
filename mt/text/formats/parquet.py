"""Parquet, read and written with pyarrow."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from mt.errors import CorpusError
from mt.text.formats import limits
from mt.text.formats.cells import replace_surrogates
from mt.text.formats.content import File


class Parquet:
    """A Parquet file, with its schema, the schema's metadata, compression and row groups."""

    def __init__(self, file: File) -> None:
        try:
            self._file = pq.ParquetFile(pa.BufferReader(file.data))
            about = self._file.metadata
            groups = [about.row_group(number) for number in range(about.num_row_groups)]
            size = sum(group.total_byte_size for group in groups)
            limits.UNPACKED.check(size / limits.MB, file.name, "too large")
            limits.BLOCKS.check(about.num_rows, file.name, "too long")
            self._table = self._file.read()
            self._table.validate(full=True)
        except (OSError, ValueError, KeyError, RuntimeError, pa.ArrowException) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise CorpusError(f"{file.name}: not a Parquet file: {reason[:120]}") from None
        self._name = file.name
        self._groups = groups
        self.names: list[str] = self._table.column_names

    def read_column(self, name: str) -> list[str]:
        column = self._table.column(name)
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        if not (
            pa.types.is_string(kind)
            or pa.types.is_large_string(kind)
            or pa.types.is_string_view(kind)
            or pa.types.is_null(kind)
        ):
            raise CorpusError(f"{self._name}: column '{name}' is of type {kind}, not text")
        try:
            return [cell or "" for cell in column.to_pylist()]
        except (UnicodeDecodeError, pa.ArrowException):
            raise CorpusError(f"{self._name}: column '{name}' has bytes that are no text") from None

    def locate(self, row: int) -> str:
        return f"row {row + 1}"

    def write(self, name: str, cells: Mapping[int, str]) -> bytes:
        table = self._table
        there: list[str | None] = [None] * table.num_rows
        if name in self.names:
            there = table.column(name).to_pylist()
        for row, text in cells.items():
            there[row] = replace_surrogates(text)
        if name in self.names:
            field = table.schema.field(name)
            kind = pa.string() if pa.types.is_null(field.type) else field.type
            column = pa.array(there, pa.string()).cast(kind)
            field = field.with_type(kind)
            table = table.set_column(self.names.index(name), field, column)
        else:
            table = table.append_column(pa.field(name, pa.string()), pa.array(there, pa.string()))
        out = io.BytesIO()
        codec = self._groups[0].column(0).compression.lower() if self._groups else "snappy"
        codec = "none" if codec == "uncompressed" else codec
        rows = max((group.num_rows for group in self._groups), default=1) or 1
        pq.write_table(table, out, compression=codec, row_group_size=rows)
        return out.getvalue()
