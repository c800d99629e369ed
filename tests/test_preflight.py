"""``awda check``: what a job would fail by is said before the job runs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from mt.job import Job, load_job
from mt.preflight import check_job
from mt.translate.inspection import CANARIES, Finding
from mt.translate.translation import Translation
from mt.translate.workshop import Workshop

ANSWERS = {
    CANARIES["ar"]: "The council held its first meeting in the city on Sunday.",
    CANARIES["en"]: CANARIES["vi"],
}


class Script:
    """A translator that answers canaries as told, and all else with a sentence."""

    name = "script"

    def __init__(self, target: str, answers: dict[str, str]) -> None:
        self.target, self.answers = target, answers

    def translate(self, texts: Sequence[str], progress: object = None) -> list[Translation]:
        return [Translation(self.answers.get(text, CANARIES[self.target])) for text in texts]


def _job(folder: Path, model: Path, systems: str = "") -> Job:
    (folder / "source.txt").write_text("زار الوفد القرية.\nهذا كتاب جديد.\n", encoding="utf-8")
    path = folder / "job.yaml"
    direct = f"  - {{name: direct, target: en, models: [{model}]}}\n"
    path.write_text(
        "name: small\nsource: {language: ar, path: source.txt}\nreferences: {}\n"
        f"systems:\n{direct}{systems}translate: {{beam_size: 1}}\n",
        encoding="utf-8",
    )
    return load_job(path)


def _check(job: Job, monkeypatch: pytest.MonkeyPatch, answers: dict[str, str]) -> list[Finding]:
    def build(_: Workshop, models: Sequence[str], targets: Sequence[str]) -> Script:
        return Script(targets[-1], answers)

    monkeypatch.setattr(Workshop, "build", build)
    return [finding for finding in check_job(job) if "source:" not in finding.line]


def test_every_leg_of_every_route_is_tried_once(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    route = f"  - {{name: route, target: vi, models: [{tiny_model}, {tiny_model}], via: [en]}}\n"
    findings = _check(_job(tmp_path, tiny_model, route), monkeypatch, ANSWERS)
    assert all(finding.good for finding in findings)
    legs = [finding.line for finding in findings if "files fit" in finding.line]
    assert [": ar to en: " in legs[0], ": en to vi: " in legs[1], len(legs)] == [True, True, 2]
    assert ">>en<<, says: The council held its first meeting" in legs[0]
    assert ">>vi<<, says: Hội đồng" in legs[1]
    assert sum("segments/s" in finding.line for finding in findings) == 2


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("", "answers nothing to a sentence in Arabic"),
        ("the the the the the", "the same over and over"),
        (CANARIES["vi"], "expected English, but it has many letters of Vietnamese"),
    ],
)
def test_a_model_that_babbles_is_found(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, fault: str
) -> None:
    answers = {CANARIES["ar"]: answer}
    (finding,) = _check(_job(tmp_path, tiny_model), monkeypatch, answers)
    assert not finding.good
    assert ": ar to en: " in finding.line
    assert fault in finding.line


def test_a_second_model_is_tried_for_what_it_stands_in_for(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = shutil.copytree(tiny_model, tmp_path / "second")
    job = _job(tmp_path, tiny_model)
    settings = job.translate.model_copy(update={"fallback": str(second)})
    job = job.model_copy(update={"translate": settings})
    findings = _check(job, monkeypatch, ANSWERS)
    assert sum(": ar to en: files fit" in finding.line for finding in findings) == 2
    table = json.loads((second / "vocab.json").read_text(encoding="utf-8"))
    (second / "vocab.json").write_text(json.dumps(table | {"more": 9000}), encoding="utf-8")
    (bad,) = (finding for finding in _check(job, monkeypatch, ANSWERS) if not finding.good)
    assert bad.line.startswith(f"{second}@")
    assert "vocab.json has" in bad.line


def test_a_model_whose_files_do_not_fit_is_not_even_loaded(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tiny_model, tmp_path / "m")
    path = tmp_path / "m" / "vocab.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"more": 9000}))

    def build(*_: object) -> Script:
        raise AssertionError

    job = _job(tmp_path, tmp_path / "m")
    monkeypatch.setattr(Workshop, "build", build)
    *_, finding = check_job(job)
    assert not finding.good
    assert "vocab.json has" in finding.line
    assert "pieces, but the network" in finding.line
