"""Numbers and codes in a text, by their form: ``0-9``, ``٠-٩``, ``۰-۹``, ``39-NQ/TW``."""

from __future__ import annotations

import re
from dataclasses import dataclass

_FOLD = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")

# A code has capitals and digits: 39-NQ/TW, COVID-19, G7. Arabic letters may stick to its front.
# VND5 is no code, but a price.
_CURRENCY = (
    "AED|AUD|CAD|CHF|CNY|EGP|EUR|GBP|HKD|IDR|INR|JOD|JPY|KHR|KRW|KWD|LAK|LBP|MAD|MYR|PHP|QAR|"
    "RMB|RUB|SAR|SGD|THB|TWD|USD|VND"
)
_LATIN = "[0-9A-Za-zÀ-ɏḀ-ỹ]"
_CODE = rf"(?<!{_LATIN})(?!(?:{_CURRENCY})[0-9])[A-ZĐ0-9]+(?:[-/][A-ZĐ0-9]+)*(?!{_LATIN})"
_NUMBER = r"[0-9]+(?:[.,'’٫٬][0-9]+)*"
_PATTERN = re.compile(f"(?P<code>(?=[-/0-9]*[A-ZĐ])(?=[-/A-ZĐ]*[0-9]){_CODE})|{_NUMBER}")
_SEPARATORS = re.compile(r"[.,'’٫٬]")


@dataclass(frozen=True)
class Number:
    """A number or code in a text: ``text[start:end]``, and ``value`` to compare it by."""

    value: str  # digits 0-9 without separators, no leading zeros of a whole number; or the code
    start: int
    end: int


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
