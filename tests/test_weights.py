"""Weights are data: they load as they are, and a pickle that would run code is refused."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT

from mt.errors import ModelError
from mt.translate.models import find_model
from mt.translate.weights import load_network

Save = Callable[[dict[str, Any], Path], None]


class Bomb:
    """What an attacker pickles: reading it back calls a function of the attacker's choice."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return (os.mkdir, (str(self.mark),))


def _with_bin(tiny_model: Path, folder: Path, save: Save) -> Path:
    from safetensors.torch import load_file

    shutil.copytree(tiny_model, folder)
    state = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    save(state, folder / "pytorch_model.bin")
    return folder


def _save_zip(state: object, path: Path) -> None:
    import torch

    torch.save(state, path)


def _save_legacy(state: object, path: Path) -> None:
    import torch

    torch.save(state, path, _use_new_zipfile_serialization=False)


def _save_pickle(state: object, path: Path) -> None:
    path.write_bytes(pickle.dumps(state))


@pytest.mark.parametrize("save", [_save_zip, _save_legacy])
def test_weights_of_either_form_are_the_same(tiny_model: Path, tmp_path: Path, save: Save) -> None:
    import torch

    old = load_network(find_model(str(_with_bin(tiny_model, tmp_path / "old", save))))
    new = load_network(find_model(str(tiny_model)))
    weights = new.state_dict()
    assert old.state_dict().keys() == weights.keys()
    assert all(torch.equal(value, weights[name]) for name, value in old.state_dict().items())
    assert old.generation_config == new.generation_config


def test_a_generation_config_need_not_say_all(tiny_model: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_model, tmp_path / "m")
    (tmp_path / "m" / "generation_config.json").write_text("{}")
    network = load_network(find_model(str(tmp_path / "m")))
    whole = load_network(find_model(str(tiny_model))).generation_config
    assert network.generation_config.decoder_start_token_id == whole.decoder_start_token_id
    assert network.generation_config.eos_token_id == whole.eos_token_id == 0


def test_half_precision_is_read_as_float32(tiny_model: Path, tmp_path: Path) -> None:
    import torch

    def save(state: dict[str, Any], path: Path) -> None:
        torch.save({name: value.half() for name, value in state.items()}, path)

    network = load_network(find_model(str(_with_bin(tiny_model, tmp_path / "half", save))))
    assert {value.dtype for value in network.parameters()} == {torch.float32}


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("save", [_save_zip, _save_legacy, _save_pickle])
def test_no_pickle_runs(tiny_model: Path, tmp_path: Path, save: Save) -> None:
    """The bomb is a real one, and neither loading nor converting sets it off."""
    from mt.translate.conversion import convert

    mark = tmp_path / "ran"
    pickle.loads(pickle.dumps(Bomb(mark)))
    assert mark.exists()
    mark.rmdir()

    def plant(state: dict[str, Any], path: Path) -> None:
        save({**state, "bomb": Bomb(mark)}, path)

    files = find_model(str(_with_bin(tiny_model, tmp_path / "evil", plant)))
    for read in (load_network, lambda files: convert(files, "int8")):
        with pytest.raises(ModelError, match=r"is refused: .* could run code") as caught:
            read(files)
        assert caught.value.exit_code == 2
        assert "\n" not in str(caught.value)
    assert not mark.exists()


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["ctranslate2", "transformers"])
def test_the_command_refuses_it_too(tiny_model: Path, tmp_path: Path, engine: str) -> None:
    mark = tmp_path / "ran"

    def plant(state: dict[str, Any], path: Path) -> None:
        _save_zip({**state, "bomb": Bomb(mark)}, path)

    folder = _with_bin(tiny_model, tmp_path / "evil", plant)
    command = ["translate", "--to", "vi", "--model", str(folder), "--engine", engine]
    answer = subprocess.run(
        [sys.executable, "-m", "mt.cli", *command],
        input="كتاب\n", capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert answer.returncode == 2
    assert answer.stdout == ""
    assert "could run code" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not mark.exists()


def _cut(state: dict[str, Any], path: Path) -> None:
    _save_zip(state, path)
    path.write_bytes(path.read_bytes()[:-4000])


def _without_layers(state: dict[str, Any], path: Path) -> None:
    _save_zip({name: value for name, value in state.items() if "fc1" not in name}, path)


def _of_another_size(state: dict[str, Any], path: Path) -> None:
    _save_zip({**state, "model.shared.weight": state["model.shared.weight"][:-1]}, path)


@pytest.mark.parametrize(
    ("save", "message"),
    [
        (lambda _, path: path.write_bytes(b"not weights"), "is refused"),
        (lambda _, path: path.write_bytes(b""), "cannot be loaded"),
        (lambda _, path: _save_zip([1, 2], path), "cannot be loaded"),
        (lambda state, path: _save_zip({"model": state}, path), "lacks .* of the network's"),
        (_cut, "cannot be loaded"),
        (_without_layers, "lacks 4 of the network's weights"),  # weight and bias, on both sides
        (_of_another_size, "cannot be loaded"),
    ],
)
def test_what_is_no_table_of_the_weights(
    tiny_model: Path, tmp_path: Path, save: Save, message: str
) -> None:
    files = find_model(str(_with_bin(tiny_model, tmp_path / "model", save)))
    with pytest.raises(ModelError, match=message) as caught:
        load_network(files)
    assert str(files.weights) in str(caught.value)
    assert "weights_only" not in str(caught.value)  # no advice to do what is dangerous


def test_a_config_cannot_name_other_weights(tiny_model: Path, tmp_path: Path) -> None:
    """transformers honours ``transformers_weights``; the digest would not cover that file."""
    import json

    import torch
    from safetensors.torch import load_file, save_file

    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    zeros = {name: value * 0 for name, value in load_file(folder / "model.safetensors").items()}
    save_file(zeros, folder / "other.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    config["transformers_weights"] = "other.safetensors"
    (folder / "config.json").write_text(json.dumps(config))
    network = load_network(find_model(str(folder)))
    assert not torch.equal(network.lm_head.weight, network.lm_head.weight * 0)
