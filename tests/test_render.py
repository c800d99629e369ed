"""What readers get: the right figures, one page without outside help, text that stays text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tiny_run import make_run

from eval.analysis import Analysis, Bucket, Fault, Ngram, WordBucket
from eval.fidelity.items import Entry, Item, Tally
from eval.render.findings import describe_rival, find_best
from eval.render.html import mark, render_html
from eval.render.markdown import render_markdown
from eval.render.scores import render_scores, render_scores_json
from eval.render.terminal import render_terminal
from eval.report import build_report
from eval.results import Report, SystemReport, Target
from eval.scores.metrics import MetricScore, score_corpus
from eval.scores.significance import Comparison
from eval.slices import Slice
from mt.store import RunDirectory


@pytest.fixture
def report(tmp_path: Path) -> Report:
    return build_report(make_run(tmp_path / "tiny"))


class Outline(HTMLParser):
    """Tags in order, with their attributes, and the text between them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []  # innermost tag, text
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "input"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.texts.append((self.open[-1], data))

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_terminal_fits_80_columns(report: Report) -> None:
    text = render_terminal(report)
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "\x1b" not in text
    assert re.search(r"System +BLEU +chrF\+\+ +TER", text)
    assert re.search(r"good +100\.0 ±0\.0", text)
    assert "3 pairs scored, 2 not (1 no source, 1 no reference)" in text
    assert re.search(r"bad +\S+ ±\S+ +\S+ ±\S+ +\S+ ±\S+ +0 of 2 +0", text)
    assert re.search(r"\(reference\) +2 of 2 +0", text)
    assert "bad: only scored: bad.en.txt" in text
    assert text.count("tok:13a") == 1  # each signature once
    assert "\x1b[" in render_terminal(report, color=True)


def test_the_page_is_well_formed_and_needs_nothing_else(report: Report) -> None:
    page = Outline(render_html(report))
    assert page.open == []
    assert not {"link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        assert not {"src", "style", "onclick", "onload"} & set(attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert len(page.attributes("script")) == len(page.attributes("style")) == 1


def test_style_and_script_are_the_ones_the_policy_allows(report: Report) -> None:
    text = render_html(report)
    policies = [
        a["content"]
        for a in Outline(text).attributes("meta")
        if a.get("http-equiv") == "Content-Security-Policy"
    ]
    assert len(policies) == 1
    for tag in ("style", "script"):
        body = re.search(f"<{tag}(?: type=.module.)?>(.*?)</{tag}>", text, re.DOTALL)
        assert body
        digest = base64.b64encode(hashlib.sha256(body[1].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in (policies[0] or "")


def test_a_segment_that_looks_like_html_is_text(report: Report) -> None:
    for text in (render_html(report), render_markdown(report)):
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


def test_every_text_says_its_language_and_direction(report: Report) -> None:
    page = Outline(render_html(report))
    texts = [a for a in page.attributes("div") if a.get("class") == "text"]
    found = {(a["lang"], a["dir"]) for a in texts}
    assert found == {("ar", "rtl"), ("en", "ltr"), ("vi", "ltr")}
    assert {a.get("scope") for a in page.attributes("th")} <= {"col", "row", "rowgroup"}


def test_the_page_shows_every_segment_and_why_some_are_not_scored(report: Report) -> None:
    text = render_html(report)
    rows = [a for a in Outline(text).attributes("tr") if "data-index" in a]
    assert [a["data-index"] for a in rows] == ["0", "1", "2", "3", "4"] * 2
    assert [a["data-chrf"] == "" for a in rows] == [False] * 3 + [True] * 7
    assert [a["data-confidence"] for a in rows[:3]] == ["0.9000", "0.4000", "0.7000"]
    assert [a.get("class") for a in rows[:5]] == [None, None, None, "left-out", "left-out"]
    assert "no source" in text
    assert "missing <bdi>39-NQ/TW</bdi>" in text
    assert "changed <bdi>18 يوليو</bdi> → <bdi>19 July</bdi>" in text
    assert "via English" in text
    assert "sentence 3" in text


def test_the_order_of_a_pair_is_told_once_for_all_systems(tmp_path: Path) -> None:
    run = RunDirectory(make_run(tmp_path / "run"))
    path = "alignments/en.1.jsonl"
    rows = [json.loads(line) for line in (run.path / path).read_text("utf-8").splitlines()]
    rows[0]["note"] = "order: source 0 looks like target 1"
    (run.path / path).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    page = render_html(build_report(run.path))
    assert page.count("order: source 1 looks like reference segment 2") == 1


def test_marks_keep_the_text() -> None:
    assert mark("<b> 18 & 39-NQ/TW", {"18"}) == (
        '&lt;b&gt; <mark>18</mark> &amp; <bdi dir="ltr">39-NQ/TW</bdi>'
    )
    assert mark("no numbers", {"18"}) == "no numbers"


def test_markdown_has_tables_and_the_weakest_segments_first(report: Report) -> None:
    text = render_markdown(report)
    assert re.search(r"\| good \| 100\.0 ±0\.0 \|", text)
    assert "- good: BLEU 100.0 ±0.0 over 3 pairs, 2 of 2 numbers kept." in text
    listed = re.findall(r"\*\*Source ([^*]+)\*\*", text)
    assert sorted(listed) == ["1", "2", "3-4"]
    assert listed[-1] == "1"  # the only one where the bad system has some words right
    assert "missing 39-NQ/TW, 18" in text


def test_scores_for_the_command_line() -> None:
    scores = score_corpus(["bleu", "chrf++"], ["the cat sat here"], [["the cat sat there"]], "en")
    lines = render_scores(scores).splitlines()
    assert re.fullmatch(r"BLEU 59\.5 \| nrefs:1\|case:mixed\|\S+\|unicode:nfc", lines[0])
    assert lines[1].startswith("chrF2++ ")
    assert "BLEU 59.460 |" in render_scores(scores, width=3)
    rows = json.loads(render_scores_json(scores, width=2))
    assert (rows[0]["name"], rows[0]["score"]) == ("BLEU", 59.46)
    assert rows[0]["half_width"] is None


def rank(metric: str, scores: list[float], compared: Mapping[str, float]) -> list[tuple[str, str]]:
    """The best system and then the others, as the head of the page names them."""
    systems = tuple(
        SystemReport(name, (), (), "", (MetricScore(metric, "", score, ""),), Tally(), ())
        for name, score in zip("abc", scores, strict=False)
    )
    comparisons = tuple(
        Comparison(metric, names[0], names[1], 1.0, p_value, "")
        for names, p_value in compared.items()
    )
    best = find_best(Target("en", (), systems, comparisons, Tally(), ""))
    assert best
    return [(best[0].name, ""), *((r.system.name, describe_rival(r)) for r in best[1])]


def test_the_best_system_comes_first_and_how_sure_that_is() -> None:
    assert rank("bleu", [20.0, 25.0, 22.0], {"ab": 0.01, "ac": 0.2, "bc": 0.04}) == [
        ("b", ""),
        ("c", "3.0 behind, more than chance explains (p=0.040)"),
        ("a", "5.0 behind, more than chance explains (p=0.010)"),
    ]
    assert rank("ter", [50.0, 60.0], {"ab": 0.3}) == [  # of errors, fewer are better
        ("a", ""),
        ("b", "10.0 behind, which may be chance (p=0.300)"),
    ]


def test_the_page_shows_all_that_was_found(report: Report) -> None:
    target = report.targets[0]
    good, bad = target.systems
    slices = (Slice("confident beads", 2, (MetricScore("bleu", "BLEU", 61.7, "s"),)),)
    analysis = Analysis(
        lengths=(Bucket("1-9", 3, 55.4),),
        frequencies=(WordBucket("once", 12, 0.456),),
        overproduced=(Ngram("of the", 9, 2),),
        underproduced=(Ngram("<i>", 0, 3),),
        faults=(Fault("loop", 1, "3 times: x < y"),),
    )
    ledger = (Entry("date", kept=1, changed=2, lost=3, invented=4),)
    full = replace(bad, slices=slices, analysis=analysis, ledger=ledger)
    bare = replace(good, slices=slices, analysis=analysis, ledger=ledger)
    changed = replace(target, systems=(bare, full), reference_ledger=(Entry("date", kept=6),))
    page = Outline(render_html(replace(report, targets=(changed,))))
    text = " ".join(" ".join(data.split()) for _, data in page.texts)
    for wanted in (
        "confident beads 2 61.7",
        "1-9 3 55.4 55.4",
        "once 12 0.46 0.46",
        "bad writes too often: of the 9 for 2",
        "<i> 0 for 3",
        "2 bad loop 3 times: x < y",
        "dates good 1 2 3 4",
        "reference 6 0 0 0",
    ):
        assert wanted in text, wanted
    links = {a["href"] for a in page.attributes("a")}
    assert links >= {f"#en-{part}" for part in ("scores", "weak", "lost", "alignment", "words")}


def test_what_a_pivot_lost_is_laid_to_its_leg(report: Report) -> None:
    target = report.targets[1]  # Arabic to English to Vietnamese
    (system,) = target.systems
    items = (
        Item("number", "2023", "changed", found="2022", leg=2),
        Item("name", "UNESCO", "lost", leg=1),
        Item("number", "7", "kept"),
    )
    judged = (replace(system.judgements[0], ledger=items), *system.judgements[1:])
    changed = replace(
        target,
        systems=(
            replace(system, judgements=judged, ledger=(Entry("number", 1, 1), Entry("name"))),
        ),
    )
    page = render_html(replace(report, targets=(changed,)))
    assert "changed (English to Vietnamese) <bdi>2023</bdi> → <bdi>2022</bdi>" in page
    assert "name missing (Arabic to English) <bdi>UNESCO</bdi>" in page
    assert "<bdi>2022</bdi> instead, English to Vietnamese" in page
    assert "1 of 2 numbers, dates and codes kept, 1 changed" in page
    (row,) = [a for a in Outline(page).attributes("tr") if a.get("data-index") == "0"]
    assert (row["data-lost"], row["data-other"]) == ("1", "1")
