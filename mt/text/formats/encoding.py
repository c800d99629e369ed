"""Bytes into text: UTF-8, what a byte-order mark or the file itself says, or what the user says.

An encoding is never guessed: what charset-normalizer takes it for goes into the message only.
"""

from __future__ import annotations

import codecs
import re
import warnings

from mt.errors import AwdaWarning, CorpusError
from mt.text.lines import refuse_wide

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_CONTROL = re.compile(rb"[\0-\x08\x0e-\x1f]")  # in text of two or four bytes a letter, not in UTF-8
_VIETNAMESE = ("viscii", "tcvn", "tcvn3", "tcvn5712", "tcvn57121", "vn3", "abc", "vni", "vps")


def decode(
    data: bytes, name: str, encoding: str | None = None, declared: str | None = None
) -> tuple[str, str]:
    """The text of ``data`` and its encoding.

    In this order: a byte-order mark; UTF-8 where the bytes are that; what the file ``declared``;
    the ``encoding`` that the user names.

    Raises:
        CorpusError: none of these, with a guess; or not what was said.
    """
    for mark, marked in _MARKS:
        if data.startswith(mark):
            try:
                return data.decode(marked), marked
            except UnicodeDecodeError as error:
                raise CorpusError(_complain(data, name, error)) from None
    named = find_encoding(encoding) if encoding else ""
    wide = encoding if named.startswith(("utf-16", "utf-32")) and _CONTROL.search(data) else None
    try:
        if not wide:
            refuse_wide(data, name)
            return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        found = declared or encoding
        if not found:
            raise CorpusError(_complain(data, name, error)) from None
    else:
        found = wide
    try:
        return data.decode(find_encoding(found)), find_encoding(found)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise CorpusError(
            f"{name}:{line}: not {found} (byte 0x{data[error.start]:02x}); {_suggest(data)}"
        ) from None


def encode(text: str, name: str, encoding: str) -> bytes:
    """The bytes of ``text``, in UTF-8 where ``encoding`` has not all of its letters."""
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        warnings.warn(
            f"{name}: {encoding} has not all letters of the translation, which is in UTF-8",
            AwdaWarning,
            stacklevel=2,
        )
        return text.encode("utf-8")


def find_encoding(encoding: str) -> str:
    """The name that Python has for an encoding; raises ``CorpusError`` for none that it knows."""
    if re.sub("[^a-z0-9]", "", encoding.lower()) in _VIETNAMESE:
        raise CorpusError(
            f"encoding '{encoding}': this old Vietnamese encoding is not read; save the file as "
            f"UTF-8, for example by: iconv -f {'VISCII' if 'vis' in encoding.lower() else 'TCVN'} "
            "-t utf-8 FILE"
        )
    try:
        info = codecs.lookup(encoding)
        "".encode(info.name)  # some codecs are not for text
    except (LookupError, ValueError, TypeError):
        raise CorpusError(
            f"unknown encoding '{encoding[:40]}'; for example utf-16, windows-1256, iso-8859-6"
        ) from None
    return info.name


def _complain(data: bytes, name: str, error: UnicodeDecodeError) -> str:
    line = data.count(b"\n", 0, error.start) + 1
    byte = data[error.start]
    return f"{name}:{line}: not UTF-8 (byte 0x{byte:02x}); {_suggest(data)}"


def _suggest(data: bytes) -> str:
    """What to do, with what charset-normalizer takes the first 64 KB for."""
    from charset_normalizer import from_bytes

    best = from_bytes(data[:65536]).best()
    if best is None or best.encoding in ("ascii", "utf_8"):
        return "it looks like no text in any known encoding; is it a text file?"
    guess = best.encoding.replace("_", "-").replace("cp125", "windows-125")
    return f"it may be {guess}: then say --encoding {guess}, or 'encoding: {guess}' in the job file"
