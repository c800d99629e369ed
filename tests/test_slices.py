"""A wrong bead must show in the slices, and a right one must not; figures worked out by hand."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import sacrebleu
from tiny_run import make_manifest, make_run

from eval.pairs import NO_REFERENCE, Pair
from eval.render import write_reports
from eval.render.markdown import render_markdown
from eval.render.wording import describe_slices
from eval.report import build_report
from eval.scores.metrics import MetricScore
from eval.slices import Slice, build_slices
from mt.store import RunDirectory

LINES = (
    "the committee met in the old city hall",
    "two roads were opened near the river",
    "farmers asked for water and for seeds",
    "nobody spoke of the bridge that fell",
)


def pair(index: int, hypothesis: str, *references: str, score: float = 1.0) -> Pair:
    reason = "" if any(references) else NO_REFERENCE
    return Pair(index, (index,), ((index,),), "", hypothesis, (), references, score, reason=reason)


def scores(slices: tuple[Slice, ...], metric: str = "bleu") -> dict[str, tuple[int, float]]:
    return {
        each.name: (each.segments, pytest.approx(score.score, abs=1e-4))
        for each in slices
        for score in each.scores
        if score.metric == metric
    }


def test_two_beads_swapped_cost_nothing_but_the_score_of_all_beads() -> None:
    """A perfect translation, of which the alignment exchanges two lines and is unsure of both."""
    pairs = [
        pair(0, LINES[0], LINES[0]),
        pair(1, LINES[1], LINES[2], score=0.3),
        pair(2, LINES[2], LINES[1], score=0.49),
        pair(3, LINES[3], LINES[3], score=0.5),
    ]
    found = build_slices(["bleu", "ter"], pairs, LINES, [LINES])
    assert scores(found) == {
        "confident beads": (2, 100),
        "whole document": (1, 100),
        "resegmented": (4, 100),
    }


def test_text_without_counterpart_counts_where_no_alignment_can_leave_it_out() -> None:
    """Of 28 words, the 14 translated ones are perfect: brevity penalty exp(1 - 28/14)."""
    pairs = [pair(0, LINES[0], LINES[0]), pair(1, LINES[1], LINES[1])]
    found = build_slices(["bleu"], pairs, LINES[:2], [LINES])
    words = [len(line.split()) for line in LINES]
    short = 100 * math.exp(1 - sum(words) / sum(words[:2]))
    assert scores(found) == {
        "confident beads": (2, 100),
        "whole document": (1, short),
        "resegmented": (4, short),
    }


def test_the_whole_document_is_one_segment_to_sacrebleu() -> None:
    hypothesis = ["Two roads opened near a river", "", "The committee met in the hall."]
    pairs = [pair(i, text, LINES[i]) for i, text in enumerate(hypothesis)]
    found = build_slices(["bleu", "chrf2++"], pairs, hypothesis, [LINES[:3]], "en")
    joined, reference = "Two roads opened near a river The committee met in the hall.", LINES[:3]
    bleu = sacrebleu.corpus_bleu([joined], [[" ".join(reference)]]).score
    chrf = sacrebleu.corpus_chrf([joined], [[" ".join(reference)]], word_order=2).score
    assert scores(found)["whole document"] == (1, bleu)
    assert scores(found, "chrf2++")["whole document"] == (1, chrf)


def test_several_references() -> None:
    """The second reference alone has the hypothesis's wording; cuts follow the first with words."""
    second = [line.replace("the", "a") for line in LINES]
    pairs = [pair(i, text, "", text) for i, text in enumerate(second)]
    found = build_slices(["bleu"], pairs, second, [["", ""], second])
    assert scores(found) == {
        "confident beads": (4, 100),
        "whole document": (1, 100),
        "resegmented": (4, 100),
    }
    assert [each.note for each in found] == ["", "", "against one reference"]


def test_what_cannot_be_sliced_is_left_out() -> None:
    alone = [pair(i, line, "") for i, line in enumerate(LINES)]
    assert build_slices(["bleu"], alone, LINES, [LINES]) == ()
    unsure = [pair(i, line, line, score=0.2) for i, line in enumerate(LINES)]
    assert build_slices(["ter"], unsure, LINES, [LINES]) == ()
    assert [each.name for each in build_slices(["bleu"], unsure, LINES, [LINES])] == [
        "whole document",
        "resegmented",
    ]


def test_a_report_has_them_where_there_is_an_alignment(tmp_path: Path) -> None:
    run = make_run(tmp_path / "tiny")
    report = write_reports(run, [])
    good, bad = report.targets[0].systems
    assert [(each.name, each.segments) for each in good.slices] == [
        ("confident beads", 2),  # 0.9 and 0.7; the third has 0.4
        ("whole document", 1),
        ("resegmented", 4),
    ]
    assert [score.label for score in good.slices[0].scores] == ["BLEU", "chrF++"]
    assert report.targets[1].systems[0].slices == ()  # no reference
    written = json.loads((run / "scores.json").read_text(encoding="utf-8"))
    row = written["targets"][0]["systems"][1]["slices"][2]
    assert (row["name"], row["segments"], row["note"]) == ("resegmented", 4, "")
    assert row["scores"][0]["score"] == round(bad.slices[2].scores[0].score, 6)

    manifest = make_manifest()
    manifest["alignment"]["method"]["en.1"] = "line by line"
    RunDirectory(run).write_manifest(manifest)
    assert [system.slices for system in build_report(run).targets[0].systems] == [(), ()]


def test_the_reading_of_the_tiny_run(tmp_path: Path) -> None:
    """The good system is perfect wherever text stands opposite."""
    report = build_report(make_run(tmp_path / "tiny"))
    target = report.targets[0]
    good, bad, lead = describe_slices(target)
    assert good.startswith(
        "good: no sign that alignment costs anything: BLEU 100.0 over all 3 pairs, "
        "100.0 over the 2 aligned with confidence, "
    )
    assert bad.startswith("bad: ")
    assert lead.startswith("bad is behind good however the text is cut: BLEU -")
    assert [word for word in ("all pairs", "confident", "whole", "reseg") if word not in lead] == []
    text = render_markdown(report)
    assert "| good | all pairs | 3 | 100.0 | 100.0 |" in text
    assert "| good | confident beads | 2 | 100.0 | 100.0 |" in text
    assert list(describe_slices(report.targets[1])) == []


@pytest.mark.parametrize(
    ("confident", "resegmented", "verdict"),
    [
        (13.6, 14.2, "alignment may cost about 1.0 BLEU"),  # the larger of both
        (13.6, 9.0, "alignment may cost about 0.4 BLEU"),
        (13.0, 12.0, "no sign that alignment costs anything"),
        (None, 14.2, "no pair is aligned with confidence"),
    ],
)
def test_what_alignment_costs(
    tmp_path: Path, confident: float | None, resegmented: float, verdict: str
) -> None:
    def bleu(score: float) -> tuple[MetricScore, ...]:
        return (MetricScore("bleu", "BLEU", score, ""),)

    target = build_report(make_run(tmp_path / "tiny")).targets[0]
    slices = [Slice("whole document", 1, bleu(40)), Slice("resegmented", 4, bleu(resegmented))]
    if confident is not None:
        slices.insert(0, Slice("confident beads", 2, bleu(confident)))
    system = replace(target.systems[0], scores=bleu(13.2), slices=tuple(slices))
    (line,) = describe_slices(replace(target, systems=(system,)))
    assert line.startswith(f"good: {verdict}: BLEU 13.2 over all 3 pairs, ")
