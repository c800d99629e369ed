"""A report is rebuilt from the run directory's files alone, and says which of them is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from plain_run import MIXED, REFERENCE, make_plain_run
from tiny_run import ALIGNMENT, document, make_manifest, make_run

from eval.fidelity.items import Tally
from eval.render import write_reports
from eval.render.findings import find_best
from eval.render.latex import render_latex
from eval.render.wording import describe_comparisons, describe_standing
from eval.report import build_report
from eval.results import Report, SystemReport, Target
from mt.align.alignment import Alignment, Bead
from mt.errors import AlignmentError, RunError, ScoreError
from mt.store import RunDirectory
from mt.translate.translation import Translation


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "tiny")


def test_the_headline(run: Path) -> None:
    report = build_report(run)
    english, vietnamese = report.targets
    good, bad = english.systems
    assert [score.label for score in good.scores] == ["BLEU", "chrF++", "TER"]
    assert [round(score.score, 6) for score in good.scores] == [100, 100, 0]
    assert bad.scores[0].score < 20
    assert (english.scored, dict(english.left_out)) == (3, {"no source": 1, "no reference": 1})
    (reference,) = english.references
    assert (reference.segments, reference.unaligned, reference.share_unaligned) == (4, 1, 0.25)
    assert reference.method == "by hand"
    assert (good.numbers, bad.numbers) == (Tally(2, 0, 0), Tally(0, 2, 1))
    assert english.reference_numbers == Tally(2, 0, 0)
    assert good.origin == "builtin@0123456789ab"
    assert bad.origin == "only scored: bad.en.txt"
    assert vietnamese.systems[0].origin == "one@1 + two@2 via en"


def test_comparisons_are_with_the_first_system(run: Path) -> None:
    english = build_report(run).targets[0]
    assert [(c.metric, c.baseline, c.system, c.better) for c in english.comparisons] == [
        (metric, "good", "bad", False) for metric in ("bleu", "chrf2++", "ter")
    ]
    assert english.power.startswith("3 pairs")


@pytest.mark.parametrize("bootstrap", [10, 100])
def test_a_collapse_is_significant_whatever_the_job_asks_for(
    tmp_path: Path, bootstrap: int
) -> None:
    """Also against the best system, which is not the first one; the signature has the number."""
    texts = {"a": MIXED, "b": REFERENCE, "c": ("nothing",) * 20, "d": MIXED, "e": MIXED, "f": MIXED}
    directory = RunDirectory(make_plain_run(tmp_path / "run", texts))
    manifest = directory.read_manifest()
    manifest["score"]["bootstrap"] = bootstrap
    directory.write_manifest(manifest)
    (target,) = build_report(directory.path).targets
    lost = [c for c in target.comparisons if "c" in (c.baseline, c.system)]
    assert len(lost) == 2 * 5  # metrics, other systems
    assert all(c.significant for c in lost)
    assert all("|bs:599|" in c.signature for c in lost)  # 15 comparisons / 600 is half of 0.05
    best = find_best(target)
    assert best
    assert best[0].name == "b"
    assert all(rival.comparison for rival in best[1])
    assert "chance alone moves the difference between two systems" in target.power
    recipe = next(c.signature for c in target.systems[0].scores[0:1])
    assert f"|bs:{bootstrap}|" in recipe  # of the interval, as the job says


def test_no_bootstrap_no_intervals_and_no_comparisons(tmp_path: Path) -> None:
    directory = RunDirectory(make_plain_run(tmp_path / "run", {"a": MIXED, "b": REFERENCE}))
    manifest = directory.read_manifest()
    manifest["score"]["bootstrap"] = 0
    directory.write_manifest(manifest)
    (target,) = build_report(directory.path).targets
    assert target.comparisons == ()
    assert target.systems[0].scores[0].half_width is None


def test_what_three_systems_make_of_the_reports(tmp_path: Path) -> None:
    """Every two are listed once; daggers and sheets are of those with the first one."""
    texts = {"a": REFERENCE, "b": MIXED, "c": MIXED}
    report = build_report(make_plain_run(tmp_path / "run", texts))
    lines = list(describe_comparisons(report.targets[0]))
    assert [line.split(":")[0] for line in lines[:3]] == [
        "b against a",
        "c against a",
        "c against b",
    ]
    assert "corrected for 3 comparisons" in lines[3]
    assert "below a (" in describe_standing(*_last(report))
    assert render_latex(report).count("c against b: ") == 1


def _last(report: Report) -> tuple[Target, SystemReport]:
    return report.targets[0], report.targets[0].systems[-1]


def test_rows_put_the_systems_side_by_side(run: Path) -> None:
    rows = build_report(run).targets[0].rows
    assert [row[0].pair.sources for row in rows] == [(0,), (1,), (2, 3), (), (4,)]
    assert [[j.pair.hypothesis for j in row] for row in rows][2] == [
        "Follow new policies closely and improve the capacities.",
        "",
    ]
    assert [row[0].chrf for row in rows] == [100.0, 100.0, 100.0, None, None]


def test_a_language_without_reference_is_shown_and_not_scored(run: Path) -> None:
    report = build_report(run)
    vietnamese = report.targets[1]
    assert (vietnamese.systems[0].scores, vietnamese.comparisons, vietnamese.power) == ((), (), "")
    assert [pair.hypothesis for pair in vietnamese.pairs] == [f"câu {i}" for i in range(5)]
    assert any("No reference for 'vi'" in note for note in report.notes)
    assert any("bad: 1 of 3 translations are empty" in note for note in report.notes)


def test_nothing_aligned_at_all(run: Path) -> None:
    beads = [Bead((i,), ()) for i in range(5)] + [Bead((), (i,)) for i in range(4)]
    RunDirectory(run).write_alignment("alignments/en.1.jsonl", Alignment(tuple(beads)))
    english = write_reports(run).targets[0]
    assert (english.scored, english.systems[0].scores) == (0, ())
    assert english.power == "No pairs: nothing can be scored."


def test_two_references(run: Path) -> None:
    directory = RunDirectory(run)
    directory.write_document("references/en.2.jsonl", document("en", ("A second one.",)))
    directory.write_alignment(
        "alignments/en.2.jsonl",
        Alignment((Bead((0, 1), (0,), 0.8), *(Bead((i,), ()) for i in (2, 3, 4)))),
    )
    manifest = make_manifest()
    manifest["references"]["en"].append("en.2")
    directory.write_manifest(manifest)
    english = write_reports(run).targets[0]
    assert [pair.sources for pair in english.pairs if pair.scored] == [(0, 1), (2, 3)]
    assert "nrefs:var" in english.systems[0].scores[0].signature


def test_a_correction_by_hand_is_taken_up(run: Path) -> None:
    corrected = (*ALIGNMENT.beads[:3], Bead((4,), (3,), 1.0))
    RunDirectory(run).write_alignment("alignments/en.1.jsonl", Alignment(corrected))
    assert build_report(run).targets[0].scored == 4


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("manifest.json", None, "no manifest.json"),
        ("manifest.json", "{", "damaged"),
        ("manifest.json", '{"schema": 1}', "manifest.json: lacks or misspells 'name'"),
        ("segments.jsonl", None, "segments.jsonl: missing"),
        ("segments.jsonl", "[]\n", "segments.jsonl:1: not a JSON object"),
        ("translations/bad.jsonl", "", "bad.jsonl: 0 translations for 5 source segments"),
        ("alignments/en.1.jsonl", "", "en.1.jsonl: source segment 0 stands in no bead"),
        ("references/en.1.jsonl", '{"index": 0}\n', "lacks or misspells 'line'"),
    ],
)
def test_missing_and_damaged_files(run: Path, name: str, text: str | None, message: str) -> None:
    path = run / name
    if text is None:
        path.unlink()
    else:
        path.write_text(text, encoding="utf-8")
    with pytest.raises((RunError, AlignmentError), match=message) as caught:
        build_report(run)
    assert "\n" not in str(caught.value)


def test_unknown_metric_and_format(run: Path) -> None:
    with pytest.raises(RunError, match="unknown report format 'htm'; did you mean 'html'"):
        write_reports(run, ["htm"])
    manifest = make_manifest()
    manifest["score"]["metrics"] = ["blue"]
    RunDirectory(run).write_manifest(manifest)
    with pytest.raises(ScoreError, match="did you mean 'bleu'"):
        build_report(run)


def test_what_is_written(run: Path) -> None:
    write_reports(run, [])
    assert not (run / "report.html").exists()
    scores = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    assert scores["schema"] == 1
    english = scores["targets"][0]
    assert english["pairs"] == {"scored": 3, "not_scored": {"no source": 1, "no reference": 1}}
    assert english["systems"][0]["scores"][0]["score"] == 100.0
    assert english["systems"][1]["segments"][0]["lost"] == ["39-NQ/TW", "18"]

    first = (run / "scores.json").read_bytes()
    write_reports(run, ["html", "markdown", "json"])
    assert (run / "report.html").exists()
    assert (run / "report.md").exists()
    assert (run / "scores.json").read_bytes() == first  # the same run, the same bytes


def test_repaired_translations_are_owned_up_to(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    rows = [Translation("On 18 July", notes=("repaired (no repeats): loop",)), Translation("b")]
    directory = RunDirectory(run)
    directory.write_translations("translations/good.jsonl", [*rows, *rows, Translation("e")])
    (note,) = (note for note in build_report(run).notes if "repaired" in note)
    assert note.startswith("good: 2 of 4 translations are not the model's first answer")


def test_translations_that_no_model_made_are_owned_up_to(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    rows = [Translation("On 18 July", notes=("from own.tmx, the last of several",))]
    rows += [Translation(text) for text in "abcd"]
    RunDirectory(run).write_translations("translations/good.jsonl", rows)
    (note,) = (note for note in build_report(run).notes if "translation memory" in note)
    assert note.startswith("good: 1 of 4 translations are, at least in part, not the model's")


def test_pairs_in_another_order_are_told(tmp_path: Path) -> None:
    path = make_run(tmp_path / "run")
    note = "order: source 1 looks like target 2, source 2 looks like target 1"
    beads = [
        Bead((0,), (0,), 0.9),
        Bead((1, 2, 3), (1, 2), 0.8, note),
        Bead((), (3,)),
        Bead((4,), ()),
    ]
    RunDirectory(path).write_alignment("alignments/en.1.jsonl", Alignment(tuple(beads)))
    report = build_report(path)
    told = [text for text in report.notes if "in another order" in text]
    assert len(told) == 1
    assert told[0].startswith("In 1 of 4 pairs (source segments 2), a reference seems to")
    write_reports(path, ["html"])
    assert "looks like reference segment 3" in (path / "report.html").read_text("utf-8")
    assert told[0] in (path / "scores.json").read_text("utf-8")
