"""Tables on a terminal: they fit, and no name or score is lost on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from tiny_run import make_run

from eval.overview import Overview
from eval.render.grid import GAP, LEAST, Grid
from eval.render.terminal import render_overview, render_terminal
from eval.report import build_report
from eval.results import Report

NAME = "opus-mt-tc-big-ar-en_2022.03-zh"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return build_report(make_run(tmp_path_factory.mktemp("terminal") / "tiny"))


def with_names(report: Report, name: str) -> Report:
    """The report with this at the end of all names, and BLEU a second time."""
    targets = tuple(
        replace(
            target,
            systems=tuple(
                replace(
                    system,
                    name=f"{system.name}-{name}",
                    scores=tuple(
                        replace(score, metric=f"{score.metric}{tail}")
                        for tail in ("", ":lc")
                        for score in system.scores
                        if tail == "" or score.metric == "bleu"
                    ),
                )
                for system in target.systems
            ),
        )
        for target in report.targets
    )
    return replace(report, name=f"{report.name}-{name}", targets=targets)


def draw(grid: Grid, width: int) -> Iterator[list[str]]:
    """The lines of every table, as rich prints them where there is room without end."""
    for table in grid.build(width):
        console = Console(width=200, color_system=None)
        with console.capture() as capture:
            console.print(table)
        yield [line.rstrip() for line in capture.get().splitlines()]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_long_names_and_many_metrics_fit(report: Report, width: int) -> None:
    long = with_names(report, NAME)
    overview = Overview("both", (long, replace(long, name=f"other-{NAME}")), {})
    for text in (render_overview(overview, width), render_terminal(long, width)):
        assert max(map(len, text.splitlines())) <= width
        assert "…" not in text  # what rich writes where it cuts something off
        assert text.count("±0.0") >= 4
    assert "chrF++" in render_overview(overview, width)


def test_a_test_set_is_named_once(report: Report) -> None:
    rows = render_overview(Overview("both", (report, replace(report, name="other")), {}))
    assert [line.split()[:4] for line in rows.splitlines()[3:9]] == [
        ["tiny", "good", "en", "3"],
        ["bad", "en", "3", rows.splitlines()[4].split()[3]],
        ["viet", "vi", "0"],
        ["other", "good", "en", "3"],
        ["bad", "en", "3", rows.splitlines()[4].split()[3]],
        ["viet", "vi", "0"],
    ]


def test_names_break_after_hyphens_and_scores_go_on_below() -> None:
    grid = Grid(
        names={"System": ["a", "opus-mt-tc-big-ar-en"]},
        figures={"To": ["en", "en"]},
        scores={"BLEU": ["1.0 ±0.1", "2.0 ±0.2"], "TER": ["3.0 ±0.3", "4.0 ±0.4"]},
    )
    assert list(draw(grid, 48)) == [
        [
            "System                 To       BLEU        TER",
            "───────────────────────────────────────────────",
            "a                      en   1.0 ±0.1   3.0 ±0.3",
            "opus-mt-tc-big-ar-en   en   2.0 ±0.2   4.0 ±0.4",
        ]
    ]
    assert list(draw(grid, 33)) == [
        [
            "System            To       BLEU",
            "───────────────────────────────",
            "a                 en   1.0 ±0.1",
            "opus-mt-tc-big-   en   2.0 ±0.2",
            "ar-en",
        ],
        [
            "System            To        TER",
            "───────────────────────────────",
            "a                 en   3.0 ±0.3",
            "opus-mt-tc-big-   en   4.0 ±0.4",
            "ar-en",
        ],
    ]


words = st.text("ab-_.1", min_size=1, max_size=40)


@settings(max_examples=40)
@given(
    names=st.lists(st.tuples(words, words), min_size=1, max_size=4),
    metrics=st.integers(0, 7),
    width=st.integers(2 * (LEAST + GAP) + 5 + 9, 120),
)
def test_nothing_is_lost_and_nothing_is_too_wide(
    names: list[tuple[str, str]], metrics: int, width: int
) -> None:
    first, second = zip(*names, strict=True)
    grid = Grid(
        names={"Set": first, "System": second},
        figures={"To": ["en"] * len(names)},
        scores={f"M{i}": [f"{i}{row} ±0" for row in range(len(names))] for i in range(metrics)},
    )
    tables = list(draw(grid, width))
    assert max(len(line) for lines in tables for line in lines) <= width
    for lines in tables:
        left = [line[: lines[0].index("To")] for line in lines[2:]]
        assert sorted("".join(left).replace(" ", "")) == sorted("".join(first + second))
    shown = " ".join(line for lines in tables for line in lines)
    assert sorted(re.findall(r"\bM\d", shown)) == [f"M{i}" for i in range(metrics)]
    for i in range(metrics):
        for row in range(len(names)):
            assert f"{i}{row} ±0" in shown


def test_paragraphs_hang(report: Report) -> None:
    """The second line of a sentence is told from the first of the next."""
    text = render_terminal(report, 60)
    paragraph = text[text.index("  bad against good") :].split("\n\n")[0]
    assert all(re.match(r"  \S|    \S", line) for line in paragraph.splitlines())


def test_the_page_names_what_made_each_text(report: Report, tmp_path: Path) -> None:
    text = render_terminal(report)
    assert "  viet: one@1 + two@2 via en" in text
    assert "  good: builtin@0123456789ab" in text
