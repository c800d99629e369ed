"""Shared fixtures: a small random-weight Marian model, and a clean cache for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

SENTENCES = {
    "ar": ["عقدت اللجنة اجتماعا في المدينة", "زار الوفد القرية صباح اليوم", "هذا كتاب جديد"],
    "en": ["The committee met in the city", "The delegation visited the village", "A new book"],
    "vi": ["Ủy ban họp tại thành phố", "Đoàn thăm làng sáng nay", "Đây là một cuốn sách mới"],
}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reaches a model hub or reads the user's own cache of downloads."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> object:
    """Models are converted once per test session, into a folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWDA_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Marian model with two target tokens and random weights: it babbles, but in its format."""
    import torch
    from transformers import MarianConfig, MarianMTModel

    from mt.train.recipe import Vocabulary
    from mt.train.vocabulary import load_tokenizer, train_vocabulary

    folder = tmp_path_factory.mktemp("tiny") / "model"
    sentences = [text for texts in SENTENCES.values() for text in texts] * 4
    train_vocabulary(sentences, Vocabulary(size=200), ("en", "vi"), folder)
    tokenizer = load_tokenizer(folder)
    pad = tokenizer.pad_token_id
    torch.manual_seed(7)
    model = MarianMTModel(
        MarianConfig(
            vocab_size=len(tokenizer),
            d_model=16,
            encoder_layers=1,
            decoder_layers=1,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=32,
            decoder_ffn_dim=32,
            max_position_embeddings=512,
            scale_embedding=True,
            pad_token_id=pad,
            eos_token_id=tokenizer.eos_token_id,
            decoder_start_token_id=pad,
            forced_eos_token_id=tokenizer.eos_token_id,
        )
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(8)  # default weights are so small that every beam is a tie
        model.get_input_embeddings().weight[pad] = 0
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
