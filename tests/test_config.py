"""Job files: every problem at once, with the line it is on."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT

from mt.errors import JobError
from mt.job import load_job

GOOD = """\
name: demo
source: {language: ar, path: a.txt}
references: {en: [b.txt]}
systems:
  - {name: one, target: en, models: [builtin]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("text\n", encoding="utf-8")
    return tmp_path


def problems(folder: Path, text: str, *overrides: str) -> list[str]:
    path = folder / "job.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(JobError) as caught:
        load_job(path, overrides)
    return [line.replace(f"{folder}/", "") for line in caught.value.problems]


def test_a_good_job(folder: Path) -> None:
    (folder / "job.yaml").write_text(GOOD, encoding="utf-8")
    job = load_job(folder / "job.yaml", ["score.bootstrap=200", "translate.beam_size=2"])
    assert job.source.path == folder / "a.txt"
    assert job.named_references() == {"en.1": ("en", folder / "b.txt")}
    assert (job.score.bootstrap, job.translate.beam_size) == (200, 2)


@pytest.mark.parametrize(
    ("line", "new", "message"),
    [
        (
            5,
            "  - {name: one, target: en, modles: [builtin]}",
            "systems[0].modles: unknown key; did",
        ),
        (2, "source: {language: ra, path: a.txt}", "source.language: unknown language 'ra'; exp"),
        (2, "source: {language: no, path: a.txt}", "source.language: unknown language 'no'; exp"),
        (2, "source: {language: ar, path: c.txt}", "source.path: no such file: c.txt"),
        (2, "source: {language: ar, path: .}", "source.path: not a file"),
        (2, "source: ar", "source: expected keys and values, got 'ar'"),
        (1, "name: ../etc", "name: string should match pattern"),
        (3, "references: {en: b.txt}", "references.en: expected a list, got 'b.txt'"),
        (3, "references: {xx: [b.txt]}", "references.xx: unknown language 'xx'"),
        (3, "translate: {beam_size: many}", "translate.beam_size: input should be a valid integer"),
        (
            3,
            "score: {metrics: [blue]}",
            "score.metrics[0]: unknown metric 'blue'; did you mean 'bleu'",
        ),
        (5, "  - {name: one, target: en}", "systems[0]: a system has either 'models' or a 'hyp"),
        (5, "  - {name: p, target: vi, models: [builtin, builtin]}", "2 models need 1 languages"),
        (5, "  - {name: one, target: en, models: ['']}", "systems[0].models[0]: an empty name"),
        (3, "name: twice", "not valid YAML: found duplicate key"),
        (3, "references: [", "not valid YAML"),
    ],
)
def test_one_problem_is_told_with_its_line(folder: Path, line: int, new: str, message: str) -> None:
    lines = GOOD.splitlines()
    lines[line - 1] = new
    (found,) = problems(folder, "\n".join(lines))
    assert message in found
    assert found.startswith("job.yaml:")
    if "YAML" not in message:
        assert found.startswith(f"job.yaml:{line}: ")


def test_all_problems_at_once(folder: Path) -> None:
    bad = GOOD.replace("path: a.txt", "path: none.txt").replace("builtin]", "builtin], beam: 3")
    found = problems(folder, bad + "color: red\n")
    assert [line.split(": ")[0] for line in found] == ["job.yaml:2", "job.yaml:5", "job.yaml:6"]


def test_a_missing_key_is_told(folder: Path) -> None:
    assert problems(folder, GOOD.replace("name: demo\n", "")) == [
        "job.yaml: name: required, and not there"
    ]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("score.bootstrap", "expected KEY=VALUE"),
        ("score.bootstrap=lots", "--set: score.bootstrap: input should be a valid integer"),
        ("score.botstrap=1", "--set: score.botstrap: unknown key; did you mean 'bootstrap'?"),
        ("systems.4.name=x", "has no place"),
    ],
)
def test_overrides_are_checked_too(folder: Path, override: str, message: str) -> None:
    assert any(message in line for line in problems(folder, GOOD, override))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"name: \xff\xfe", "job.yaml:1: not UTF-8"),
        (b"", "expected keys and values"),
        (b"- a\n- b\n", "expected keys and values"),
        (b"#" * 1_000_001, "at most 1000000"),
        (b"a: " + b"[" * 5000, "not valid YAML"),
    ],
)
def test_files_that_are_no_jobs(folder: Path, content: bytes, message: str) -> None:
    (folder / "job.yaml").write_bytes(content)
    with pytest.raises(JobError, match=message):
        load_job(folder / "job.yaml")


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("nghean*.yaml")))
def test_the_jobs_we_ship_are_good(path: Path) -> None:
    assert load_job(path).systems
