"""Which way a text runs, by its letters."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

_ENOUGH = 2000  # letters looked at


def reads_right_to_left(texts: Iterable[str]) -> bool:
    """Whether most letters run from right to left."""
    right = left = 0
    for text in texts:
        for character in text:
            direction = unicodedata.bidirectional(character)
            right += direction in ("R", "AL")
            left += direction == "L"
        if right + left > _ENOUGH:
            break
    return right > left


def has_right_to_left(text: str) -> bool:
    """Whether any letter runs from right to left."""
    return any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)
