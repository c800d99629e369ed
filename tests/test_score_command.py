"""Metrics on the command line: ``awda score --metrics``, and what ``awda run`` refuses at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_cli import Awda, awda

from mt.store import RunDirectory

__all__ = ["awda"]  # the fixture

JOB = """
name: one
source: {language: ar, path: a.ar.txt, split: line}
references: {en: [a.en.txt]}
systems: [{name: x, target: en, hypothesis: a.en.txt}, {name: y, target: en, hypothesis: b.en.txt}]
align: {similarity: length}
score: {metrics: METRICS, test: randomization, trials: 50}
"""


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A job of two systems that were translated before, with METRICS to be named."""
    (tmp_path / "a.ar.txt").write_text("عقدت اللجنة اجتماعا\nزار الوفد القرية\n", encoding="utf-8")
    (tmp_path / "a.en.txt").write_text("The committee met.\nThe delegation visited it.\n")
    (tmp_path / "b.en.txt").write_text("The committee meets\nA delegation visited it.\n")
    (tmp_path / "job.yaml").write_text(JOB, encoding="utf-8")
    return tmp_path / "job.yaml"


def choose(job: Path, metrics: str) -> Path:
    job.write_text(job.read_text(encoding="utf-8").replace("METRICS", metrics), encoding="utf-8")
    return job


def test_score_takes_metrics_with_options(awda: Awda, job: Path) -> None:
    folder = job.parent
    answer = awda(
        "score", "--hyp", folder / "b.en.txt", "--ref", folder / "a.en.txt", "--lang", "en",
        "--metrics", "bleu:intl:LC, ter:folded", "--bootstrap", 0, "--format", "json",
    )  # fmt: skip
    bleu, ter = json.loads(answer.out)
    assert (bleu["metric"], ter["metric"]) == ("bleu:intl:lc", "ter:folded")
    assert bleu["signature"].startswith("nrefs:1|case:lc|eff:no|tok:intl|")
    assert (bleu["folding"], ter["folding"]) == ("", "quotes+dashes")


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ("bleu:intle", "bleu has no option 'intle'; did you mean 'intl'?"),
        ("bleu,e5", "e5 reads the source: name it with --src"),
    ],
)
def test_score_refuses_what_it_cannot_do(awda: Awda, job: Path, metrics: str, message: str) -> None:
    text = job.parent / "a.en.txt"
    answer = awda("score", "--hyp", text, "--ref", text, "--lang", "en", "--metrics", metrics)
    assert answer.code == 2
    assert message in answer.err


@pytest.mark.parametrize("command", ["run", "check"])
def test_a_metric_that_cannot_be_had_stops_a_job_before_it_starts(
    awda: Awda, job: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("AWDA_COMET", "/nowhere/comet-score")
    monkeypatch.chdir(job.parent)
    answer = awda(command, choose(job, "[bleu, comet:some/model]"))
    assert answer.code == 2
    assert "no program '/nowhere/comet-score'" in answer.err
    assert not (job.parent / "runs").exists()


def test_a_job_tests_its_systems_as_it_is_told(awda: Awda, job: Path) -> None:
    run = job.parent / "run"
    answer = awda("run", choose(job, "[bleu, 'chrf2++:lc']"), "--out", run)
    assert answer.code == 0
    assert RunDirectory(run).read_manifest()["score"]["trials"] == 50
    scores = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    (target,) = scores["targets"]
    assert [c["metric"] for c in target["comparisons"]] == ["bleu", "chrf2++:lc"]
    assert all("|ar:50|seed:12345|" in c["signature"] for c in target["comparisons"])
    assert "Tested by approximate randomization." in answer.out
