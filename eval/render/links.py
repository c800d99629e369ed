"""Which words answer each other, written down for the page that shows it.

A text's links are a field per run of characters between its white space, with a space between
fields. A field has the linked runs of the source, counted from 0, each with a letter for how
likely the link is: ``0c 1a2b`` is one link in the first run, two in the second.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence

from eval.results import Target
from mt.align.words import Link, fit_aligner

LINKED = 200  # pairs of a target that have links: the others would cost seconds

# Links below the first are left out. On the 40 pairs of corpora/vneco/words, alignment error rate
# of all that is shown falls from 0.19 (all that the aligner tells, from 0.2) to 0.17 there. Of the
# words of two texts that have nothing to do with each other, it leaves one in seven linked.
_LEAST, _LIKELY, _SURE = 0.35, 0.5, 0.8
_RUN = re.compile(r"\S+")


def link_target(target: Target, source_language: str) -> list[list[str]]:
    """Per pair, the links of its references and of its hypotheses, in their order.

    "" for a text without links; nothing for the pairs from ``LINKED`` on. The aligner learns from
    the pairs' first texts too.
    """
    rows = [
        (row[0].pair.source, [*row[0].pair.references, *(each.pair.hypothesis for each in row)])
        for row in target.rows[:LINKED]
    ]
    known = [(source, texts[0]) for source, texts in rows if source and texts[0]]
    aligner = fit_aligner(known, (source_language, target.language))
    links = iter(aligner.link_all((source, text) for source, texts in rows for text in texts))
    return [[write_links(source, text, next(links)) for text in texts] for source, texts in rows]


def write_links(source: str, target: str, links: Sequence[Link]) -> str:
    """The links as the page reads them; "" where there are none that are likely enough."""
    links = [link for link in links if link.probability >= _LEAST]
    if not links:
        return ""
    here, there = ([match.start() for match in _RUN.finditer(text)] for text in (source, target))
    fields: list[list[str]] = [[] for _ in there]
    for link in links:
        run = bisect_right(here, link.source[0]) - 1
        letter = "c" if link.probability >= _SURE else "b" if link.probability >= _LIKELY else "a"
        fields[bisect_right(there, link.target[0]) - 1].append(f"{run}{letter}")
    return " ".join("".join(field) for field in fields)
