"""The LaTeX table: what a parser of LaTeX reads in it, whatever the names are."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db
from pylatexenc.latexwalker import LatexEnvironmentNode, LatexWalker
from tiny_run import make_run

from eval.overview import Overview
from eval.render.latex import escape, render_latex, render_overview
from eval.report import build_report
from eval.results import Report

HOSTILE = r"a_b & 100% #1 ~x^2 $y$ {z} \end{table} [w] * -- | <v> `u' "
SPECIAL = r"\{}$&#_%~^<>|" + "\"'`[]*-, ?!"


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return build_report(make_run(tmp_path_factory.mktemp("latex") / "tiny"))


def read_text(source: str) -> str:
    """What LaTeX would print; a few commands of its own the parser lacks or prints as accents."""
    commands = get_default_latex_context_db()
    lacking = {
        "textless": "<",
        "textgreater": ">",
        "textbar": "|",
        "textquotedbl": '"',
        "textasciicircum": "^",
        "texttt": "%s",
        "mbox": "%s",
    }
    specs = [MacroTextSpec(name, text) for name, text in lacking.items()]
    commands.add_context_category("kernel", prepend=True, macros=specs)
    text: str = LatexNodes2Text(latex_context=commands).latex_to_text(source)
    return text


def read_environments(source: str) -> tuple[LatexEnvironmentNode, LatexEnvironmentNode]:
    """The table and its tabular; the parser stops at a brace or environment that is not closed."""
    nodes, *_ = LatexWalker(source, tolerant_parsing=False).get_latex_nodes()
    (table,) = [node for node in nodes if isinstance(node, LatexEnvironmentNode)]
    (tabular,) = [node for node in table.nodelist if isinstance(node, LatexEnvironmentNode)]
    assert (table.environmentname, tabular.environmentname) == ("table", "tabular")
    return table, tabular


def read_rows(source: str) -> list[list[str]]:
    """Cells of the tabular, as they are printed; rules and titles of languages left out."""
    body: str = read_environments(source)[1].latex_verbatim()
    rows = re.findall(r"^    (.+) \\\\$", body, re.MULTILINE)
    return [
        [read_text(cell).strip() for cell in re.split(r"(?<!\\)&", row)]
        for row in rows
        if not row.startswith(r"\multicolumn")
    ]


@given(st.text(SPECIAL + "aé") | st.text(st.characters(exclude_categories=["C", "Z"])))
def test_escaped_text_is_printed_as_it_was(text: str) -> None:
    found = read_text(escape(text))
    assert found == " ".join(text.split())


@given(st.text(SPECIAL + "aé"))
def test_no_two_signs_become_one(text: str) -> None:
    """The ligatures of TeX's fonts, and what ``\\\\`` takes for its arguments."""
    assert not re.search(r"--|,,|``|''|<<|>>|[?!]`", escape(text))
    assert not escape(text).startswith(("[", "*"))


def test_names_in_any_script_stay_as_they_are() -> None:
    assert escape("Nghệ  An\n خط") == "Nghệ An خط"


def test_the_table_has_booktabs_rules_and_a_cell_for_every_metric(report: Report) -> None:
    source = render_latex(report)
    tabular = read_environments(source)[1].latex_verbatim()
    assert re.findall(r"\\(\w+rule)", tabular) == ["toprule", "midrule", "bottomrule"]
    assert r"\begin{tabular}{lrrr}" in source
    assert r"\emph{Arabic to English, 3 pairs}" in source
    head, good, bad, viet = read_rows(source)
    assert head == ["System", "BLEU ↑", "chrF++ ↑", "TER ↓"]
    assert good == ["good", "100.0 ± 0.0", "100.0 ± 0.0", "0.0 ± 0.0"]
    assert viet == ["viet", "", "", ""]
    assert bad[0] == "bad"


def test_a_dagger_where_a_difference_is_significant(report: Report) -> None:
    target = report.targets[0]
    comparisons = [
        replace(each, p_value=0.049 if each.label == "BLEU" else 0.051)
        for each in target.comparisons
    ]
    changed = replace(report, targets=(replace(target, comparisons=tuple(comparisons)),))
    _, good, bad = read_rows(render_latex(changed))
    assert ["†" in cell for cell in bad] == [False, True, False, False]
    assert not any("†" in cell for cell in good)
    assert "bad against good: BLEU p=0.049, chrF++ p=0.051, TER p=0.051." in render_latex(changed)


def test_the_caption_has_the_recipe(report: Report) -> None:
    source = render_latex(report)
    caption = re.search(r"\\caption\[Scores of tiny\]\{(.*)\}$", source, re.MULTILINE)
    assert caption
    text = read_text(caption[1])
    assert "50 resamples" in text
    for score in report.targets[0].systems[0].scores:
        assert f"{score.label}: {score.recipe}." in text
    assert r"\textbar{}\allowbreak{}" in caption[1]  # or the line would run over the margin


def test_a_report_without_intervals_says_nothing_of_them(report: Report) -> None:
    source = render_latex(replace(report, bootstrap=0, targets=report.targets[1:]))
    assert "interval" not in source
    assert "dagger" not in source


def test_names_cannot_break_the_table(report: Report) -> None:
    target = report.targets[0]
    systems = tuple(replace(system, name=HOSTILE) for system in target.systems)
    hostile = replace(report, name=HOSTILE, targets=(replace(target, systems=systems),))
    for source in (
        render_latex(hostile),
        render_overview(Overview(HOSTILE, (hostile,), {HOSTILE: Path("x\n\\input{y}")})),
    ):
        assert source.count(r"\end{table}") == source.count(r"\begin{table}") + sum(
            line.startswith("%") and HOSTILE.strip() in line for line in source.splitlines()
        )
        rows = read_rows(source)
        assert len({len(row) for row in rows}) == 1
        assert len(rows) == 3
        labels = re.findall(r"\\label\{(.*)\}", source)
        assert labels
        assert re.fullmatch("tab:[A-Za-z0-9-]+", labels[0])
        assert all(line.startswith(("%", "\\", "  ")) for line in source.splitlines())


def test_the_overview_has_a_row_for_every_system(report: Report) -> None:
    other = replace(report, name="other_set")
    source = render_overview(Overview("both", (report, other), {"gone": Path("nowhere")}))
    rows = read_rows(source)
    assert [row[:4] for row in rows] == [
        ["Test set", "System", "To", "Pairs"],
        ["tiny", "good", "en", "3"],
        ["", "bad", "en", "3"],
        ["", "viet", "vi", "0"],
        ["other_set", "good", "en", "3"],
        ["", "bad", "en", "3"],
        ["", "viet", "vi", "0"],
    ]
    assert source.splitlines()[:2] == ["% both", "% gone: skipped, there is no nowhere"]
    assert "dagger" not in source
