"""Adapting a Marian model that was made elsewhere: other pieces, other tokens, two vocabularies."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, SENTENCES
from safetensors.numpy import load_file

from mt.errors import CorpusError, ModelError
from mt.text.tmx import read_tmx
from mt.train.examples import read_corpus
from mt.train.journal import Journal
from mt.train.recipe import load_recipe
from mt.train.vocabulary import Codec, load_tokenizer, train_pieces

TMX = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4"><header srclang="en" segtype="sentence" creationtool="x" creationtoolversion="1"
 o-tmf="x" adminlang="en" datatype="plaintext"/><body>
{units}</body></tmx>
"""


def write_tmx(path: Path, rows: Iterable[tuple[str, str]]) -> Path:
    units = "".join(
        f'<tu><tuv xml:lang="ar-SA"><seg>{ar}</seg></tuv>'
        f'<tuv xml:lang="EN-us"><seg>{en}</seg></tuv></tu>\n'
        for ar, en in rows
    )
    path.write_text(TMX.format(units=units), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def foreign_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An Arabic-English Marian model with separate vocabularies and no target token."""
    import torch
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    folder = tmp_path_factory.mktemp("foreign")
    sizes = {}
    for language, spm, vocabulary in (
        ("ar", "source.spm", "vocab.json"),
        ("en", "target.spm", "target_vocab.json"),
    ):
        import sentencepiece

        model = train_pieces(SENTENCES[language] * 4, 60)
        (folder / spm).write_bytes(model)
        pieces = sentencepiece.SentencePieceProcessor(model_proto=model)
        words = [pieces.id_to_piece(i) for i in range(3, pieces.get_piece_size())]
        table = {piece: i for i, piece in enumerate(["</s>", "<unk>", *words])}
        table |= {f"filler{i}": i for i in range(len(table), 80)} | {"<pad>": 80}
        (folder / vocabulary).write_text(json.dumps(table), encoding="utf-8")
        sizes[language] = len(table)
    tokenizer = MarianTokenizer(
        source_spm=str(folder / "source.spm"),
        target_spm=str(folder / "target.spm"),
        vocab=str(folder / "vocab.json"),
        target_vocab_file=str(folder / "target_vocab.json"),
        separate_vocabs=True,
    )
    torch.manual_seed(3)
    model = MarianMTModel(
        MarianConfig(
            vocab_size=sizes["ar"],
            decoder_vocab_size=sizes["en"],
            share_encoder_decoder_embeddings=False,
            tie_word_embeddings=False,
            d_model=32,
            encoder_layers=1,
            decoder_layers=1,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=64,
            decoder_ffn_dim=64,
            max_position_embeddings=64,
            pad_token_id=80,
            eos_token_id=0,
            decoder_start_token_id=80,
            forced_eos_token_id=0,
        )
    )
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def write_recipe(folder: Path, **changes: object) -> Path:
    write_tmx(folder / "mine.tmx", zip(SENTENCES["ar"] * 8, SENTENCES["en"] * 8, strict=True))
    rows = [(f"{ar} {i}", f"{en} {i}") for i in range(8)
            for ar, en in zip(SENTENCES["ar"], SENTENCES["en"], strict=True)]  # fmt: skip
    write_tmx(folder / "mine.tmx", rows)
    recipe = {
        "name": "small",
        "output": "out",
        "sources": [{"path": "mine.tmx", "held_out": 4}],
        "directions": {"ar-en": 1},
        "optimisation": {"updates": 400, "batch_tokens": 200, "learning_rate": 0.01, "warmup": 5,
                         "label_smoothing": 0, "smoothing": 0.9, "first_length": 60,
                         "max_length": 60, "bf16": False},
        "reporting": {"log_every": 10, "checkpoint_every": 60, "dev_every": 100},
        "threads": 1,
        "device": "cpu",
        **changes,
    }  # fmt: skip
    path = folder / "adapt.yaml"
    path.write_text(json.dumps(recipe))
    return path


def test_ids_are_those_of_marians_own_tokenizer(foreign_model: Path, tiny_model: Path) -> None:
    for folder in (foreign_model, tiny_model):
        codec, tokenizer = Codec(folder), load_tokenizer(folder)
        texts = {"ar": SENTENCES["ar"], "en": SENTENCES["en"]}
        sources, targets = codec.encode(texts, [("ar", "en")])
        for index in range(3):
            source = tokenizer(SENTENCES["ar"][index]).input_ids
            target = tokenizer(text_target=SENTENCES["en"][index]).input_ids
            assert [*sources["ar"][index], codec.source["</s>"]] == source
            assert [*targets["en"][index], codec.target["</s>"]] == target


@pytest.mark.slow
def test_a_foreign_model_learns_and_says_by_how_much(foreign_model: Path, tmp_path: Path) -> None:
    from mt.train.trainer import train
    from mt.translate.workshop import translate_texts

    said: list[str] = []
    path = write_recipe(tmp_path, start_from=str(foreign_model))
    folder = train(load_recipe(path), log=said.append)
    rows = [json.loads(line) for line in (tmp_path / "out/log.jsonl").read_text().splitlines()]
    losses = [row["loss"] for row in rows if "loss" in row]
    assert losses[0] > math.log(80) * 0.6
    assert losses[-1] < 0.6 * losses[0]
    assert said[0].startswith("starting")
    assert "before:" in said
    assert "->" in said[-1]
    assert said[-1].startswith("dev ar-en: BLEU")
    for name in ("source.spm", "target.spm", "vocab.json", "target_vocab.json"):
        assert (folder / name).read_bytes() == (foreign_model / name).read_bytes()
    options = {"target": "en", "models": [str(folder)], "beam_size": 1}
    for engine in ("ctranslate2", "transformers"):
        results = translate_texts(SENTENCES["ar"], engine=engine, **options)  # type: ignore[arg-type]
        assert sum(a.text[:12] == b[:12] for a, b in zip(results, SENTENCES["en"], strict=True)) > 1


def score_by_script(monkeypatch: pytest.MonkeyPatch, scores: dict[int, float]) -> None:
    """Let dev scores be these, by update, instead of measured."""
    from mt.train.trainer import Trainer

    def score(self: Trainer, direction: tuple[str, str], rows: object) -> None:
        update = self.position.update
        row = {"update": update, "dev": "-".join(direction), "bleu": 0, "chrf2++": scores[update]}
        self.journal.append(row)

    monkeypatch.setattr(Trainer, "_score", score)


@pytest.mark.slow
def test_the_best_model_is_kept_even_when_the_run_is_killed(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mt.train import trainer

    scores = {0: 10.0, 4: 20.0, 8: 30.0, 12: 25.0, 16: 24.0, 20: 40.0}
    score_by_script(monkeypatch, scores)
    reporting = {"log_every": 2, "dev_every": 4, "checkpoint_every": 6, "patience": 2}
    path = write_recipe(tmp_path, start_from=str(tiny_model), reporting=reporting)
    said: list[str] = []

    def run(output: str) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
        recipe = load_recipe(path, (f"output={tmp_path / output}",))
        folder = trainer.train(recipe, log=said.append)
        return load_file(folder / "model.safetensors")

    whole = run("whole")
    assert "done at update 16; kept 8" in said
    with monkeypatch.context() as patch:
        update = trainer.Trainer._update

        def die(self: trainer.Trainer, batch: object) -> object:
            if self.position.update == 11:
                raise MemoryError
            return update(self, batch)  # type: ignore[arg-type]

        patch.setattr(trainer.Trainer, "_update", die)
        with pytest.raises(MemoryError):
            run("killed")
    with (tmp_path / "killed/log.jsonl").open("a") as log:
        log.write('{"update": 12, "de')
    killed = run("killed")
    for name, values in whole.items():
        np.testing.assert_array_equal(killed[name], values)
    assert "kept 8" in said[-2]
    run("killed")
    assert said[-1] == "dev ar-en: BLEU 0.0 -> 0.0, chrF++ 10.0 -> 30.0"


def test_a_model_of_one_target_is_not_given_two(foreign_model: Path, tmp_path: Path) -> None:
    from mt.train.trainer import train

    path = write_recipe(
        tmp_path, start_from=str(foreign_model), directions={"ar-en": 1, "ar-vi": 1}
    )
    with pytest.raises(ModelError, match=r"translates into one language, but .* have 2: en, vi"):
        train(load_recipe(path), log=lambda _: None)


def test_patience_without_rows_to_score_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    from mt.train.trainer import train

    path = write_recipe(
        tmp_path,
        start_from=str(tiny_model),
        sources=[{"path": "mine.tmx"}],
        reporting={"patience": 2},
    )
    with pytest.raises(CorpusError, match="set held_out in a source"):
        train(load_recipe(path), log=lambda _: None)


def test_the_best_of_the_dev_scores_is_found(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "log.jsonl")
    assert journal.find_best() is None
    for update, en, vi in ((0, 20.0, 10.0), (50, 30.0, 20.0), (100, 20.0, 30.0), (150, 10.0, 10.0)):
        for name, score in (("ar-en", en), ("ar-vi", vi)):
            journal.append({"update": update, "dev": name, "bleu": score / 2, "chrf2++": score})
        journal.append({"update": update, "loss": 1.0})
    assert journal.find_best() == 50
    assert journal.count_stale() == 2
    assert list(journal.compare(0, 50)) == [
        "dev ar-en: BLEU 10.0 -> 15.0, chrF++ 20.0 -> 30.0",
        "dev ar-vi: BLEU 5.0 -> 10.0, chrF++ 10.0 -> 20.0",
    ]
    journal.resume(0)
    assert journal.find_best() == 0
    assert len((tmp_path / "log.jsonl").read_text().splitlines()) == 3
    journal.resume(-1)
    assert journal.find_best() is None


def test_a_target_the_model_does_not_know_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    from mt.train.trainer import train

    path = write_recipe(tmp_path, start_from=str(tiny_model), directions={"en-ar": 1})
    with pytest.raises(ModelError, match=r"cannot translate into Arabic.*>>en<< >>vi<<"):
        train(load_recipe(path), log=lambda _: None)


def test_rows_are_held_out_at_random_and_not_learnt_from(tmp_path: Path) -> None:
    corpus = read_corpus(load_recipe(write_recipe(tmp_path)))
    assert (len(corpus.dev), len(corpus.train)) == (4, 20)
    assert not {row.texts["ar"] for row in corpus.dev} & {row.texts["ar"] for row in corpus.train}
    assert read_corpus(load_recipe(write_recipe(tmp_path))) == corpus


def test_a_translation_memory_is_read_without_its_markup(tmp_path: Path) -> None:
    path = write_tmx(
        tmp_path / "m.tmx",
        [("كتاب <bpt i='1'>{b}</bpt>جديد<ept i='1'>{/b}</ept>", "A <hi>new</hi> book &amp; pen")],
    )
    assert list(read_tmx(path)) == [{"ar": "كتاب جديد", "en": "A new book & pen"}]


def test_codes_of_languages_may_have_a_country(tmp_path: Path) -> None:
    path = tmp_path / "m.tmx"
    path.write_text(
        '<tmx><body><tu><tuv xml:lang="en_US"><seg> </seg></tuv><tuv lang="en-GB"><seg>Pen</seg>'
        '</tuv><tuv xml:lang="VI"><seg>Bút</seg></tuv></tu></body></tmx>'
    )
    assert list(read_tmx(path)) == [{"en": "Pen", "vi": "Bút"}]


def test_a_broken_memory_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "m.tmx"
    path.write_text("<tmx>\n<body>\n<tu></body></tmx>")
    with pytest.raises(CorpusError, match=r"m\.tmx:3: not a TMX file"):
        list(read_tmx(path))


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    path = tmp_path / "m.tmx"
    path.write_text(
        f'<!DOCTYPE tmx [<!ENTITY x SYSTEM "{secret.as_uri()}">]><tmx><body><tu>'
        '<tuv xml:lang="en"><seg>a &x; b</seg></tuv></tu></body></tmx>'
    )
    assert "secret" not in next(read_tmx(path))["en"]


def test_the_recipe_for_adapting_is_good() -> None:
    recipe = load_recipe(ROOT / "configs/adapt.yaml", ("data=/elsewhere/mine.tmx",))
    assert recipe.base_model == "builtin"
    assert recipe.sources[0].path == Path("/elsewhere/mine.tmx")
