"""What models have translated already, in one SQLite file that all jobs of a user share.

A row is one text by one maker: the text is normalised, and the maker is a digest of all that
decides a model's output (its files, target token, engine, decoding, :data:`VERSION` of the
translator), so that a row is never out of date, only out of use. A file that cannot be used costs
time, never a translation: the memory says so once, as a warning, and knows nothing from then on.
The journal that lets processes share the file (SQLite's WAL) works on one machine only: a cache
folder on a network share is for one machine at a time.
"""

from __future__ import annotations

import json
import sqlite3
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import TypeVar

from mt.errors import AwdaWarning, CacheError
from mt.translate.translation import Attempt, Translation

FORMAT = 1  # of the file; another one is not used

LIMIT = 4 * 2**30  # bytes that the file may grow to
CACHE = 8_000  # kB of it that are held in memory
WAIT = 30.0  # seconds for other processes that write

_CHUNK = 500  # keys of one query
_read = json.JSONDecoder().decode  # what json.loads comes to, sooner

_FILES = ("", "-wal", "-shm")  # ends of the names of SQLite's files
_EPOCH = date(1970, 1, 1)

_TABLES = (
    "CREATE TABLE maker (id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE,"
    " model TEXT NOT NULL, target TEXT NOT NULL, engine TEXT NOT NULL)",
    # Not WITHOUT ROWID: rows then lie in the order of their hashes, and a document all over the
    # file; keeping 400,000 rows took twice as long, finding them a fifth longer.
    "CREATE TABLE translation (key BLOB PRIMARY KEY NOT NULL, maker INTEGER NOT NULL,"
    " used INTEGER NOT NULL, value TEXT NOT NULL)",
)

_Result = TypeVar("_Result")


@dataclass(frozen=True)
class Maker:
    """What made translations, as people call it."""

    model: str = ""  # as a report cites it; "" where nobody said
    target: str = ""  # language
    engine: str = ""  # with its version


@dataclass(frozen=True)
class Holding:
    """What the memory has of one maker."""

    maker: Maker
    entries: int
    oldest: date  # of the last uses
    newest: date


class _NoMemoryError(CacheError):
    """The file is damaged, or another version's."""


class Memory:
    """Translations by maker and text; shared by threads and processes.

    ``path`` is made when the first translation is kept or looked for. With ``fresh`` nothing is
    found, and what is kept replaces what was there.
    """

    def __init__(self, path: Path | None = None, *, fresh: bool = False) -> None:
        self._connection: sqlite3.Connection | None = None
        self._lock = Lock()
        self._reads, self._writes = not fresh, True
        self._told = False  # that the file fails
        self._makers: dict[str, Maker] = {}
        self.path = path or default_path()

    def __del__(self) -> None:
        self.close()  # SQLite then clears its journal away

    def introduce(self, made_by: str, maker: Maker) -> None:
        """Say what ``made_by`` is a digest of, for :meth:`list_holdings`."""
        self._makers[made_by] = maker

    def find(self, made_by: str, texts: Sequence[str]) -> dict[str, Translation]:
        """What is known of ``texts`` (normalised), by text; never raises."""
        with self._lock:
            if not self._reads or not texts:
                return {}
            found = self._try(lambda file: _find(file, made_by, texts))
            if found is None:
                self._reads = self._writes = False
                return {}
            known, unused = found
            if unused and self._writes:
                self._writes = self._try(lambda file: _touch(file, unused)) is not None
            return known

    def keep(self, made_by: str, made: Mapping[str, Translation]) -> None:
        """Keep translations of one leg, by normalised text; never raises."""
        with self._lock:
            if self._writes and made:
                maker = self._makers.get(made_by, Maker())
                kept = self._try(lambda file: _keep(file, made_by, maker, made))
                self._writes = kept is not None

    def close(self) -> None:
        """Let go of the file; what is asked next opens it again."""
        with self._lock:
            if self._connection:
                self._connection.close()
            self._connection = None

    @property
    def size(self) -> int:
        """Bytes on disk, with those of the journal."""
        paths = (self.path.with_name(self.path.name + end) for end in _FILES[:2])
        return sum(path.stat().st_size for path in paths if path.exists())

    def list_holdings(self) -> tuple[Holding, ...]:
        """What there is of every maker, the largest first; nothing where there is no file.

        Raises:
            CacheError: the file cannot be used.
        """
        return self._demand(_list_holdings) if self.path.exists() else ()

    def prune(self, *, older_than: int | None = None, max_bytes: int | None = None) -> int:
        """Forget what was not used for ``older_than`` days, then the least recently used.

        Returns the number of translations forgotten; the file then has at most ``max_bytes``
        (or the few pages of an empty one).

        Raises:
            CacheError: the file cannot be used.
        """
        if not self.path.exists():
            return 0
        return self._demand(lambda file: _prune(file, older_than, max_bytes))

    def clear(self) -> int:
        """Forget everything, as :meth:`prune` does; a file that is no memory is removed."""
        if not self.path.exists():
            return 0
        try:
            return self._demand(_clear)
        except _NoMemoryError:
            self.close()
            for end in _FILES:
                self.path.with_name(self.path.name + end).unlink(missing_ok=True)
            return 0

    def _file(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = _open(self.path)
        return self._connection

    def _try(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result | None:
        """The result of ``work``, or None and (once) a warning where the file fails it."""
        try:
            return work(self._file())
        except (sqlite3.Error, OSError, CacheError) as error:
            self._reads = self._reads and self._connection is not None
            told, self._told = self._told, True
            if not told:
                message = f"{_explain(self.path, error)}. Translation goes on without it"
                warnings.warn(message, AwdaWarning, stacklevel=3)
            return None

    def _demand(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        with self._lock:
            try:
                return work(self._file())
            except (sqlite3.Error, OSError) as error:
                kind = _NoMemoryError if _is_damage(error) else CacheError
                raise kind(_explain(self.path, error)) from None


def default_path() -> Path:
    """The file in the cache folder, which ``AWDA_CACHE`` can name."""
    from mt.translate.conversion import cache_folder

    return cache_folder() / "memory.sqlite"


def _open(path: Path) -> sqlite3.Connection:
    """Open the file, or make it; under a lock, for the journal can be chosen by one alone."""
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(path.name + ".lock"), timeout=WAIT):
        file = sqlite3.connect(path, timeout=WAIT, isolation_level=None, check_same_thread=False)
        try:
            _prepare(file, path)
        except BaseException:
            file.close()
            raise
    return file


def _prepare(file: sqlite3.Connection, path: Path) -> None:
    (version,) = file.execute("PRAGMA user_version").fetchone()
    (tables,) = file.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if version != FORMAT and (version or tables):
        raise _NoMemoryError(
            f"{path}: a memory of another version of awda; "
            "to begin a new one: awda memory prune --all"
        )
    if not version:
        file.execute("PRAGMA journal_mode = WAL")  # readers need not wait for writers
        with file:
            file.execute("BEGIN IMMEDIATE")
            for table in _TABLES:
                file.execute(table)
            file.execute(f"PRAGMA user_version = {FORMAT}")
    file.execute(f"PRAGMA cache_size = -{CACHE}")
    # A power cut may cost the last rows, never the file; so says SQLite's documentation of WAL.
    file.execute("PRAGMA synchronous = NORMAL")
    (page,) = file.execute("PRAGMA page_size").fetchone()
    file.execute(f"PRAGMA max_page_count = {LIMIT // page}")


def _explain(path: Path, error: Exception) -> str:
    if isinstance(error, CacheError):
        return str(error)
    if _is_damage(error):
        return f"{path}: damaged; to begin a new memory: awda memory prune --all"
    if _code(error) == sqlite3.SQLITE_FULL:
        return f"{path}: the memory or its disk is full; to make room: awda memory prune"
    if path.is_dir():
        return f"{path}: is a folder, where the memory should be a file; move it away"
    reason = (error.strerror if isinstance(error, OSError) else None) or error
    return f"{path}: the memory cannot be used: {reason}"


def _is_damage(error: Exception) -> bool:
    return _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _code(error: Exception) -> int:
    """SQLite's result code, without the details that its extended codes add."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _hash_texts(made_by: str, texts: Sequence[str]) -> Iterator[bytes]:
    """A key per text: 16 bytes, of which even 10^12 rows would have none twice."""
    start = blake2b(f"{made_by}\0".encode(), digest_size=16)
    for text in texts:
        key = start.copy()
        key.update(text.encode("utf-8", "surrogatepass"))
        yield key.digest()


def _today() -> int:
    return int(time.time() // 86400)


def _find(
    file: sqlite3.Connection, made_by: str, texts: Sequence[str]
) -> tuple[dict[str, Translation], list[bytes]]:
    """What is known, and the keys of what was not used today yet."""
    keys = dict(zip(_hash_texts(made_by, texts), texts, strict=True))
    wanted, today = list(keys), _today()
    known, unused = {}, []
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        marks = ",".join("?" * len(chunk))
        query = f"SELECT key, used, value FROM translation WHERE key IN ({marks})"  # noqa: S608
        for key, used, value in file.execute(query, chunk):
            if translation := _decode(value):
                known[keys[key]] = translation
            if used < today:
                unused.append(key)
    return known, unused


def _touch(file: sqlite3.Connection, keys: Sequence[bytes]) -> int:
    """Note the day of use: one write a day, however often a row is read."""
    with file:
        file.execute("BEGIN IMMEDIATE")
        rows = [(_today(), key) for key in keys]
        return file.executemany("UPDATE translation SET used = ? WHERE key = ?", rows).rowcount


def _keep(
    file: sqlite3.Connection, made_by: str, maker: Maker, made: Mapping[str, Translation]
) -> int:
    today, keys = _today(), _hash_texts(made_by, list(made))
    values = [_encode(translation) for translation in made.values()]
    with file:
        file.execute("BEGIN IMMEDIATE")
        number = _number_maker(file, made_by, maker)
        rows = [(key, number, today, value) for key, value in zip(keys, values, strict=True)]
        insert = "INSERT OR REPLACE INTO translation VALUES (?, ?, ?, ?)"
        return file.executemany(insert, rows).rowcount


def _number_maker(file: sqlite3.Connection, made_by: str, maker: Maker) -> int:
    row = file.execute("SELECT id FROM maker WHERE digest = ?", (made_by,)).fetchone()
    if row:
        return int(row[0])
    made = file.execute(
        "INSERT INTO maker (digest, model, target, engine) VALUES (?, ?, ?, ?)",
        (made_by, maker.model, maker.target, maker.engine),
    )
    return int(made.lastrowid or 0)


def _encode(translation: Translation) -> str:
    """Compact JSON of one leg: text and score, and where there are any, notes and attempts."""
    row: list[object] = [translation.text, translation.score]
    if translation.notes or translation.attempts:
        attempts = [(a.way, a.text, a.score, a.faults) for a in translation.attempts]
        row += [translation.notes, attempts]
    return json.dumps(row, ensure_ascii=False, separators=(",", ":"))


def _decode(value: str) -> Translation | None:
    """The translation, or None for a row that is none."""
    try:
        text, score, *more = _read(value)
        if not more:
            return Translation(text, score)
        notes, attempts = more
        return Translation(
            text,
            score,
            notes=tuple(notes),
            attempts=tuple(Attempt(way, t, s, tuple(faults)) for way, t, s, faults in attempts),
        )
    except (ValueError, TypeError):
        return None


def _list_holdings(file: sqlite3.Connection) -> tuple[Holding, ...]:
    rows = file.execute(
        "SELECT model, target, engine, count(*), min(used), max(used)"
        " FROM translation JOIN maker ON maker.id = maker"
        " GROUP BY maker ORDER BY count(*) DESC, model, target, engine"
    )
    return tuple(
        Holding(
            Maker(model, target, engine),
            entries,
            _EPOCH + timedelta(oldest),
            _EPOCH + timedelta(newest),
        )
        for model, target, engine, entries, oldest, newest in rows
    )


def _prune(file: sqlite3.Connection, older_than: int | None, max_bytes: int | None) -> int:
    before = _count(file)
    if older_than is not None:
        file.execute("DELETE FROM translation WHERE used < ?", (_today() - older_than,))
    _compact(file)
    while max_bytes is not None and (left := _count(file)) and (size := _measure(file)) > max_bytes:
        surplus = int(left * (1 - max_bytes / size)) + 1
        oldest = "SELECT key FROM translation ORDER BY used LIMIT ?"
        file.execute(f"DELETE FROM translation WHERE key IN ({oldest})", (surplus,))  # noqa: S608
        _compact(file)
    return before - _count(file)


def _clear(file: sqlite3.Connection) -> int:
    count = _count(file)
    file.execute("DELETE FROM translation")
    _compact(file)
    return count


def _count(file: sqlite3.Connection) -> int:
    (count,) = file.execute("SELECT count(*) FROM translation").fetchone()
    return int(count)


def _compact(file: sqlite3.Connection) -> None:
    file.execute("DELETE FROM maker WHERE id NOT IN (SELECT maker FROM translation)")
    file.execute("VACUUM")
    file.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _measure(file: sqlite3.Connection) -> int:
    (pages,) = file.execute("PRAGMA page_count").fetchone()
    (size,) = file.execute("PRAGMA page_size").fetchone()
    return int(pages * size)
