"""The value that every stage starts from: a document as a sequence of segments."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Segment:
    """A sentence (or line) of a document.

    ``text`` is what is translated, aligned and scored: the words of the file after
    :mod:`mt.text.normalize`. ``changes`` records what normalisation did, ``raw`` keeps the
    original where it differs.
    """

    index: int  # 0-based, without gaps
    line: int  # 1-based line of the file it came from; of other formats, the block
    text: str
    raw: str | None = None
    changes: tuple[str, ...] = ()
    kind: str = "text"  # what the file says it is (mt.text.formats.content.Kind)
    where: str = ""  # in the file, where ``line`` does not say it: "paragraph 12", "00:01:02,000"
    left_out: str = ""  # why it is neither aligned nor scored: "page furniture"; else ""

    @property
    def row(self) -> dict[str, Any]:
        """What files keep and digests are made from; what plain text does not have is left out."""
        row = asdict(self)
        if self.kind == "text":
            del row["kind"]
        if not self.where:
            del row["where"]
        if not self.left_out:
            del row["left_out"]
        return row


@dataclass(frozen=True)
class Document:
    """A text in one language; ``name`` is for people (a path as given, or ``<stdin>``)."""

    name: str
    language: str
    segments: tuple[Segment, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(segment.text for segment in self.segments)

    @property
    def aligned_texts(self) -> tuple[str, ...]:
        """The texts, "" for what is left out: what is blank is aligned with nothing."""
        return tuple("" if segment.left_out else segment.text for segment in self.segments)

    @property
    def digest(self) -> str:
        """SHA-256 of language and segment texts."""
        text = "\n".join((self.language, *self.texts))
        return hashlib.sha256(text.encode()).hexdigest()
