"""Tables in shards: one row out per row in, the same from both executors, whatever is killed."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import SENTENCES
from dataset_server import git_hash, serve_dataset
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.errors import CorpusError, JobError, ModelError, RunError
from mt.scale.files import TableFile, find_files, find_kind
from mt.scale.job import TableJob
from mt.scale.pipeline import FOLDER, run_table
from mt.scale.preflight import check_table
from mt.scale.reader import read_shards
from mt.suite import load_jobs
from mt.translate.workshop import translate_texts

ROWS = [*SENTENCES["ar"], None, "", "***"]


def load(path: Path, *overrides: str) -> TableJob:
    job = load_jobs(path, overrides)
    assert isinstance(job, TableJob)
    return job


@pytest.fixture
def job_file(tmp_path: Path, tiny_model: Path) -> Path:
    """Two files of Parquet, of which one makes three shards; through English and not."""
    folder = tmp_path / "news"
    folder.mkdir()
    texts = [ROWS[number % len(ROWS)] for number in range(11)]
    table = pa.table({"id": range(11), "text": texts, "tags": [["a", None]] * 11})
    pq.write_table(table, folder / "a.parquet", row_group_size=3)
    pq.write_table(pa.table({"text": ROWS[:4]}), folder / "b.parquet")
    path = tmp_path / "job.yaml"
    path.write_text(
        f"""\
name: news
input: {{language: ar, files: ["news/*.parquet"], shard_rows: 4}}
systems:
  - {{name: direct, target: en, models: [{tiny_model}]}}
  - {{name: pivot, target: vi, models: [{tiny_model}, {tiny_model}], via: [en]}}
translate: {{beam_size: 1, repair: false, memory: false, deterministic: true}}
""",
        encoding="utf-8",
    )
    return path


def read_run(run: Path) -> dict[str, str]:
    """The SHA-256 of every file of translations, by name."""
    files = sorted((run / FOLDER).rglob("*"))
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()
    }


def read_records(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "shards.jsonl").read_text("utf-8").splitlines()]


# The job file


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("input.files=[nothing*.parquet]", "no such file: .*nothing"),
        ("input.files=[job.yaml]", "expected a file that ends in .parquet"),
        ("input.files=[]", "an input has either 'files' or a 'dataset'"),
        ("input.dataset=some/corpus", "an input has either 'files' or a 'dataset'"),
        ("input.shard_rows=0", "shard_rows"),
        ("executor=spark", "'spark' is not known"),
        ("ray.actors=0", "actors"),
    ],
)
def test_mistakes_in_a_table_job_are_told(job_file: Path, override: str, message: str) -> None:
    with pytest.raises(JobError, match=message):
        load_jobs(job_file, [override])


def test_a_table_has_no_ready_made_hypotheses(job_file: Path) -> None:
    system = "systems.0={name: vendor, target: en, hypothesis: job.yaml}"
    with pytest.raises(JobError, match="system 'vendor': a table is translated by 'models'"):
        load_jobs(job_file, [system])


# Reading


def make_file(path: Path) -> TableFile:
    return TableFile(path.name, str(path), find_kind(path.name) or "", "")


def read_texts(path: Path, rows: int = 2) -> list[str | None]:
    shards = read_shards(make_file(path), "text", rows)
    return [text for shard in shards for text in shard.table.column("text").to_pylist()]


@settings(deadline=None, max_examples=40)
@given(
    rows=st.integers(0, 30),
    group=st.integers(1, 12),
    size=st.integers(1, 12),
    finished=st.sets(st.integers(0, 8)),
)
def test_shards_are_the_file_in_order(
    tmp_path_factory: pytest.TempPathFactory, rows: int, group: int, size: int, finished: set[int]
) -> None:
    table = pa.table({"text": [f"row {n}" for n in range(rows)], "n": range(rows)})
    path = tmp_path_factory.getbasetemp() / "property.parquet"
    pq.write_table(table, path, row_group_size=group)
    every = list(read_shards(make_file(path), "text", size))
    assert pa.concat_tables(shard.table for shard in every).equals(table.combine_chunks())
    assert [shard.number for shard in every] == list(range(max(1, -(-rows // size))))
    assert all(shard.table.num_rows == size for shard in every[:-1])
    assert [shard.last for shard in every] == [False] * (len(every) - 1) + [True]
    some = list(read_shards(make_file(path), "text", size, finished))
    assert [shard.number for shard in some] == [
        shard.number for shard in every if shard.number not in finished
    ]
    for shard in some:
        assert shard.table.equals(every[shard.number].table)
        assert shard.last == every[shard.number].last


def test_every_kind_of_file_gives_the_same_rows(tmp_path: Path) -> None:
    """Also a separator that Python would take for the end of a line, and texts pandas would not."""
    texts = ["a\u2028b", "NA", "123", "007", "null", 'with "quotes"', "é"]
    lines = "".join(json.dumps({"text": text, "n": 1}) + "\n" for text in texts)
    (tmp_path / "x.jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "x [1].jsonl").write_text(lines, encoding="utf-8")
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    cells = "".join('"{}",1\n'.format(text.replace('"', '""')) for text in texts)
    (tmp_path / "x.csv").write_text(f"text,n\n{cells}", encoding="utf-8")
    (tmp_path / "x.tsv").write_text(f"text\tn\n{cells}".replace(",", "\t"), encoding="utf-8")
    (tmp_path / "x.txt").write_text("\n".join(texts), encoding="utf-8")
    pq.write_table(pa.table({"text": texts}), tmp_path / "x.parquet")
    for path in tmp_path.iterdir():
        assert read_texts(path) == texts, path.name


def test_nobody_is_told_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``datasets`` counts downloads, also of local files, by asking a server."""
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", False)
    asked: list[str] = []
    monkeypatch.setattr("datasets.load.get_session", lambda: asked.append("session"))
    (tmp_path / "x.jsonl").write_text('{"text": "a"}\n', encoding="utf-8")
    assert read_texts(tmp_path / "x.jsonl") == ["a"]
    assert asked == []


def test_blank_rows_of_jsonl_are_rows_and_blank_lines_are_none(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"text": ""}\n\n{"text": null}\n{"n": 1}\n', encoding="utf-8")
    assert read_texts(path) == ["", None, None]
    path.write_text("", encoding="utf-8")
    assert read_texts(path) == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.jsonl", '{"text": "a"}\n{"text": 5}\n', "x.jsonl: line 2: column 'text' has 5, not"),
        (
            "x.jsonl",
            '{"text": "a"}\n{"text": ["b"]}\n',
            r"line 2: column 'text' has \[\"b\"\], not",
        ),
        ("x.jsonl", '{"text": "a"}\n{"text": \n', "x.jsonl: line 2: not JSON"),
        ("x.jsonl", '"a"\n', "x.jsonl: line 1: expected an object"),
        ("x.jsonl", b'{"text": "\xe9"}\n', "x.jsonl: line 1: not JSON: 'utf-8'"),
        ("x.jsonl", '{"n": 1}\n{"n": 2}\n', "no column 'text'; expected one of: n"),
        ("x.csv", "txet\na\n", "no column 'text'; did you mean 'txet'"),
        ("x.txt", b"\xe9\n", "x.txt: cannot be read as a table: 'utf-8'"),
        ("x.parquet", "no table", "x.parquet: cannot be read as a table: Parquet magic bytes"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_line(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CorpusError, match=message):
        read_texts(path)


def test_a_row_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    pq.write_table(pa.table({"text": [None, 7, None, 8]}), path)
    with pytest.raises(CorpusError, match=r"x.parquet: row 2: column 'text' has 7 \(int64\), not"):
        read_texts(path)
    with pytest.raises(CorpusError, match=r"x.parquet: row 4: column 'text' has 8 \(int64\), not"):
        list(read_shards(make_file(path), "text", 2, {0}))
    with pytest.raises(CorpusError, match=r"x.parquet: column 'text' is of type int64, not text"):
        list(read_shards(make_file(path), "text", 1))


def test_columns_of_a_part_without_values_take_their_type_from_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    texts = pa.array(["a", "b"]).dictionary_encode()
    pq.write_table(pa.table({"text": texts, "n": pa.array([None, None])}), path)
    assert read_texts(path, 1) == ["a", "b"]


# Datasets in the Hub's layout


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A dataset with two subsets, as ``hf download`` leaves it."""
    folder = tmp_path / "corpus"
    for name in ("news/train-0.parquet", "news/train-1.parquet", "news/test-0.parquet"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"text": [f"{name} {SENTENCES['ar'][0]}"]}), folder / name)
    (folder / "talks.jsonl").write_text('{"text": "talk"}\n', encoding="utf-8")
    (folder / "README.md").write_text(
        """\
---
configs:
- config_name: news
  default: true
  data_files:
  - {split: train, path: news/train-*.parquet}
  - {split: test, path: news/test-*.parquet}
- config_name: talks
  data_files: talks.jsonl
---
""",
        encoding="utf-8",
    )
    return folder


def find_in(job_file: Path, *overrides: str) -> list[str]:
    settings = load(job_file, "input.files=[]", *overrides).input
    return [file.name for file in find_files(settings)]


def test_a_dataset_is_its_subset_and_split(job_file: Path, dataset: Path) -> None:
    place = f"input.dataset={dataset.name}"
    assert find_in(job_file, place) == ["train-0.parquet", "train-1.parquet"]
    assert find_in(job_file, place, "input.split=test") == ["test-0.parquet"]
    assert find_in(job_file, place, "input.subset=talks") == ["talks.jsonl"]
    with pytest.raises(CorpusError, match="no split 'tset'; did you mean 'test'"):
        find_in(job_file, place, "input.split=tset")
    with pytest.raises(CorpusError, match="BuilderConfig 'talk' not found"):
        find_in(job_file, place, "input.subset=talk")


def test_a_dataset_that_cannot_be_reached_is_told_with_the_way_out(
    job_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(CorpusError, match=r"hf download --repo-type dataset some/corpus --local"):
        find_in(job_file, "input.dataset=some/corpus@main")


@pytest.mark.slow
def test_a_dataset_of_the_hub_is_read_as_it_streams(
    job_file: Path, dataset: Path, tmp_path: Path
) -> None:
    def run(name: str, *overrides: str) -> subprocess.CompletedProcess[str]:
        options = [word for value in ("input.files=[]", *overrides) for word in ("--set", value)]
        return subprocess.run(
            [
                sys.executable,
                "-m",
                "mt.cli",
                "run",
                job_file,
                "--out",
                tmp_path / "runs" / name,
                *options,
            ],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
        )

    with serve_dataset("some/corpus", dataset) as address:
        environment = {
            "HF_ENDPOINT": address,
            "HF_HOME": str(tmp_path / "home"),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
        }
        assert run("news", "input.dataset=some/corpus").returncode == 0
        talks = run("talks", "input.dataset=some/corpus@main", "input.subset=talks")
        assert talks.returncode == 0, talks.stderr
        unknown = run("unknown", "input.dataset=some/other")
    assert list(read_run(tmp_path / "runs" / "news")) == [
        "train-0.00000.parquet",
        "train-1.00000.parquet",
    ]
    manifest = json.loads(
        (tmp_path / "runs" / "news" / "manifest.json").read_text(encoding="utf-8")
    )
    content = (dataset / "news" / "train-0.parquet").read_bytes()
    assert manifest["inputs"]["news/train-0.parquet"]["digest"] == git_hash(content)
    made = pq.read_table(tmp_path / "runs" / "talks" / FOLDER / "talks.00000.parquet")
    assert made.column("text").to_pylist() == ["talk"]
    assert unknown.returncode == 2
    assert "dataset 'some/other': there is no such folder, and the Hub" in unknown.stderr


def test_files_of_one_name_are_refused(job_file: Path) -> None:
    (job_file.parent / "news" / "a.jsonl").write_text('{"text": "x"}\n', encoding="utf-8")
    with pytest.raises(CorpusError, match=r"a.jsonl and a.parquet: their translations would"):
        find_files(load(job_file, "input.files=[news/*]").input)


# Translating


def test_every_row_has_its_translation(job_file: Path, tmp_path: Path, tiny_model: Path) -> None:
    job = load(job_file)
    totals = run_table(job, tmp_path / "run")
    assert (totals.rows, totals.shards, totals.reused) == (15, 4, 0)
    names = ["a.00000", "a.00001", "a.00002", "b.00000"]
    assert list(read_run(tmp_path / "run")) == [f"{name}.parquet" for name in names]
    source = pq.read_table(tmp_path / "news" / "a.parquet")
    made = pa.concat_tables(
        pq.read_table(tmp_path / "run" / FOLDER / f"{name}.parquet") for name in names[:3]
    )
    assert made.select(source.column_names).equals(source)
    texts = [text or "" for text in source.column("text").to_pylist()]
    model = str(tiny_model)
    for system, models, via, target in (
        ("direct", [model], [], "en"),
        ("pivot", [model, model], ["en"], "vi"),
    ):
        for name in ("translation", "score", "notes", "pivots", "attempts"):
            assert f"{system}_{name}" in made.column_names
        expected = translate_texts(texts, target=target, models=models, via=via, beam_size=1)
        rows = made.to_pylist()
        blank = [i for i, text in enumerate(texts) if not text.strip()]
        assert [rows[i][f"{system}_translation"] for i in blank] == [""] * len(blank)
        assert all("blank" in rows[i][f"{system}_notes"] for i in blank)
        plain = [i for i, result in enumerate(expected) if not result.attempts]
        assert [rows[i][f"{system}_translation"] for i in plain] == [
            expected[i].text for i in plain
        ]
        assert [tuple(rows[i][f"{system}_pivots"]) for i in plain] == [
            expected[i].pivots for i in plain
        ]
        assert {len(rows[i][f"{system}_pivot_scores"]) for i in plain} == {len(via)}


def test_the_manifest_says_what_it_is_made_from(job_file: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    run_table(load(job_file), run)
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    source = (tmp_path / "news" / "a.parquet").read_bytes()
    assert manifest["inputs"]["a.parquet"]["digest"] == hashlib.sha256(source).hexdigest()
    assert manifest["rows"] == 15
    assert manifest["versions"]["awda"]
    assert [len(system["models"]) for system in manifest["systems"]] == [1, 2]
    direct = manifest["systems"][0]
    model = Path(load(job_file).systems[0].models[0])
    weights = hashlib.sha256((model / "model.safetensors").read_bytes()).hexdigest()
    assert direct["model_files"][0]["files"]["model.safetensors"] == weights
    assert manifest["compute_type"] == "int8"
    assert (manifest["fallback"], manifest["translation_memories"]) == ([], {})
    records = read_records(run)
    assert [record["rows"] for record in records] == [4, 4, 3, 4]
    assert {f"{r['name']}.parquet": r["sha256"] for r in records} == read_run(run)


def test_only_what_changed_is_translated_again(job_file: Path, tmp_path: Path) -> None:
    run, job = tmp_path / "run", load(job_file)
    run_table(job, run)
    first = read_run(run)
    assert run_table(job, run).reused == 4

    os.utime(tmp_path / "news" / "a.parquet", (1, 1))  # as a copy of the folder would
    assert run_table(job, run).reused == 4

    (run / FOLDER / "a.00001.parquet").write_bytes(b"damaged")
    assert run_table(job, run).reused == 3
    assert read_run(run) == first

    pq.write_table(pa.table({"text": ["كتاب"]}), tmp_path / "news" / "b.parquet")
    assert run_table(job, run).reused == 3
    changed = read_run(run)
    assert {name for name in first if first[name] != changed[name]} == {"b.00000.parquet"}

    (tmp_path / "news" / "b.parquet").unlink()
    assert run_table(job, run).reused == 3
    assert "b.00000.parquet" not in read_run(run)

    assert run_table(job, run, fresh=True).reused == 0
    assert run_table(load(job_file, "translate.beam_size=2"), run).reused == 0
    assert run_table(load(job_file, "input.shard_rows=100"), run).shards == 1
    assert list(read_run(run)) == ["a.00000.parquet"]


def test_wrong_input_is_told_before_anything_is_written(job_file: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    english = pa.table({"text": SENTENCES["en"] * 3})
    pq.write_table(english, tmp_path / "news" / "a.parquet")
    with pytest.raises(CorpusError, match=r"a.parquet: column 'text': expected Arabic"):
        run_table(load(job_file), run)
    pq.write_table(pa.table({"text": [None, ""]}), tmp_path / "news" / "a.parquet")
    pq.write_table(pa.table({"text": [None, ""]}), tmp_path / "news" / "b.parquet")
    with pytest.raises(CorpusError, match="no text in column 'text'"):
        run_table(load(job_file), run)
    assert not run.exists()


def test_mistakes_are_refused_as_in_a_job_of_a_document(
    job_file: Path, tmp_path: Path, tiny_model: Path
) -> None:
    terms = tmp_path / "terms.tsv"
    terms.write_text("fr\ten\nlivre\tbook\n", encoding="utf-8")
    for override, error, message in (
        (f"translate.glossary={terms}", CorpusError, "must have terms in 'ar'"),
        (f"translate.fallback={tiny_model}", ModelError, "cannot stand in"),
    ):
        job = load(job_file, "translate.repair=true", override)
        with pytest.raises(error, match=message):
            run_table(job, tmp_path / "run")
        with pytest.raises(error, match=message):
            list(check_table(job))


def test_a_renamed_translation_memory_is_named_anew(job_file: Path, tmp_path: Path) -> None:
    own, run = tmp_path / "own.tsv", tmp_path / "run"
    own.write_text("ar\ten\tvi\nكتاب\tbook\tsách\n", encoding="utf-8")
    asked = "translate.translation_memory"
    run_table(load(job_file, f"{asked}=[{own}]"), run)
    manifest = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    sha256 = hashlib.sha256(own.read_bytes()).hexdigest()
    assert manifest["translation_memories"] == {str(own): sha256}
    renamed = own.rename(tmp_path / "renamed.tsv")
    assert run_table(load(job_file, f"{asked}=[{renamed}]"), run).reused == 0


def test_what_is_protected_is_counted_over_all_shards(job_file: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        table = pa.table({"text": ["39-NQ/TW", "هذا كتاب جديد", "زار <b>القرية</b>"]})
        pq.write_table(table, tmp_path / "news" / f"{name}.parquet")
    for _ in range(2):  # counted anew, then from the records
        totals = run_table(load(job_file), tmp_path / "run")
        assert totals.protected == 12  # a code and two tags, in two files, by two systems
        assert totals.kept == 4  # random weights know no tag; a code alone is copied
    assert totals.reused == 2


def test_a_column_of_the_input_is_never_overwritten(job_file: Path, tmp_path: Path) -> None:
    table = pa.table({"text": SENTENCES["ar"], "direct_score": [1, 2, 3]})
    pq.write_table(table, tmp_path / "news" / "a.parquet")
    with pytest.raises(CorpusError, match="has a column 'direct_score' already"):
        run_table(load(job_file), tmp_path / "run")


def test_what_was_finished_before_an_odd_file_is_kept(job_file: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    pq.write_table(pa.table({"text": [1, 2]}), tmp_path / "news" / "b.parquet")
    with pytest.raises(CorpusError, match=r"b.parquet: row 1: column 'text' has 1 \(int64\)"):
        run_table(load(job_file), run)
    (tmp_path / "news" / "b.parquet").write_bytes(b"odd")
    with pytest.raises(CorpusError, match=r"b.parquet: cannot be read"):
        run_table(load(job_file), run)
    (tmp_path / "news" / "b.parquet").unlink()
    totals = run_table(load(job_file), run)
    assert (totals.shards, totals.reused) == (3, 3)


def test_the_command_prints_the_folder(job_file: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mt.cli", "run", str(job_file), "--out", str(tmp_path / "r")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [str(tmp_path / "r" / FOLDER)]
    assert "15 rows in 4 shards, 0 of them from before" in done.stderr


def wait_for(happened: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while not happened():
        assert process.poll() is None, "the command ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.001)


def start(job_file: Path, run: Path, *overrides: str) -> subprocess.Popen[bytes]:
    options = [word for override in overrides for word in ("--set", override)]
    command = [sys.executable, "-m", "mt.cli", "run", str(job_file), "--out", str(run), *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.slow
@pytest.mark.parametrize("shards", [0, 1, 3])
def test_a_killed_run_goes_on_and_ends_the_same(
    job_file: Path, tmp_path: Path, shards: int
) -> None:
    run, whole = tmp_path / "run", tmp_path / "whole"
    one = "input.shard_rows=1"  # fifteen of them, so that it is killed between two
    run_table(load(job_file, one), whole)
    process = start(job_file, run, one)
    lines = run / "shards.jsonl"
    begun = run / "manifest.json"
    if shards:
        wait_for(lambda: lines.exists() and lines.read_bytes().count(b"\n") >= shards, process)
    else:
        wait_for(begun.exists, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    finished = read_records(run) if lines.exists() else []
    (run / FOLDER).mkdir(exist_ok=True)
    (run / FOLDER / ".a.00009.parquet.x.tmp").write_bytes(b"half a shard")
    with lines.open("ab") as torn:
        torn.write(b'{"name": "a.000')
    totals = run_table(load(job_file, one), run)
    assert len(finished) >= shards
    assert totals.reused == len(finished)
    assert read_run(run) == read_run(whole)


# Ray


def test_without_ray_its_executor_is_refused(
    job_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RunError, match=r"pip install 'awda\[ray\]'") as told:
        run_table(load(job_file, "executor=ray"), tmp_path / "run")
    assert told.value.exit_code == 2


def test_a_cluster_that_is_not_there_is_told_at_once(job_file: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    with socket.socket() as taken:  # bound, and nobody listens
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        job = load(job_file, "executor=ray", f"ray.address={address}")
        with pytest.raises(RunError, match=rf"no cluster answers at '{address}' \(.*refused"):
            run_table(job, tmp_path / "run")


def test_a_node_with_other_models_is_refused(job_file: Path, monkeypatch: Any) -> None:
    pytest.importorskip("ray")
    from mt.scale.cluster import Actor
    from mt.scale.translator import TableTranslator

    monkeypatch.setenv("AWDA_THREADS", "1")  # the actor sets it, and the test ends so
    job = load(job_file)
    expected = TableTranslator(job).describe()
    Actor(job, False, expected)
    with pytest.raises(ModelError, match="a node has other models"):
        Actor(job, False, {**expected, "digest": "another"})


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The address of a Ray with two CPUs, started once; executors use what is connected."""
    ray = pytest.importorskip("ray")
    from mt.scale.cluster import start_ray

    folder = start_ray(cpus=2)
    yield ray.get_runtime_context().gcs_address
    ray.shutdown()
    folder.cleanup()


@pytest.mark.slow
def test_both_executors_give_the_same_bytes(job_file: Path, tmp_path: Path, cluster: str) -> None:
    (tmp_path / "news" / "c.jsonl").write_text('{"text": "كتاب", "n": 1}\n', encoding="utf-8")
    job = load(job_file, "input.files=[news/*]")
    run_table(job, tmp_path / "local")
    ray_job = job.model_copy(update={"executor": "ray"})
    totals = run_table(ray_job, tmp_path / "ray")
    assert (totals.rows, totals.shards, totals.reused) == (16, 5, 0)
    assert read_run(tmp_path / "ray") == read_run(tmp_path / "local")

    assert run_table(job, tmp_path / "ray").reused == 5  # goes on where the other one ended

    # What is wrong over there is told as it is here.
    (tmp_path / "news" / "c.jsonl").write_text('{"text": 5}\n', encoding="utf-8")
    with pytest.raises(CorpusError, match=r"c.jsonl: row 1: column 'text' has 5 \(int64\), not"):
        run_table(ray_job, tmp_path / "ray")
    missing = load(job_file, "executor=ray", "systems.0.models=[organisation/nothing]")
    with pytest.raises(ModelError, match="organisation/nothing"):
        run_table(missing, tmp_path / "missing")
    with pytest.raises(RunError, match="no node has 1000 CPUs and 0 GPUs"):
        run_table(load(job_file, "executor=ray", "ray.cpus=1000"), tmp_path / "large")


@pytest.mark.slow
def test_a_killed_run_on_a_cluster_goes_on_and_ends_the_same(
    job_file: Path, tmp_path: Path, cluster: str
) -> None:
    run, one = tmp_path / "run", "input.shard_rows=1"
    run_table(load(job_file, one), tmp_path / "whole")
    process = start(job_file, run, one, "executor=ray", f"ray.address={cluster}")
    lines = run / "shards.jsonl"
    wait_for(lambda: lines.exists() and lines.read_bytes().count(b"\n") >= 2, process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    finished = len(read_records(run))
    totals = run_table(load(job_file, one, "executor=ray"), run)
    assert 2 <= finished == totals.reused < 15
    assert read_run(run) == read_run(tmp_path / "whole")
