"""The scores as a LaTeX table with booktabs' rules, to be put into a paper by ``\\input``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from eval.overview import Overview
from eval.render.wording import (
    collect_recipes,
    count_pairs,
    format_p,
    format_score,
    group_comparisons,
    list_skipped,
    name_language,
)
from eval.results import Report, SystemReport, Target
from eval.scores.metrics import MetricScore
from eval.scores.significance import LEVEL, NAMES

_PREAMBLE = (
    r"Needs \usepackage{booktabs}. LuaLaTeX and XeLaTeX set the letters of every language that the",
    r"font has; for names in Arabic letters use LuaLaTeX with \usepackage[bidi=basic]{babel} and",
    r"\babelprovide[import, onchar=ids fonts]{arabic}. pdfLaTeX needs \usepackage[T1]{fontenc} and",
    "sets Latin letters only, without those of Vietnamese.",
)

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",  # these three mean something after the end of a row
    "]": "{]}",
    "*": "{*}",
}

# Two of these become one sign, in LuaLaTeX also across {}.
_LIGATURE = re.compile(r"([-,])(?=\1)")


def render_latex(report: Report) -> str:
    """A ``table`` of all systems, by target language.

    The caption says what the figures mean and holds the signatures; p-values stand below.
    """
    labels = list(
        dict.fromkeys(
            score.label for t in report.targets for system in t.systems for score in system.scores
        )
    )
    made_by = (f"{s.name}: {s.origin}" for target in report.targets for s in target.systems)
    rows = [line for target in report.targets for line in _list_rows(report, target, labels)]
    while rows and rows[-1] == r"\addlinespace":
        rows.pop()
    return _build(
        report.name,
        [f"{report.name}, {name_language(report.source_language)} source", *made_by],
        [_caption(report), *_signatures(report.targets)],
        "l" + "r" * len(labels),
        ["System", *(_head(report.targets, label) for label in labels)],
        rows,
        list(_p_values(report)),
    )


def render_overview(overview: Overview) -> str:
    """The ``table`` of a suite: a row for every test set, target language and system."""
    targets = [target for report in overview.reports for target in report.targets]
    rows, last = [], ""
    for report, target, system in overview.rows:
        if last and report.name != last:
            rows.append(r"\addlinespace")
        shown = "" if report.name == last else report.name
        last = report.name
        cells = [shown, system.name, target.language, str(target.scored)]
        scores = _scores(target, system, overview.labels, marked=False)
        rows.append(_row([*map(escape, cells), *scores]))
    return _build(
        overview.name,
        [overview.name, *list_skipped(overview)],
        [_describe_intervals(overview.name, overview.reports), *_signatures(targets)],
        "lllr" + "r" * len(overview.labels),
        ["Test set", "System", "To", "Pairs", *(_head(targets, each) for each in overview.labels)],
        rows,
        [],
    )


def escape(text: str) -> str:
    """Text that LaTeX prints as it stands, in a cell or a caption; runs of white space are one."""
    words = "".join(_SPECIAL.get(c, c) for c in " ".join(text.split()))
    return _LIGATURE.sub(r"\\mbox{\1}", words)


def _build(
    name: str,
    comments: Iterable[str],
    caption: Sequence[str],
    columns: str,
    head: Sequence[str],
    rows: Iterable[str],
    notes: Sequence[str],
) -> str:
    lines = [f"% {' '.join(line.split())}" for line in (*comments, *_PREAMBLE)]
    lines += [
        r"\begin{table}",
        r"  \centering",
        rf"  \caption[Scores of {escape(name)}]{{{' '.join(caption)}}}",
        rf"  \label{{tab:{re.sub('[^A-Za-z0-9]+', '-', name)}}}",
        r"  \medskip",
        rf"  \begin{{tabular}}{{{columns}}}",
        r"    \toprule",
        f"    {_row(head)}",
        r"    \midrule",
        *(f"    {row}" for row in rows),
        r"    \bottomrule",
        r"  \end{tabular}",
        *([rf"  \par\medskip\footnotesize {' '.join(notes)}"] if notes else []),
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[str]) -> str:
    return " & ".join(cells) + r" \\"


def _head(targets: Iterable[Target], label: str) -> str:
    """The metric's name, and whether more or less of it is better."""
    higher = any(
        score.higher_is_better
        for target in targets
        for system in target.systems
        for score in system.scores
        if score.label == label
    )
    return escape(label) + (r" $\uparrow$" if higher else r" $\downarrow$")


def _list_rows(report: Report, target: Target, labels: Sequence[str]) -> Iterator[str]:
    route = f"{name_language(report.source_language)} to {name_language(target.language)}"
    title = f"{route}, {count_pairs(target.scored)}"
    yield rf"\multicolumn{{{len(labels) + 1}}}{{l}}{{\emph{{{escape(title)}}}}} \\"
    for system in target.systems:
        yield _row([escape(system.name), *_scores(target, system, labels, marked=True)])
    yield r"\addlinespace"


def _scores(
    target: Target, system: SystemReport, labels: Sequence[str], *, marked: bool
) -> Iterator[str]:
    scores = {score.label: score for score in system.scores}
    names = (target.systems[0].name, system.name)
    different = {
        c.label for c in target.comparisons if c.significant and (c.baseline, c.system) == names
    }
    for label in labels:
        cell = _score(scores[label]) if label in scores else ""
        yield cell + (r"\rlap{$^{\dagger}$}" if marked and label in different else "")


def _score(score: MetricScore) -> str:
    figures = format_score(score).replace("±", r"\pm ")
    return f"${figures}$"


def _caption(report: Report) -> str:
    first = _describe_intervals(report.name, [report])
    if not any(target.comparisons for target in report.targets):
        return first
    comparisons = [each for target in report.targets for each in target.comparisons]
    corrected = any(each.corrected is not None for each in comparisons)
    test = NAMES[comparisons[0].test]
    return (
        rf"{first} A dagger marks a difference from the first system of the language with "
        rf"$p < {LEVEL}$ ({test}{', Holm-corrected' if corrected else ''})."
    )


def _describe_intervals(name: str, reports: Sequence[Report]) -> str:
    resamples = sorted({report.bootstrap for report in reports if report.bootstrap > 1})
    if not resamples:
        return f"Scores of {escape(name)}."
    counts = " or ".join(map(str, resamples))
    return rf"Scores of {escape(name)} with 95\,\% bootstrap intervals ({counts} resamples)."


def _signatures(targets: Iterable[Target]) -> Iterator[str]:
    for label, recipe in collect_recipes(targets):
        breakable = escape(recipe).replace(r"\textbar{}", r"\textbar{}\allowbreak{}")
        yield rf"{escape(label)}: \texttt{{{breakable}}}."


def _p_values(report: Report) -> Iterator[str]:
    for target in report.targets:
        for (system, baseline), found in group_comparisons(target).items():
            figures = ", ".join(f"{each.label} {format_p(each)}" for each in found)
            yield escape(f"{system} against {baseline}: {figures}.")
