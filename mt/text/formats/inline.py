"""Markup within a block, carried over to its translation: nested stays nested, none is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mt.text.formats.content import Inline, Project, Span, proportional

Mark = tuple[int, bool]  # which inline, and whether it opens there (else it closes)

_WORD_BEFORE = re.compile(r"\S+\Z")
_WORD_BEHIND = re.compile(r"\S+")


def weave(
    source: str, target: str, inlines: Sequence[Inline], project: Project
) -> Iterator[str | Mark]:
    """The target in pieces, with the marks of the source's inlines in their places between them.

    Every inline opens and closes once; one that stands at a place does both there. ``place`` says
    where.
    """
    children: list[list[int]] = [[] for _ in range(len(inlines) + 1)]  # the last: of none
    for number, parent in enumerate(find_parents(inlines)):
        children[parent].append(number)
    spans = place(source, target, inlines, project)
    for family in children:
        family.sort(key=lambda number: (spans[number][0], number))
    yield from _weave(target, (0, len(target)), -1, children, spans)


def _weave(
    text: str, within: Span, parent: int, children: Sequence[Sequence[int]], spans: Sequence[Span]
) -> Iterator[str | Mark]:
    at, end = within
    for number in children[parent]:
        start = max(at, spans[number][0])
        if at < start:
            yield text[at:start]
        yield number, True
        at = max(start, spans[number][1])
        yield from _weave(text, (start, at), number, children, spans)
        yield number, False
    if at < end:
        yield text[at:end]


def place(source: str, target: str, inlines: Sequence[Inline], project: Project) -> list[Span]:
    """Where the inlines of ``source`` stand in ``target``, in the same order.

    A span goes where ``project`` sees its words; what stands at a place stays behind the word that
    it stands behind. What covers all of the source covers all of the target. An inline stays in
    the one that it is in, and two that are apart stay apart.
    """
    spans = [inline.span for inline in inlines]
    if source == target or not spans:
        return spans
    anchors = [_anchor(source, span) for span in spans]
    found = [
        _clamp(span or rough, len(target))
        for span, rough in zip(
            project(source, target, anchors), proportional(source, target, anchors), strict=True
        )
    ]
    spans = [
        _settle(source, target, span, anchor, there)
        for span, anchor, there in zip(spans, anchors, found, strict=True)
    ]
    families: dict[int, list[int]] = {}
    for number, parent in enumerate(find_parents(inlines)):
        families.setdefault(parent, []).append(number)
    for parent, family in families.items():  # outer ones first
        _fit(family, spans, spans[parent] if parent >= 0 else (0, len(target)))
    return spans


def find_parents(inlines: Sequence[Inline]) -> list[int]:
    """For each inline, the one that it is directly in, or -1."""
    parents, stack = [], list[int]()
    for number, inline in enumerate(inlines):
        while stack and not _holds(inlines[stack[-1]], inline):
            stack.pop()
        parents.append(stack[-1] if stack else -1)
        if inline.start < inline.end:
            stack.append(number)
    return parents


def _holds(outer: Inline, inner: Inline) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end and inner.start < outer.end


def _anchor(source: str, span: Span) -> Span:
    """What to look for in place of a span without words: the word before it, or behind it."""
    start, end = span
    if start < end:
        return span
    if start and (before := _WORD_BEFORE.search(source, max(0, start - 80), start)):
        return before.span()
    if behind := _WORD_BEHIND.match(source, start):
        return behind.span()
    return span


def _clamp(span: Span, length: int) -> Span:
    start = min(max(0, span[0]), length)
    return start, min(max(start, span[1]), length)


def _settle(source: str, target: str, span: Span, anchor: Span, found: Span) -> Span:
    """Where an inline goes whose anchor was found in the target."""
    start, end = span
    if start == end:
        at = 0 if start == 0 else len(target) if start == len(source) else -1
        at = at if at >= 0 else found[1] if anchor[1] <= start else found[0]
        return at, at
    if source[start:end].strip() == source.strip():
        return 0, len(target)
    first, last = found
    while first < last and target[first].isspace():
        first += 1
    while first < last and target[last - 1].isspace():
        last -= 1
    return first, last


def _fit(family: Sequence[int], spans: list[Span], within: Span) -> None:
    """Keep inlines within a span, and apart from each other."""
    low, high = within
    for number in sorted(family, key=lambda number: (spans[number][0], number)):
        start = min(max(low, spans[number][0]), high)
        end = min(max(start, spans[number][1]), high)
        spans[number] = start, end
        low = end
