"""Datasets as documents: of the Hugging Face Hub, or in a folder; their rows as they stream."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from mt.errors import CorpusError
from mt.text.formats import limits
from mt.text.formats.address import Address, is_saved

if TYPE_CHECKING:
    from mt.scale.files import TableFile

_ROWS = 1000  # at a time


def read_rows(address: Address) -> bytes:
    """The rows of a dataset, as a Parquet file; texts of a nested column in columns of their own.

    A column of type ``Translation``, say, becomes ``translation.ar`` and ``translation.en``.

    Raises:
        CorpusError: there is no such dataset, subset or split; it cannot be read, or is beyond a
            limit; or the Hub cannot be reached.
    """
    from mt.scale.files import find_in_dataset

    if is_saved(address.dataset):
        return _write(address.name, _load(address))
    return _read(address.name, find_in_dataset(address.dataset, address.subset, address.split))


@lru_cache(maxsize=1)  # source and references are often columns of one dataset
def _read(name: str, files: tuple[TableFile, ...]) -> bytes:
    from mt.scale.reader import read_tables

    return _write(name, (table for file in files for table in read_tables(file, _ROWS)))


def _load(address: Address) -> Iterator[pa.Table]:
    """The tables of a folder that ``save_to_disk`` made."""
    from mt.scale.files import choose_split, import_datasets

    datasets = import_datasets()
    if address.subset:
        raise CorpusError(f"{address.name}: a folder that was saved has no subsets")
    try:
        loaded: Any = datasets.load_from_disk(address.dataset)
        if isinstance(loaded, datasets.DatasetDict):
            loaded = loaded[choose_split(address.name, address.split, list(loaded))]
        elif address.split and address.split != str(loaded.split):
            raise CorpusError(f"{address.name}: no split '{address.split}': it is a single one")
        yield from loaded.with_format("arrow").iter(batch_size=_ROWS)
    except (OSError, ValueError, TypeError, KeyError, pa.ArrowException) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise CorpusError(
            f"{address.name}: cannot be read as a dataset that was saved: {reason[:120]}"
        ) from None


def _write(name: str, tables: Iterator[pa.Table]) -> bytes:
    held: list[pa.Table] = []
    rows, size = 0, 0.0
    for table in tables:
        rows += table.num_rows
        size += table.nbytes / limits.MB
        limits.BLOCKS.check(rows, name, "too long")
        limits.FILE.check(size, name, "too large")
        held.append(_flatten(table.replace_schema_metadata(None)))
    if not rows:
        raise CorpusError(f"{name}: empty; expected rows of text")
    out = io.BytesIO()
    try:
        pq.write_table(pa.concat_tables(held, promote_options="permissive"), out)
    except pa.ArrowException as error:
        reason = str(error).splitlines()[0]
        raise CorpusError(f"{name}: its files do not fit together: {reason[:120]}") from None
    return out.getvalue()


def _flatten(table: pa.Table) -> pa.Table:
    """Columns of structures that hold nothing but texts are made a column for each."""
    names, columns = [], []
    for field, column in zip(table.schema, table.columns, strict=True):
        kind = field.type
        texts = pa.types.is_struct(kind) and all(
            pa.types.is_string(part.type) or pa.types.is_large_string(part.type) for part in kind
        )
        flat = pa.table({field.name: column}).flatten() if texts else pa.table({field.name: column})
        names += flat.column_names
        columns += flat.columns
    return pa.table(columns, names=names)
