"""The value that every stage starts from: a document as a sequence of segments."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True)
class Segment:
    """A sentence (or line) of a document.

    ``text`` is what is translated, aligned and scored: the words of the file after
    :mod:`mt.text.normalize`. ``changes`` records what normalisation did, ``raw`` keeps the
    original where it differs.
    """

    index: int  # 0-based, without gaps
    line: int  # 1-based line of the file it came from
    text: str
    raw: str | None = None
    changes: tuple[str, ...] = ()


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
    def digest(self) -> str:
        """SHA-256 of language and segment texts."""
        text = "\n".join((self.language, *self.texts))
        return hashlib.sha256(text.encode()).hexdigest()
