"""COMET and COMET-Kiwi (Rei et al., 2020, 2022), by calling ``comet-score``.

``unbabel-comet`` wants other versions of numpy and transformers than we do. So it stays in an
environment of its own, and we run its program: ``AWDA_COMET`` is its path, with options where
they are needed; without it, the program is looked for on the PATH::

    python -m venv comet && comet/bin/pip install unbabel-comet
    export AWDA_COMET="$PWD/comet/bin/comet-score --gpus 0"

A model is a Hub id, a checkpoint, or a folder with ``checkpoints/model.ckpt``. Scores of segments
are kept in the cache, so that a report made again does not load the model again.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.scores.rating import Rating
from mt.digest import digest
from mt.errors import ScoreError
from mt.store import write_text
from mt.translate.conversion import cache_folder

PROGRAM = "comet-score"


def find_program() -> list[str]:
    """``comet-score`` by its path, and options; raises ``ScoreError`` where there is none."""
    name, *options = shlex.split(os.environ.get("AWDA_COMET", "")) or [PROGRAM]
    found = shutil.which(name)
    if not found:
        raise ScoreError(
            f"comet: no program '{name}'; install unbabel-comet in an environment of its own, "
            "and set AWDA_COMET to the path of its comet-score"
        )
    return [found, *options]


def rate_comet(
    model: str,
    sources: Sequence[str],
    hypotheses: Sequence[str],
    references: Sequence[Sequence[str]],
) -> Rating:
    """Score every segment, times 100; of several references, the first that has the line.

    A model that needs no reference (COMET-Kiwi) is given them too, and does not read them.

    Raises:
        ScoreError: the program is not there, fails, or answers something else than scores.
    """
    command = find_program()
    version = _ask_version(Path(command[0]))
    lines = {
        "sources": list(map(_flatten, sources)),
        "translations": list(map(_flatten, hypotheses)),
        "references": [
            _flatten(next(filter(None, row), "")) for row in zip(*references, strict=True)
        ],
    }
    kept = cache_folder() / "comet" / f"{digest(version, _identify(model), lines)}.json"
    if kept.exists():
        scores = json.loads(kept.read_text(encoding="utf-8"))
    else:
        scores = _run(command, model, lines)
        write_text(kept, json.dumps(scores))
    mean = sum(scores) / len(scores)
    return Rating(
        name="COMET",
        scores=tuple(100 * score for score in scores),
        references=1,
        recipe={"model": model, "scale": 100, "version": version},
        detail=f"{PROGRAM} score: {mean:.4f}",
    )


def _flatten(line: str) -> str:
    """comet-score reads lines, as Python's readlines finds them."""
    return " ".join(line.split())


def _identify(model: str) -> list[str]:
    """The model, and what tells that a local one has been replaced."""
    path = _locate(model)
    if not Path(path).is_file():
        return [model]
    status = Path(path).stat()
    return [path, str(status.st_size), str(status.st_mtime_ns)]


def _locate(model: str) -> str:
    """The checkpoint in a folder; anything else as it is."""
    checkpoint = Path(model) / "checkpoints" / "model.ckpt"
    return str(checkpoint) if checkpoint.is_file() else model


def _ask_version(program: Path) -> str:
    """Of unbabel-comet, from the interpreter that its script names; comet-score cannot say it."""
    line = program.read_bytes().split(b"\n", 1)[0]
    if not line.startswith(b"#!"):
        return "unknown"
    code = "from importlib.metadata import version; print(version('unbabel-comet'))"
    interpreter = [*line[2:].decode(errors="replace").split(), "-c", code]
    try:
        found = subprocess.run(  # noqa: S603  # of the program that the user named
            interpreter, capture_output=True, encoding="utf-8", check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return found.stdout.strip()


def _run(command: list[str], model: str, lines: dict[str, list[str]]) -> list[float]:
    with tempfile.TemporaryDirectory(prefix="awda-comet-") as folder:
        command = [*command, "--model", _locate(model), "--quiet", "--only_system"]
        for kind, texts in lines.items():
            path = Path(folder) / kind
            path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
            command += [f"--{kind}", str(path)]
        answer = Path(folder) / "scores.json"
        done = subprocess.run(  # noqa: S603
            [*command, "--to_json", str(answer)], capture_output=True, encoding="utf-8"
        )
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.strip()] or ["no message"]
            raise ScoreError(f"{PROGRAM} --model {model} failed: {said[-1].strip()}")
        try:
            return _read(json.loads(answer.read_text(encoding="utf-8")), len(lines["sources"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ScoreError(f"{PROGRAM}: its answer is not as expected: {error}") from None


def _read(answer: Any, expected: int) -> list[float]:
    """The scores in ``{path of the translations: [{"COMET": score, ...}, ...]}``."""
    (rows,) = answer.values()
    scores = [float(row["COMET"]) for row in rows]
    if len(scores) != expected:
        raise ValueError(f"{len(scores)} scores for {expected} segments")
    return scores
