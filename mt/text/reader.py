"""Plain-text files read into documents."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Literal

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
    with open_file(path) as file:
        return tuple(iterate_lines(file, str(path)))


def open_file(path: Path) -> BinaryIO:
    """Open a file for its bytes; raises ``CorpusError`` where that cannot be."""
    try:
        return path.open("rb")
    except FileNotFoundError:
        raise CorpusError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise CorpusError(f"{path}: is a folder; name a text file") from None
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from None


def decode_lines(data: bytes, name: str) -> tuple[str, ...]:
    """As :func:`read_lines`, for bytes at hand; ``name`` is for the message."""
    return tuple(iterate_lines(BytesIO(data), name))


def iterate_lines(stream: Iterable[bytes], name: str) -> Iterator[str]:
    """As :func:`read_lines`, for the lines of a binary ``stream`` as they come."""
    for number, raw in enumerate(stream, 1):
        line = raw.removesuffix(b"\n")
        if line != raw:
            line = line.removesuffix(b"\r")
        elif raw == codecs.BOM_UTF8 and number == 1:
            return
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError as error:
            raise CorpusError(
                f"{name}:{number}: not UTF-8 (byte 0x{line[error.start]:02x}); "
                "convert it first, for example with: iconv -f WINDOWS-1256 -t UTF-8"
            ) from None


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
