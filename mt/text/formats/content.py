"""What every format is read into: blocks of text in document order, and a way to write them back.

A reader is a function ``File -> Content``. What it raises for a file that lies is a
``CorpusError``, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from mt.errors import CorpusError

Kind = Literal[
    "text", "heading", "list item", "cell", "caption", "cue", "footnote", "header", "footer"
]
KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]

Span = tuple[int, int]  # start and end, in characters; both the same for what stands at a place

Project = Callable[[str, str, Sequence[Span]], Sequence[Span | None]]
"""``project(source, target, spans)``: where spans of ``source`` stand in its translation; None
where that cannot be said."""


@dataclass(frozen=True, slots=True)
class Inline:
    """Markup within a block: a bold run, a link, or what stands at a place (``start == end``).

    Inlines are in the order in which they open, an outer one before what is in it; two of them
    never overlap without one being in the other.
    """

    start: int
    end: int
    kind: str = ""  # as the format calls it: "b", "a", "ph"

    @property
    def span(self) -> Span:
        return self.start, self.end


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or what is like one: text that is translated and split into sentences alone.

    ``text`` is plain: no markup, entities resolved, no line ends.
    """

    text: str
    kind: Kind = "text"
    where: str = ""  # for messages: "paragraph 12", "00:01:02,000"
    inlines: tuple[Inline, ...] = ()


def proportional(source: str, target: str, spans: Sequence[Span]) -> list[Span]:
    """Whole words at the same share of the text: for want of something that knows the words."""
    if source == target:
        return list(spans)
    ratio = len(target) / max(1, len(source))
    found = []
    for start, end in spans:
        first, last = round(start * ratio), round(end * ratio)
        while 0 < first < len(target) and not target[first - 1].isspace():
            first -= 1
        while first < last < len(target) and not target[last].isspace():
            last += 1
        found.append((first, last))
    return found


@dataclass(frozen=True)
class Content:
    """A file as it was read. ``language`` is what the file itself declares, where it does."""

    blocks: tuple[Block, ...]
    write: Callable[[Sequence[str], str, Project], bytes] | None = field(repr=False, default=None)
    language: str | None = None
    encoding: str = "utf-8"

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(block.text for block in self.blocks)

    def render(self, texts: Sequence[str], language: str, project: Project = proportional) -> bytes:
        """The same file with ``texts`` in place of those of the blocks, in ``language``.

        Everything else stays; a block whose text is unchanged is written as it stood. Markup
        within a block goes where ``project`` says that its words went.

        Raises:
            CorpusError: not one text for each block, or the format cannot be written.
        """
        if self.write is None:
            raise CorpusError("this format is read only; awda formats tells which are written")
        if len(texts) != len(self.blocks):
            raise CorpusError(f"{len(texts)} texts for {len(self.blocks)} blocks; one each")
        return self.write(texts, language, project)


@dataclass(frozen=True)
class File:
    """What a reader is given: the bytes of a file, and what is known of it beforehand."""

    name: str  # for messages
    data: bytes = field(repr=False)
    language: str | None = None  # that the caller says it is in
    side: str | None = None  # which language of a bilingual file is read
    target: str | None = None  # the language to translate into, where it is read for that
    encoding: str | None = None  # of a text that is not UTF-8 and does not say what it is
    column: str | None = None  # of a dataset, where it is named
