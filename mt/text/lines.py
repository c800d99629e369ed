"""The lines of text files in UTF-8, and how a file is opened."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from mt.errors import CorpusError


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
        if str(path) == "-":
            raise CorpusError(
                "-: standard input is read by awda translate only; name a file"
            ) from None
        raise CorpusError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise CorpusError(
            f"{path}: is a folder; name a file in it (or, of a dataset, 'FOLDER?split=NAME')"
        ) from None
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
            refuse_wide(line, name)
        try:
            yield line.decode("utf-8")
        except UnicodeDecodeError as error:
            wide = number == 1 and line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            code = "UTF-16" if wide else "WINDOWS-1256"
            raise CorpusError(
                f"{name}:{number}: not UTF-8 (byte 0x{line[error.start]:02x}); "
                f"convert it first, for example with: iconv -f {code} -t UTF-8; "
                "or, of a document, name its encoding: --encoding NAME"
            ) from None


def refuse_wide(data: bytes, name: str) -> None:
    """Raise ``CorpusError`` for UTF-16 without a byte-order mark, which can pass for UTF-8.

    One of the two bytes of a letter is then nearly always the same, below 9 (06 in Arabic, 00 in
    Latin letters, spaces and digits), and text has no such characters.
    """
    head = data[:4096]
    even, odd = (sum(byte < 9 for byte in head[start::2]) for start in (0, 1))
    for encoding, own, other in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if own > 3 and own > 10 * other and 4 * own > len(head):
            raise CorpusError(
                f"{name}: looks like UTF-16; save it as UTF-8 (iconv -f {encoding} -t UTF-8) or, "
                f"of a document, say --encoding {encoding}, or in a job file "
                f"'encoding: {encoding}'"
            )
