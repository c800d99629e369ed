"""The ledger: everything of the source that must arrive, and whether it did.

Judged by form, with the conventions of each language (:mod:`eval.fidelity.conventions`), so it
errs where form misleads: compare its counts with those of the reference. Numbers in all three digit
systems, dates, codes, addresses and names in Latin script are matched one against one
(:mod:`eval.fidelity.matching`), terms by a glossary (:mod:`eval.fidelity.terms`).

Negation is crude: whether a text denies anything at all, by its words. It counts as lost where
the source has a plain "not", "no", "never" and the hypothesis has neither that nor any word that
may render it ("without", "fail", "unknown"), and as invented the other way round; which part of
the sentence is denied is not asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from eval.fidelity.items import KINDS, OUTCOMES, Entry, Item
from eval.fidelity.matching import match_mentions
from eval.fidelity.mentions import find_negation
from eval.fidelity.terms import Glossary
from mt.align.lexicon import load_lexicon
from mt.align.words import WordAligner

_SAID = frozenset({"term", "name", "date"})  # that other words may stand for


def check_items(
    source: str, hypothesis: str, languages: tuple[str, str], glossary: Glossary | None = None
) -> tuple[Item, ...]:
    """What became of each item of ``source``, and what ``hypothesis`` has on top.

    ``languages`` are those of the two texts. Items of a kind are in the order of their text; all
    that is kept, changed or lost together is what the source has.
    """
    found = match_mentions(source, hypothesis, languages)
    items = [
        Item(
            kind=mention.kind,
            value=mention.text,
            outcome="changed"
            if mention in found.changed
            else "lost"
            if mention in found.lost
            else "kept",
            found=found.changed.get(mention, ""),
            start=mention.start,
            end=mention.end,
        )
        for mention in found.wanted
    ]
    items += _check_negation(source, hypothesis, languages)
    if glossary:
        items += glossary.check(source, hypothesis, languages)
    items += [Item(m.kind, m.text, "invented", start=m.start, end=m.end) for m in found.invented]
    return tuple(items)


def trace_items(
    source: str,
    texts: Sequence[str],
    languages: Sequence[str],
    glossary: Glossary | None = None,
) -> tuple[Item, ...]:
    """:func:`check_items` for a route: ``texts`` are the pivots and the hypothesis.

    ``languages`` are the source's and those of the texts. Of an item that did not arrive, the
    leg is that of the first text that lacks it; of one that was invented, that of the first
    text that has it.
    """
    given, *others = languages
    wanted = others[-1]
    items = check_items(source, texts[-1], (given, wanted), glossary)
    if len(texts) < 2 or all(item.outcome == "kept" for item in items):
        return items
    onward, back = [], []  # per pivot: what it lacks of the source, the hypothesis of it
    for text, language in zip(texts[:-1], others[:-1], strict=True):
        onward.append(_count_faults(check_items(source, text, (given, language), glossary)))
        back.append(_count_faults(check_items(text, texts[-1], (language, wanted))))
    seen: Counter[_Key] = Counter()
    return tuple(_find_leg(item, seen, onward, back) for item in items)


_Key = tuple[str, str, bool]  # kind, value, whether it was invented


def _make_key(item: Item) -> _Key:
    return item.kind, item.value, item.outcome == "invented"


def _count_faults(items: Iterable[Item]) -> Counter[_Key]:
    return Counter(_make_key(item) for item in items if item.outcome != "kept")


def _find_leg(
    item: Item, seen: Counter[_Key], onward: list[Counter[_Key]], back: list[Counter[_Key]]
) -> Item:
    """The item with its leg; ``seen`` counts the faulty ones like it before."""
    if item.outcome == "kept":
        return item
    key = _make_key(item)
    seen[key] += 1
    if item.outcome == "invented":  # a pivot has it where the hypothesis has it from there
        at = (leg for leg, faults in enumerate(back, 1) if faults[key] < seen[key])
    else:
        at = (leg for leg, faults in enumerate(onward, 1) if faults[key] >= seen[key])
    return replace(item, leg=next(at, len(onward) + 1))


def find_stand_ins(
    items: Sequence[Item], source: str, hypothesis: str, languages: tuple[str, str]
) -> tuple[Item, ...]:
    """The items, those that were lost with what the hypothesis says in their place, if anything.

    Asked of word links, for terms, names and dates: the words may be a good translation that the
    ledger does not know, or a wrong one. Nothing is counted otherwise for it.
    """
    lost = [i for i, item in enumerate(items) if item.outcome == "lost" and item.kind in _SAID]
    if not lost:
        return tuple(items)
    spans = [(items[i].start, items[i].end) for i in lost]
    places = WordAligner(load_lexicon(languages)).project(source, hypothesis, spans, guess=False)
    said = {i: hypothesis[slice(*place)] for i, place in zip(lost, places, strict=True) if place}
    return tuple(
        replace(item, found=said[i]) if i in said else item for i, item in enumerate(items)
    )


def _check_negation(source: str, hypothesis: str, languages: tuple[str, str]) -> list[Item]:
    """One item at most."""
    given, found = map(find_negation, (source, hypothesis), languages)
    if given.plain:
        return [Item("negation", given.plain, "kept" if found.possible else "lost")]
    if found.plain and not given.possible:
        return [Item("negation", found.plain, "invented")]
    return []


def sum_items(ledgers: Iterable[Iterable[Item]]) -> tuple[Entry, ...]:
    """A row for each kind that there is, in the order of ``KINDS``."""
    counts = Counter((item.kind, item.outcome) for items in ledgers for item in items)
    rows = (
        Entry(kind, **{outcome: counts[kind, outcome] for outcome in OUTCOMES}) for kind in KINDS
    )
    return tuple(row for row in rows if row != Entry(row.kind))
