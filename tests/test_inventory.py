"""``awda models``: what is there, what comes in, and what is wrong with it."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hub_server import MAIN, git_hash

from mt.translate.conversion import convert, list_conversions
from mt.translate.models import find_model

Answer = tuple[int, str, str]  # exit code, stdout, stderr
Models = Callable[..., Answer]


@pytest.fixture(autouse=True)
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWDA_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Models:
    """Run ``awda models`` in this process."""

    def call(*arguments: object) -> Answer:
        from mt.cli import main

        monkeypatch.setattr(sys, "argv", ["awda", "models", *map(str, arguments)])
        capfd.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        out, err = capfd.readouterr()
        assert isinstance(code, int)
        assert "Traceback" not in err
        assert all(len(line) <= 80 or " " not in line.strip() for line in out.splitlines())
        return code, re.sub(r"\n {4,}", " ", out), err  # lines as they were before wrapping

    return call


def _fill_hub_cache(model: Path, hub: Path, repository: str) -> Path:
    """A snapshot in the Hub's cache, as a download leaves it."""
    base = hub / f"models--{repository.replace('/', '--')}"
    snapshot = base / "snapshots" / MAIN
    for folder in (base / "blobs", base / "refs", snapshot):
        folder.mkdir(parents=True)
    (base / "refs" / "main").write_text(MAIN)
    for path in model.iterdir():
        blob = base / "blobs" / git_hash(path.read_bytes())
        shutil.copy(path, blob)
        (snapshot / path.name).symlink_to(blob)
    return snapshot


def test_the_list(models: Models, tiny_model: Path, separate_model: Path, tmp_path: Path) -> None:
    _fill_hub_cache(separate_model, tmp_path / "hub", "team/separate")
    local = tmp_path / "local"
    shutil.copytree(tiny_model, local)
    for name, compute_type in (("team/separate", "float32"), (str(local), "int8")):
        convert(find_model(name), compute_type)  # type: ignore[arg-type]
    code, out, _ = models("list")
    assert code == 0
    assert re.sub(r"[\d.]+ MB", "N MB", re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "NOW", out)) == (
        "builtin\n"
        "  files         N MB\n"
        f"team/separate@{MAIN[:12]}\n"
        "  files          N MB\n"
        "  float32        N MB, last used NOW\n"
        f"{local}\n"
        "  files          N MB\n"
        "  int8           N MB, last used NOW\n"
    )
    shutil.rmtree(local)
    assert f"{local}\n  files    not there any more\n  int8" in models("list")[1]


def test_a_conversion_of_files_that_changed_is_marked(
    models: Models, tiny_model: Path, tmp_path: Path
) -> None:
    local = tmp_path / "local"
    shutil.copytree(tiny_model, local)
    convert(find_model(str(local)), "int8")
    assert "of other files" not in models("list")[1]
    (local / "generation_config.json").unlink()
    assert ", of other files\n" in models("list")[1]


def test_the_list_passes_over_what_is_no_translation_model(models: Models, tmp_path: Path) -> None:
    other = tmp_path / "hub" / "models--team--bert" / "snapshots" / MAIN
    other.mkdir(parents=True)
    (other / "config.json").write_text('{"model_type": "bert"}')
    assert models("list")[1].splitlines()[0] == "builtin"
    assert len(models("list")[1].splitlines()) == 2


def test_adding_a_folder(models: Models, separate_model: Path) -> None:
    code, out, _ = models("add", separate_model, "--compute-type", "float32")
    assert code == 0
    assert "tokenizers and vocabulary: fit the network" in out
    assert "float32: ar to its target: " in out
    (made,) = list_conversions()
    assert made.compute_type == "float32"


def test_adding_what_does_not_exist(models: Models) -> None:
    code, _, err = models("add", "team/none")
    assert code == 2
    assert "model 'team/none'" in err


def test_adding_what_does_not_fit(models: Models, separate_model: Path, tmp_path: Path) -> None:
    shutil.copytree(separate_model, tmp_path / "m")
    (tmp_path / "m" / "target_vocab.json").unlink()
    code, out, _ = models("add", tmp_path / "m")
    assert code == 2
    assert "wrong: tokenizers and vocabulary: vocab.json has 29 pieces" in out
    assert list_conversions() == []


def test_a_babbler_is_caught(models: Models, tiny_model: Path) -> None:
    """Random weights say something, but not in the language that was asked for."""
    code, out, _ = models("add", tiny_model)
    assert code == 2
    assert "wrong: int8: " in out


def test_verifying_a_model_and_its_conversions(models: Models, separate_model: Path) -> None:
    files = find_model(str(separate_model))
    folders = [convert(files, "int8"), convert(files, "float32")]
    code, out, _ = models("verify", separate_model)
    assert code == 0
    for line in ("files: 0.1 MB, as recorded", "int8: 0.0 MB, as recorded",
                 "engines: CTranslate2 in float32 and transformers say the same"):  # fmt: skip
        assert f"  {line}\n" in out
    assert {made.folder for made in list_conversions()} == set(folders), "nothing added"

    content = bytearray((folders[0] / "model.bin").read_bytes())
    content[len(content) // 2] ^= 1
    (folders[0] / "model.bin").write_bytes(content)
    code, out, _ = models("verify", separate_model)
    assert code == 2
    assert "  wrong: int8: model.bin: damaged; 'awda models add" in out
    assert models("add", separate_model, "--compute-type", "int8")[0] == 0
    assert models("verify", separate_model)[0] == 0


def test_files_that_changed_since_they_were_converted(
    models: Models, separate_model: Path, tmp_path: Path
) -> None:
    local = tmp_path / "local"
    shutil.copytree(separate_model, local)
    convert(find_model(str(local)), "int8")
    (local / "generation_config.json").write_text("{}")
    code, out, _ = models("verify", local)
    assert code == 2
    assert "wrong: files: generation_config.json: changed since it was converted on 2" in out
    assert models("add", local)[0] == 0
    assert models("verify", local)[0] == 0


def test_damage_in_the_hubs_cache(models: Models, separate_model: Path, tmp_path: Path) -> None:
    snapshot = _fill_hub_cache(separate_model, tmp_path / "hub", "team/separate")
    code, out, _ = models("verify", "team/separate")
    assert code == 0
    assert "as the Hub sent them" in out
    config = snapshot / "generation_config.json"
    config.resolve().write_text(config.read_text() + "\n")
    code, out, _ = models("verify", "team/separate")
    assert code == 2
    assert "wrong: files: generation_config.json: not what the Hub sent" in out


@pytest.mark.slow
def test_the_builtin_model_is_sound(models: Models) -> None:
    assert models("add", "builtin")[0] == 0
    code, out, _ = models("verify")
    assert code == 0, out
    assert out.startswith("builtin\n  files: ")
    assert "engines: CTranslate2 in float32 and transformers say the same" in out
