"""What of a page is not its text is known by rules, left out of scores, and told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from eval.pairs import LEFT_OUT, NO_REFERENCE, NO_SOURCE, build_pairs
from eval.render.markdown import render_markdown
from eval.report import build_report
from eval.results import Report
from mt.align.alignment import Alignment, Bead
from mt.job import load_job
from mt.pipeline import run
from mt.text.document import Document, Segment
from mt.text.furniture import RULES, classify, leave_out
from mt.text.reader import build_document
from mt.translate.translation import Translation

BODY = "The bridge was opened on Monday."

# A line of each rule, and one much like it that is text (or a heading, which is scored).
CASES = [
    ("Source", "Source of the river", 0),
    ("Source: Nghe An Newspaper", "Source: the ministry said that prices rose on Monday.", 0),
    ("المصدر: صحيفة نغي آن", "المصدر الرئيسي للدخل في القرية هو الزراعة.", 0),
    ("Nguồn: Báo Nghệ An", "Nguồn nước của làng đã cạn.", 0),
    ("Comment (0)", "Comment (0) was the last line of the page.", 1),
    ("تعليق (٣)", "تعليق الرحلات حتى يوم الأحد.", 1),
    ("Bình luận", "Bình luận viên đến muộn.", 2),
    ("Likes: 12", "Likes 12 of the songs, she says.", 3),
    ("مشاركة", "مشاركة الشباب في العمل.", 4),
    ("Read more:", "Read more: the book is in the library.", 5),
    ("- Sow the rice", "-5 degrees were measured.", 6),
    ("3. Sow the rice", "3.5 tonnes of rice were sown.", 6),
    ("[1] See the annual report.", "[sic] See the annual report.", 7),
]


def make(*lines: str) -> Document:
    return build_document(lines, "page", "en", "line")


@pytest.mark.parametrize(("line", "near", "rule"), CASES)
def test_each_rule_takes_what_it_should_and_not_what_looks_like_it(
    line: str, near: str, rule: int
) -> None:
    document = Document("", "en", tuple(Segment(i, i, t) for i, t in enumerate((BODY, line))))
    assert classify(document.segments)[1] == RULES[rule].kind
    near_by = Document("", "en", tuple(Segment(i, i, t) for i, t in enumerate((BODY, near))))
    assert classify(near_by.segments)[1] in ("text", "heading")


def test_every_rule_has_a_case() -> None:
    assert {rule for _, _, rule in CASES} == set(range(len(RULES)))


def test_a_word_alone_is_furniture_below_all_text_only() -> None:
    document = make("Share", BODY, "Source", "A spring under the hill feeds it.", "Source", "", "3")
    assert classify(document.segments)[0] == "heading"
    assert classify(document.segments)[2] == "heading"
    trailer = make(BODY, "Source", "", "Comment (0)", "Print")
    assert [segment.left_out for segment in leave_out(trailer, ["furniture"]).segments] == [
        "", "page furniture", "", "page furniture", "page furniture",
    ]  # fmt: skip


def test_running_text_is_never_furniture() -> None:
    sentences = build_document([f"{BODY} Source: Reuters"], "page", "en", "sentence")
    assert set(classify(sentences.segments)) == {"text"}


def test_what_the_file_says_goes_before_the_rules() -> None:
    segments = (
        Segment(0, 1, "Village Bulletin", kind="header"),
        Segment(1, 2, "Views", kind="cell"),
        Segment(2, 3, BODY, where="paragraph 1"),
        Segment(3, 4, "page 3", kind="footer"),
    )
    assert classify(segments) == ("furniture", "cell", "text", "furniture")


def test_a_document_is_never_left_out_whole() -> None:
    assert leave_out(make("Source", "", "Share"), ["furniture"]) == make("Source", "", "Share")
    assert leave_out(make(BODY, "Source"), []) == make(BODY, "Source")


def test_pairs_left_out_say_so_and_what_a_person_aligned_is_scored() -> None:
    source = leave_out(make(BODY, "- Item", "Source"), ["furniture"])
    reference = leave_out(make("Le pont.", "Un point.", "Comments (4)"), ["furniture"])
    left_out = [segment.left_out for segment in source.segments]
    made = [Translation(text) for text in source.texts]
    apart = Alignment((Bead((0,), (0,)), Bead((1,), ()), Bead((), (1,)), Bead((2,), ()),
                       Bead((), (2,))))  # fmt: skip
    pairs = build_pairs(source.texts, made, [(apart, reference)], left_out=left_out)
    assert [(pair.reason, pair.why) for pair in pairs] == [
        ("", ""),
        (NO_REFERENCE, ""),
        (NO_SOURCE, ""),
        (LEFT_OUT, "page furniture"),
        (LEFT_OUT, "page furniture"),
    ]
    by_hand = Alignment((Bead((0,), (0,)), Bead((1,), (1,)), Bead((2,), (2,))))
    pairs = build_pairs(source.texts, made, [(by_hand, reference)], left_out=left_out)
    assert [pair.reason for pair in pairs] == ["", "", ""]


ARABIC = "افتتح الجسر الجديد يوم الاثنين.\n- زرع الفلاحون الأرز في الحقول.\nمصدر\nتعليق (0)\n"
ENGLISH = "The new bridge was opened on Monday.\n- The farmers sowed rice.\nSource\nComment (0)\n"


def make_run(folder: Path, **score: object) -> Report:
    """A job of a page with a trailer in source and reference, run with somebody's translation."""
    (folder / "page.ar.txt").write_text(ARABIC, encoding="utf-8")
    (folder / "page.en.txt").write_text(ENGLISH, encoding="utf-8")
    job = {
        "name": "page",
        "source": {"language": "ar", "path": "page.ar.txt"},
        "references": {"en": ["page.en.txt"]},
        "systems": [{"name": "theirs", "target": "en", "hypothesis": "page.en.txt"}],
        "align": {"similarity": "length"},
        "score": {"bootstrap": 0, **score},
    }
    (folder / "job.yaml").write_text(yaml.safe_dump(job), encoding="utf-8")
    run(load_job(folder / "job.yaml"), folder / "run")
    return build_report(folder / "run")


def test_a_run_keeps_what_was_left_out_and_its_reports_tell(tmp_path: Path) -> None:
    report = make_run(tmp_path)
    (target,) = report.targets
    assert target.scored == 2
    assert dict(target.left_out) == {"left out: page furniture": 4}  # two of each side
    rows = (tmp_path / "run" / "segments.jsonl").read_text(encoding="utf-8").splitlines()
    kept = [json.loads(row).get("left_out") for row in rows]
    assert kept == [None, None, "page furniture", "page furniture"]
    assert "2 pairs scored, 4 not (left out: page furniture)" in render_markdown(report)
    assert "2 of 4 source segments" in report.notes[0]


def test_the_job_says_what_is_left_out(tmp_path: Path) -> None:
    assert make_run(tmp_path, leave_out=[]).targets[0].scored == 4
    (target,) = make_run(tmp_path, leave_out=["furniture", "list item"]).targets
    assert (target.scored, target.left_out["left out: list item"]) == (1, 2)
