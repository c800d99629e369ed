"""The Markdown report as a Markdown parser reads it."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from tiny_run import ENGLISH, SOURCE, make_run

from eval.overview import Overview
from eval.render.markdown import escape, render_markdown, render_overview
from eval.report import build_report
from eval.results import Report
from eval.verdicts import Verdict

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
SPECIAL = "\\`*_{}[]()#+-.!|~$<>&\"'"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return build_report(make_run(tmp_path_factory.mktemp("markdown") / "tiny"))


def read_tables(text: str) -> list[list[list[str]]]:
    """The cells of every table, as a reader sees them."""
    tables = re.findall("<table>(.*?)</table>", PARSER.render(text), re.DOTALL)
    return [
        [
            [html.unescape(re.sub("<[^>]+>", "", cell)) for cell in re.findall(_CELL, row)]
            for row in re.findall("<tr>(.*?)</tr>", table, re.DOTALL)
        ]
        for table in tables
    ]


_CELL = re.compile("<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)


@given(st.text(SPECIAL + "ab ") | st.text(st.characters(exclude_categories=["C", "Z"])))
def test_escaped_text_reads_as_it_was(text: str) -> None:
    shown = PARSER.renderInline(escape(text))
    assert "<" not in shown
    assert html.unescape(shown) == " ".join(text.split())


@given(st.text(SPECIAL + "ab ", min_size=1))
def test_escaped_text_stays_in_its_cell(text: str) -> None:
    row = f"| a | b |\n| --- | --- |\n| {escape(text)} | end |"
    assert read_tables(row) == [[["a", "b"], [" ".join(text.split()), "end"]]]


def test_scores_and_numbers_stand_in_one_table(report: Report) -> None:
    table = read_tables(render_markdown(report))[0]
    assert [row[0] for row in table] == ["System", "good", "bad", "(reference)"]
    assert table[0] == ["System", "BLEU", "chrF++", "TER", "Numbers kept", "Invented", "Made by"]
    assert table[1][4:] == ["2 of 2", "0", "builtin@0123456789ab"]
    assert table[2][4:] == ["0 of 2", "0", "only scored: bad.en.txt"]  # 18 became 19
    assert table[3][1:] == ["", "", "", "2 of 2", "0", ""]


def test_the_ledger_sets_systems_side_by_side(report: Report) -> None:
    """The tiny source has one date and one code; the bad system made 18 July the 19th."""
    tables = read_tables(render_markdown(report))
    (ledger,) = [table for table in tables if table[0][0] == "Of the source" and "good" in table[0]]
    assert ledger == [
        ["Of the source", "good", "bad", "(reference)"],
        ["dates", "1 kept", "1 changed", "1 kept"],
        ["codes", "1 kept", "1 lost", "1 kept"],
    ]


def test_no_two_lists_run_into_one(report: Report) -> None:
    """CommonMark joins lists with nothing but a blank line between, and sets them wide apart."""
    shown = PARSER.render(render_markdown(report))
    assert "<li>" in shown
    assert "<li>\n<p>" not in shown


def test_a_translation_that_looks_like_markdown_is_text(report: Report) -> None:
    """Also where a reviewer's verdict quotes it."""
    english = report.targets[0]
    judgement = english.systems[0].judgements[0]
    pair = replace(judgement.pair, hypothesis="# Title")
    judged = replace(judgement, pair=pair, verdict=Verdict("major", "- all\n1. wrong"))
    system = replace(english.systems[0], judgements=(judged, *english.systems[0].judgements[1:]))
    target = replace(english, systems=(system, *english.systems[1:]))
    shown = PARSER.render(render_markdown(replace(report, targets=(target,))))
    assert "<li>Hypothesis: # Title</li>" in shown
    assert "major: - all 1. wrong" in shown
    assert "Title</h1>" not in shown


def test_each_signature_stands_once(report: Report) -> None:
    english = report.targets[0]
    other = replace(english, language="de")
    text = render_markdown(replace(report, targets=(english, other)))
    for score in english.systems[0].scores:
        assert text.count(f"- {score.label}: `{score.recipe}`") == 1


def test_signatures_that_differ_name_their_language(report: Report) -> None:
    english = report.targets[0]
    systems = tuple(
        replace(s, scores=tuple(replace(score, signature="else") for score in s.scores))
        for s in english.systems
    )
    other = replace(english, language="de", systems=systems)
    text = render_markdown(replace(report, targets=(english, other)))
    assert f"- BLEU (English): `{english.systems[0].scores[0].recipe}`" in text
    assert "- BLEU (German): `else" in text


def test_arabic_is_kept_to_itself_in_a_line_of_latin_letters(report: Report) -> None:
    """U+2067 and U+2069 (UAX #9): else its full stop would be shown at the wrong end."""
    text = render_markdown(report)
    assert f"Source: \u2067{SOURCE[1]}\u2069" in text
    assert f"Reference: {ENGLISH[1]}" in text


def test_the_overview_links_to_every_report(report: Report) -> None:
    text = render_overview(Overview("both", (report,), {"gone": Path("x/../nowhere")}))
    (table,) = read_tables(text)
    assert table[0] == ["Test set", "System", "To", "Pairs", "BLEU", "chrF++", "TER"]
    assert [row[:4] for row in table[1:]] == [
        ["tiny", "good", "en", "3"],
        ["tiny", "bad", "en", "3"],
        ["tiny", "viet", "vi", "0"],
    ]
    assert table[1][4:] == ["100.0 ±0.0", "100.0 ±0.0", "0.0 ±0.0"]
    assert 'href="tiny/report.md"' in PARSER.render(text)
    assert "- gone: skipped, there is no nowhere" in text
