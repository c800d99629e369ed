"""Plain text: a line is a block, also a blank one."""

from __future__ import annotations

from collections.abc import Sequence

from mt.text.formats.content import Block, Content, File, Project
from mt.text.formats.encoding import decode
from mt.text.lines import decode_lines


def read(file: File) -> Content:
    """The lines of a text file; block n is line n + 1."""
    text, encoding = decode(file.data, file.name, file.encoding)
    lines = decode_lines(text.lstrip("\ufeff").encode("utf-8"), file.name)
    blocks = tuple(Block(line.rstrip("\r")) for line in lines)  # some tools end lines in CR CR LF
    return Content(blocks, _write, encoding=encoding)


def _write(texts: Sequence[str], _language: str, _project: Project) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode("utf-8")
