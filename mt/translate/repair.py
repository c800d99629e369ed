"""Translations that are wrong at first sight, and other attempts at them, with a receipt.

A weak model loops, stops early or drops a number. What of that can be seen without knowing the
language is looked for in every translation; where something is found, other ways are tried in
order, and the attempt with the fewest faults is taken, the earlier one where they are equal:

1. the other hypotheses of the beam, best first;
2. a search that may not repeat an n-gram (Klein et al., 2017, OpenNMT's ``block_ngram_repeat``);
3. the source in two or more parts, split at clauses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from mt.text.loops import find_loop
from mt.text.numbers import find_numbers
from mt.translate.clauses import split_clauses
from mt.translate.engine import Engine, Hypothesis
from mt.translate.translation import Attempt

FIRST = "beam"  # the way that is tried first
NO_REPEAT = 4  # pieces of an n-gram that the second way writes only once

_ENOUGH = 20  # characters from which lengths are compared
_RATIO = 4.0  # of lengths in characters, either way


def find_faults(source: str, text: str) -> tuple[str, ...]:
    """What is plainly wrong with ``text`` as a translation of ``source``; at best nothing.

    "empty", "loop", "copied", "too short", "too long", and "lost 39-NQ/TW" for each code and each
    number of two digits or more (smaller ones are often, and rightly, written as words).
    """
    if not text.strip():
        return ("empty",)
    faults = []
    if find_loop(text) and not find_loop(source):
        faults.append("loop")
    if len(source) >= _ENOUGH and text == source:
        faults.append("copied")
    if len(source) >= _ENOUGH and len(text) * _RATIO < len(source):
        faults.append("too short")
    if len(text) >= _ENOUGH and len(text) > _RATIO * len(source):
        faults.append("too long")
    wanted, found = (Counter(n.value for n in find_numbers(t)) for t in (source, text))
    lost = (value for value in wanted - found if len(value) > 1)
    return (*faults, *(f"lost {value}" for value in lost))


def attempt(
    texts: Sequence[str], engine: Engine, token: str | None, *, repair: bool = True
) -> list[tuple[Attempt, ...]]:
    """Translate ``texts``: the attempts at each, the one to be taken last.

    There is one attempt where nothing is wrong with it, and everywhere without ``repair``.
    """
    first = engine.generate(texts, token)
    attempts = [[_judge(FIRST, text, best)] for text, (best,) in zip(texts, first, strict=True)]
    if repair:
        _repair(texts, attempts, engine, token)
    return [_put_best_last(tried) for tried in attempts]


def _repair(
    texts: Sequence[str], attempts: Sequence[list[Attempt]], engine: Engine, token: str | None
) -> None:
    for index, beam in _retry(texts, attempts, engine, token, whole_beam=True):
        attempts[index] += [
            _judge(f"hypothesis {rank} of the beam", texts[index], hypothesis)
            for rank, hypothesis in enumerate(beam[1:], 2)
        ]
    for index, (best,) in _retry(texts, attempts, engine, token, no_repeat=NO_REPEAT):
        attempts[index].append(_judge("no repeats", texts[index], best))
    for index in _list_faulty(attempts):
        parts = split_clauses(texts[index], _part_length(texts[index], engine), engine.count_tokens)
        if len(parts) > 1:
            made = [best for (best,) in engine.generate(parts, token)]
            whole = " ".join(text for text, _ in made), sum(s for _, s in made) / len(made)
            attempts[index].append(_judge(f"in {len(parts)} parts", texts[index], whole))


def _judge(way: str, source: str, hypothesis: Hypothesis) -> Attempt:
    text, score = hypothesis
    return Attempt(way, text, score, find_faults(source, text))


def _list_faulty(attempts: Sequence[Sequence[Attempt]]) -> list[int]:
    return [i for i, tried in enumerate(attempts) if all(each.faults for each in tried)]


def _retry(
    texts: Sequence[str],
    attempts: Sequence[Sequence[Attempt]],
    engine: Engine,
    token: str | None,
    *,
    whole_beam: bool = False,
    no_repeat: int = 0,
) -> Iterator[tuple[int, list[Hypothesis]]]:
    if faulty := _list_faulty(attempts):
        again = [texts[i] for i in faulty]
        made = engine.generate(again, token, whole_beam=whole_beam, no_repeat=no_repeat)
        yield from zip(faulty, made, strict=True)


def _part_length(text: str, engine: Engine) -> int:
    """Tokens: a little more than half, so that two clauses of unlike length still fit."""
    return max(8, engine.count_tokens(text) * 3 // 5)


def _put_best_last(tried: list[Attempt]) -> tuple[Attempt, ...]:
    best = min(tried, key=lambda each: len(each.faults))
    return (*(each for each in tried if each is not best), best)
