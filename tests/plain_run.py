"""Run directories of twenty lines that stand opposite each other, and the command line."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from tiny_run import document

from mt.align.alignment import Alignment, Bead
from mt.store import RunDirectory
from mt.translate.translation import Translation

SOURCE = tuple(f"جملة رقم {number}" for number in range(20))
REFERENCE = tuple(f"the {word} stood on the old bridge at noon" for word in "abcdefghijklmnopqrst")
WORSE = tuple(line.replace("old bridge", "house") for line in REFERENCE)
MIXED = tuple(a if i % 3 else b for i, (a, b) in enumerate(zip(REFERENCE, WORSE, strict=True)))
BEADS = tuple(Bead((i,), (i,), 0.9) for i in range(20))


def make_plain_run(
    path: Path,
    systems: Mapping[str, Sequence[str]],
    *,
    source: Sequence[str] = SOURCE,
    reference: Sequence[str] = REFERENCE,
    beads: Sequence[Bead] = BEADS,
    target: str = "en",
    started: str = "2026-01-02T03:04:05+0000",
    models: Sequence[str] = ("builtin@0123456789ab",),
    versions: Mapping[str, str] | None = None,
) -> Path:
    """A run of a job with one target and one reference; a text per source line and system."""
    directory = RunDirectory(path)
    directory.create()
    directory.write_document("segments.jsonl", document("ar", tuple(source)))
    directory.write_document(f"references/{target}.1.jsonl", document(target, tuple(reference)))
    directory.write_alignment(f"alignments/{target}.1.jsonl", Alignment(tuple(beads)))
    for name, texts in systems.items():
        rows = [Translation(text) for text in texts]
        directory.write_translations(f"translations/{name}.jsonl", rows)
    directory.write_manifest(
        {
            "name": "plain",
            "source": {"language": "ar", "path": "plain.ar.txt", "segments": len(source)},
            "references": {target: [f"{target}.1"]},
            "systems": [
                {"name": name, "target": target, "models": list(models)} for name in systems
            ],
            "score": {"metrics": ["bleu", "ter"], "bootstrap": 100, "seed": 12345},
            "versions": dict(versions or {"awda": "0.1.0"}),
            "started": started,
            "alignment": {"method": {f"{target}.1": "by hand"}},
        }
    )
    return path


def call_awda(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the command, run in this process."""
    from mt.cli import main

    monkeypatch.setattr(sys, "argv", ["awda", *map(str, arguments)])
    capsys.readouterr()
    code: object = 0
    try:
        main()
    except SystemExit as stop:
        code = stop.code or 0
    seen = capsys.readouterr()
    assert isinstance(code, int)
    return code, seen.out, seen.err
