"""An alignment of a run replaced by one that was corrected by hand, in whatever format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mt.align.alignment import Alignment
from mt.align.formats import read_alignment
from mt.errors import AlignmentError, RunError, suggest
from mt.store import RunDirectory, find_backup, write_bytes
from mt.text.document import Document


def read_sides(directory: RunDirectory, name: str) -> tuple[Document, Document]:
    """The documents of an alignment in a run, by the names of their files: source and target.

    ``name`` is a reference (``en.1``), or ``hypothesis.SYSTEM`` for a system that has sentences of
    its own.

    Raises:
        RunError: no run directory, or it has no such alignment.
    """
    manifest = directory.read_manifest()
    targets = _find_targets(manifest)
    if name not in targets:
        known = suggest(name, targets) or "; it has none"
        raise RunError(f"{directory.path}: no alignment '{name}'{known}")
    file, language, path = targets[name]
    source = directory.read_document("segments.jsonl", str(manifest["source"]["language"]))
    target = directory.read_document(file, language)
    return (
        replace(source, name=manifest["source"].get("path") or source.name),
        replace(target, name=path or target.name),
    )


def _find_targets(manifest: Mapping[str, Any]) -> dict[str, tuple[str, str, str]]:
    """By the name of their alignment: file in the run, language, and what it was read from."""
    paths = manifest.get("reference_paths", {})
    targets = {
        name: (f"references/{name}.jsonl", language, paths.get(name, ""))
        for language, names in manifest.get("references", {}).items()
        for name in names
    }
    for system in manifest.get("systems", ()):
        if system.get("split") == "sentence":
            file = f"hypotheses/{system['name']}.jsonl"
            name = f"hypothesis.{system['name']}"
            targets[name] = (file, system["target"], system["hypothesis"])
    return targets


def parse_correction(run: Path, word: str) -> tuple[str, Path]:
    """``en.1=FILE`` as reference and file; ``FILE`` alone where the run has one alignment."""
    name, equals, file = word.partition("=")
    if equals:
        return name, Path(file)
    names = list(_find_targets(RunDirectory(run).read_manifest()))
    if len(names) != 1:
        raise RunError(
            f"--alignment {word}: say which one it is, NAME=FILE; "
            f"the run has: {', '.join(names) or 'none'}"
        )
    return names[0], Path(word)


def check_correction(run: Path, name: str, file: Path) -> None:
    """Raise what :func:`correct_alignment` would raise for the file; write nothing."""
    read_alignment(file, *read_sides(RunDirectory(run), name))


def correct_alignment(run: Path, name: str, file: Path) -> str:
    """Take the alignment in ``file`` for the run's one of this name, and say what changed.

    What was there before stays as ``<name>.jsonl.bak``, or ``.bak2`` and so on after other
    corrections. A rerun of the job keeps the correction as long as source and reference stay the
    same.

    Raises:
        AlignmentError, CorpusError: the file cannot be read, or does not hold every segment once;
            nothing has been written.
        RunError: no run directory, or it has no such alignment, or a job is at work there.
    """
    directory = RunDirectory(run)
    source, target = read_sides(directory, name)
    alignment = read_alignment(file, source, target)
    path = f"alignments/{name}.jsonl"
    with directory.lock():
        old, new = _read_beads(directory, path, source, target), _list_beads(alignment)
        if old == new:
            return f"alignment {name}: {file} has the same beads; nothing changed"
        backup = find_backup(directory.path / path)
        write_bytes(backup, (directory.path / path).read_bytes())
        directory.write_alignment(path, alignment)
    return (
        f"alignment {name}: corrected by hand, {len(new - old)} of {len(new)} beads are new; "
        f"the one before is in {backup}"
    )


_Beads = set[tuple[tuple[int, ...], tuple[int, ...]]]


def _list_beads(alignment: Alignment) -> _Beads:
    return {(bead.source, bead.target) for bead in alignment.beads}


def _read_beads(directory: RunDirectory, path: str, source: Document, target: Document) -> _Beads:
    """Those of the run; none where the file is damaged, which is a reason to replace it."""
    try:
        known = directory.read_alignment(path, len(source.segments), len(target.segments))
    except AlignmentError:
        return set()
    except RunError:
        if not (directory.path / path).exists():
            raise
        return set()
    return _list_beads(known)
