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
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")  # for processes that a test starts
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> object:
    """Models are converted once per test session, into a folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWDA_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test profits from what another one has translated."""
    monkeypatch.setattr("mt.translate.memory.default_path", lambda: tmp_path / "memory.sqlite")


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


@pytest.fixture(scope="session")
def separate_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Marian model, Arabic to English, whose source and target have vocabularies of their own."""
    import json

    import sentencepiece
    import torch
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    from mt.train.vocabulary import train_pieces

    folder = tmp_path_factory.mktemp("separate") / "model"
    folder.mkdir()
    sizes = []
    for language, spm, name in (
        ("ar", "source.spm", "vocab.json"),
        ("en", "target.spm", "target_vocab.json"),
    ):
        pieces = train_pieces(SENTENCES[language] * 4, 60)
        (folder / spm).write_bytes(pieces)
        tokenizer = sentencepiece.SentencePieceProcessor(model_proto=pieces)
        words = [tokenizer.id_to_piece(i) for i in range(3, tokenizer.get_piece_size())]
        table = {piece: i for i, piece in enumerate(["</s>", "<unk>", *words, "<pad>"])}
        (folder / name).write_text(json.dumps(table, ensure_ascii=False), encoding="utf-8")
        sizes.append(len(table))
    assert sizes[0] != sizes[1]
    torch.manual_seed(5)
    model = MarianMTModel(
        MarianConfig(
            vocab_size=sizes[0],
            decoder_vocab_size=sizes[1],
            share_encoder_decoder_embeddings=False,
            d_model=16,
            encoder_layers=1,
            decoder_layers=1,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=32,
            decoder_ffn_dim=32,
            max_position_embeddings=128,
            scale_embedding=True,
            pad_token_id=sizes[1] - 1,
            eos_token_id=0,
            decoder_start_token_id=sizes[1] - 1,
            forced_eos_token_id=0,
        )
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(8)
        model.get_decoder().embed_tokens.weight[-1] = 0
    model.save_pretrained(folder)
    MarianTokenizer(
        source_spm=str(folder / "source.spm"),
        target_spm=str(folder / "target.spm"),
        vocab=str(folder / "vocab.json"),
        target_vocab_file=str(folder / "target_vocab.json"),
        separate_vocabs=True,
    ).save_pretrained(folder)
    return folder
