"""Cells of tables, and texts like them with line breaks: as blocks and back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_BREAK = re.compile(r"(\r\n|\r|\n)")
_SURROGATE = re.compile("[\ud800-\udfff]")


def split_cell(text: str) -> tuple[str, ...]:
    """The lines with words, without white space around them."""
    return tuple(line.strip() for line in _BREAK.split(text)[::2] if line.strip())


def flatten_cell(text: str) -> str:
    """The text in one line."""
    return " ".join(split_cell(text))


def join_cell(source: str, texts: Iterator[str]) -> str:
    """``source`` with the next ones of ``texts`` in place of the lines with words."""
    pieces = _BREAK.split(source)
    for number, line in enumerate(pieces):
        if words := line.strip():
            start = line.index(words)
            pieces[number] = f"{line[:start]}{next(texts)}{line[start + len(words) :]}"
    return "".join(pieces)


def list_names(names: Sequence[str]) -> str:
    """Names of columns for a message, not too many and none too long."""
    shown = ", ".join(f"'{name[:40]}'" for name in names[:12])
    return shown + (f" and {len(names) - 12} more" if len(names) > 12 else "") or "none"


def has_surrogates(text: str) -> bool:
    """Whether the text has halves of characters, which no file can hold."""
    return bool(_SURROGATE.search(text))


def replace_surrogates(text: str) -> str:
    """U+FFFD in place of halves of characters."""
    return _SURROGATE.sub("\ufffd", text)
