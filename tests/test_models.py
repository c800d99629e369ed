"""Models by name: found, refused, told apart, and what can be read from their files."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from mt.errors import ModelError
from mt.translate.models import ModelFiles, find_model


def test_builtin_and_folders_are_found(tiny_model: Path) -> None:
    assert find_model("builtin").citation.startswith("builtin@")
    files = find_model(str(tiny_model))
    assert files.target_token("vi") == ">>vi<<"
    assert files.max_tokens == 512
    assert len(files.digest) == 64


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bultin", "unknown model 'bultin': there is no such folder"),
        ("./nowhere/model", "unknown model"),
        ("/nowhere", "unknown model"),
    ],
)
def test_names_that_mean_nothing(name: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        find_model(name)


@pytest.mark.parametrize(
    "missing", ["vocab.json", "source.spm", "config.json", "model.safetensors"]
)
def test_an_incomplete_folder_says_what_it_lacks(
    tiny_model: Path, tmp_path: Path, missing: str
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    (folder / missing).unlink()
    with pytest.raises(ModelError, match=f"lacks {missing}"):
        find_model(str(folder))


def test_the_digest_changes_with_the_weights(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    before = ModelFiles("m", folder).digest
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    assert ModelFiles("m", folder).digest != before


def _with_vocabulary(tiny_model: Path, folder: Path, tokens: dict[str, str | None]) -> ModelFiles:
    shutil.copytree(tiny_model, folder)
    path = folder / "vocab.json"
    table = json.loads(path.read_text(encoding="utf-8"))
    for old, new in tokens.items():
        index = table.pop(old)
        if new:
            table[new] = index
    path.write_text(json.dumps(table), encoding="utf-8")
    return ModelFiles("m", folder)


def test_target_tokens_may_have_three_letters(tiny_model: Path, tmp_path: Path) -> None:
    files = _with_vocabulary(tiny_model, tmp_path / "m", {">>vi<<": ">>vie<<"})
    assert files.target_token("vi") == ">>vie<<"


def test_a_model_without_target_tokens_needs_none(tiny_model: Path, tmp_path: Path) -> None:
    files = _with_vocabulary(tiny_model, tmp_path / "m", {">>vi<<": None, ">>en<<": None})
    assert files.target_token("vi") is None


def test_a_target_the_model_does_not_know_fails_loudly(tiny_model: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot translate into French; .* >>en<< >>vi<<"):
        find_model(str(tiny_model)).target_token("fr")


@pytest.mark.parametrize("name", ["team/model@", "team/model@../../x", "team/model@a b"])
def test_what_is_no_revision(name: str) -> None:
    with pytest.raises(ModelError, match="a branch, a tag or a commit"):
        find_model(name)


def test_the_hashes_are_those_of_the_files_that_decide(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    files = find_model(str(folder))
    by_hand = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("model.safetensors", "config.json", "source.spm", "target.spm", "vocab.json",
                     "tokenizer_config.json", "generation_config.json")
    }  # fmt: skip
    assert files.hashes == by_hand
    assert files.size == sum((folder / name).stat().st_size for name in by_hand)
    (folder / "README.md").write_text("A card decides nothing.")
    assert find_model(str(folder)).digest == files.digest
    assert files.describe() == {
        "name": str(folder),
        "citation": f"{folder}@{files.digest[:12]}",
        "revision": None,
        "sha256": files.digest,
        "files": by_hand,
    }


def test_only_marian_models_are_taken(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model_type": "bart"}))
    with pytest.raises(ModelError, match="of the kind 'bart'; only Marian"):
        find_model(str(folder))
    (folder / "config.json").write_text("{")
    with pytest.raises(ModelError, match=r"config\.json is damaged"):
        find_model(str(folder))


def test_separate_vocabularies(separate_model: Path, tiny_model: Path) -> None:
    files = find_model(str(separate_model))
    assert files.separate_vocabulary
    assert files.network_vocabulary == (len(files.vocabulary), len(files.target_vocabulary))
    assert files.vocabulary != files.target_vocabulary
    assert files.target_token("vi") is None
    shared = find_model(str(tiny_model))
    assert not shared.separate_vocabulary
    assert shared.vocabulary == shared.target_vocabulary
