"""Texts too long for a model, split at clauses: nothing is ever silently cut off."""

from __future__ import annotations

import re
from collections.abc import Callable

# Weaker and weaker places to split: after a sentence, a semicolon, a comma, a word, a character.
_BREAKS = (
    re.compile(r"(?<=[.!?؟…])\s+"),
    re.compile(r"(?<=[؛;:])\s+"),
    re.compile(r"(?<=[،,])\s+"),
    re.compile(r"\s+"),
    re.compile(r"(?<=.)(?=.)", re.DOTALL),
)


def split_clauses(text: str, limit: int, count: Callable[[str], int]) -> list[str]:
    """Split ``text`` into as few parts as a greedy pass finds, each of at most ``limit`` tokens.

    Parts joined with a space give the text back, except where a single word exceeds the limit.
    ``count`` tells how many tokens a string makes.
    """
    return _split(text, limit, count, 0)


def _split(text: str, limit: int, count: Callable[[str], int], level: int) -> list[str]:
    if level == len(_BREAKS) or count(text) <= limit:
        return [text]
    joint = "" if level == len(_BREAKS) - 1 else " "
    parts: list[str] = []
    for piece in _BREAKS[level].split(text):
        for clause in _split(piece, limit, count, level + 1):
            joined = f"{parts[-1]}{joint}{clause}" if parts else clause
            if parts and count(joined) <= limit:
                parts[-1] = joined
            elif clause:
                parts.append(clause)
    return parts
