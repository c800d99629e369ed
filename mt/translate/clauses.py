"""Texts too long for a model, split at clauses: nothing is ever silently cut off."""

from __future__ import annotations

import re
from collections.abc import Callable

# Weaker and weaker places to split: after a sentence, a semicolon, a comma, a word.
_BREAKS = (
    re.compile(r"(?<=[.!?؟…])\s+"),
    re.compile(r"(?<=[؛;:])\s+"),
    re.compile(r"(?<=[،,])\s+"),
    re.compile(r"\s+"),
)


def split_clauses(text: str, limit: int, count: Callable[[str], int]) -> list[str]:
    """Split ``text`` at its strongest marks into parts of at most ``limit`` tokens.

    Parts joined with a space give the text back, except where a single word exceeds the limit:
    that one is cut in halves. ``count`` tells how many tokens a string makes.
    """
    return _split(text, limit, count, 0)


def _split(text: str, limit: int, count: Callable[[str], int], level: int) -> list[str]:
    if len(text) < 2 or count(text) <= limit:
        return [text]
    if level == len(_BREAKS):
        middle = len(text) // 2
        halves = (text[:middle], text[middle:])
        return [part for half in halves for part in _split(half, limit, count, level)]
    parts: list[str] = []
    for piece in filter(None, _BREAKS[level].split(text)):
        for clause in _split(piece, limit, count, level + 1):
            joined = f"{parts[-1]} {clause}" if parts else clause
            if parts and count(joined) <= limit:
                parts[-1] = joined
            else:
                parts.append(clause)
    return parts
