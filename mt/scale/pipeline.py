"""The story of a table job: shards in, shards out, and a record of each.

==============================  ============================================================
``manifest.json``               job, input files, systems with their models, versions, totals
``shards.jsonl``                a line per finished shard: name, file, number, rows, last,
                                digest (of all it was made from), seconds, protected (spans
                                such as numbers), kept (of them), sha256
``translations/*.parquet``      the input's columns, and per system ``<system>_translation``,
                                ``_score``, ``_notes``, ``_pivots``, ``_pivot_scores`` and
                                ``_attempts``
==============================  ============================================================
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from mt import __version__
from mt.digest import digest, digest_file
from mt.errors import CorpusError, RunError
from mt.languages import mismatch
from mt.pipeline import VERSIONED, Monitor, Silence
from mt.scale.files import TableFile, find_files
from mt.scale.job import InputSection, TableJob
from mt.scale.local import LocalExecutor, Made
from mt.scale.reader import count_rows, read_shards
from mt.store import Row, RunDirectory, write_bytes
from mt.text.normalize import normalize

if TYPE_CHECKING:
    from mt.scale.cluster import RayExecutor

FOLDER = "translations"
VERSION = 2  # of the tables that are written; raise it when they change


@dataclass(frozen=True)
class Totals:
    """What a run directory has."""

    rows: int
    shards: int
    reused: int  # of the shards
    protected: int  # numbers, codes, addresses, tags and placeholders, once for each system
    kept: int  # of them


def run_table(
    job: TableJob, out: Path | str, *, fresh: bool = False, monitor: Monitor | None = None
) -> Totals:
    """Fill the run directory ``out``; finished shards that still hold are kept.

    Raises:
        CorpusError, ModelError: an input is wrong; shards that were finished before it are kept.
        RunError: ``out`` or the cluster cannot be used.
        TranslationError: the engine failed; a rerun goes on from the finished shards.
    """
    monitor = monitor or Silence()
    files = find_files(job.input)
    read_sample(files, job.input)
    directory = RunDirectory(Path(out))
    directory.create(fresh=fresh)
    with directory.lock(), closing(_open_executor(job, fresh=fresh)) as executor:
        described = executor.prepare()
        ledger = Ledger(directory, job, files, described, fresh=fresh)
        progress = monitor.start("translate", ledger.count_left())
        for made in executor.translate(ledger.list_work(), progress):
            ledger.write(made)
        monitor.finish("translate", "made")
        return ledger.finish()


def read_sample(files: Sequence[TableFile], section: InputSection) -> list[str]:
    """The first texts of the table (of its first shard, at most a thousand).

    Raises:
        CorpusError: there are none, or they are visibly not in the language of the input.
    """
    for file in files:
        shards = read_shards(file, section.column, min(1000, section.shard_rows))
        for shard in shards:
            texts = [text for text in shard.table.column(section.column).to_pylist() if text]
            if reason := mismatch(normalize(" ".join(texts))[0], section.language):
                raise CorpusError(f"{file.location}: column '{section.column}': {reason}")
            if texts:
                return texts
    raise CorpusError(f"{files[0].location}: no text in column '{section.column}'")


def _open_executor(job: TableJob, *, fresh: bool) -> LocalExecutor | RayExecutor:
    if job.executor == "ray":
        from mt.scale.cluster import RayExecutor

        return RayExecutor(job, fresh=fresh)
    return LocalExecutor(job, fresh=fresh)


class Ledger:
    """Which shards are finished, and what each was made from: ``shards.jsonl``.

    A line is added when a shard is on disk under its name, so that a crash costs no more than the
    shards in progress; of two lines on a shard the later one counts.
    """

    def __init__(
        self,
        directory: RunDirectory,
        job: TableJob,
        files: Sequence[TableFile],
        described: Row,
        *,
        fresh: bool,
    ) -> None:
        self._directory, self._job = directory, job
        self._files = {file.name: file for file in files}
        self._inputs = _identify(directory, files)
        self._made_by = (job.input.column, job.input.shard_rows, described["digest"], VERSION)
        self._manifest = _describe(job, self._inputs, described)
        self._old = {row["name"]: row for row in self._read()}
        self._done = {} if fresh else dict(self._find_finished())
        self._reused = len(self._done)
        for torn in (directory.path / FOLDER).rglob(".*.tmp"):
            torn.unlink()
        self._directory.write_manifest(self._manifest)

    @property
    def _path(self) -> Path:
        return self._directory.path / "shards.jsonl"

    def _read(self) -> Iterator[Row]:
        """Earlier records; a line that a crash cut short is none."""
        if not self._path.exists():
            return
        for line in self._path.read_bytes().splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict) and {"name", "file", "number", "digest"} <= row.keys():
                yield row

    def _digest(self, file: str, number: int) -> str:
        return digest(self._inputs[file]["digest"], number, *self._made_by)

    def _find_finished(self) -> Iterator[tuple[str, Row]]:
        for name, row in self._old.items():
            if row["file"] not in self._files:
                continue
            wanted = self._digest(row["file"], row["number"]), digest_file(self._place(name))
            if wanted == (row["digest"], row.get("sha256")):
                yield name, row

    def _place(self, name: str) -> Path:
        return self._directory.path / FOLDER / f"{name}.parquet"

    def list_work(self) -> dict[TableFile, frozenset[int]]:
        """The files that are not finished, each with the numbers of its shards that are."""
        work = {}
        for file in self._files.values():
            rows = {row["number"]: row for row in self._done.values() if row["file"] == file.name}
            end = next((number for number, row in rows.items() if row.get("last")), None)
            if end is None or not rows.keys() >= set(range(end)):
                work[file] = frozenset(rows)
        return work

    def count_left(self) -> int | None:
        """Segments to translate, counted once for each model they go through, where known."""
        rows = 0
        for file in self.list_work():
            known = count_rows(file)
            if known is None:
                return None
            rows += known - sum(r["rows"] for r in self._done.values() if r["file"] == file.name)
        return rows * sum(len(system.models) for system in self._job.systems)

    def write(self, made: Made) -> None:
        """Write a shard in one step, then its record."""
        shard = made.shard
        name = f"{self._files[shard.file].stem}.{shard.number:05d}"
        buffer = io.BytesIO()
        pq.write_table(shard.table, buffer, compression="zstd")
        content = buffer.getvalue()
        write_bytes(self._place(name), content)
        row = {
            "name": name,
            "file": shard.file,
            "number": shard.number,
            "rows": shard.table.num_rows,
            "last": shard.last,
            "digest": self._digest(shard.file, shard.number),
            "seconds": round(made.seconds, 3),
            "protected": made.protected,
            "kept": made.kept,
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        with self._path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
            lines.flush()
            os.fsync(lines.fileno())
        self._done[name] = row

    def finish(self) -> Totals:
        """Put the records in order, and remove shards of earlier runs that are no part of it."""
        for name in self._old.keys() - self._done.keys():
            self._place(name).unlink(missing_ok=True)
        order = list(self._files)
        rows = sorted(self._done.values(), key=lambda r: (order.index(r["file"]), r["number"]))
        self._directory.write_rows(self._path.name, rows)
        sums = {key: sum(row[key] for row in rows) for key in ("rows", "protected", "kept")}
        totals = Totals(shards=len(rows), reused=self._reused, **sums)
        self._directory.write_manifest({**self._manifest, **asdict(totals)})
        return totals


def _identify(directory: RunDirectory, files: Sequence[TableFile]) -> dict[str, Row]:
    """Every file's SHA-256 (of the Hub's, its own id), computed again only when it changed."""
    known = {}
    if (directory.path / "manifest.json").exists():
        try:
            earlier = directory.read_manifest().get("inputs", {})
            known = {(r["location"], r["stamp"]): r["digest"] for r in earlier.values()}
        except (RunError, AttributeError, KeyError, TypeError):
            known = {}  # damaged, or of another version; RunDirectory.create() has allowed it
    rows = {}
    for file in files:
        recorded = known.get((file.location, file.stamp))
        content = file.stamp if file.remote else recorded or digest_file(Path(file.location))
        rows[file.name] = {"location": file.location, "stamp": file.stamp, "digest": content}
    return rows


def _describe(job: TableJob, inputs: dict[str, Row], described: Row) -> Row:
    return {
        "name": job.name,
        "job": job.model_dump(mode="json"),
        "inputs": inputs,
        **{key: value for key, value in described.items() if key != "digest"},
        "versions": {
            "awda": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in (*VERSIONED, "datasets", "pyarrow")},
        },
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }
