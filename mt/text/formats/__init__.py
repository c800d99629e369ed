"""The formats that documents come in: one table, and one way in, :func:`read_content`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import cast

from mt.errors import CorpusError
from mt.text.formats import limits
from mt.text.formats.address import find_address
from mt.text.formats.compressed import is_packed, unpack
from mt.text.formats.content import Block, Content, File, Inline, Project, proportional
from mt.text.lines import open_file

__all__ = [
    "DOCUMENTS",
    "FORMATS",
    "Block",
    "Content",
    "File",
    "Format",
    "Inline",
    "Project",
    "decode_content",
    "find_format",
    "proportional",
    "read_content",
    "refuse_foreign",
]


@dataclass(frozen=True)
class Format:
    """A format: what its files are called, who reads it, and what a round trip loses."""

    name: str
    suffixes: tuple[str, ...]  # or, of what is no file, how it is named
    module: str  # under mt.text.formats; its function ``read`` is ``File -> Content``
    title: str
    read: str  # what is read
    writes: bool  # whether a translation comes out in the same format
    lost: str  # of a translated file; "nothing" or named
    magic: tuple[bytes, ...] = ()  # how a file begins whose name does not tell

    def load(self) -> Callable[[File], Content]:
        """The reader, imported now."""
        module = import_module(f"mt.text.formats.{self.module}")
        return cast(Callable[[File], Content], module.read)


FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        Format(
            "txt",
            (".txt",),
            "plain",
            "Plain text",
            "lines",
            True,
            "nothing; line ends become LF and the encoding UTF-8",
        ),
        Format(
            "docx",
            (".docx",),
            "docx",
            "Word",
            "paragraphs, lists, tables, text boxes, foot- and endnotes, headers and footers; "
            "tracked changes as if accepted",
            True,
            "the record of tracked changes; text in charts, SmartArt, pictures and equations "
            "stays as it is, and so do comments",
            (b"PK\x03\x04",),
        ),
        Format(
            "html",
            (".html", ".htm", ".xhtml"),
            "html",
            "HTML",
            "the text of the page, and its title",
            True,
            "nothing; scripts, pre, code, attributes (alt, title) and what is marked "
            'translate="no" stay as they are',
            (b"<!doctype html", b"<html"),
        ),
        Format(
            "srt",
            (".srt",),
            "subtitles",
            "SubRip subtitles",
            "cues",
            True,
            "where a cue broke its lines: a translation is broken into as many lines anew",
        ),
        Format(
            "vtt",
            (".vtt",),
            "subtitles",
            "WebVTT subtitles",
            "cues",
            True,
            "where a cue broke its lines, as for SubRip",
            (b"webvtt",),
        ),
        Format(
            "xliff",
            (".xlf", ".xliff", ".sdlxliff", ".mqxliff"),
            "xliff",
            "XLIFF 1.0 to 1.2 and 2.x",
            "source or target of the units that may be translated, with their inline codes",
            True,
            "line breaks within a segment, and how XML was spelled (quotes and spaces in tags); "
            "text in the native code of inline elements stays as it is, and so does what Trados "
            "and memoQ note of a segment's state in attributes of their own",
            (b"<xliff",),
        ),
        Format(
            "tmx",
            (".tmx",),
            "tmx",
            "TMX 1.4b",
            "the units in one of their languages, with inline codes",
            True,
            "line breaks within a segment, and how XML was spelled",
            (b"<tmx",),
        ),
        Format(
            "po",
            (".po", ".pot"),
            "po",
            "Gettext",
            "messages and their plurals; obsolete ones are left out",
            True,
            "nothing; translations are marked as fuzzy",
        ),
        Format(
            "csv",
            (".csv", ".tsv", ".tab"),
            "tables",
            "CSV and TSV",
            "the column that is named by its language, a row a block",
            True,
            "in rows where a cell is replaced, quotes that are not needed; a tab in a TSV cell",
        ),
        Format(
            "jsonl",
            (".jsonl", ".ndjson"),
            "tables",
            "JSONL",
            "the key that is named by its language, an object a block",
            True,
            "in lines where a value is replaced, how JSON was spelled",
        ),
        Format(
            "parquet",
            (".parquet",),
            "tables",
            "Parquet",
            "the column that is named by its language, a row a block",
            True,
            "encodings and statistics, which are made anew",
        ),
        Format(
            "dataset",
            ("hf://datasets/OWNER/NAME", "FOLDER?split=NAME"),
            "tables",
            "Datasets of the Hugging Face Hub, and folders of the library datasets",
            "the column of a split that is named by its language, or by &column=NAME, "
            "a row a block",
            True,
            "what its card says; a translation is one Parquet file, where nested texts have "
            "columns of their own (translation.ar)",
        ),
    )
}

DOCUMENTS = ("docx", "html", "srt", "vtt")  # in one language, written anew in another

# How files begin that no reader takes, whatever their name says.
_FOREIGN = (
    (
        b"\xd0\xcf\x11\xe0",
        "an old Word document (.doc) or one with a password; "
        "open it and save it as .docx without a password",
    ),
    (b"%PDF-", "a PDF; save the document it was made from as .docx or .txt"),
    (b"{\\rtf", "an RTF document; save it as .docx"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "compressed with gzip; its name should end in .gz"),
    (b"\xfd7zXZ\x00", "compressed with xz; its name should end in .xz"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd; its name should end in .zst"),
    (b"BZh", "compressed with bzip2; its name should end in .bz2"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)


_DECLARATION = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?")


def find_format(path: Path, head: bytes = b"") -> Format:
    """The format of a file by the end of its name, or by how it begins; else plain text.

    Raises:
        CorpusError: an address of a dataset that is misspelled.
    """
    if find_address(path):
        return FORMATS["dataset"]
    suffix = (path.with_suffix("") if is_packed(path) else path).suffix.lower()
    for form in FORMATS.values():
        if suffix in form.suffixes:
            return form
    start = _DECLARATION.sub(b"", head)[:64].lower()
    for form in FORMATS.values():
        if any(start.startswith(magic.lower()) for magic in form.magic):
            return form
    return FORMATS["txt"]


def read_content(
    path: Path,
    *,
    language: str | None = None,
    side: str | None = None,
    target: str | None = None,
    encoding: str | None = None,
) -> Content:
    """Read a file of any format in :data:`FORMATS`.

    Args:
        path: its name decides on the format, or, where that says nothing, how it begins; or what
            names a dataset (:mod:`mt.text.formats.address`).
        language: that the text is in, where the caller knows.
        side: of a file with several languages, the one to read; by default ``language``.
        target: the language to translate into, where the file is read for that: a file for another
            language is refused, and what it has a translation for already is no block.
        encoding: of a text that is not UTF-8 and does not say what it is.

    Raises:
        CorpusError: unreadable, of another format than its name says, beyond a limit
            (:mod:`mt.text.formats.limits`), or in an encoding nobody named.
    """
    if address := find_address(path):
        from mt.text.formats.dataset import read_rows  # pyarrow costs half a second

        data = read_rows(address)
        name, column = address.name, address.column
        file = File(name, data, language, side or language, target, column=column)
        return _parse(FORMATS["dataset"], file)
    with open_file(path) as stream:
        data = stream.read(limits.FILE.value * limits.MB + 1)
    limits.FILE.check(len(data) / limits.MB, str(path), "too large")
    return decode_content(
        data, path, language=language, side=side, target=target, encoding=encoding
    )


def decode_content(
    data: bytes,
    path: Path,
    *,
    language: str | None = None,
    side: str | None = None,
    target: str | None = None,
    encoding: str | None = None,
) -> Content:
    """As :func:`read_content`, for bytes at hand; ``path`` names them, and how they are packed."""
    data, path = unpack(data, path)
    form = find_format(path, data[:256])
    refuse_foreign(form, data, path)
    name = str(path)
    return _parse(form, File(name, data, language, side or language, target, encoding))


def _parse(form: Format, file: File) -> Content:
    content, name = form.load()(file), file.name
    limits.BLOCKS.check(len(content.blocks), name, "too long")
    most, inlines = limits.CHARACTERS.value, limits.INLINES.value
    for number, block in enumerate(content.blocks, 1):
        if len(block.text) > most:
            limits.CHARACTERS.check(len(block.text), name, block.where or f"line {number}")
        if len(block.inlines) > inlines:
            limits.INLINES.check(len(block.inlines), name, block.where)
    return content


def refuse_foreign(form: Format, data: bytes, path: Path) -> None:
    """Raise ``CorpusError`` for data, or its beginning, that is of another format than ``form``."""
    name = str(path)
    if form.name == "txt" and path.suffix.lower() != ".txt" and b"<?xml" in _squeeze(data[:32]):
        raise CorpusError(
            f"{name}: XML of a kind that its name does not tell; awda formats tells what is read, "
            "and by which names"
        )
    for magic, what in _FOREIGN:
        if data.startswith(magic) and magic not in form.magic:
            wanted = f"its name says {form.title}, but it is " if form.suffixes else "it is "
            raise CorpusError(f"{name}: {wanted}{what}")


def _squeeze(data: bytes) -> bytes:
    """Letters of ASCII as they are in UTF-8, also where they are in UTF-16."""
    return data.replace(b"\0", b"")
