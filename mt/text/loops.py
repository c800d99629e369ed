"""Loops: words that a text says over and over, as weak translation models do."""

from __future__ import annotations

from dataclasses import dataclass

_TIMES = {1: 4, 2: 3, 3: 3, 4: 3, 5: 2, 6: 2, 7: 2, 8: 2}  # n-gram -> times in a row
_MARKS = ".,;:!?،؛؟…"
_FEWEST = min(size * (times - 1) for size, times in _TIMES.items())  # words of any loop seen before


@dataclass(frozen=True)
class Loop:
    """``words``, in lower case and without punctuation, ``times`` in a row."""

    words: str
    times: int


def find_loop(text: str) -> Loop | None:
    """The first loop of the shortest n-gram: one word 4 times in a row, 2 to 4 words 3 times, 5 to
    8 words twice; None where there is none.
    """
    words = [word.strip(_MARKS) or word for word in text.lower().split()]
    if len(words) - len(set(words)) < _FEWEST:
        return None
    for size, times in _TIMES.items():
        run = 0  # words in a row that equal the word `size` places before
        for index in range(size, len(words)):
            run = run + 1 if words[index] == words[index - size] else 0
            if run >= size * (times - 1):
                return _measure(words, size, index)
    return None


def _measure(words: list[str], size: int, index: int) -> Loop:
    """The loop of which the word at ``index`` is enough to be sure, followed to its end."""
    while index + 1 < len(words) and words[index + 1] == words[index + 1 - size]:
        index += 1
    start = index
    while start >= size and words[start] == words[start - size]:
        start -= 1
    start = start - size + 1
    return Loop(" ".join(words[start : start + size]), (index - start + 1) // size)
