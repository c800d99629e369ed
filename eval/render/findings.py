"""What a reader asks first: which system is better, where it is weakest, and what was lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from eval.fidelity.items import NUMERIC as NUMERIC
from eval.fidelity.items import Item
from eval.pairs import Pair
from eval.render import wording
from eval.results import Judgement, SystemReport, Target
from eval.scores.metrics import MetricScore, is_higher_better
from eval.scores.significance import Comparison


@dataclass(frozen=True)
class Rival:
    """A system that scored less than the best one, and how sure that is."""

    system: SystemReport
    score: MetricScore
    behind: float  # points of the first metric; 0 or more
    comparison: Comparison | None  # with the best; None where the two were not compared


@dataclass(frozen=True)
class Outcome:
    """What became of it in one system."""

    name: str  # "kept", "changed", "lost"; "" where the system has no entry for it
    found: str = ""  # what stands in its place, where that is known
    leg: str = ""  # "Arabic to English", where a pivot route lost or changed it

    @property
    def bad(self) -> bool:
        return self.name in ("changed", "lost")


@dataclass(frozen=True)
class Loss:
    """Something of a pair's source that at least one system lost or changed."""

    pair: Pair
    kind: str
    value: str
    outcomes: tuple[Outcome, ...]  # per system

    def counts_for(self, system: int) -> bool:
        """Whether this system lost or changed it, and it is a number, date, code or URL."""
        return self.kind in NUMERIC and self.outcomes[system].bad


def find_best(target: Target) -> tuple[SystemReport, list[Rival]] | None:
    """The best system by the first metric, and the others in order; None without scores."""
    scored = [system for system in target.systems if system.scores]
    if not scored:
        return None
    sign = 1 if is_higher_better(scored[0].scores[0].metric) else -1
    best, *others = sorted(scored, key=lambda system: -sign * system.scores[0].score)
    top = best.scores[0]
    return best, [
        Rival(
            other,
            other.scores[0],
            sign * (top.score - other.scores[0].score),
            _find_comparison(target, top.metric, best, other),
        )
        for other in others
    ]


def _find_comparison(
    target: Target, metric: str, one: SystemReport, other: SystemReport
) -> Comparison | None:
    names = {one.name, other.name}
    return next(
        (c for c in target.comparisons if c.metric == metric and {c.baseline, c.system} == names),
        None,
    )


def describe_rival(rival: Rival) -> str:
    """``4.2 behind, more than chance explains (p=0.020)``."""
    if rival.comparison is None:
        return f"{rival.behind:.1f} behind; the two were not compared"
    sure = "more than chance explains" if rival.comparison.significant else "which may be chance"
    return f"{rival.behind:.1f} behind, {sure} ({wording.format_p(rival.comparison)})"


def list_weakest(target: Target, count: int = 5) -> list[tuple[Pair, float]]:
    """The scored pairs with the lowest chrF++, averaged over the systems, and that average."""
    means = [
        (row[0].pair, sum(j.chrf or 0.0 for j in row) / len(row))
        for row in target.rows
        if row[0].pair.scored
    ]
    return sorted(means, key=lambda entry: entry[1])[:count]


def list_items(judgement: Judgement) -> tuple[Item, ...]:
    """The ledger; what the count of numbers says where there is none."""
    if judgement.ledger:
        return judgement.ledger
    if not judgement.pair.sources:
        return ()
    numbers = judgement.numbers
    found = (("kept", numbers.kept), ("lost", numbers.lost), ("invented", numbers.invented))
    return tuple(
        Item("number" if value.isdigit() else "code", value, outcome)
        for outcome, values in found
        for value in values
    )


def is_lost_number(item: Item) -> bool:
    """Whether a number, date, code or address did not arrive as it was."""
    return item.kind in NUMERIC and item.outcome in ("lost", "changed")


def list_losses(target: Target, source: str) -> Iterator[Loss]:
    """In document order; what stands in a pair twice is listed once. ``source``: its language."""
    routes = [(source, *system.via, target.language) for system in target.systems]
    for row in target.rows:
        ledgers = [list_items(judgement) for judgement in row]
        wanted = dict.fromkeys(
            (item.kind, item.value)
            for items in ledgers
            for item in items
            if item.outcome in ("lost", "changed")
        )
        for kind, value in wanted:
            outcomes = tuple(
                _find_outcome(items, kind, value, route)
                for items, route in zip(ledgers, routes, strict=True)
            )
            yield Loss(row[0].pair, kind, value, outcomes)


def _find_outcome(
    items: tuple[Item, ...], kind: str, value: str, route: tuple[str, ...]
) -> Outcome:
    """The worst, where it stands in the source more than once."""
    same = [item for item in items if (item.kind, item.value) == (kind, value)]
    for name in ("lost", "changed", "kept"):
        for item in same:
            if item.outcome == name:
                return Outcome(name, item.found, name_leg(item.leg, route) if item.leg else "")
    return Outcome("")


def name_leg(leg: int, route: tuple[str, ...]) -> str:
    """``English to Vietnamese``: the second of ``("ar", "en", "vi")``."""
    return " to ".join(map(wording.name_language, route[leg - 1 : leg + 1]))


def count_lost(judgement: Judgement) -> tuple[int, int]:
    """How many numbers, dates, codes and URLs were lost or changed; and how much else."""
    kinds = [i.kind for i in list_items(judgement) if i.outcome in ("lost", "changed")]
    numbers = sum(kind in NUMERIC for kind in kinds)
    return numbers, len(kinds) - numbers


def describe_kept(system: SystemReport) -> str:
    """``11 of 14 numbers, dates and codes kept, 1 changed, 2 lost, 7 not in the source``.

    By the ledger; by the short count of numbers where there is none.
    """
    entries = [entry for entry in system.ledger if entry.kind in NUMERIC]
    if not entries:
        return wording.count_numbers(system.numbers)
    kept, changed, lost, invented = (
        sum(getattr(entry, outcome) for entry in entries)
        for outcome in ("kept", "changed", "lost", "invented")
    )
    if not kept + changed + lost:
        return "no numbers, dates or codes"
    rest = {"changed": changed, "lost": lost, "not in the source": invented}
    counts = "".join(f", {count} {name}" for name, count in rest.items() if count)
    return f"{kept} of {kept + changed + lost} numbers, dates and codes kept{counts}"


def count_legs(target: Target, source: str) -> dict[tuple[str, str], str]:
    """Where pivot routes lost or changed things, by system and kind.

    ``{("pivot", "number"): "Arabic to English 4"}``; ``source`` is the language of the source.
    """
    found: dict[tuple[str, str], str] = {}
    for system in target.systems:
        counts = Counter(
            (item.kind, item.leg)
            for judgement in system.judgements
            for item in judgement.ledger
            if item.leg and item.outcome in ("lost", "changed")
        )
        for (kind, leg), count in sorted(counts.items()):
            name = f"{name_leg(leg, (source, *system.via, target.language))}: {count}"
            before = found.get((system.name, kind))
            found[system.name, kind] = f"{before}; {name}" if before else name
    return found
