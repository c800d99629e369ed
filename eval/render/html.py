"""The report as one HTML page that needs nothing else: no network, no second file, and no
JavaScript for reading it (only for order, filters, differences and verdicts).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, repeat

from markupsafe import Markup, escape

from eval.analysis import Fault, Ngram
from eval.fidelity.items import KINDS, Entry, Item, find_numbers
from eval.pairs import Pair
from eval.render import findings, wording
from eval.render.links import LINKED, link_target
from eval.render.page import fill_page
from eval.render.pictures import Picture, draw_pictures
from eval.results import Judgement, Report, SystemReport, Target
from eval.scores.significance import LEVEL, Comparison
from eval.slices import CONFIDENT
from eval.verdicts import SEVERITIES, Verdict, identify_text
from mt.align.order import ORDER

FIRST = 5  # entries of a list in a sentence
SHOWN = 20  # rows of a list before the rest is folded away
MANY = 300  # rows of a list at most
GROUP = 20  # segments that a browser lays out, or leaves for later, together

_DIGIT = re.compile(r"[0-9٠-٩۰-۹]")


def render_html(report: Report) -> str:
    """The page: :func:`eval.render.page.fill_page`."""
    return fill_page(
        "report.html.j2",
        ["report.css"],
        ["report.js", "links.js"],
        report=report,
        views=[_View(target, report.source_language) for target in report.targets],
        words=wording,
        level=LEVEL,
        severities=SEVERITIES,
        kinds=KINDS,
        first=FIRST,
        shown=SHOWN,
        many=MANY,
        group=GROUP,
        order=ORDER,
        linked=LINKED,
        mark=mark,
        number=_number,
        describe_rival=findings.describe_rival,
        describe_kept=findings.describe_kept,
    )


Place = tuple[int, int]  # text[start:end]


def mark(text: str, values: Collection[str] = (), places: Collection[Place] = ()) -> Markup:
    """``text`` escaped, with ``<mark>`` around these places, and around numbers and codes that
    have one of these values.

    Codes are isolated, or an Arabic line would show 39-NQ/TW as NQ/TW-39.
    """
    if not places and not _DIGIT.search(text):
        return escape(text)
    numbers = [
        (n.start, n.end, not n.value.isdigit(), n.value in values) for n in find_numbers(text)
    ]
    codes = {(start, end) for start, end, code, _ in numbers if code}
    spans = [(start, end, (start, end) in codes, True) for start, end in places]
    parts, done = [], 0
    for start, end, code, marked in sorted(
        (*spans, *numbers), key=lambda s: (s[0], -s[1], not s[3])
    ):
        if start < done or end <= start:
            continue  # a number within a date that is marked already
        shown = str(escape(text[start:end]))
        shown = f'<bdi dir="ltr">{shown}</bdi>' if code else shown
        parts += [str(escape(text[done:start])), f"<mark>{shown}</mark>" if marked else shown]
        done = end
    return Markup("".join((*parts, str(escape(text[done:])))))  # noqa: S704  # escaped above


@dataclass(frozen=True)
class _Marked:
    """What to mark in a text."""

    values: Collection[str] = ()
    places: Collection[Place] = ()


def _find_marks(items: Iterable[Item]) -> _Marked:
    """By place where the ledger has one; else by value."""
    chosen = list(items)
    return _Marked(
        {item.value for item in chosen if not item.end},
        {(item.start, item.end) for item in chosen if item.end},
    )


@dataclass(frozen=True)
class _Cell:
    """A translation in the table of segments."""

    system: SystemReport
    text: str
    pivots: tuple[tuple[str, str], ...]  # language, text
    invented: _Marked
    chrf: float | None
    marks: Sequence[tuple[str, str, str, str]]  # class, label, value, what stands in its place
    verdict: Verdict | None
    links: str  # of its words with the source's
    data: Markup


@dataclass(frozen=True)
class _Row:
    """A pair in the table of segments."""

    pair: Pair
    lost: _Marked
    references: Sequence[tuple[str, str]]  # text, its word links with the source
    cells: Sequence[_Cell]
    data: Markup


class _View:
    """A target, and what the page says of it."""

    def __init__(self, target: Target, source: str) -> None:
        self.target = target
        self.source = source  # its language
        self.name = wording.name_language(target.language)
        self.recipes = wording.list_recipes(target)
        self.best = findings.find_best(target)
        self.weakest = findings.list_weakest(target)
        self.contrasts = target.differences[:FIRST]
        self.ledgers = any(system.ledger for system in target.systems)
        self.losses = list(findings.list_losses(target, source))
        self.lost_by = [
            [loss for loss in self.losses if loss.counts_for(number)]
            for number in range(len(target.systems))
        ]
        self.columns = 1 + len(target.references) + len(target.systems)

    @cached_property
    def pictures(self) -> Mapping[str, Picture]:
        return draw_pictures(self.target)

    @property
    def contents(self) -> Iterator[tuple[str, str]]:
        """Anchor and heading of every part that this target has."""
        yield "scores", "Scores"
        if self.target.scored:
            yield "weak", "Where it is weak"
        if self.kinds or self.losses:
            yield "lost", "What was lost"
        if self.target.references:
            yield "alignment", "Alignment"
        if self.ngrams or any(system.analysis.frequencies for system in self.target.systems):
            yield "words", "Words"
        yield "segments", "Segments"

    @property
    def compared(self) -> list[tuple[tuple[str, str], dict[str, Comparison]]]:
        """(system, baseline) and what was found by each metric."""
        rows: dict[tuple[str, str], dict[str, Comparison]] = {}
        for each in self.target.comparisons:
            rows.setdefault((each.system, each.baseline), {})[each.label] = each
        return list(rows.items())

    @property
    def methods(self) -> list[str]:
        """Signatures of the comparisons, each once."""
        return list(dict.fromkeys(each.signature for each in self.target.comparisons))

    @cached_property
    def faults(self) -> list[tuple[str, Fault]]:
        """In document order, with the name of the system."""
        faults = [(s.name, fault) for s in self.target.systems for fault in s.analysis.faults]
        return sorted(faults, key=lambda entry: entry[1].pair)

    @cached_property
    def kinds(self) -> dict[str, list[tuple[SystemReport, Entry]]]:
        """The ledger by kind, without kinds that no text has."""
        found: dict[str, list[tuple[SystemReport, Entry]]] = {}
        for system in self.target.systems:
            for entry in system.ledger:
                if entry.kept or entry.changed or entry.lost or entry.invented:
                    found.setdefault(entry.kind, []).append((system, entry))
        return found

    @cached_property
    def reference_ledger(self) -> dict[str, Entry]:
        return {entry.kind: entry for entry in self.target.reference_ledger}

    @cached_property
    def legs(self) -> dict[tuple[str, str], str]:
        """``("pivot", "number"): "Arabic to English: 4"``, where a route has several legs."""
        return findings.count_legs(self.target, self.source)

    @property
    def other_kinds(self) -> str:
        """``"name, negation or term"``: kinds in the ledger that are no numbers."""
        kinds = [kind for kind in self.kinds if kind not in findings.NUMERIC]
        return " or ".join(filter(None, (", ".join(kinds[:-1]), *kinds[-1:])))

    @property
    def ngrams(self) -> list[tuple[str, str, Sequence[Ngram]]]:
        """System, what it does, and the words."""
        rows: list[tuple[str, str, Sequence[Ngram]]] = []
        for system in self.target.systems:
            analysis = system.analysis
            rows += [
                (system.name, heading, ngrams[:SHOWN])
                for heading, ngrams in (
                    ("writes too often", analysis.overproduced),
                    ("writes too seldom", analysis.underproduced),
                )
                if ngrams
            ]
        return rows

    @property
    def judged(self) -> bool:
        return any(system.verdicts for system in self.target.systems)

    @property
    def sourced(self) -> int:
        """Pairs with a source, that is, with translations to judge."""
        return sum(bool(pair.sources) for pair in self.target.pairs)

    @property
    def rows(self) -> Iterator[_Row]:
        faults: dict[tuple[str, int], list[Fault]] = {}
        for name, fault in self.faults:
            faults.setdefault((name, fault.pair), []).append(fault)
        linked = chain(link_target(self.target, self.source), repeat([""] * (self.columns - 1)))
        for row, links in zip(self.target.rows, linked, strict=False):
            pair = row[0].pair
            texts = len(pair.references)
            cells = [
                _build_cell(
                    system,
                    judgement,
                    faults.get((system.name, pair.index), ()),
                    (self.source, *system.via, self.target.language),
                    link,
                )
                for system, judgement, link in zip(
                    self.target.systems, row, links[texts:], strict=True
                )
            ]
            lost = _find_marks(
                item
                for judgement in row
                for item in findings.list_items(judgement)
                if item.outcome in ("lost", "changed")
            )
            faulty = [len(faults.get((s.name, pair.index), ())) for s in self.target.systems]
            references = list(zip(pair.references, links[:texts], strict=True))
            yield _Row(pair, lost, references, cells, _describe_row(row, faulty))


def _build_cell(
    system: SystemReport,
    judgement: Judgement,
    faults: Sequence[Fault],
    route: tuple[str, ...],
    links: str,
) -> _Cell:
    pair = judgement.pair
    items = findings.list_items(judgement)
    languages = (*system.via, *("" for _ in pair.pivots))
    marks = [*(_describe_item(item, route) for item in items if item.outcome != "kept")]
    marks += [
        ("bad", f"{fault.kind}:", fault.detail, "") for fault in faults if fault.kind != "empty"
    ]
    marks += [("note", "", note, "") for note in pair.notes if not note.startswith(ORDER)]
    data = f' data-text="{identify_text(pair.hypothesis)}"' if pair.sources else ""
    data += f' data-verdict="{judgement.verdict.severity}"' if judgement.verdict else ""
    return _Cell(
        system=system,
        text=pair.hypothesis,
        pivots=tuple((c, p) for c, p in zip(languages, pair.pivots, strict=False) if p),
        invented=_find_marks(item for item in items if item.outcome == "invented"),
        chrf=judgement.chrf,
        marks=marks if pair.sources else (),
        verdict=judgement.verdict,
        links=links,
        data=Markup(data),  # noqa: S704  # digits and our own words
    )


def _describe_item(item: Item, route: tuple[str, ...]) -> tuple[str, str, str, str]:
    """Class, label, value, and what stands in its place."""
    kind = "" if item.kind in findings.NUMERIC else f"{item.kind} "
    leg = f" ({findings.name_leg(item.leg, route)})" if item.leg else ""
    if item.outcome == "invented":
        return "odd", f"{kind}not in source", item.value, ""
    if item.outcome == "changed":
        return "bad", f"{kind}changed{leg}", item.value, item.found
    return "bad", f"{kind}missing{leg}", item.value, item.found


def _describe_row(row: Sequence[Judgement], faults: Sequence[int]) -> Markup:
    """Attributes by which the page orders and filters, a value a system where systems differ."""
    pair = row[0].pair
    counts = [findings.count_lost(judgement) for judgement in row]
    data = {
        "segments": "+".join(str(index + 1) for index in pair.sources),
        "chrf": " ".join("" if j.chrf is None else f"{j.chrf:.1f}" for j in row).strip(),
        "confidence": f"{pair.score:.4f}" if pair.scored else "",
        "lost": " ".join(str(numbers) for numbers, _ in counts),
        "other": " ".join(str(others) for _, others in counts),
        "faults": " ".join(map(str, faults)),
    }
    uncertain = " data-uncertain" if pair.scored and pair.score < CONFIDENT else ""
    attributes = "".join(f' data-{name}="{value}"' for name, value in data.items())
    return Markup(attributes + uncertain)  # noqa: S704  # digits alone


def _number(pair: Pair) -> str:
    """``4–5``: the source segments as the page shows them."""
    return wording.number_segments(pair.sources).replace("-", "–")
