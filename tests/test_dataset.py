"""Datasets as documents: in a folder, in the Hub's cache, and on a server that stands for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import SENTENCES
from dataset_server import MAIN, serve_dataset
from test_cli import Awda, awda

from mt.errors import AwdaWarning, CorpusError, JobError
from mt.job import load_job
from mt.text.formats import FORMATS, find_format, read_content
from mt.text.formats.address import Address, find_address
from mt.text.reader import read_document, read_segments

__all__ = ["awda"]  # the fixture

AR, EN = SENTENCES["ar"], SENTENCES["en"]
ROWS = {"id": [1, 2, 3], "ar": AR, "en": [EN[0], "", None]}
TOKEN = "hf_neverToBeSeenAnywhere"


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """What ``save_to_disk`` makes of two splits with a column of type ``Translation``."""
    from datasets import Dataset, DatasetDict, Features, Translation, Value, disable_progress_bars

    disable_progress_bars()
    features = Features({"id": Value("int64"), "translation": Translation(["ar", "en"])})
    rows = [{"ar": arabic, "en": english} for arabic, english in zip(AR, EN, strict=True)]
    rows[1]["en"] = ""
    whole = Dataset.from_dict({"id": [1, 2, 3], "translation": rows}, features)
    DatasetDict({"train": whole, "test": whole.select([2, 0])}).save_to_disk(tmp_path / "saved")
    return tmp_path / "saved"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The files of a dataset, as ``hf download`` leaves them."""
    return write_copy(tmp_path / "copy")


def write_copy(folder: Path) -> Path:
    (folder / "data").mkdir(parents=True)
    pq.write_table(pa.table(ROWS), folder / "data" / "train-00000.parquet")
    pq.write_table(pa.table(ROWS).slice(1), folder / "data" / "test-00000.parquet")
    (folder / "talks.csv").write_text(f'id,text\n007,{AR[0]}\nNA,"{AR[1]}"\n', encoding="utf-8")
    (folder / "README.md").write_text(
        "---\nconfigs:\n- config_name: default\n  data_files:\n"
        "  - {split: train, path: data/train-*}\n  - {split: test, path: data/test-*}\n"
        "- config_name: talks\n  data_files: talks.csv\n---\n",
        encoding="utf-8",
    )
    return folder


# Addresses


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("hf://datasets/a/b", ("hf://datasets/a/b", None, None, None)),
        ("hf://datasets/a/b@v1?split=test", ("hf://datasets/a/b@v1", None, "test", None)),
        ("hf://datasets/squad?split=", ("hf://datasets/squad", None, None, None)),
        (
            "hf://datasets/a/b@refs/pr/1?subset=x&column=%D8%B9%20a",
            ("hf://datasets/a/b@refs/pr/1", "x", None, "ع a"),
        ),
    ],
)
def test_an_address_names_a_part_of_a_dataset(
    text: str, wanted: tuple[str, str | None, str | None, str | None]
) -> None:
    assert find_address(Path(text)) == Address(text, *wanted)
    assert find_format(Path(text)) is FORMATS["dataset"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hf://datasets/", "expected hf://datasets/OWNER/NAME"),
        ("hf://gpt2", "expected hf://datasets/OWNER/NAME"),
        ("hf://datasets/a/b/x.csv", "names a file in a dataset.*hf://datasets/a/b[?]split="),
        ("hf://datasets/a/b?splt=test", "unknown 'splt'; did you mean 'split'"),
        ("https://huggingface.co/datasets/a/b/viewer", "say hf://datasets/a/b$"),
    ],
)
def test_a_misspelled_address_is_told(text: str, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        find_address(Path(text))


def test_a_path_stays_a_path(tmp_path: Path, copy: Path) -> None:
    (tmp_path / "what?split=x").write_text("a\n", encoding="utf-8")
    for path in (tmp_path / "what?split=x", tmp_path / "x.parquet", copy, Path("x" * 5000)):
        assert find_address(path) is None
    with pytest.raises(CorpusError, match=r"copy: is a folder; .*FOLDER\?split=NAME"):
        read_content(copy)


# Folders


def test_a_saved_dataset_is_read_and_written(saved: Path) -> None:
    path = Path(f"{saved}?split=train")
    assert read_segments(path, "ar") == tuple(AR)
    with pytest.warns(AwdaWarning, match="2 rows have a translation already"):
        content = read_content(path, language="ar", target="en")
    assert content.texts == (AR[1],)
    made = pq.read_table(BytesIO(content.render(["made"], "en")))
    assert made.to_pydict() == {
        "id": [1, 2, 3],
        "translation.ar": AR,
        "translation.en": [EN[0], "made", EN[2]],
    }
    new = pq.read_table(BytesIO(read_content(path, side="ar").render(["x", "y", "z"], "vi")))
    assert new.column("vi").to_pylist() == ["x", "y", "z"]


def test_splits_and_columns_are_named_or_told(saved: Path) -> None:
    assert read_segments(Path(f"{saved}?split=test&column=translation.en")) == (EN[2], EN[0])
    assert read_segments(saved / "test", "ar") == (AR[2], AR[0])
    for query, message in (
        ("", "has the splits train, test; name one: split=NAME"),
        ("?split=tset", "no split 'tset'; did you mean 'test'"),
        ("?split=test&column=x", r"no column 'x'; it has 'id', 'translation\.ar', 'transl"),
        ("?split=test&subset=x", "has no subsets"),
        ("?split=test&column=id", "column 'id' is of type int64, not text"),
    ):
        with pytest.raises(CorpusError, match=message):
            read_segments(Path(f"{saved}{query}"), "ar")


def test_a_damaged_folder_is_told(saved: Path) -> None:
    (saved / "test" / "state.json").write_text("{", encoding="utf-8")
    with pytest.raises(CorpusError, match="cannot be read as a dataset that was saved"):
        read_segments(Path(f"{saved}?split=test"), "ar")


def test_a_copy_is_read_by_subset_and_split(copy: Path) -> None:
    assert read_segments(Path(f"{copy}?subset=default&split=test"), "ar") == tuple(AR[1:])
    talks = read_content(Path(f"{copy}?subset=talks"), language="ar")
    assert talks.texts == tuple(AR[:2])
    made = pq.read_table(BytesIO(talks.render(["x", "y"], "en"))).to_pydict()
    assert made["id"] == ["007", "NA"]  # text, as CSV has nothing else
    for query, message in (
        ("?subset=talk", "BuilderConfig 'talk' not found"),
        ("?split=tset&subset=default", "no split 'tset'; did you mean 'test'"),
        ("?subset=default", "has the splits train, test"),
    ):
        with pytest.raises(CorpusError, match=message):
            read_segments(Path(f"{copy}{query}"), "ar")


def test_a_dataset_with_a_program_is_never_run(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    ran = tmp_path / "ran"
    (folder / "corpus.py").write_text(f"open({str(ran)!r}, 'w')\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="made by a Python program, and those are never run"):
        read_segments(Path(f"{folder}?split=train"), "ar")
    assert not ran.exists()


@pytest.mark.parametrize("name", ["x.pkl", "x.tar", "x.xml", "x.h5"])
def test_files_of_other_kinds_are_not_opened(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / name).write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(CorpusError, match=r"files that end in \.parquet"):
        read_segments(Path(f"{folder}?split=train"), "ar")


def test_a_dataset_has_the_limits_of_a_document(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWDA_MAX_BLOCKS", "2")
    with pytest.raises(CorpusError, match="too long: more than 2 paragraphs; AWDA_MAX_BLOCKS"):
        read_segments(Path(f"{copy}?split=train"), "ar")


# Jobs


def test_a_job_names_datasets(copy: Path, tmp_path: Path) -> None:
    job = tmp_path / "job.yaml"
    job.write_text(
        "name: x\nsource: {language: ar, path: 'copy?split=train', split: line}\n"
        "references: {en: ['hf://datasets/a/b?split=train']}\n"
        "systems: [{name: s, target: en, hypothesis: 'copy?split=train&column=ar'}]\n",
        encoding="utf-8",
    )
    loaded = load_job(job)
    document = read_document(loaded.source.path, "ar", "line")
    assert document.texts == tuple(AR)
    assert document.name == f"{copy}?split=train"
    (path,) = loaded.references["en"]
    with pytest.raises(CorpusError, match="dataset 'hf://datasets/a/b': not in the cache"):
        read_document(path, "en")
    with pytest.raises(JobError, match=r"source\.path: no such file: .*/nowhere\?split=train"):
        load_job(job, ["source.path=nowhere?split=train"])
    with pytest.raises(JobError, match=r"source\.path: hf://a: expected hf://datasets"):
        load_job(job, ["source.path=hf://a"])


def test_a_job_runs_from_datasets(
    awda: Awda, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the command that writes the job to the report; a second run has nothing to do."""
    monkeypatch.chdir(tmp_path)
    column = "saved?split=train&column=translation."
    assert awda("init", f"{column}ar", f"en={column}en", "--name", "x").code == 0
    job = tmp_path / "x.yaml"
    text = job.read_text(encoding="utf-8")
    assert f'path: "{column}ar"' in text
    system = f'systems: [{{name: s, target: en, hypothesis: "{column}en"}}]\n'
    parts = text.partition("systems:")[0].replace("split: sentence", "split: line")
    job.write_text(f"{parts}{system}align: {{similarity: length}}\n", encoding="utf-8")
    assert awda("run", job, "--out", "run").code == 0
    manifest = json.loads(Path("run/manifest.json").read_text(encoding="utf-8"))
    assert manifest["source"]["path"] == str(tmp_path / f"{column}ar")
    assert len(manifest["source"]["sha256"]) == 64
    assert Path("run/report.html").is_file()
    again = awda("run", job, "--out", "run")
    assert (again.code, "made" in again.err) == (0, False)


# The Hub


def test_out_of_reach_the_cache_is_read_and_said(tmp_path: Path) -> None:
    """The cache as huggingface_hub lays it out (its guide "Understand caching")."""
    place = tmp_path / "hub" / "datasets--some--corpus"
    write_copy(place / "snapshots" / MAIN)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(MAIN, encoding="utf-8")
    path = Path("hf://datasets/some/corpus?split=test")
    with pytest.warns(AwdaWarning, match=r"cannot be reached \(HF_HUB_OFFLINE is set\).*01234567"):
        assert read_segments(path, "ar") == tuple(AR[1:])
    with pytest.raises(CorpusError, match=r"hf download --repo-type dataset some/other --local"):
        read_segments(Path("hf://datasets/some/other"), "ar")


def run(
    address: str, home: Path, *arguments: object, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mt.cli", *map(str, arguments)],
        env={
            **os.environ,
            "HF_ENDPOINT": address,
            "HF_HOME": str(home),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
            "HF_TOKEN": TOKEN,
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.slow
def test_a_dataset_of_the_hub_is_translated_into_parquet(
    copy: Path, tmp_path: Path, tiny_model: Path
) -> None:
    out = tmp_path / "out.parquet"
    with serve_dataset("some/corpus", copy) as address:
        options = ("--to", "vi", "-m", tiny_model, "--beam-size", 1, "-o", out)
        name = "hf://datasets/some/corpus@main?split=train&column=ar"
        done = run(address, tmp_path / "home", "translate", name, *options)
    assert done.returncode == 0, done.stderr
    made = pq.read_table(out).to_pydict()
    assert {name: made[name] for name in ROWS} == ROWS
    assert all(made["vi"])
    assert TOKEN not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "name", "message"),
    [
        ("", "some/other", "the Hub does not know it (or it is private: hf auth login)"),
        ("", "some/corpus@v9", "the Hub has no revision 'v9' of it"),
        ("gated", "some/corpus", "the Hub asks for its terms to be accepted first"),
        ("login", "some/corpus", "the Hub refuses it to this login (HF_TOKEN"),
        ("broken", "some/corpus", "the Hub cannot be reached (it answers 500)"),
        ("silent", "some/corpus", "the Hub cannot be reached (no answer in time)"),
        ("closed", "some/corpus", "the Hub cannot be reached ("),
        ("offline", "some/corpus", "the Hub cannot be reached (HF_HUB_OFFLINE is set)"),
    ],
)
def test_what_the_hub_refuses_is_one_clear_message(
    copy: Path, tmp_path: Path, fault: str, name: str, message: str
) -> None:
    with serve_dataset("some/corpus", copy, fault) as served:
        address = "http://127.0.0.1:9" if fault == "closed" else served
        offline = "1" if fault == "offline" else "0"
        dataset = f"hf://datasets/{name}?split=test"
        command = ("score", "--hyp", dataset, "--ref", dataset, "--lang", "en")
        done = run(address, tmp_path / "home", *command, HF_HUB_OFFLINE=offline)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"awda: dataset 'hf://datasets/{name}': ")
    assert message in line
    assert TOKEN not in line


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("late gated", "the Hub asks for its terms to be accepted first"),
        ("late broken", "the Hub cannot be reached any more (it answers 500)"),
    ],
)
def test_rows_that_do_not_come_are_one_clear_message(
    copy: Path, tmp_path: Path, fault: str, message: str
) -> None:
    """huggingface_hub asks a server that is broken six times, which takes half a minute."""
    dataset = "hf://datasets/some/corpus?split=test"
    with serve_dataset("some/corpus", copy, fault) as address:
        command = ("score", "--hyp", dataset, "--ref", dataset, "--lang", "ar")
        done = run(address, tmp_path / "home", *command)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("awda: hf://datasets/some/corpus@")
    assert message in line


@pytest.mark.slow
def test_nothing_is_asked_for_a_folder(saved: Path, copy: Path, tmp_path: Path) -> None:
    asked: list[str] = []
    with serve_dataset("some/corpus", copy, asked=asked) as address:
        for path in (f"{saved}?split=train", f"{copy}?split=train"):
            command = ("score", "--hyp", path, "--ref", path, "--lang", "ar", "--bootstrap", 0)
            done = run(address, tmp_path / "home", *command)
            assert done.returncode == 0, done.stderr
        assert asked == []
        path = "hf://datasets/some/corpus?split=train"
        done = run(address, tmp_path / "home", "score", "--hyp", path, "--ref", path, "--lang=ar")
        assert done.returncode == 0, done.stderr
        assert any("train-00000.parquet" in path for path in asked)
        assert not any("test-00000.parquet" in path and "resolve" in path for path in asked)
