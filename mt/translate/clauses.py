"""Texts too long for a model, split at clauses: nothing is ever silently cut off."""

from __future__ import annotations

import re
from collections.abc import Callable

from mt.text.protection import find_spans, hide_spans

# Words that begin a clause in Arabic, English or Vietnamese. No word of one list is another word
# in the other languages.
_CONJUNCTIONS = (
    "ثم|لكن|حيث|كما|بينما|مما|إذ|إذا|عندما|لأن|التي|الذي|الذين|أو|[وف](?:قد|هو|هي|هم|لم|لن|لا|ما|من|في|"
    "على|إلى|عن|مع|بعد|قبل|أن|إن|أنه?ا?|إنه?ا?|هذا|هذه|ذلك|تلك|كان|كانت|كما|لكن|حيث|بينما|كذلك|أيضا|"
    "يجب|يمكن|قال|أكد|أضاف|أشار|أوضح|ت?تم|يتم|خاصة|خلال)|"
    "and|but|or|while|which|who|because|although|though|whereas|where|when|since|"
    "và|nhưng|hoặc|còn|vì|bởi|nên|khi|trong khi|đồng thời|đặc biệt|nhằm|để"
)
# Weaker and weaker places to split: after a sentence, a semicolon, a comma; before a conjunction,
# then before "and the" (which the father, والد, is not); at any word.
_BREAKS = (
    re.compile(r"(?<=[.!?؟…])\s+"),
    re.compile(r"(?<=[؛;:])\s+"),
    re.compile(r"(?<=[،,])\s+"),
    re.compile(rf"\s+(?=(?:{_CONJUNCTIONS})\s)"),
    re.compile(r"\s+(?=وال(?!د)\w{3})"),
    re.compile(r"\s+"),
)


def split_clauses(text: str, limit: int, count: Callable[[str], int]) -> list[str]:
    """Split ``text`` at its strongest marks into parts of at most ``limit`` tokens.

    Parts joined with a space give the text back, except where a single word exceeds the limit:
    that one is cut in halves. Protected spans (:mod:`mt.text.protection`) are never cut; one that
    exceeds the limit alone is a part of its own. ``count`` tells how many tokens a string makes.
    """
    return _split(text, limit, count, 0)


def _split(text: str, limit: int, count: Callable[[str], int], level: int) -> list[str]:
    if len(text) < 2 or count(text) <= limit:
        return [text]
    if level == len(_BREAKS):
        return _cut(text, limit, count)
    parts: list[str] = []
    for piece in _break(text, _BREAKS[level]):
        for clause in _split(piece, limit, count, level + 1):
            joined = f"{parts[-1]} {clause}" if parts else clause
            if parts and count(joined) <= limit:
                parts[-1] = joined
            else:
                parts.append(clause)
    return parts


def _break(text: str, mark: re.Pattern[str]) -> list[str]:
    """The text at all its marks outside protected spans; no piece is empty."""
    pieces, end = [], 0
    for match in mark.finditer(hide_spans(text)):
        pieces.append(text[end : match.start()])
        end = match.end()
    return [piece for piece in (*pieces, text[end:]) if piece]


def _cut(word: str, limit: int, count: Callable[[str], int]) -> list[str]:
    """A word without white space outside its protected spans, cut around these, then in halves."""
    spans = find_spans(word)
    if spans and spans[0].text == word:
        return [word]
    middle = len(word) // 2
    places = [middle, *(place for span in spans for place in (span.start, span.end))]
    allowed = [
        place
        for place in places
        if 0 < place < len(word) and not any(span.start < place < span.end for span in spans)
    ]
    place = min(allowed, key=lambda place: abs(place - middle))
    halves = (word[:place], word[place:])
    return [part for half in halves for part in _split(half, limit, count, len(_BREAKS))]
