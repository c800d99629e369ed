"""The run directory: one JSONL file per stage, written in one step, reused by digest.

==============================  ============================================================
``manifest.json``               job, versions, and per stage: digest, seconds, sha256
``segments.jsonl``              index, line, text (raw, changes where they differ)
``glossary.tsv``                terms that must arrive, where the job names them
``references/<name>.jsonl``     the same for each reference: ``en.1``, ``en.2``, ``vi.1``
``translations/<system>.jsonl`` index, text, score, pivots, notes, attempts (where repaired),
                                pivot_scores (of a route)
``alignments/<name>.jsonl``     source, target, score: a bead of source and reference a row, and
                                note (where there is one); indices from 0
``hypotheses/<system>.jsonl``   of a hypothesis in sentences of its own: as ``references/``; it is
                                aligned with the source in ``alignments/hypothesis.<system>.jsonl``
``verdicts.tsv``                what reviewers said, if anything (:mod:`eval.verdicts`)
``scores.json``, ``report.*``   made from the files above by ``eval``, as are ``segments.csv``
                                and ``segments.xlsx`` where they are asked for
==============================  ============================================================
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

from mt.align.alignment import Alignment, Bead
from mt.digest import digest_file
from mt.errors import AlignmentError, RunError
from mt.text.document import Document, Segment
from mt.translate.translation import Attempt, Translation

GLOSSARY = "glossary.tsv"
SCHEMA = 1  # of the files below; a directory of another schema is refused, not guessed at

Row = dict[str, Any]


def write_text(path: Path, text: str) -> None:
    """Write ``path`` in UTF-8 so that a reader sees the old file or the new one, never a part."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``path`` so that a reader sees the old file or the whole new one, never a part.

    What is no file, such as ``/dev/stdout``, is written into; of a link, what it leads to is
    replaced.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(content)
        else:
            _replace(Path(os.path.realpath(path)), content)
    except OSError as error:
        raise OSError(error.errno, f"cannot be written: {error.strerror}", str(path)) from None


def check_writable(path: Path) -> None:
    """Raise ``OSError`` where :func:`write_bytes` would: before the work, not after it."""
    if path.exists() and not path.is_file():
        return
    folder = next(each for each in Path(os.path.realpath(path)).parents if each.exists())
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise OSError(error.errno, f"cannot be written: {error.strerror}", str(path)) from None


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def find_backup(path: Path) -> Path:
    """Where to keep what ``path`` has now: ``<name>.bak``, or the next of ``.bak2``... free."""
    names = (f"{path.name}.bak{number if number > 1 else ''}" for number in count(1))
    return next(each for each in map(path.with_name, names) if not each.exists())


class RunDirectory:
    """One run on disk. ``RunDirectory(path)`` neither creates nor checks anything."""

    def __init__(self, path: Path) -> None:
        self.path = path

    # The manifest

    def create(self, *, fresh: bool = False) -> None:
        """Make the folder, or take up the one that is there (with ``fresh``, of any version).

        Raises:
            RunError: the place is taken by something else, or made by another version.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except FileExistsError:
            raise RunError(f"{self.path}: is a file; name another folder with --out") from None
        except OSError as error:
            raise RunError(f"{self.path}: cannot be made: {error.strerror}") from None
        if self._manifest_path.exists():
            if not fresh:
                self.read_manifest()
        elif any(p for p in self.path.iterdir() if not p.name.startswith(".")):
            raise RunError(
                f"{self.path}: not empty, and not a run of awda; name another with --out"
            )

    @property
    def _manifest_path(self) -> Path:
        return self.path / "manifest.json"

    def read_manifest(self) -> Row:
        """The manifest; raises ``RunError`` when there is none, or none that can be used."""
        try:
            manifest: Row = json.loads(self._manifest_path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            inside = sorted(path.parent for path in self.path.glob("*/manifest.json"))
            hint = f"; did you mean {inside[0]}?" if inside else ""  # the folder of a suite
            raise RunError(
                f"{self.path}: no manifest.json; not a run directory of awda{hint}"
            ) from None
        except NotADirectoryError:
            raise RunError(f"{self.path}: is a file; name the run directory") from None
        except (OSError, ValueError) as error:
            raise RunError(
                f"{self._manifest_path}: damaged ({error}); run again with --fresh"
            ) from None
        if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
            raise RunError(
                f"{self._manifest_path}: made by another version of awda; "
                "run again with --fresh, or name another folder with --out"
            )
        return manifest

    def read_stages(self) -> dict[str, Row]:
        """What earlier runs recorded of their stages; empty in a new directory."""
        if not self._manifest_path.exists():
            return {}
        try:
            stages = self.read_manifest().get("stages", {})
        except RunError:
            return {}  # only --fresh comes this far with a manifest that is of no use
        return stages if isinstance(stages, dict) else {}

    def corrected(self, name: str) -> bool:
        """Whether somebody changed the file after its stage wrote it."""
        record = self.read_stages().get(name, {})
        return bool(record) and digest_file(self.path / name) != record.get("sha256")

    def write_manifest(self, manifest: Mapping[str, Any]) -> None:
        text = json.dumps({"schema": SCHEMA, **manifest}, ensure_ascii=False, indent=2)
        write_text(self._manifest_path, text + "\n")

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the directory for one writer, and clear away what a killed one left half-written.

        Raises:
            RunError: another one has it.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.path / ".lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise RunError(
                f"{self.path}: another awda is at work here; wait or use --out"
            ) from None
        except OSError as error:
            raise RunError(
                f"{self.path}: cannot be written to ({error.strerror}); name another with --out"
            ) from None
        try:
            self._clear_torn()  # of a run that was killed
            yield
        finally:
            self._clear_torn()  # of this one: an interrupt may fall before a write can clean up
            lock.release()

    def _clear_torn(self) -> None:
        for torn in self.path.rglob(".*.tmp"):
            torn.unlink(missing_ok=True)

    # Rows

    def write_rows(self, name: str, rows: Sequence[Row]) -> None:
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        write_text(self.path / name, text)

    def read_rows(self, name: str) -> list[Row]:
        """The rows of a JSONL file; raises ``RunError`` with the line that is no JSON object."""
        path = self.path / name
        try:
            lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
        except FileNotFoundError:
            raise RunError(f"{path}: missing; run the job again") from None
        except (OSError, UnicodeDecodeError) as error:
            raise RunError(f"{path}: cannot be read: {error}") from None
        rows: list[Row] = []
        for number, line in enumerate(lines if lines != [""] else (), 1):
            try:
                row = json.loads(line)
            except ValueError:
                row = None
            if not isinstance(row, dict):
                raise RunError(f"{path}:{number}: not a JSON object; mend the line or run again")
            rows.append(row)
        return rows

    # Values

    def write_document(self, name: str, document: Document) -> None:
        rows = []
        for segment in document.segments:
            row: Row = {"index": segment.index, "line": segment.line, "text": segment.text}
            if segment.raw is not None:
                row["raw"] = segment.raw
            if segment.changes:
                row["changes"] = segment.changes
            if segment.kind != "text":
                row["kind"] = segment.kind
            if segment.where:
                row["where"] = segment.where
            if segment.left_out:
                row["left_out"] = segment.left_out
            rows.append(row)
        self.write_rows(name, rows)

    def read_document(self, name: str, language: str) -> Document:
        with self._shape(name):
            return Document(
                str(self.path / name),
                language,
                tuple(
                    Segment(
                        int(row["index"]),
                        int(row["line"]),
                        str(row["text"]),
                        row.get("raw"),
                        tuple(row.get("changes", ())),
                        str(row.get("kind", "text")),
                        str(row.get("where", "")),
                        str(row.get("left_out", "")),
                    )
                    for row in self.read_rows(name)
                ),
            )

    def write_translations(self, name: str, translations: Sequence[Translation]) -> None:
        rows = [{"index": i, **asdict(value)} for i, value in enumerate(translations)]
        for row in rows:
            for key in ("attempts", "pivot_scores"):
                if not row[key]:
                    del row[key]
        self.write_rows(name, rows)

    def read_translations(self, name: str) -> list[Translation]:
        with self._shape(name):
            return [
                Translation(
                    str(row["text"]),
                    row["score"],
                    tuple(row.get("pivots", ())),
                    tuple(row.get("notes", ())),
                    tuple(
                        Attempt(each["way"], each["text"], each["score"], tuple(each["faults"]))
                        for each in row.get("attempts", ())
                    ),
                    tuple(row.get("pivot_scores", ())),
                )
                for row in self.read_rows(name)
            ]

    def write_alignment(self, name: str, alignment: Alignment) -> None:
        rows: list[Row] = []
        for bead in alignment.beads:
            row = {"source": bead.source, "target": bead.target, "score": round(bead.score, 6)}
            rows.append({**row, "note": bead.note} if bead.note else row)
        self.write_rows(name, rows)

    def read_alignment(self, name: str, sources: int, targets: int) -> Alignment:
        """The beads, also after somebody corrected the file by hand.

        Raises:
            RunError: a row is not a bead.
            AlignmentError: the beads do not cover so many sources and targets once each.
        """
        beads = []
        lines: dict[tuple[str, int], int] = {}
        for number, row in enumerate(self.read_rows(name), 1):
            sides = [row.get(side) for side in ("source", "target")]
            score, note = row.get("score", 1.0), row.get("note", "")
            if not all(_is_side(side) for side in sides) or not isinstance(note, str):
                raise RunError(
                    f"{self.path / name}:{number}: not a bead; expected a row like "
                    '{"source": [0], "target": [0, 1], "score": 0.9}'
                )
            if type(score) not in (int, float) or not 0 <= score <= 1:  # so is NaN
                raise RunError(
                    f"{self.path / name}:{number}: the score {score!r} is not between 0 and 1"
                )
            bead = Bead(tuple(sides[0] or ()), tuple(sides[1] or ()), float(score), note)
            _place(bead, number, lines, (sources, targets), self.path / name)
            beads.append(bead)
        alignment = Alignment(tuple(beads))
        try:
            alignment.check(sources, targets)
        except AlignmentError as error:
            raise AlignmentError(
                f"{self.path / name}: {error}; mend it, or remove the file and run again"
            ) from None
        return alignment

    @contextmanager
    def _shape(self, name: str) -> Iterator[None]:
        """Rows that are JSON but not of this file's shape become one clear message."""
        try:
            yield
        except (KeyError, TypeError, ValueError) as error:
            raise RunError(
                f"{self.path / name}: a row lacks or misspells {error}; mend it or run again"
            ) from None


def _place(
    bead: Bead, number: int, lines: dict[tuple[str, int], int], sizes: tuple[int, int], path: Path
) -> None:
    """Note on which line a bead's segments stand; each exists, and stands on one line only."""
    for side, indices, size in zip(
        ("source", "target"), (bead.source, bead.target), sizes, strict=True
    ):
        for index in indices:
            said = f"{path}:{number}: {side} segment {index}"
            if index >= size:
                raise AlignmentError(f"{said} does not exist: there are {size}, from 0")
            if other := lines.get((side, index)):
                raise AlignmentError(f"{said} stands here and on line {other}; mend one of them")
            lines[side, index] = number


def _is_side(value: object) -> bool:
    return isinstance(value, list) and all(type(i) is int and i >= 0 for i in value)


class Stages:
    """Runs stages of a job in a run directory, reusing those whose digest still matches.

    The manifest is written before the first stage and after every one, so that a job that was
    killed goes on from there.
    """

    def __init__(self, directory: RunDirectory, manifest: Row, *, fresh: bool) -> None:
        self.directory, self.manifest = directory, manifest
        self._fresh = fresh
        self._records = directory.read_stages()
        self._done: dict[str, Row] = {}
        self._write(self._records)

    def run(
        self, name: str, made_from: str, make: Callable[[], Row | None], *, corrects: str = ""
    ) -> str:
        """Make the file ``name`` unless it can be reused: "made", "reused" or "edited".

        What ``make`` returns goes into the record of the stage.

        A file that somebody changed after the stage wrote it is made again, unless the stage says
        what such a correction ``corrects`` (a digest): then it is kept while that is the same, and
        put aside as ``<name>.bak`` (:func:`find_backup`) when it is not, or with ``fresh``.
        """
        record = self._records.get(name, {})
        present = digest_file(self.directory.path / name)
        edited = bool(corrects and present and record and present != record.get("sha256"))
        if edited and record.get("corrects") == corrects and not self._fresh:
            outcome = "edited"
        elif present and present == record.get("sha256") and not self._fresh:
            outcome = "reused" if record.get("digest") == made_from else "made"
        else:
            outcome = "made"
        if outcome == "made":
            if edited:
                path = self.directory.path / name
                path.replace(find_backup(path))
            record = self._make(name, made_from, make, corrects)
        self._done[name] = record
        self._write({**self._records, **self._done})
        return outcome

    def record(self, name: str) -> Row:
        """What the manifest says of a stage that was run."""
        return self._done[name]

    def _make(
        self, name: str, made_from: str, make: Callable[[], Row | None], corrects: str
    ) -> Row:
        start = time.perf_counter()
        facts = make() or {}
        return {
            "digest": made_from,
            "corrects": corrects,
            "sha256": digest_file(self.directory.path / name),
            "seconds": round(time.perf_counter() - start, 3),
            **facts,
        }

    def finish(self) -> None:
        """Write the manifest of the whole run, without stages of earlier jobs."""
        self._write(self._done)

    def _write(self, records: Mapping[str, Row]) -> None:
        self.directory.write_manifest({**self.manifest, "stages": dict(records)})
