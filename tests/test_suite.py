"""Test sets whose lines stand opposite each other, and several jobs in one file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, SENTENCES

from mt.align.aligner import align_lines
from mt.errors import AlignmentError, CorpusError, JobError
from mt.job import Job, load_job
from mt.pipeline import run
from mt.suite import Suite, load_jobs

SUITE = """\
name: quality
data: sets
jobs:
  - name: here
    source: {language: ar, path: "{data}/ar.txt", split: line}
    references: {en: ["{data}/en.txt"]}
    systems: &systems
      - {name: vendor, target: en, hypothesis: "{data}/vendor.txt"}
    align: {parallel: true}
    score: {metrics: [bleu, chrf2++], bootstrap: 10}
  - name: elsewhere
    needs: "{data}/flores"
    source: {language: ar, path: "{data}/flores/ar.txt"}
    systems: *systems
"""


@pytest.fixture
def suite_file(tmp_path: Path) -> Path:
    (tmp_path / "sets").mkdir()
    for name, lines in (
        ("ar", SENTENCES["ar"]),
        ("en", SENTENCES["en"]),
        ("vendor", SENTENCES["en"]),
    ):
        text = "\n".join((*lines, "", lines[0])) + "\n"
        (tmp_path / "sets" / f"{name}.txt").write_text(text, encoding="utf-8")
    path = tmp_path / "suite.yaml"
    path.write_text(SUITE, encoding="utf-8")
    return path


def load_suite(path: Path, *overrides: str) -> Suite:
    suite = load_jobs(path, overrides)
    assert isinstance(suite, Suite)
    return suite


def test_lines_opposite_each_other_are_beads_and_blank_ones_are_not() -> None:
    alignment = align_lines(["a", "", "c", ""], ["x", "y", "", " "])
    alignment.check(4, 4)
    assert [(b.source, b.target) for b in alignment.beads if b.source and b.target] == [
        ((0,), (0,))
    ]
    with pytest.raises(AlignmentError, match="2 lines against 1"):
        align_lines(["a", "b"], ["x"])


def test_a_suite_gives_each_job_its_paths_and_leaves_out_what_is_not_there(
    suite_file: Path,
) -> None:
    suite = load_suite(suite_file)
    assert [job.name for job in suite.jobs_at_hand] == ["here"]
    assert suite.jobs_at_hand[0].source.path == suite_file.parent / "sets" / "ar.txt"
    assert suite.skipped == {"elsewhere": suite_file.parent / "sets" / "flores"}
    flores = suite_file.parent / "sets" / "flores"
    flores.mkdir()
    (flores / "ar.txt").write_text("كتاب\n", encoding="utf-8")
    assert [job.name for job in load_suite(suite_file).jobs_at_hand] == ["here", "elsewhere"]


def test_a_job_file_is_still_a_job() -> None:
    assert isinstance(load_jobs(ROOT / "configs" / "nghean.yaml"), Job)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    score:", "    scores:", "10: jobs[0].scores: unknown key; did you mean 'score'?"),
        ("name: elsewhere", "name: here", "3: jobs: two jobs are named 'here'"),
        (", split: line", "", "4: jobs[0]: align.parallel: lines stand opposite lines"),
        ('/flores"\n', '"\n', "13: jobs[1].source.path: no such file"),
    ],
)
def test_problems_of_a_suite_have_their_line(
    suite_file: Path, old: str, new: str, message: str
) -> None:
    suite_file.write_text(SUITE.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(JobError) as caught:
        load_jobs(suite_file)
    assert f"{suite_file}:{message}" in str(caught.value)


def test_a_test_set_of_unequal_sides_is_refused(suite_file: Path, tmp_path: Path) -> None:
    with (tmp_path / "sets" / "en.txt").open("a", encoding="utf-8") as out:
        out.write("One more.\n")
    job = load_suite(suite_file).jobs_at_hand[0]
    with pytest.raises(CorpusError, match=r"en\.txt: 6 lines, but .*ar\.txt has 5"):
        run(job, tmp_path / "run")


def test_a_suite_from_the_command_line(suite_file: Path, tmp_path: Path) -> None:
    """The vendor's text is the reference, so that its scores are the highest there are."""
    out = tmp_path / "runs"
    command = [sys.executable, "-m", "mt.cli", "run", str(suite_file), "--out", str(out)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line.split() for line in answer.stdout.splitlines()]
    assert ["here", "vendor", "en", "4", "100.0", "±0.0", "100.0", "±0.0"] in lines
    assert "elsewhere: skipped, there is no" in answer.stdout
    page = (out / "report.md").read_text(encoding="utf-8")
    assert "| [here](here/report.md) | vendor | en | 4 | 100.0 ±0.0 | 100.0 ±0.0 |" in page
    figures = json.loads((out / "scores.json").read_text(encoding="utf-8"))
    assert figures["suite"] == "quality"
    assert list(figures["skipped"]) == ["elsewhere"]
    assert [(row["test_set"], row["pairs"]) for row in figures["rows"]] == [("here", 4)]
    assert (out / "report.tex").read_text(encoding="utf-8").count(r"\begin{table}") == 1
    again = tmp_path / "again"
    command = [sys.executable, "-m", "mt.cli", "report", str(out), "--out", str(again)]
    assert (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout == answer.stdout
    )
    for name in ("report.md", "scores.json", "here/report.html", "here/scores.json"):
        assert (again / name).read_bytes() == (out / name).read_bytes()
    beads = (out / "here" / "alignments" / "en.1.jsonl").read_text().splitlines()
    assert [json.loads(line)["target"] for line in beads] == [[0], [1], [2], [], [3], [4]]


def test_lines_are_paired_only_where_the_source_is_split_into_lines(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("كتاب\n", encoding="utf-8")
    path = tmp_path / "job.yaml"
    path.write_text(
        "name: x\nsource: {language: ar, path: a.txt}\nalign: {parallel: true}\n"
        "systems: [{name: a, target: en, models: [builtin]}]\n"
    )
    with pytest.raises(JobError, match=r"set source\.split to line"):
        load_job(path)
