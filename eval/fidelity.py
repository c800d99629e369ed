"""Did the numbers and codes of the source arrive? Counted by form, not by meaning.

A number that is rightly written as a word ("6 tasks" as "six tasks") counts as lost, and a month
that becomes a number counts as invented; hence the report counts the reference the same way.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

_FOLD = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")

# A code has capitals and digits: 39-NQ/TW, COVID-19, G7. Arabic letters may stick to its front.
_CODE = r"(?<![0-9A-Za-zÀ-ɏḀ-ỹ])[A-ZĐ0-9]+(?:[-/][A-ZĐ0-9]+)*(?![0-9A-Za-zÀ-ɏḀ-ỹ])"
_NUMBER = r"[0-9]+(?:[.,'’٫٬][0-9]+)*"
_PATTERN = re.compile(f"(?P<code>(?=[-/0-9]*[A-ZĐ])(?=[-/A-ZĐ]*[0-9]){_CODE})|{_NUMBER}")
_SEPARATORS = re.compile(r"[.,'’٫٬]")


@dataclass(frozen=True)
class Number:
    """A number or code in a text: ``text[start:end]``, and ``value`` to compare it by."""

    value: str  # digits 0-9 without separators, no leading zeros of a whole number; or the code
    start: int
    end: int


@dataclass(frozen=True)
class Fidelity:
    """Values of the source that the hypothesis has or has not, and those it has on top."""

    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    invented: tuple[str, ...] = ()


@dataclass(frozen=True)
class Item:
    """Something of the source that must arrive: an entry of the ledger."""

    kind: str  # key of KINDS: number, date, code, url, name, negation, term
    value: str  # as the source has it; as the hypothesis has it where it was invented
    outcome: str  # "kept", "changed", "lost" or "invented"
    found: str = ""  # what stands in its place, where it was changed
    leg: int = 0  # the leg of a pivot route that lost or changed it, from 1; 0 for a direct route


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


def find_numbers(text: str) -> tuple[Number, ...]:
    """Numbers in ``0-9``, ``٠-٩`` or ``۰-۹``, and codes, from left to right.

    Separators are ignored, so 1,234.5 and 1.234,5 are one value (and 7.4 cannot be told
    from 74).
    """
    folded = text.translate(_FOLD)  # one character for one: places stay
    return tuple(
        Number(match[0] if match["code"] else _value(match[0]), match.start(), match.end())
        for match in _PATTERN.finditer(folded)
    )


def _value(digits: str) -> str:
    value = _SEPARATORS.sub("", digits)
    return value.lstrip("0") or "0" if value == digits else value


def check_numbers(source: str, hypothesis: str) -> Fidelity:
    """Compare the two as multisets: a number that stands twice must arrive twice."""
    wanted = Counter(number.value for number in find_numbers(source))
    found = Counter(number.value for number in find_numbers(hypothesis))
    return Fidelity(
        tuple((wanted & found).elements()),
        tuple((wanted - found).elements()),
        tuple((found - wanted).elements()),
    )


def tally(checks: Iterable[Fidelity]) -> Tally:
    """Add up the pairs."""
    kept = lost = invented = 0
    for check in checks:
        kept += len(check.kept)
        lost += len(check.lost)
        invented += len(check.invented)
    return Tally(kept, lost, invented)
