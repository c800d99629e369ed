"""Files of any format read into documents: sequences of segments."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from mt.errors import AwdaWarning, CorpusError
from mt.languages import doubt, find_language, mismatch
from mt.text.document import Document, Segment
from mt.text.formats import Block, read_content
from mt.text.formats.address import find_address
from mt.text.lines import decode_lines as decode_lines
from mt.text.lines import iterate_lines as iterate_lines
from mt.text.lines import open_file as open_file
from mt.text.lines import read_lines as read_lines
from mt.text.normalize import normalize
from mt.text.segment import split_sentences

Split = Literal["sentence", "line"]


def read_document(
    path: Path, language: str, split: Split = "sentence", *, encoding: str | None = None
) -> Document:
    """Read a document of any format of :mod:`mt.text.formats`.

    With ``split="sentence"`` blank lines hold no segment; with ``split="line"`` every line (or
    paragraph, cell, cue) is one, so that indices are line numbers.

    Raises:
        CorpusError: unreadable, without any text, or visibly not in ``language``.
    """
    content = read_content(path, language=language, encoding=encoding)
    address = find_address(path)
    name = address.name if address else os.path.normpath(path)
    return _build(content.blocks, name, language, split)


def read_segments(
    path: Path, language: str | None = None, *, encoding: str | None = None
) -> tuple[str, ...]:
    """The lines, paragraphs, cells or cues of a file as they stand, blank ones too.

    Raises:
        CorpusError: as :func:`mt.text.formats.read_content`.
    """
    return read_content(path, language=language, encoding=encoding).texts


def build_document(lines: Sequence[str], name: str, language: str, split: Split) -> Document:
    """As :func:`read_document`, for lines at hand."""
    return _build((Block(line) for line in lines), name, language, split)


def _build(blocks: Iterable[Block], name: str, language: str, split: Split) -> Document:
    find_language(language)
    segments: list[Segment] = []
    for number, block in enumerate(blocks, 1):
        whole, changes = normalize(block.text)
        parts = split_sentences(whole, language) if split == "sentence" else (whole,)
        for part in parts:
            raw = block.text if changes and len(parts) == 1 else None
            segments.append(
                Segment(len(segments), number, part, raw, changes, block.kind, block.where)
            )
    if not any(segment.text for segment in segments):
        raise CorpusError(f"{name}: empty; expected {find_language(language).name} text")
    if reason := mismatch(" ".join(segment.text for segment in segments), language):
        raise CorpusError(f"{name}: {reason}; swap the files or change the language")
    if reason := doubt(" ".join(segment.text for segment in segments), language):
        warnings.warn(f"{name}: {reason}: is it the right file?", AwdaWarning, stacklevel=3)
    return Document(name, language, tuple(segments))
