"""COMET through its command line; a stand-in speaks it as unbabel-comet 2.2.7 does.

Options, output and JSON are those of ``comet/cli/score.py`` in the wheel of that version.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from eval.scores import counting
from eval.scores.metrics import prepare_metrics, score_corpus
from eval.scores.significance import compare_systems
from mt.errors import JobError, ScoreError
from mt.job import load_job

PROGRAM = """#!{python}
import argparse, json, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("-s", "--sources", required=True)
parser.add_argument("-t", "--translations", nargs="+", required=True)
parser.add_argument("-r", "--references")
parser.add_argument("--gpus", type=int, default=1)
parser.add_argument("--quiet", action="store_true")
parser.add_argument("--only_system", action="store_true")
parser.add_argument("--to_json", default="")
parser.add_argument("--model", default="Unbabel/wmt22-comet-da")
asked = parser.parse_args()
with pathlib.Path({log!r}).open("a") as log:
    print(asked.model, asked.gpus, file=log)
if asked.model == "missing":
    raise KeyError("Model 'missing' not supported by COMET.")
read = lambda path: [line.strip() for line in open(path, encoding="utf-8").readlines()]
rows = [
    {{"src": s, "mt": m, "ref": r, "COMET": len(set(m.split()) & set(r.split())) / len(r.split())}}
    for s, m, r in zip(read(asked.sources), read(asked.translations[0]), read(asked.references))
]
if asked.model == "odd":
    rows = rows[1:]
json.dump({{asked.translations[0]: rows}}, open(asked.to_json, "w", encoding="utf-8"))
"""

SOURCES = ["واحد", "اثنان", "ثلاثة", "أربعة"]
REFERENCES = [["one of them", "two of them", "three of them", "four of them"]]
GOOD = ["one of them", "two of them", "three of", "four\u2028of them"]  # 1, 1, 2/3, 1
BAD = ["one", "of", "them", "none at all"]  # 1/3, 1/3, 1/3, 0


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the stand-in was asked; the cache is empty."""
    program = tmp_path / "bin" / "comet-score"
    program.parent.mkdir()
    asked = tmp_path / "asked"
    program.write_text(PROGRAM.format(python=sys.executable, log=str(asked)), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("AWDA_COMET", f"{program} --gpus 0")
    monkeypatch.setenv("AWDA_CACHE", str(tmp_path / "cache"))
    forget()
    return asked


def forget() -> None:
    counting.count.cache_clear()
    counting.sample.cache_clear()


def test_scores_are_the_programs_with_a_signature_and_an_interval(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    information = tmp_path / "site" / "unbabel_comet-2.2.7.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text("Name: unbabel-comet\nVersion: 2.2.7\n")
    monkeypatch.setenv("PYTHONPATH", str(information.parent))
    (score,) = score_corpus(
        ["comet:Unbabel/wmt22-comet-da"], GOOD, REFERENCES, "en", 200, 7, SOURCES
    )
    assert score.score == pytest.approx(100 * (1 + 1 + 2 / 3 + 1) / 4)
    assert score.detail == "comet-score score: 0.9167"
    assert score.signature == (
        "nrefs:1|bs:200|seed:7|model:Unbabel/wmt22-comet-da|scale:100|version:2.2.7"
    )
    draws = np.random.default_rng(7).choice(4, size=(200, 4))
    means = np.sort(100 * np.array([1, 1, 2 / 3, 1])[draws].mean(axis=1))
    assert score.half_width == pytest.approx((means[-6] - means[5]) / 2, abs=1e-4)
    assert log.read_text() == "Unbabel/wmt22-comet-da 0\n"


def test_scores_are_kept_for_the_next_report(log: Path) -> None:
    first = score_corpus(["comet:one"], GOOD, REFERENCES, sources=SOURCES)
    forget()
    assert score_corpus(["comet:one"], GOOD, REFERENCES, sources=SOURCES) == first
    assert len(log.read_text().splitlines()) == 1
    score_corpus(["comet:two"], GOOD, REFERENCES, sources=SOURCES)
    score_corpus(["comet:two"], BAD, REFERENCES, sources=SOURCES)
    assert len(log.read_text().splitlines()) == 3


def test_systems_are_compared_by_it(log: Path) -> None:
    systems = [("good", GOOD), ("bad", BAD)]
    (found,) = compare_systems(["comet:one"], systems, REFERENCES, "en", 100, sources=SOURCES)
    assert found.difference == pytest.approx(100 * (1 / 4 - 11 / 12))
    assert (found.label, found.better) == ("COMET (one)", False)
    assert found.p_value == pytest.approx(1 / 101)  # never as large by chance
    assert len(log.read_text().splitlines()) == 2


def test_without_sources_it_is_left_out(log: Path) -> None:
    (score,) = score_corpus(["comet:one", "bleu"], GOOD, REFERENCES)
    assert score.metric == "bleu"
    assert not log.exists()


def test_a_model_beside_the_job_is_its_checkpoint(log: Path, tmp_path: Path) -> None:
    checkpoint = tmp_path / "kiwi" / "checkpoints" / "model.ckpt"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_bytes(b"weights")
    (tmp_path / "a.txt").write_text("نص\n", encoding="utf-8")
    job = """
name: one
source: {language: ar, path: a.txt}
systems: [{name: x, target: en, hypothesis: a.txt}]
score: {metrics: ["comet:kiwi", "comet:Unbabel/wmt22-cometkiwi-da", e5]}
"""
    (tmp_path / "job.yaml").write_text(job, encoding="utf-8")
    local, remote, _ = load_job(tmp_path / "job.yaml").score.metrics
    assert local == f"comet:{tmp_path / 'kiwi'}"
    assert remote == "comet:Unbabel/wmt22-cometkiwi-da"
    (score,) = score_corpus([local], GOOD, REFERENCES, sources=SOURCES)
    assert score.label == "COMET (kiwi)"
    assert log.read_text() == f"{checkpoint} 0\n"
    (tmp_path / "job.yaml").write_text(job.replace("comet:kiwi", "comet:"), encoding="utf-8")
    with pytest.raises(JobError, match=r"score.metrics\[0\]: 'comet:': name a model"):
        load_job(tmp_path / "job.yaml")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("missing", "comet-score --model missing failed: .*not supported by COMET"),
        ("odd", "its answer is not as expected: 3 scores for 4 segments"),
    ],
)
def test_a_failure_says_what_the_program_said(log: Path, model: str, message: str) -> None:
    with pytest.raises(ScoreError, match=message):
        score_corpus([f"comet:{model}"], GOOD, REFERENCES, sources=SOURCES)
    assert json.dumps(model)[1:-1] in log.read_text()


def test_a_missing_program_is_told_before_any_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWDA_COMET", "/nowhere/comet-score")
    with pytest.raises(
        ScoreError, match="no program '/nowhere/comet-score'; install unbabel-comet"
    ):
        prepare_metrics(["bleu", "comet:one"], ["en"])
