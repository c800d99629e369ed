"""A job that dies at any moment ends, by the same command, in the bytes of one that did not.

The processes are forks of a server that has imported what a job needs, so that a kill falls into
work and hardly ever into the start of Python; each of them is killed by a real SIGKILL.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import count
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

FORMATS = Path(__file__).parent / "data" / "formats"
KILLS = 50
PATIENCE = 120.0  # seconds

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(
    ["mt.pipeline", "mt.suite", "eval.render", "transformers.models.marian", "ctranslate2"]
)


def start(arguments: list[str], cache: Path, fatal: int = 0) -> ForkServerProcess:
    process = _context.Process(target=work, args=(arguments, str(cache), fatal), daemon=True)
    process.start()
    return process


def work(arguments: list[str], cache: str, fatal: int) -> None:
    """What ``awda`` does, in a fork; what it says goes into a file.

    It dies when it has written file number ``fatal`` and not yet put it in its place.
    """
    from mt.cli import main

    written, flush = count(1), os.fsync

    def die(fd: Any) -> None:
        flush(fd)
        if next(written) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    os.fsync = die
    said = os.open(f"{cache}.log", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(said, stream)
    os.environ |= {"AWDA_CACHE": cache, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    sys.argv = ["awda", *arguments]
    main()


def finish(arguments: list[str], cache: Path) -> None:
    code, said = attempt(arguments, cache)
    assert code == 0, said


def attempt(arguments: list[str], cache: Path) -> tuple[int | None, str]:
    """The exit code, and what was said by this process and those with this cache before it."""
    process = start(arguments, cache)
    process.join(PATIENCE)
    return process.exitcode, Path(f"{cache}.log").read_text(encoding="utf-8")


def read_run(folder: Path) -> dict[str, Any]:
    """Every file, whatever its name; of the manifest, what says how it came about is left out.

    That is when the run began, and for each stage its seconds and what it had from memory.
    """
    files: dict[str, Any] = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }
    manifest = json.loads(files["manifest.json"])
    del manifest["started"]
    for stage in manifest["stages"].values():
        del stage["seconds"]
        stage.pop("from_memory", None)
    return files | {"manifest.json": manifest}


@pytest.fixture(scope="module")
def job(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every kind of stage: a document, a pivot, repairs, a hypothesis in sentences of its own."""
    folder = tmp_path_factory.mktemp("job")
    (folder / "vendor.txt").write_text("A visit. A meeting. A book. A sale.\n", encoding="utf-8")
    (folder / "ref.txt").write_text("A letter.\nA market.\nA road. A day.\n", encoding="utf-8")
    (folder / "ref.vi.txt").write_text("Một lá thư.\nMột cái chợ.\n", encoding="utf-8")
    path = folder / "job.yaml"
    path.write_text(
        f"""
name: letter
source: {{language: ar, path: {FORMATS / "letter.ar.docx"}}}
references: {{en: [ref.txt], vi: [ref.vi.txt]}}
systems:
  - {{name: direct, target: en, models: [{tiny_model}]}}
  - {{name: vendor, target: en, hypothesis: vendor.txt, split: sentence}}
  - {{name: pivot, target: vi, models: [{tiny_model}, {tiny_model}], via: [en]}}
translate: {{beam_size: 1}}
score: {{bootstrap: 10}}
report: {{formats: [csv]}}
""",
        encoding="utf-8",
    )
    return path


@dataclass(frozen=True)
class Whole:
    """A run that nothing disturbed."""

    files: dict[str, Any]
    cache: Path
    seconds: float


@pytest.fixture(scope="module")
def whole(job: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    folder = tmp_path_factory.mktemp("whole")
    cache = folder / "cache"
    finish(["run", str(job), "--out", str(folder / "first")], cache)  # the server starts too
    clear(cache, "memory.sqlite")
    clock = time.monotonic()
    finish(["run", str(job), "--out", str(folder / "whole")], cache)
    seconds = time.monotonic() - clock
    files = read_run(folder / "whole")
    assert files == read_run(folder / "first")
    assert {"documents/direct.docx", "segments.csv", "scores.json"} <= set(files)
    return Whole(files, cache, seconds)


@pytest.fixture
def cache(whole: Whole, tmp_path: Path) -> Path:
    """A copy of a cache that has everything."""
    return shutil.copytree(whole.cache, tmp_path / "cache")


def clear(cache: Path, name: str) -> None:
    for path in cache.glob(f"{name}*"):
        path.unlink()


@pytest.mark.slow
def test_fifty_kills_at_random_end_in_the_same_bytes(
    job: Path, whole: Whole, tmp_path: Path
) -> None:
    rng, killed, reached = random.Random(1), 0, set()
    while killed < KILLS:
        run, cache = tmp_path / f"run{killed}", tmp_path / f"cache{killed}"
        command = ["run", str(job), "--out", str(run)]
        if killed % 3:  # the others die in the conversion of the model, too
            shutil.copytree(whole.cache / "ctranslate2", cache / "ctranslate2")
        for _ in range(rng.randrange(1, 6)):  # one run may be killed again and again
            process = start(command, cache)
            process.join(rng.uniform(0, whole.seconds))
            if process.exitcode is not None:
                break  # it was done before its time
            process.kill()
            process.join()
            killed += 1
            reached.add(count_stages(run))
        finish(command, cache)
        assert read_run(run) == whole.files
    assert len(reached) > 1, "the kills did not fall into different stages"


@pytest.mark.slow
def test_kills_at_every_write_in_turn_end_in_the_same_bytes(
    job: Path, whole: Whole, cache: Path, tmp_path: Path
) -> None:
    """Each process gets one write further than the one before, until one is through."""
    run = tmp_path / "run"
    command = ["run", str(job), "--out", str(run)]
    for fatal in count(1):
        process = start(command, cache, fatal)
        process.join(PATIENCE)
        if process.exitcode == 0:
            break  # fewer writes than that
        assert process.exitcode == -signal.SIGKILL
        assert list(run.rglob(".*.tmp")), "it was not killed in the middle of a write"
    assert fatal > 5
    assert read_run(run) == whole.files


def count_stages(run: Path) -> int:
    """How many stages were finished; -1 where even the folder was not there."""
    path = run / "manifest.json"
    if not path.exists():
        return -1
    manifest: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return len(manifest["stages"])


@pytest.mark.slow
def test_an_interrupted_run_says_how_to_go_on(job: Path, whole: Whole, tmp_path: Path) -> None:
    for number in range(6):
        run, cache = tmp_path / f"run{number}", tmp_path / f"cache{number}"
        shutil.copytree(whole.cache, cache)
        clear(cache, "memory.sqlite")
        command = ["run", str(job), "--out", str(run)]
        process = start(command, cache)
        while count_stages(run) < number // 2:  # -1 before it has begun
            assert process.exitcode is None
            time.sleep(0.001)
        assert process.pid
        os.kill(process.pid, signal.SIGINT)
        process.join(PATIENCE)
        said = Path(f"{cache}.log").read_text(encoding="utf-8")
        assert process.exitcode == 130, said
        assert "awda: interrupted; what was finished is kept" in said
        assert "Traceback" not in said
        assert not list(run.rglob(".*.tmp"))
        finish(command, cache)
        assert read_run(run) == whole.files


@pytest.mark.slow
@pytest.mark.parametrize("limit", [1_000, 10_000, 40_000])  # bytes of a file
def test_a_full_disk_ends_in_a_message_and_room_mends_it(
    job: Path, whole: Whole, tmp_path: Path, limit: int
) -> None:
    """A limit on the size of files stands for a disk that is full in the middle of a write."""
    run, cache = tmp_path / "run", tmp_path / "full"
    command = ["run", str(job), "--out", str(run)]
    done = subprocess.run(
        [sys.executable, "-m", "mt.cli", *command],
        env=os.environ | {"AWDA_CACHE": str(cache)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (1, 2), done.stderr
    assert "Traceback" not in done.stderr
    assert "File too large" in done.stderr.splitlines()[-1]
    assert not list(run.rglob(".*.tmp"))
    finish(command, cache)
    assert read_run(run) == whole.files


@pytest.mark.slow
def test_two_jobs_on_one_run_directory_do_not_hurt_it(
    job: Path, whole: Whole, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    command = ["run", str(job), "--out", str(run)]
    caches = [tmp_path / "one", tmp_path / "two"]
    processes = [start(command, cache) for cache in caches]
    for process in processes:
        process.join(PATIENCE)
    for process, cache in zip(processes, caches, strict=True):
        said = Path(f"{cache}.log").read_text(encoding="utf-8")
        assert process.exitcode == 0 or f"{run}: another awda is at work here" in said
    assert 0 in [process.exitcode for process in processes]
    assert read_run(run) == whole.files


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size * 2 // 3)


def spoil(path: Path) -> None:
    path.write_bytes(random.Random(3).randbytes(5000))


@pytest.mark.slow
@pytest.mark.parametrize("damage", [truncate, spoil])
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("memory.sqlite", "damaged; to begin a new memory: awda memory prune --all"),
        ("vectors.sqlite", "to begin a new one, remove"),
        ("model.bin", ""),  # made again, without a word
        ("awda.json", ""),
    ],
)
def test_a_damaged_cache_costs_time_and_nothing_else(
    job: Path,
    whole: Whole,
    cache: Path,
    tmp_path: Path,
    name: str,
    told: str,
    damage: Callable[[Path], None],
) -> None:
    (path,) = cache.rglob(name)
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # nothing is left to mend it from
    damage(path)
    code, said = attempt(["run", str(job), "--out", str(tmp_path / "run")], cache)
    assert code == 0
    assert told in said
    assert read_run(tmp_path / "run") == whole.files


@pytest.mark.slow
def test_a_run_is_not_touched_without_its_input_nor_by_another_version(
    job: Path, whole: Whole, cache: Path, tmp_path: Path
) -> None:
    run, reference = tmp_path / "run", job.parent / "ref.txt"
    command = ["run", str(job), "--out", str(run)]
    finish(command, cache)
    away = reference.rename(tmp_path / "away.txt")
    code, said = attempt(command, cache)
    away.rename(reference)
    assert (code, said.splitlines()[-1]) == (
        2,
        f"awda: {job}:4: references.en[0]: no such file: {reference}",
    )
    assert read_run(run) == whole.files

    manifest = run / "manifest.json"
    for text, told in (
        ('{"schema": 0, "stages": {}}', "made by another version of awda; run again with --fresh"),
        (manifest.read_text(encoding="utf-8")[:300], "damaged"),
    ):
        manifest.write_text(text, encoding="utf-8")
        code, said = attempt(command, cache)
        assert code == 2
        assert f"{manifest}: {told}" in said.splitlines()[-1]
        assert manifest.read_text(encoding="utf-8") == text
        left = {name for name in whole.files if name != manifest.name}
        assert all((run / name).read_bytes() == whole.files[name] for name in left)
    finish([*command, "--fresh"], cache)
    assert read_run(run) == whole.files
