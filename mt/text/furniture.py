"""What of a page is not its text: trailers, counters, page headers; and headings, lists, notes.

What the file says of a segment holds; of plain text, the rules of one table are asked in order.
A rule takes whole lines only: a sentence in running text that begins with "Source:" is a sentence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from mt.text.document import Document, Segment

FURNITURE = "furniture"
LeftOut = Literal["furniture", "heading", "list item", "footnote", "cell", "caption"]
PAGES = ("txt", "docx", "html")  # formats of pages; of a table of messages, "Print" is text


@dataclass(frozen=True)
class Rule:
    """Segments that match wholly are of this kind, for a reason that can be shown."""

    kind: str
    pattern: re.Pattern[str]
    reason: str
    trailing: bool = False  # only below all text: "Source" further up may be a heading


def _rule(kind: str, pattern: str, reason: str, *, trailing: bool = False) -> Rule:
    return Rule(kind, re.compile(pattern, re.IGNORECASE), reason, trailing)


_COUNT = r"\s*[:\-]?\s*(?:\(\s*[\d٠-٩]+\s*\)|[\d٠-٩]+)"
_COMMENTS = r"(?:comments?|bình luận|تعليق|تعليقات|التعليقات)"
_BUTTONS = r"(?:shares?|likes?|views?|chia sẻ|thích|lượt xem|مشاركة|شارك|إعجاب|مشاهدة|مشاهدات)"
_CREDIT = r"\s*:\s*\S+(?:\s+\S+){0,6}(?<![.!?؟…])"  # a name, not a sentence

RULES = (
    _rule(
        FURNITURE,
        rf"(?:source|nguồn|مصدر|المصدر)(?:{_CREDIT})?",
        "names the source of the page",
        trailing=True,
    ),
    _rule(FURNITURE, _COMMENTS + _COUNT, "counts comments"),
    _rule(FURNITURE, _COMMENTS, "heads the comments", trailing=True),
    _rule(FURNITURE, _BUTTONS + _COUNT, "a counter"),
    _rule(FURNITURE, _BUTTONS, "a button", trailing=True),
    _rule(
        FURNITURE,
        r"(?:print|read more|đọc thêm|in trang|طباعة|اقرأ المزيد|اقرأ أيضا)\s*[:.]?",
        "a button",
        trailing=True,
    ),
    _rule("list item", r"(?:[-*•–·]|[\d٠-٩]{1,2}[.)])\s+\S.*", "begins with a list mark"),
    _rule("footnote", r"\[[\d٠-٩]{1,3}\]\s+\S.*", "begins with the number of a note"),
)

_LONGEST_HEADING = 80  # characters
_ENDS = (".", "!", "?", "؟", "…", ":", "؛", ";", "،", ",", '"', "”", "»")
_KNOWN = {"header": FURNITURE, "footer": FURNITURE}


def classify(segments: Sequence[Segment]) -> tuple[str, ...]:
    """The kind of each segment: ``text``, ``furniture``, ``heading``, ``list item`` ..."""
    alone = Counter(segment.line for segment in segments)
    kinds: list[str] = []
    below = True  # whether all text stands above
    for segment in reversed(segments):
        kinds.append(_classify(segment, alone[segment.line] == 1, below))
        below = below and (kinds[-1] in (FURNITURE, "footnote") or not segment.text.strip())
    return tuple(reversed(kinds))


def _classify(segment: Segment, alone: bool, below: bool) -> str:
    if segment.kind != "text":
        return _KNOWN.get(segment.kind, segment.kind)
    text = segment.text.strip()
    if not alone or not text:
        return "text"
    for rule in RULES:
        if (below or not rule.trailing) and rule.pattern.fullmatch(text):
            return rule.kind
    short = len(text) <= _LONGEST_HEADING and not text.endswith(_ENDS)
    return "heading" if short and not segment.where else "text"


def leave_out(document: Document, kinds: Collection[str]) -> Document:
    """The document with segments of these kinds marked as left out, but never all of it."""
    names = {FURNITURE: "page furniture"}
    segments = tuple(
        replace(segment, left_out=names.get(kind, kind)) if kind in kinds else segment
        for segment, kind in zip(document.segments, classify(document.segments), strict=True)
    )
    if all(segment.left_out or not segment.text.strip() for segment in segments):
        return document
    return replace(document, segments=segments)
