"""Plain-text files read into documents."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from mt.errors import CorpusError
from mt.languages import find_language, mismatch
from mt.text.document import Document, Segment
from mt.text.normalize import normalize
from mt.text.segment import split_sentences

Split = Literal["sentence", "line"]


def read_lines(path: Path) -> tuple[str, ...]:
    """The lines of a UTF-8 file, without their ends (LF or CRLF; a byte-order mark goes).

    A last line without an end counts; an end does not start another line.

    Raises:
        CorpusError: missing, unreadable, or not UTF-8 (with the line).
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise CorpusError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise CorpusError(f"{path}: is a folder; name a text file") from None
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from None
    return decode_lines(data, str(path))


def decode_lines(data: bytes, name: str) -> tuple[str, ...]:
    """As :func:`read_lines`, for bytes at hand; ``name`` is for the message."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CorpusError(
            f"{name}:{line}: not UTF-8 (byte 0x{data[error.start]:02x}); "
            "convert it first, for example with: iconv -f WINDOWS-1256 -t UTF-8"
        ) from None
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    return tuple(lines)


def read_document(path: Path, language: str, split: Split = "sentence") -> Document:
    """Read a document.

    With ``split="sentence"`` blank lines hold no segment; with ``split="line"`` every line is one,
    so that indices are line numbers.

    Raises:
        CorpusError: unreadable, without any text, or visibly not in ``language``.
    """
    return build_document(read_lines(path), os.path.normpath(path), language, split)


def build_document(lines: Sequence[str], name: str, language: str, split: Split) -> Document:
    """As :func:`read_document`, for lines at hand."""
    find_language(language)
    segments: list[Segment] = []
    for number, line in enumerate(lines, 1):
        whole, changes = normalize(line)
        parts = split_sentences(whole, language) if split == "sentence" else (whole,)
        for part in parts:
            raw = line if changes and len(parts) == 1 else None
            segments.append(Segment(len(segments), number, part, raw, changes))
    if not any(segment.text for segment in segments):
        raise CorpusError(f"{name}: empty; expected {find_language(language).name} text")
    if reason := mismatch(" ".join(segment.text for segment in segments), language):
        raise CorpusError(f"{name}: {reason}; swap the files or change the language")
    return Document(name, language, tuple(segments))
