"""Every pair as rows of a table: what ``segments.csv`` and ``segments.xlsx`` hold.

A row is a pair as one system translated it, so a pair has as many rows as systems, one under the
other. With a row a pair and columns for every system one could not sort by the score of whichever
system did badly, nor filter by system; the columns would be named otherwise in every job, and
those of a system into English would be empty in all Vietnamese rows. As it is, a filter on
``system`` gives back the one row a pair. Short columns to sort and filter by come first, so that
they stay in sight beside the texts.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from eval.analysis import Fault
from eval.fidelity.items import NUMERIC, Item
from eval.render.findings import is_lost_number, list_items
from eval.results import Judgement, Report, SystemReport, Target

Value = str | int | float | None

# What a spreadsheet program takes for a formula when a cell begins with it.
_FORMULA = re.compile(r"[\s\x00-\x1f]*[=+\-@＝＋－＠]")


@dataclass(frozen=True)
class Line:
    """What a row is made from."""

    report: Report
    target: Target
    system: SystemReport
    judgement: Judgement
    faults: tuple[Fault, ...]  # of this pair


@dataclass(frozen=True)
class Column:
    name: str
    meaning: str
    read: Callable[[Line], Value]  # "" or None leaves the cell empty
    width: int = 10  # in a spreadsheet, in characters
    language: Callable[[Line], str] | None = None  # of the text, where it has one


def list_columns(report: Report) -> tuple[Column, ...]:
    """The columns of this report, with as many references and pivots as any of its systems has."""
    references = max((len(target.references) for target in report.targets), default=0)
    pivots = max((len(s.via) for target in report.targets for s in target.systems), default=0)
    return (
        *_FIRST,
        *(_reference(i) for i in range(references)),
        _HYPOTHESIS,
        *(_pivot(i) for i in range(pivots)),
        *_FOUND,
    )


def list_lines(report: Report) -> Iterator[Line]:
    """Every pair of every language in document order, and of each pair every system in turn."""
    for target in report.targets:
        found: dict[tuple[str, int], list[Fault]] = {}
        for system in target.systems:
            for fault in system.analysis.faults:
                found.setdefault((system.name, fault.pair), []).append(fault)
        for row in target.rows:
            for system, judgement in zip(target.systems, row, strict=True):
                faults = found.get((system.name, judgement.pair.index), ())
                yield Line(report, target, system, judgement, tuple(faults))


def render_csv(report: Report) -> str:
    """RFC 4180 with a byte order mark, by which spreadsheet programs know UTF-8.

    Text that would be read as a formula gets an apostrophe in front; see :func:`disarm`.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    columns = list_columns(report)
    writer.writerow(column.name for column in columns)
    writer.writerows(
        [_disarm_cell(column.read(line)) for column in columns] for line in list_lines(report)
    )
    return "\ufeff" + out.getvalue()


def is_formula(text: str) -> bool:
    """Whether a spreadsheet program might calculate the text instead of showing it."""
    return _FORMULA.match(text) is not None


def disarm(text: str) -> str:
    """The text with an apostrophe in front where it would be read as a formula (as OWASP advises).

    Apostrophes that stand there already do not count, so that :func:`rearm` can take ours away.
    """
    return f"'{text}" if is_formula(text.lstrip("'")) else text


def rearm(text: str) -> str:
    """What :func:`disarm` was given."""
    return text[1:] if text.startswith("'") and is_formula(text.lstrip("'")) else text


def _disarm_cell(value: Value) -> Value:
    return disarm(value) if isinstance(value, str) else value


def _number_segments(line: Line) -> str:
    """``4``, ``4+5``, as a file of verdicts has them; ``4-5`` would be shown as a day in April."""
    return "+".join(str(index + 1) for index in line.judgement.pair.sources)


def _list(texts: Iterable[str]) -> str:
    return " | ".join(texts)


def _describe_item(item: Item) -> str:
    """``lost number 18``, ``changed date 18 يوليو to 19 July (leg 2)``."""
    to = f" to {item.found}" if item.found else ""
    leg = f" (leg {item.leg})" if item.leg else ""
    return f"{item.outcome} {item.kind} {item.value}{to}{leg}"


def _list_losses(line: Line) -> list[Item]:
    return [item for item in list_items(line.judgement) if item.outcome != "kept"]


def _describe_losses(line: Line) -> str:
    return _list(map(_describe_item, _list_losses(line)))


def _reference(number: int) -> Column:
    def read(line: Line) -> str:
        texts = line.judgement.pair.references
        return texts[number] if number < len(texts) else ""

    return Column(
        f"reference {number + 1}",
        "what this reference says opposite the source segments",
        read,
        50,
        lambda line: line.target.language,
    )


def _pivot(number: int) -> Column:
    def read(line: Line) -> str:
        texts = line.judgement.pair.pivots
        return texts[number] if number < len(texts) else ""

    def language(line: Line) -> str:
        return line.system.via[number] if number < len(line.system.via) else ""

    return Column(
        f"pivot {number + 1}",
        "the translation between two models of a route, in the order of its legs",
        read,
        50,
        language,
    )


_FIRST = (
    Column("target", "code of the language translated into", lambda line: line.target.language, 8),
    Column("pair", "number of the pair, from 1", lambda line: line.judgement.pair.index + 1, 7),
    Column(
        "segments",
        "source segments of the pair, from 1, joined by +; empty where only a reference says "
        "something",
        _number_segments,
    ),
    Column("system", "what made the hypothesis", lambda line: line.system.name, 14),
    Column(
        "chrF++",
        "of this pair alone, 0 to 100; empty where it is not scored",
        lambda line: None if line.judgement.chrf is None else round(line.judgement.chrf, 2),
        9,
    ),
    Column(
        "confidence",
        "of the alignment, 0 to 1: the lowest similarity of the beads in the pair; empty where it "
        "is not scored",
        lambda line: round(line.judgement.pair.score, 4) if line.judgement.pair.scored else None,
        11,
    ),
    Column("losses", "how many entries 'ledger' has", lambda line: len(_list_losses(line)), 8),
    Column(
        "reason",
        "why the pair is not scored: 'no reference', 'no source', 'left out', and after a colon "
        "why, where it is known; empty where it is scored",
        lambda line: ": ".join(filter(None, (line.judgement.pair.reason, line.judgement.pair.why))),
        13,
    ),
    Column(
        "source",
        "the source segments",
        lambda line: line.judgement.pair.source,
        50,
        lambda line: line.report.source_language,
    ),
)

_HYPOTHESIS = Column(
    "hypothesis",
    "what the system wrote",
    lambda line: line.judgement.pair.hypothesis,
    50,
    lambda line: line.target.language,
)

_FOUND = (
    Column(
        "numbers lost",
        "numbers, dates, codes and addresses of the source that were lost or changed",
        lambda line: _list(i.value for i in list_items(line.judgement) if is_lost_number(i)),
        16,
    ),
    Column(
        "numbers invented",
        "those of the hypothesis that the source has not",
        lambda line: _list(
            item.value
            for item in list_items(line.judgement)
            if item.kind in NUMERIC and item.outcome == "invented"
        ),
        16,
    ),
    Column(
        "ledger",
        "what of the source was changed, lost or invented: outcome, kind, value, and which leg of "
        "a route did it",
        _describe_losses,
        40,
    ),
    Column(
        "faults",
        "what is wrong at first sight: loop, copy, short, long, empty",
        lambda line: _list(f"{fault.kind}: {fault.detail}" for fault in line.faults),
        24,
    ),
    Column(
        "notes",
        "what the translator noted, for example that it had to split a long segment, and the "
        "aligner: 'order: source 5 looks like reference segment 7', counted from 1",
        lambda line: _list(line.judgement.pair.notes),
        24,
    ),
    Column(
        "verdict",
        "a reviewer's: good, minor, major, critical",
        lambda line: line.judgement.verdict.severity if line.judgement.verdict else "",
    ),
    Column(
        "comment",
        "the reviewer's",
        lambda line: line.judgement.verdict.comment if line.judgement.verdict else "",
        40,
    ),
)
