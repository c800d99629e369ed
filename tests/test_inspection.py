"""A model's files fit together, or it is said what does not; and what its answers give away."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mt.languages import LANGUAGES, mismatch
from mt.translate.inspection import (
    CANARIES,
    guess_source,
    inspect_answer,
    inspect_files,
    inspect_source,
    list_targets,
)
from mt.translate.models import ModelFiles, find_model


def _changed(folder: Path, target: Path, name: str, change: dict[str, Any]) -> ModelFiles:
    """A copy of the model with other entries in one of its tables; None takes one out."""
    shutil.copytree(folder, target)
    path = target / name
    table = json.loads(path.read_text(encoding="utf-8")) | change
    table = {key: value for key, value in table.items() if value is not None}
    path.write_text(json.dumps(table), encoding="utf-8")
    return find_model(str(target))


@pytest.mark.parametrize("model", ["tiny_model", "separate_model"])
def test_models_that_fit(model: str, request: pytest.FixtureRequest) -> None:
    assert inspect_files(find_model(str(request.getfixturevalue(model)))) == []


def test_the_builtin_model_fits_and_reads_arabic() -> None:
    files = find_model("builtin")
    assert inspect_files(files) == []
    assert inspect_source(files, "ar") == []
    assert list_targets(files) == {">>en<<": "en", ">>vi<<": "vi"}


def test_a_vocabulary_of_another_size_than_the_network(tiny_model: Path, tmp_path: Path) -> None:
    files = _changed(tiny_model, tmp_path / "m", "vocab.json", {"one": 9000, "more": 9001})
    size = len(files.vocabulary)
    assert inspect_files(files) == [f"vocab.json has {size} pieces, but the network {size - 2}"]


def test_a_target_vocabulary_of_another_size(separate_model: Path, tmp_path: Path) -> None:
    files = _changed(separate_model, tmp_path / "m", "target_vocab.json", {"more": 9000})
    size = len(files.target_vocabulary)
    assert inspect_files(files) == [
        f"target_vocab.json has {size} pieces, but the network {size - 1}"
    ]


def test_a_lost_target_vocabulary_shows(separate_model: Path, tmp_path: Path) -> None:
    """As where somebody copied the files whose names all Marian models have."""
    shutil.copytree(separate_model, tmp_path / "m")
    (tmp_path / "m" / "target_vocab.json").unlink()
    faults = inspect_files(find_model(str(tmp_path / "m")))
    assert faults[0] == "vocab.json has 29 pieces, but the network 28"


def test_special_pieces_must_be_there(tiny_model: Path, tmp_path: Path) -> None:
    files = _changed(tiny_model, tmp_path / "m", "vocab.json", {"<unk>": None, "unk": 1})
    assert inspect_files(files) == ["vocab.json lacks <unk>"]


def test_tokenizers_that_cannot_be_read(tiny_model: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_model, tmp_path / "m")
    (tmp_path / "m" / "target.spm").write_bytes(b"not pieces")
    (fault,) = inspect_files(find_model(str(tmp_path / "m")))
    assert "target.spm is not a SentencePiece model" in fault
    (tmp_path / "m" / "vocab.json").write_text("{")
    (fault,) = inspect_files(find_model(str(tmp_path / "m")))
    assert "vocab.json is damaged" in fault


def test_tokenizers_of_another_model(separate_model: Path, tmp_path: Path) -> None:
    """Source and target mixed up: Arabic pieces, English vocabulary."""
    shutil.copytree(separate_model, tmp_path / "m")
    shutil.copy(separate_model / "source.spm", tmp_path / "m" / "target.spm")
    shutil.copy(separate_model / "target.spm", tmp_path / "m" / "source.spm")
    faults = inspect_files(find_model(str(tmp_path / "m")))
    assert faults == [
        f"{side}.spm and the vocabulary have hardly a piece in common"
        for side in ("source", "target")
    ]


def test_what_a_model_reads(separate_model: Path) -> None:
    """It was made from Arabic sentences: it knows hardly a letter of the others."""
    files = find_model(str(separate_model))
    assert guess_source(files) == "ar"
    assert inspect_source(files, "ar") == []
    (fault,) = inspect_source(files, "vi")
    assert fault.endswith("% of a sentence in Vietnamese is unknown to its vocabulary")
    assert guess_source(find_model("builtin"), target="ar") != "ar"


def test_targets_are_those_that_have_a_token(tiny_model: Path, separate_model: Path) -> None:
    assert list_targets(find_model(str(tiny_model))) == {">>en<<": "en", ">>vi<<": "vi"}
    assert list_targets(find_model(str(separate_model))) == {None: None}


def test_there_is_a_canary_in_every_language() -> None:
    assert CANARIES.keys() == LANGUAGES.keys()
    assert all(mismatch(sentence, language) == "" for language, sentence in CANARIES.items())


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("The council held its first meeting in the city on Sunday.", ""),
        ("", "answers nothing to a sentence in Arabic"),
        ("  ", "answers nothing"),
        ("the the the the the", "the same over and over"),
        (CANARIES["ar"], "copies a sentence in Arabic"),
        (CANARIES["ar"] + " نعم", "expected English, but most letters are in Arabic script"),
        (CANARIES["vi"], "expected English, but it has many letters of Vietnamese"),
    ],
)
def test_what_an_answer_gives_away(answer: str, fault: str) -> None:
    faults = inspect_answer(find_model("builtin"), answer, "ar", "en")
    assert fault in "; ".join(faults)
    assert bool(faults) == bool(fault)
