"""What readers get: the right figures, one page without outside help, text that stays text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from tiny_run import make_run

from eval.metrics import score_corpus
from eval.render.html import mark, render_html
from eval.render.markdown import render_markdown
from eval.render.scores import render_scores, render_scores_json
from eval.render.terminal import render_terminal
from eval.report import Report, build_report


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
    assert "changed <bdi>18 يوليو → 19 July</bdi>" in text
    assert "via English" in text
    assert "sentence 3" in text


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
