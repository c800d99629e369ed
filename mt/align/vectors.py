"""Sentence vectors that were made already, in one SQLite file in the cache folder.

A row is one text by one embedder, its vector kept exactly, so that the file changes no result. It
is opened for a call and closed after it, so processes and threads share it as they like. A file
that cannot be used costs time, never an alignment: a warning says so.
"""

from __future__ import annotations

import sqlite3
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mt.errors import AwdaWarning, CacheError

Vectors = npt.NDArray[np.float32]

ROWS = 300_000  # that are kept, the newest; about 600 MB of e5-small
WAIT = 5.0  # seconds for other processes that write

_TABLE = "CREATE TABLE IF NOT EXISTS vector (key BLOB PRIMARY KEY NOT NULL, value BLOB NOT NULL)"


class Store:
    """The vectors of ``width`` numbers by one embedder; without a file it has none."""

    def __init__(self, file: sqlite3.Connection | None, made_by: str, width: int) -> None:
        self._file, self._width = file, width
        self._start = blake2b(f"{made_by}\0".encode(), digest_size=16)

    def find(self, texts: Sequence[str]) -> dict[str, Vectors]:
        """What is known of a few texts; never raises."""
        keys = {self._hash(text): text for text in texts}
        query = f"SELECT key, value FROM vector WHERE key IN ({','.join('?' * len(keys))})"  # noqa: S608
        rows = self._try(lambda file: file.execute(query, list(keys)).fetchall())
        return {
            keys[key]: np.frombuffer(value, dtype="<f4")
            for key, value in rows or ()
            if isinstance(value, bytes) and len(value) == 4 * self._width
        }

    def keep(self, made: Mapping[str, Vectors]) -> None:
        """Keep new vectors, and forget the oldest where there are too many; never raises."""
        rows = [(self._hash(text), row.astype("<f4").tobytes()) for text, row in made.items()]

        def write(file: sqlite3.Connection) -> list[tuple[bytes, bytes]]:
            with file:
                file.executemany("INSERT OR REPLACE INTO vector VALUES (?, ?)", rows)
                newest = "SELECT max(rowid) FROM vector"
                file.execute(f"DELETE FROM vector WHERE rowid <= ({newest}) - ?", (ROWS,))  # noqa: S608
            return rows

        self._try(write)

    def _hash(self, text: str) -> bytes:
        key = self._start.copy()
        key.update(text.encode("utf-8", "surrogatepass"))
        return key.digest()

    def _try(
        self, work: Callable[[sqlite3.Connection], list[tuple[bytes, bytes]]]
    ) -> list[tuple[bytes, bytes]] | None:
        try:
            return work(self._file) if self._file else None
        except sqlite3.Error as error:
            self._file = None  # whoever opened it closes it
            _warn(error)
            return None


@contextmanager
def open_store(made_by: str, width: int) -> Iterator[Store]:
    """The vectors by an embedder that ``made_by`` tells from others, and from other versions."""
    file = _open()
    try:
        yield Store(file, made_by, width)
    finally:
        if file:
            file.close()


def _open() -> sqlite3.Connection | None:
    from filelock import FileLock

    from mt.translate.conversion import cache_folder

    file = None
    try:
        path: Path = cache_folder() / "vectors.sqlite"
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_name(path.name + ".lock"), timeout=WAIT):
            file = sqlite3.connect(path, timeout=WAIT, check_same_thread=False)
            file.execute("PRAGMA journal_mode = WAL")  # readers need not wait for writers
            file.execute("PRAGMA synchronous = NORMAL")
            with file:
                file.execute(_TABLE)
    except (sqlite3.Error, OSError, CacheError) as error:
        if file:
            file.close()
        _warn(error)
        return None
    return file


def _warn(error: Exception) -> None:
    message = f"the cache of sentence vectors (vectors.sqlite) cannot be used: {error}"
    if type(error) is sqlite3.DatabaseError:  # damaged, not busy
        from mt.translate.conversion import cache_folder

        message += f"; to begin a new one, remove {cache_folder() / 'vectors.sqlite'}"
    warnings.warn(f"{message}. Alignment goes on without it", AwdaWarning, stacklevel=3)
