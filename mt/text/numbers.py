"""Numbers and codes in a text, by their form: ``0-9``, ``٠-٩``, ``۰-۹``, ``39-NQ/TW``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FOLD = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_MARKS = str.maketrans("٫٬", ".,")  # of decimals and of thousands

# A code has capitals and digits: 39-NQ/TW, COVID-19, G7. Arabic letters may stick to its front.
# VND5 is no code, but a price.
_CURRENCY = (
    "AED|AUD|CAD|CHF|CNY|EGP|EUR|GBP|HKD|IDR|INR|JOD|JPY|KHR|KRW|KWD|LAK|LBP|MAD|MYR|PHP|QAR|"
    "RMB|RUB|SAR|SGD|THB|TWD|USD|VND"
)
_LATIN = "[0-9A-Za-zÀ-ɏḀ-ỹ]"
_CODE = rf"(?<!{_LATIN})(?!(?:{_CURRENCY})[0-9])[A-ZĐ0-9]+(?:[-/][A-ZĐ0-9]+)*(?!{_LATIN})"
_NUMBER = r"[0-9]+(?:[.,'’٫٬][0-9]+)*"
_BOTH = "(?=[-/0-9]{0,40}[A-ZĐ])(?=[-/A-ZĐ]{0,40}[0-9])"  # bounded: 1/1/1/1/... takes no long
_PATTERN = re.compile(f"(?P<code>{_BOTH}{_CODE})|{_NUMBER}")
_SEPARATORS = re.compile(r"[.,'’٫٬]")


@dataclass(frozen=True)
class Number:
    """A number or code in a text: ``text[start:end]``, and ``value`` to compare it by."""

    value: str  # digits 0-9 without separators, no leading zeros of a whole number; or the code
    start: int
    end: int


def fold_digits(text: str) -> str:
    """The text with the digits 0-9 and their marks for Arabic ones; places stay."""
    return text.translate(_FOLD).translate(_MARKS)


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
