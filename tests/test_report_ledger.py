"""Ledger, analysis and glossary on their way from the job file to the reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_run import make_manifest, make_run

from eval.analysis import Difference, Fault
from eval.fidelity.items import Entry
from eval.render.scores import render_json
from eval.render.terminal import render_terminal
from eval.report import build_report
from mt.errors import CorpusError, JobError, RunError
from mt.job import Job, load_job
from mt.pipeline import read_inputs, run
from mt.store import RunDirectory
from mt.translate.translation import Translation

GLOSSARY = "category\tar\ten\nbody\tالمكتب\tBureau\nterm\tالحوار\tdialogue\nterm\tالشعب\tpeople\n"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    return make_run(tmp_path / "tiny")


def add_glossary(path: Path) -> None:
    manifest = make_manifest()
    manifest["score"]["glossary"] = "elsewhere/terms.tsv"
    RunDirectory(path).write_manifest(manifest)
    (path / "glossary.tsv").write_text(GLOSSARY, encoding="utf-8")


def test_the_ledger_of_every_system_and_of_the_reference(tiny: Path) -> None:
    english, vietnamese = build_report(tiny).targets
    good, bad = english.systems
    assert good.ledger == (Entry("date", kept=1), Entry("code", kept=1))
    assert bad.ledger == (Entry("date", changed=1), Entry("code", lost=1))
    assert english.reference_ledger == good.ledger
    assert vietnamese.reference_ledger == ()
    kinds = [[(i.kind, i.outcome, i.leg) for i in j.ledger] for j in bad.judgements]
    assert kinds == [[("code", "lost", 0), ("date", "changed", 0)], [], [], [], []]


def test_a_route_names_the_leg(tiny: Path) -> None:
    rows = [
        Translation("Nghị quyết 39-NQ/TW", None, ("Resolution 39-NQ/TW of 18 July",)),
        *(Translation(f"câu {word}", None, (word,)) for word in "abcd"),
    ]
    RunDirectory(tiny).write_translations("translations/viet.jsonl", rows)
    (system,) = build_report(tiny).targets[1].systems
    items = {item.kind: (item.outcome, item.leg) for item in system.judgements[0].ledger}
    assert items == {"code": ("kept", 0), "date": ("lost", 2)}


def test_without_pivots_no_leg_is_to_blame(tiny: Path) -> None:
    rows = [Translation("câu") for _ in range(5)]
    RunDirectory(tiny).write_translations("translations/viet.jsonl", rows)
    (system,) = build_report(tiny).targets[1].systems
    assert {item.leg for judgement in system.judgements for item in judgement.ledger} == {0}


def test_terms_of_the_glossary_in_the_run_directory(tiny: Path) -> None:
    add_glossary(tiny)
    english, vietnamese = build_report(tiny).targets
    good, bad = english.systems
    assert good.ledger[-1] == Entry("term", kept=3)
    assert bad.ledger[-1] == Entry("term", lost=3)
    assert english.reference_ledger[-1] == Entry("term", kept=3)
    assert "term" not in {entry.kind for entry in vietnamese.systems[0].ledger}


def test_a_glossary_that_is_gone_or_damaged(tiny: Path) -> None:
    add_glossary(tiny)
    (tiny / "glossary.tsv").write_text("ar\ten\nالمكتب\n", encoding="utf-8")
    with pytest.raises(RunError, match=r"glossary\.tsv:2: expected 2 .*; run the job again"):
        build_report(tiny)
    (tiny / "glossary.tsv").unlink()
    with pytest.raises(RunError, match=r"glossary\.tsv.*; run the job again"):
        build_report(tiny)


def test_the_analysis_of_every_system(tiny: Path) -> None:
    english, vietnamese = build_report(tiny).targets
    good, bad = (system.analysis for system in english.systems)
    assert [(b.label, b.pairs) for b in good.lengths] == [("1-9", 2), ("10-19", 1)]
    assert [b.score for b in good.lengths] == pytest.approx([100.0, 100.0])
    assert good.faults == ()
    assert bad.faults == (Fault("empty", 2, "nothing was written"),)
    assert {bucket.f1 for bucket in good.frequencies} == {1.0}
    assert vietnamese.systems[0].analysis.lengths == ()


def test_where_the_systems_differ_most(tiny: Path) -> None:
    english, vietnamese = build_report(tiny).targets
    first = english.differences[0]
    assert first == Difference(2, "good", "bad", 100.0)
    assert [each.pair for each in english.differences] == [2, 1, 0]
    assert vietnamese.differences == ()


def test_what_the_json_says(tiny: Path) -> None:
    target = json.loads(render_json(build_report(tiny)))["targets"][0]
    bad = target["systems"][1]
    assert bad["ledger"][0] == {"kind": "date", "kept": 0, "changed": 1, "lost": 0, "invented": 0}
    assert bad["segments"][0]["ledger"] == [
        {"kind": "code", "value": "39-NQ/TW", "outcome": "lost", "found": "", "leg": 0},
        {"kind": "date", "value": "18 يوليو", "outcome": "changed", "found": "19 July", "leg": 0},
    ]
    assert bad["analysis"]["faults"] == [
        {"kind": "empty", "pair": 2, "detail": "nothing was written"}
    ]
    assert target["reference_ledger"][0]["kept"] == 1
    assert target["differences"][0] == {"pair": 2, "better": "good", "worse": "bad", "gap": 100.0}


def test_what_the_terminal_says(tiny: Path) -> None:
    text = " ".join(render_terminal(build_report(tiny)).split())
    assert "Lost or changed: good nothing; bad 1 of 1 dates, 1 of 1 codes" in text


@pytest.fixture
def job(tmp_path: Path) -> Job:
    (tmp_path / "source.txt").write_text("أصدر المكتب القرار.\n", encoding="utf-8")
    (tmp_path / "hyp.txt").write_text("The Bureau issued it.\n", encoding="utf-8")
    (tmp_path / "terms.tsv").write_text(GLOSSARY, encoding="utf-8")
    path = tmp_path / "job.yaml"
    path.write_text(
        "name: small\nsource: {language: ar, path: source.txt}\n"
        "systems: [{name: vendor, target: en, hypothesis: hyp.txt}]\n"
        "score: {glossary: terms.tsv}\n",
        encoding="utf-8",
    )
    return load_job(path)


def test_a_run_keeps_a_copy_of_its_glossary(job: Job, tmp_path: Path) -> None:
    out = run(job, tmp_path / "run")
    assert (out / "glossary.tsv").read_text(encoding="utf-8") == GLOSSARY
    (tmp_path / "terms.tsv").unlink()
    (system,) = build_report(out).targets[0].systems
    assert system.ledger == (Entry("term", kept=1),)


def test_a_rerun_takes_the_glossary_anew(job: Job, tmp_path: Path) -> None:
    run(job, tmp_path / "run")
    (tmp_path / "terms.tsv").write_text("ar\ten\nالقرار\tresolution\n", encoding="utf-8")
    run(job, tmp_path / "run")
    (system,) = build_report(tmp_path / "run").targets[0].systems
    assert system.ledger == (Entry("term", lost=1),)


def test_a_glossary_that_cannot_serve(job: Job, tmp_path: Path) -> None:
    (tmp_path / "terms.tsv").write_text("ar\tvi\nالقرار\tnghị quyết\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"terms\.tsv: must have terms in 'ar' and in 'en'"):
        read_inputs(job)
    with pytest.raises(JobError, match=r"score\.glossary: no such file"):
        load_job(tmp_path / "job.yaml", ["score.glossary=nowhere.tsv"])
