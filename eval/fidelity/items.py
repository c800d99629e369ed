"""Did the numbers and codes of the source arrive? Counted by form, not by meaning.

The short count: a number that is rightly written as a word ("6 tasks" as "six tasks") counts as
lost, and a month that becomes a number as invented; hence the report counts the reference the
same way. The fuller account is kept by :mod:`eval.fidelity.ledger`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from mt.text.numbers import Number as Number
from mt.text.numbers import find_numbers as find_numbers


@dataclass(frozen=True)
class Fidelity:
    """Values of the source that the hypothesis has or has not, and those it has on top."""

    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    invented: tuple[str, ...] = ()


# What the ledger is kept of, and what a reader calls several of them.
KINDS = {
    "number": "numbers",
    "date": "dates",
    "code": "codes",
    "url": "web and e-mail addresses",
    "name": "names in Latin script",
    "negation": "negations",
    "term": "glossary terms",
}
NUMERIC = frozenset({"number", "date", "code", "url"})  # whose loss is counted as a number's
OUTCOMES = ("kept", "changed", "lost", "invented")


@dataclass(frozen=True)
class Item:
    """Something of the source that must arrive: an entry of the ledger."""

    kind: str  # key of KINDS: number, date, code, url, name, negation, term
    value: str  # as the source has it; as the hypothesis has it where it was invented
    outcome: str  # "kept", "changed", "lost" or "invented"
    found: str = ""  # what stands in its place: where it was changed, and for what is lost,
    # the words that are linked with it
    leg: int = 0  # the leg of a pivot route that lost or changed it, from 1; 0 for a direct route
    start: int = 0  # its place in the source (in the hypothesis where it was invented):
    end: int = 0  # text[start:end]; both 0 where it has none


@dataclass(frozen=True)
class Entry:
    """One kind over many pairs."""

    kind: str
    kept: int = 0
    changed: int = 0
    lost: int = 0
    invented: int = 0


@dataclass(frozen=True)
class Tally:
    """Counts over many pairs."""

    kept: int = 0
    lost: int = 0
    invented: int = 0

    @property
    def expected(self) -> int:
        """How many numbers and codes the source has."""
        return self.kept + self.lost


def check_numbers(source: str, hypothesis: str) -> Fidelity:
    """Compare the two as multisets: a number that stands twice must arrive twice."""
    wanted = Counter(number.value for number in find_numbers(source))
    found = Counter(number.value for number in find_numbers(hypothesis))
    return Fidelity(
        tuple((wanted & found).elements()),
        tuple((wanted - found).elements()),
        tuple((found - wanted).elements()),
    )


def tally_ledger(ledger: Iterable[Entry]) -> Tally:
    """Its numbers, dates, codes and addresses; what was changed counts as lost."""
    entries = [entry for entry in ledger if entry.kind in NUMERIC]
    return Tally(
        sum(entry.kept for entry in entries),
        sum(entry.changed + entry.lost for entry in entries),
        sum(entry.invented for entry in entries),
    )


def tally(checks: Iterable[Fidelity]) -> Tally:
    """Add up the pairs."""
    kept = lost = invented = 0
    for check in checks:
        kept += len(check.kept)
        lost += len(check.lost)
        invented += len(check.invented)
    return Tally(kept, lost, invented)
