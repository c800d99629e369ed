"""Training: the recipe, the rules of the vocabulary, and a resume that is exact."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT, SENTENCES

from mt.errors import CorpusError, JobError, RunError
from mt.train.examples import Examples, draw_batches, read_corpus
from mt.train.recipe import Optimisation, load_recipe


def write_recipe(folder: Path, **changes: object) -> Path:
    rows = [
        {"doc": f"d{i}", "ar": f"{ar} {i}", "en": f"{en} {i}", "vi": f"{vi} {i}"}
        for i in range(12)
        for ar, en, vi in zip(*SENTENCES.values(), strict=True)
    ]
    lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "rows.jsonl").write_text(lines, encoding="utf-8")
    (folder / "splits.json").write_text('{"dev": ["d0"], "test": ["d1"]}')
    recipe = {
        "name": "small",
        "output": "out",
        "sources": [{"path": "rows.jsonl", "split": "splits.json"}],
        "directions": {"ar-en": 1, "ar-vi": 1},
        "vocabulary": {"size": 200, "sentences": 100},
        "network": {
            "d_model": 16,
            "encoder_layers": 1,
            "decoder_layers": 1,
            "heads": 2,
            "ffn_dim": 32,
        },
        "optimisation": {"updates": 8, "batch_tokens": 200, "warmup": 2, "bf16": False},
        "reporting": {"log_every": 2, "checkpoint_every": 4, "dev_every": 8, "dev_segments": 2},
        "threads": 1,
        "device": "cpu",
        **changes,
    }
    path = folder / "train.yaml"
    path.write_text(json.dumps(recipe))
    return path


def test_the_recipe_we_ship_is_good() -> None:
    recipe = load_recipe(ROOT / "configs" / "train-builtin.yaml", ("data=/elsewhere",))
    assert recipe.sources[0].path == Path("/elsewhere/ar-en.tsv.xz")
    assert not any("flores" in str(s.path) or "nghean" in str(s.path) for s in recipe.sources)


def test_problems_of_a_recipe_are_told(tmp_path: Path) -> None:
    path = write_recipe(tmp_path, directions={"ar-xx": 1}, colour="red", network={"heads": 3})
    with pytest.raises(JobError) as caught:
        load_recipe(path)
    text = str(caught.value)
    assert "colour: unknown key" in text
    assert "directions" in text


def test_what_is_held_out_is_not_learnt_from(tmp_path: Path) -> None:
    corpus = read_corpus(load_recipe(write_recipe(tmp_path)))
    assert len(corpus.train) == 30
    assert len(corpus.dev) == 3
    learnt = {text for row in corpus.train for text in row.texts.values()}
    assert not any(text.endswith((" 0", " 1")) for text in learnt)


def test_a_sentence_that_is_held_out_is_learnt_in_no_other_pair(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)
    (tmp_path / "rows.jsonl").write_text(
        '{"doc": "d0", "ar": "كتاب جديد", "en": "A new book", "vi": "Một cuốn sách mới"}\n'
        '{"doc": "x", "ar": "كتاب جديد", "en": "A newly made book", "vi": "Sách mới làm"}\n'
        '{"doc": "x", "ar": "قلم قديم", "en": "An old pen", "vi": "Một cây bút cũ"}\n',
        encoding="utf-8",
    )
    corpus = read_corpus(load_recipe(path))
    assert [row.texts["en"] for row in corpus.train] == ["An old pen"]
    assert corpus.dropped == {"held out": 1}


def test_rows_held_out_at_random_are_none_of_a_test_split(tmp_path: Path) -> None:
    source = {"path": "rows.jsonl", "split": "splits.json", "held_out": 12}
    corpus = read_corpus(load_recipe(write_recipe(tmp_path, sources=[source])))
    assert len(corpus.dev) == 3 + 12
    assert not any(row.texts["en"].endswith(" 1") for row in corpus.dev)


def test_too_many_rows_held_out(tmp_path: Path) -> None:
    source = {"path": "rows.jsonl", "held_out": 36}
    with pytest.raises(CorpusError, match=r"held_out: 36 leaves nothing .* 36 of 36 rows"):
        read_corpus(load_recipe(write_recipe(tmp_path, sources=[source])))


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.parquet", "rows.csv", "rows.tsv.xz"])
@pytest.mark.parametrize("content", [b"", b"{broken\n\x00"])
def test_unreadable_sources_are_named(tmp_path: Path, name: str, content: bytes) -> None:
    columns = ["ar", "en"] if ".tsv" in name else []
    path = write_recipe(tmp_path, sources=[{"path": name, "columns": columns}])
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError):
        read_corpus(load_recipe(path))


def test_rows_that_teach_nothing_are_dropped_with_a_reason(tmp_path: Path) -> None:
    path = write_recipe(tmp_path)
    (tmp_path / "rows.jsonl").write_text(
        '{"ar": "كتاب جديد", "en": "A new book"}\n{"ar": "كتاب جديد", "en": "A new book"}\n'
        '{"ar": "book", "en": "book"}\n{"ar": "كتاب", "en": ""}\n{"ar": "كتاب", "en": "12"}\n'
        '{"ar": "كتاب", "en": "A very long text about some quite other thing"}\n',
        encoding="utf-8",
    )
    corpus = read_corpus(load_recipe(path))
    assert len(corpus.train) == 1
    assert corpus.dropped == {
        "duplicate": 1,
        "no Arabic letter": 1,
        "one side empty": 1,
        "no letter": 1,
        "length ratio": 1,
    }


def test_missing_and_malformed_sources(tmp_path: Path) -> None:
    path = write_recipe(tmp_path, sources=[{"path": "none.jsonl"}])
    with pytest.raises(CorpusError, match=r"none\.jsonl: no such file"):
        read_corpus(load_recipe(path))
    (tmp_path / "bad.tsv").write_text("one\ttwo\nonly\n")
    path = write_recipe(tmp_path, sources=[{"path": "bad.tsv", "columns": ["ar", "en"]}])
    with pytest.raises(CorpusError, match=r"bad\.tsv:2: 1 columns, expected 2"):
        read_corpus(load_recipe(path))


def test_the_normaliser_of_the_pieces(tmp_path: Path) -> None:
    """NFD is composed, marks and tatweel go, digits become 0-9: what the model will see."""
    import sentencepiece

    from mt.train.recipe import Vocabulary
    from mt.train.vocabulary import train_vocabulary

    train_vocabulary(
        [t for ts in SENTENCES.values() for t in ts] * 4,
        Vocabulary(size=200),
        ("en", "vi"),
        tmp_path,
    )
    pieces = sentencepiece.SentencePieceProcessor(str(tmp_path / "source.spm"))
    for left, right in (
        ("Ti\u1ebfng", "Tie\u0302\u0301ng"),
        ("كتاب", "كِتَـاب"),
        ("12", "١٢"),
        ("12", "۱۲"),
        ("لا", "\ufefb"),
    ):
        assert pieces.encode(left) == pieces.encode(right)


def test_batches_keep_to_their_budget_and_repeat() -> None:
    rng = np.random.default_rng(3)
    lengths = np.sort(rng.integers(2, 40, 500))
    ids = [np.ones(n, dtype=np.uint16) for n in lengths]
    pool = {("ar", "en"): Examples(ids, ids, lengths, np.cumsum(np.ones(500)))}

    def draw(chunk: int) -> list[tuple[int, ...]]:
        batches = draw_batches(
            pool, {("ar", "en"): 1.0}, chunk=chunk, longest=24, batch_tokens=256, pad=0, seed=5
        )
        assert all((b.source != 0).sum(axis=1).max() <= 24 for b in batches)
        assert all((b.source != 0).sum(axis=1).max() * len(b.source) <= 256 for b in batches)
        assert sum(len(b.source) for b in batches) == 8192
        return [b.source.shape for b in batches]

    assert draw(0) == draw(0)
    assert draw(0) != draw(1)


def test_the_learning_rate_of_vaswani() -> None:
    from mt.train.trainer import learning_rate

    settings = Optimisation(learning_rate=1.0, warmup=100)
    assert learning_rate(settings, 50) == 0.5
    assert learning_rate(settings, 100) == 1.0
    assert learning_rate(settings, 400) == 0.5


def test_the_learning_rate_of_loshchilov_and_hutter() -> None:
    from mt.train.trainer import learning_rate

    settings = Optimisation(learning_rate=1.0, warmup=100, updates=500, schedule="cosine")
    rates = [learning_rate(settings, update) for update in (50, 100, 300, 500, 900)]
    assert rates == pytest.approx([0.5, 1.0, 0.5, 0.0, 0.0])


def test_temperature_evens_out_the_directions(tmp_path: Path) -> None:
    from mt.train.trainer import share_batches

    one = np.ones(1, dtype=np.uint16)
    pools = {
        ("ar", "en"): Examples([one], [one], np.ones(1), np.array([1.0, 10_000.0])),
        ("ar", "vi"): Examples([one], [one], np.ones(1), np.array([100.0])),
    }

    def ratio(**changes: object) -> float:
        shares = share_batches(load_recipe(write_recipe(tmp_path, **changes)), pools)
        return shares["ar", "en"] / shares["ar", "vi"]

    assert ratio() == 1
    assert ratio(temperature=1) == pytest.approx(100)
    assert ratio(temperature=2) == pytest.approx(10)
    assert ratio(temperature=2, directions={"ar-en": 1, "ar-vi": 2}) == pytest.approx(5)


def test_the_learning_curve_is_a_picture(tmp_path: Path) -> None:
    from lxml import etree

    from mt.train.curve import draw_curve

    rows = [{"update": n, "loss": 9 / n} for n in (1, 2, 3)]
    scores = [{"update": n, "dev": d, "chrf2++": n} for n in (2, 3) for d in ("ar-en", "ar-vi")]
    picture = draw_curve([*rows, *scores])
    words = "".join(etree.fromstring(picture.encode()).itertext())
    assert "ar-en" in words
    assert "ar-vi" in words
    assert draw_curve([*rows, *scores]) == picture
    assert draw_curve([]).endswith("</svg>\n")


@pytest.mark.slow
def test_training_killed_at_random_goes_on_to_the_same_curve(tmp_path: Path) -> None:
    """Each process is killed once it has logged a few more rows, wherever it then stands."""
    path = write_recipe(
        tmp_path,
        optimisation={"updates": 60, "batch_tokens": 200, "warmup": 2, "bf16": False},
        reporting={"log_every": 1, "checkpoint_every": 7, "dev_every": 20, "dev_segments": 2},
    )

    def start(output: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "mt.cli", "train", str(path)]
        return subprocess.Popen([*command, "--set", f"output={tmp_path / output}"])

    def read(output: str) -> list[dict[str, object]]:
        log = tmp_path / output / "log.jsonl"
        lines = log.read_text(encoding="utf-8").splitlines(keepends=True) if log.exists() else []
        rows = [json.loads(line) for line in lines if line.endswith("\n")]
        clock = ("seconds", "tokens_per_second")
        return [{k: v for k, v in row.items() if k not in clock} for row in rows]

    assert start("whole").wait() == 0
    rng = random.Random()
    for least in sorted(rng.sample(range(8, 60), 3)):
        process = start("killed")
        while len(read("killed")) < least and process.poll() is None:
            time.sleep(rng.uniform(0, 0.02))
        process.kill()
        assert process.wait() == -signal.SIGKILL
    assert start("killed").wait() == 0
    assert read("killed") == read("whole")
    weights = [tmp_path / name / "model" / "model.safetensors" for name in ("whole", "killed")]
    assert weights[0].read_bytes() == weights[1].read_bytes()


@pytest.mark.slow
def test_training_resumes_to_the_same_weights(tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    from mt.train.trainer import train

    def weights(output: str, *updates: int) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
        for count in updates:
            overrides = (
                f"output={tmp_path / output}",
                f"optimisation.updates={count}",
                "network.dropout=0.1",
            )
            folder = train(load_recipe(write_recipe(tmp_path), overrides), log=lambda _: None)
        return load_file(folder / "model.safetensors")

    whole, parts = weights("whole", 8), weights("parts", 3, 6, 8)
    assert whole.keys() == parts.keys()
    for name, values in whole.items():
        np.testing.assert_array_equal(values, parts[name])
    pad = len(json.loads((tmp_path / "whole" / "model" / "vocab.json").read_text())) - 1
    assert not whole["model.shared.weight"][pad].any()  # else CTranslate2 would disagree
    described = json.loads((tmp_path / "whole" / "corpus.json").read_text())
    assert described["rows"] == {"rows.jsonl": 30}
    data = (tmp_path / "rows.jsonl").read_bytes()
    assert described["files"]["1: rows.jsonl"] == hashlib.sha256(data).hexdigest()
    log = (tmp_path / "whole" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["update"] for line in log] == [2, 4, 6, 8, 8, 8]


@pytest.mark.slow
def test_a_run_of_other_data_is_not_resumed(tmp_path: Path) -> None:
    from mt.train.trainer import train

    path = write_recipe(tmp_path)
    train(load_recipe(path, ("optimisation.updates=2",)), log=lambda _: None)
    with (tmp_path / "rows.jsonl").open("a", encoding="utf-8") as out:
        out.write('{"ar": "كتاب آخر", "en": "Another book", "vi": "Một cuốn sách khác"}\n')
    with pytest.raises(RunError, match="other data"):
        train(load_recipe(path), log=lambda _: None)


@pytest.mark.slow
def test_what_was_trained_can_be_used_and_adapted(tmp_path: Path) -> None:
    from mt.train.trainer import train
    from mt.translate.workshop import translate_texts

    first = train(load_recipe(write_recipe(tmp_path)), log=lambda _: None)
    assert len(translate_texts(["كتاب", ""], target="vi", models=[str(first)], beam_size=1)) == 2
    path = write_recipe(tmp_path, start_from=str(first), output="adapted")
    second = train(load_recipe(path), log=lambda _: None)
    assert (second / "source.spm").read_bytes() == (first / "source.spm").read_bytes()
