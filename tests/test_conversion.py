"""Converted models: made once, whole, by whoever comes first, and the same network as before."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from mt.errors import CacheError, ModelError
from mt.translate import conversion
from mt.translate.conversion import RECORD, cache_folder, convert, list_conversions, read_conversion
from mt.translate.engine import ComputeType
from mt.translate.inspection import inspect_parity
from mt.translate.models import find_model
from mt.translate.workshop import Workshop


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AWDA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "ctranslate2"


def _names(cache: Path) -> set[str]:
    """What lies in the cache beside locks."""
    return {path.name for path in cache.iterdir() if path.suffix != ".lock"}


def test_conversion_happens_once_and_leaves_nothing_half_made(
    tiny_model: Path, cache: Path
) -> None:
    files = find_model(str(tiny_model))
    folder = convert(files, "int8")
    stamp = (folder / "model.bin").stat().st_mtime_ns
    assert convert(files, "int8") == folder
    assert (folder / "model.bin").stat().st_mtime_ns == stamp
    assert _names(cache) == {folder.name}


@pytest.mark.parametrize("compute_type", ["int8", "float16", "float32"])
def test_the_weights_are_kept_as_asked(tiny_model: Path, compute_type: ComputeType) -> None:
    """Against CTranslate2's own converter, byte by byte."""
    import ctranslate2

    folder = convert(find_model(str(tiny_model)), compute_type)
    plain = folder.parent / ".plain"
    ctranslate2.converters.TransformersConverter(str(tiny_model)).convert(
        str(plain), quantization=compute_type
    )
    assert (folder / "model.bin").read_bytes() == (plain / "model.bin").read_bytes()


def test_the_record_tells_what_was_made_of_what(tiny_model: Path) -> None:
    import hashlib

    files = find_model(str(tiny_model))
    folder = convert(files, "int8")
    (made,) = list_conversions()
    assert (made.folder, made.model, made.compute_type) == (folder, str(tiny_model), "int8")
    assert made.sources == files.hashes
    assert made.files.keys() == {path.name for path in folder.iterdir()} - {RECORD}
    content = (folder / "model.bin").read_bytes()
    assert made.files["model.bin"] == (len(content), hashlib.sha256(content).hexdigest())
    assert made.find_damage(thorough=True) == []


def test_what_is_computed_in_is_part_of_the_fingerprint(tiny_model: Path) -> None:
    def fingerprint(**settings: Any) -> str:
        return Workshop(device="cpu", **settings).fingerprint([str(tiny_model)], ["vi"])

    assert Workshop(device="cpu").compute_type == "int8"
    assert Workshop(device="cpu", engine="transformers").compute_type == "float32"
    assert fingerprint() == fingerprint(compute_type="int8")
    assert fingerprint() != fingerprint(compute_type="float32")


def test_what_a_cpu_or_an_engine_cannot_do() -> None:
    with pytest.raises(ModelError, match="'float16': not on this cpu; use int8 or float32"):
        Workshop(device="cpu", compute_type="float16")
    with pytest.raises(ModelError, match="'int8': transformers runs in float32 only"):
        Workshop(engine="transformers", compute_type="int8")


def test_the_engine_loads_what_was_asked(tiny_model: Path) -> None:
    workshop = Workshop(device="cpu", compute_type="float32", beam_size=1)
    workshop.build([str(tiny_model)], ["vi"]).translate(["كتاب"])
    assert [made.compute_type for made in list_conversions()] == ["float32"]


def test_use_is_noted(tiny_model: Path) -> None:
    import os

    files = find_model(str(tiny_model))
    folder = convert(files, "int8")
    os.utime(folder / RECORD, (1e9, 1e9))
    assert list_conversions()[0].used == 1e9
    convert(files, "int8")
    assert time.time() - list_conversions()[0].used < 60


def _truncate(folder: Path) -> None:
    path = folder / "model.bin"
    path.write_bytes(path.read_bytes()[:-10])


@pytest.mark.parametrize(
    "damage",
    [
        _truncate,
        lambda folder: (folder / "model.bin").unlink(),
        lambda folder: (folder / "shared_vocabulary.json").unlink(),
        lambda folder: (folder / RECORD).unlink(),
        lambda folder: (folder / RECORD).write_text("{}"),
        lambda folder: (folder / RECORD).write_text("[1]"),
    ],
)
def test_what_is_damaged_is_made_again(tiny_model: Path, damage, cache: Path) -> None:  # type: ignore[no-untyped-def]
    files = find_model(str(tiny_model))
    folder = convert(files, "int8")
    whole = (folder / "model.bin").read_bytes()
    damage(folder)
    assert convert(files, "int8") == folder
    assert (folder / "model.bin").read_bytes() == whole
    made = read_conversion(folder)
    assert made
    assert made.find_damage(thorough=True) == []
    assert _names(cache) == {folder.name}


def test_a_changed_bit_is_found_by_who_looks_thoroughly(tiny_model: Path) -> None:
    files = find_model(str(tiny_model))
    folder = convert(files, "int8")
    content = bytearray((folder / "model.bin").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.bin").write_bytes(content)
    made = read_conversion(folder)
    assert made
    assert made.find_damage() == []
    assert made.find_damage(thorough=True) == ["model.bin"]
    convert(files, "int8", thorough=True)
    assert made.find_damage(thorough=True) == []


def test_what_a_killed_process_left_is_swept_away(tiny_model: Path, cache: Path) -> None:
    files = find_model(str(tiny_model))
    folder = convert(files, "int8")
    shutil.rmtree(folder)
    left = cache / f".{folder.name}.abc123"
    left.mkdir()
    (left / "model.bin").write_bytes(b"half")
    convert(files, "int8")
    assert _names(cache) == {folder.name}


def test_a_failed_conversion_leaves_nothing(
    tiny_model: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    (folder / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(ModelError, match=r"model\.safetensors cannot be loaded"):
        convert(find_model(str(folder)), "int8")
    assert _names(cache) == set()


def test_a_cache_that_cannot_be_written_is_said(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match=r"cannot be written .*; make room, or name another"):
        convert(find_model(str(tiny_model)), "int8", tmp_path / "file")
    for place in ("file", "file/cache"):
        monkeypatch.setenv("AWDA_CACHE", str(tmp_path / place))
        with pytest.raises(CacheError, match=r"^AWDA_CACHE: .*file is no folder"):
            list_conversions()


def test_a_cache_may_be_named_from_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWDA_CACHE", "~/not/yet")
    assert cache_folder() == tmp_path / "not" / "yet"


def test_threads_share_one_result(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    write = conversion._write

    def count(*arguments: object) -> None:
        made.append("")
        write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(conversion, "_write", count)
    folders: list[Path] = []
    workers = [
        threading.Thread(
            target=lambda: folders.append(convert(find_model(str(tiny_model)), "int8"))
        )
        for _ in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(folders) == 3
    assert len(set(folders)) == 1
    assert len(made) == 1


TRANSLATE = """
import sys, time
from pathlib import Path
import ctranslate2, torch, transformers
from mt.translate import conversion
from mt.translate.workshop import translate_texts

write, made = conversion._write, []
conversion._write = lambda *arguments: (made.append(1), time.sleep(0.5), write(*arguments))
Path(sys.argv[2]).touch()
while not Path(sys.argv[3]).exists():
    time.sleep(0.01)
texts = ["زار الوفد القرية صباح اليوم", "كتاب جديد"]
for each in translate_texts(texts, target="vi", models=[sys.argv[1]], beam_size=2):
    print(each.text)
print(len(made))
"""


@pytest.mark.slow
def test_two_processes_on_an_empty_cache_get_the_same(
    tiny_model: Path, tmp_path: Path, cache: Path
) -> None:
    """They are held at the start line until both have loaded, so that their conversions meet."""
    start = tmp_path / "start"
    ready = [tmp_path / "ready1", tmp_path / "ready2"]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", TRANSLATE, str(tiny_model), str(path), str(start)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
        )
        for path in ready
    ]  # fmt: skip
    deadline = time.monotonic() + 240
    while not all(path.exists() for path in ready) and time.monotonic() < deadline:
        time.sleep(0.05)
    start.touch()
    answers = [process.communicate(timeout=240) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], answers
    (first, _), (second, _) = answers
    assert first.splitlines()[:-1] == second.splitlines()[:-1]
    assert sorted((first.split()[-1], second.split()[-1])) == ["0", "1"], "converted once"
    assert len(_names(cache)) == 1


def test_separate_vocabularies_keep_apart(separate_model: Path) -> None:
    """The target's pieces are those of its own table, and ``<pad>`` is not among them."""
    files = find_model(str(separate_model))
    folder = convert(files, "float32")
    target = json.loads((folder / "target_vocabulary.json").read_text(encoding="utf-8"))
    expected = sorted(files.target_vocabulary, key=files.target_vocabulary.__getitem__)
    assert expected[-1] == "<pad>"
    assert target == expected[:-1]
    source = json.loads((folder / "source_vocabulary.json").read_text(encoding="utf-8"))
    assert set(source) <= set(files.vocabulary)
    assert set(source) != set(target)


@pytest.mark.parametrize("model", ["tiny_model", "separate_model"])
def test_the_engines_run_the_same_network(model: str, request: pytest.FixtureRequest) -> None:
    files = find_model(str(request.getfixturevalue(model)))
    tokens = sorted(files.target_tokens.values()) or [None]
    assert inspect_parity(files, "ar", tokens) == []


def test_a_wrong_conversion_shows(separate_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the step that separate vocabularies need, CTranslate2 answers in Arabic pieces."""
    monkeypatch.setattr(conversion, "_give_target_vocabulary", lambda *_: None)
    (fault,) = inspect_parity(find_model(str(separate_model)), "ar", [None])
    assert re.search(r"ctranslate2 [\d.]+ says '.+', transformers [\d.]+ '.+'", fault)
