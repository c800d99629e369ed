"""Gettext catalogues (PO, POT), read with polib; only what is translated anew is changed.

https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html
"""

from __future__ import annotations

import gettext
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import Any

import polib

from mt.errors import AwdaWarning, CorpusError
from mt.text.formats import limits
from mt.text.formats.cells import flatten_cell, join_cell, split_cell
from mt.text.formats.content import Block, Content, File, Project
from mt.text.formats.encoding import decode
from mt.text.tmx import shorten

_CHARSET = re.compile(rb"charset=([\w.:-]+)")
_RULE = re.compile(r"nplurals\s*=\s*([0-9]+)\s*;\s*plural\s*=\s*([^;]+)")
_PLURALS = {  # as msginit writes them
    "ar": "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : "
    "n%100>=11 && n%100<=99 ? 4 : 5)",
    "de": "nplurals=2; plural=(n != 1)",
    "en": "nplurals=2; plural=(n != 1)",
    "fr": "nplurals=2; plural=(n > 1)",
    "vi": "nplurals=1; plural=0",
}
_MOST_FORMS = 10  # of a plural; Arabic, with the most of all, has 6
_ODD = re.compile("[\x00\x0b\x0c\x1c-\x1e\x85\u2028\u2029\ud800-\udfff]")  # would end a line


@dataclass(frozen=True)
class _Catalogue:
    """A file's text, and what polib makes of it."""

    name: str
    text: str
    encoding: str

    @cached_property
    def parsed(self) -> Any:
        try:  # polib would take a text without line ends for the name of a file
            parsed = polib.pofile(f"{self.text}\n", wrapwidth=78)
        except (OSError, ValueError, IndexError, KeyError) as error:
            reason = str(error).replace("in po file ", "")[:120]
            raise CorpusError(f"{self.name}: not a PO file: {reason}") from None
        for entry in parsed[:1]:
            entry.linenum = entry.linenum or 1  # polib's number of a first one without a header
        return parsed

    @cached_property
    def messages(self) -> list[Any]:
        return [entry for entry in self.parsed if not entry.obsolete]

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines(keepends=True)

    @cached_property
    def places(self) -> dict[int, slice]:
        """Where in the lines a message is, by the number of its first."""
        starts = [*(entry.linenum - 1 for entry in self.parsed), len(self.lines)]
        places = {start + 1: slice(start, end) for start, end in pairwise(starts)}
        for number in (entry.linenum for entry in self.messages):
            if not any(line.startswith("msgstr") for line in self.lines[places[number]]):
                raise CorpusError(f"{self.name}:{number}: not a PO file: a message without msgstr")
        return places

    @property
    def language(self) -> str:
        return shorten(self.parsed.metadata.get("Language", ""))

    @cached_property
    def forms(self) -> tuple[int, int]:
        """How many forms a plural has, and which of them is for one thing."""
        rule = _RULE.search(self.parsed.metadata.get("Plural-Forms", ""))
        if not rule or not 0 < int(rule[1]) <= _MOST_FORMS:
            return 2, 0
        try:
            single = gettext.c2py(rule[2])(1)
        except (ValueError, ArithmeticError, RecursionError, SyntaxError):
            single = 0
        return int(rule[1]), min(single, int(rule[1]) - 1)

    def read_sources(self, entry: Any) -> tuple[str, ...]:
        return (entry.msgid, entry.msgid_plural) if entry.msgid_plural else (entry.msgid,)

    def read_targets(self, entry: Any) -> tuple[str, ...]:
        """As many as sources: what is said of one thing is empty where the language has no such."""
        if not entry.msgid_plural:
            return (entry.msgstr,)
        (count, single), found = self.forms, entry.msgstr_plural
        others = [number for number in found if number != single or count == 1]
        many = found[max(others)] if others else ""
        return (found.get(single, "") if count > 1 else "", many)


def read(file: File) -> Content:
    """The messages: the language of the header's ``Language`` is the target, any other the source.

    Obsolete messages are left out. With ``file.target``, only messages without a translation, line
    by line; what is fuzzy has one.

    Raises:
        CorpusError: not PO, in an encoding that it does not name, or for another language.
    """
    catalogue = _open(file)
    language = catalogue.language
    if file.target:
        _ = catalogue.places  # damage is told before there is work to lose
    if file.target and language and language != file.target:
        raise CorpusError(
            f"{file.name}: is for a translation into '{language}', not '{file.target}'"
        )
    on_target = bool(language) and file.side == language and not file.target
    source = shorten(catalogue.parsed.metadata.get("X-Source-Language", ""))
    if source and file.side and not on_target and source != file.side:
        raise CorpusError(
            f"{file.name}: translates from '{source}' into '{language}', not '{file.side}'"
        )
    blocks = []
    for entry in _find_work(file, catalogue):
        texts = catalogue.read_targets(entry) if on_target else catalogue.read_sources(entry)
        for text in texts:
            lines = split_cell(text) if file.target else (flatten_cell(text),)
            blocks += [Block(line, where=f"line {entry.linenum}") for line in lines]
    if file.target and (done := sum(_is_done(entry) for entry in catalogue.messages)):
        warnings.warn(
            f"{file.name}: {done} messages have a translation already, which stays",
            AwdaWarning,
            stacklevel=2,
        )
    found = language if on_target else source
    write = None if on_target else partial(_write, file)
    return Content(tuple(blocks), write, found or None, catalogue.encoding)


def _open(file: File, language: str = "") -> _Catalogue:
    found = _CHARSET.search(file.data)
    declared = found[1].decode("ascii", "replace") if found else None
    declared = None if declared == "CHARSET" else declared  # of a template that nobody has filled
    text, encoding = decode(file.data, file.name, file.encoding, declared)
    limits.PART.check(len(file.data) / limits.MB, file.name, "too large")
    text = text.removeprefix("\ufeff")
    return _Catalogue(file.name, _complete_header(text, language) if language else text, encoding)


def _find_work(file: File, catalogue: _Catalogue) -> list[Any]:
    return [entry for entry in catalogue.messages if not (file.target and _is_done(entry))]


def _is_done(entry: Any) -> bool:
    return bool(entry.msgstr or any(entry.msgstr_plural.values()))


def _write(file: File, texts: Sequence[str], language: str, _project: Project) -> bytes:
    catalogue = _open(file, language)
    lines, done = catalogue.lines, 0
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    rest = iter(texts)
    pieces: list[str] = []
    for entry in _find_work(file, catalogue):
        sources = catalogue.read_sources(entry)
        made = [_translate(source, rest, whole=not file.target) for source in sources]
        if any(text.strip() for text in made) and not _is_done(entry):
            place = catalogue.places[entry.linenum]
            pieces += lines[done : place.start]
            pieces += _replace(lines[place], _render(catalogue, made), end)
            done = place.stop
    return _encode("".join((*pieces, *lines[done:])), catalogue.encoding)


def _translate(source: str, texts: Iterator[str], *, whole: bool) -> str:
    if not whole:
        return join_cell(source, texts)
    text = next(texts)
    lead = len(source) - len(source.lstrip())
    return f"{source[:lead]}{text}{source[len(source.rstrip()) :]}" if text.strip() else ""


def _render(catalogue: _Catalogue, texts: Sequence[str]) -> str:
    """The lines of a message from ``msgstr`` on."""
    texts = [_ODD.sub(" ", text) for text in texts]
    if len(texts) == 1:
        made = polib.POEntry(msgid="", msgstr=texts[0])
    else:
        count, single = catalogue.forms
        forms = {number: texts[number != single or count == 1] for number in range(count)}
        made = polib.POEntry(msgid="", msgid_plural="s", msgstr_plural=forms)
    text = str(made)
    return text[text.index("\nmsgstr") + 1 :].rstrip("\n")


def _replace(lines: list[str], message: str, end: str) -> list[str]:
    """The lines of a message with another translation, marked as fuzzy: for a person to check."""
    first = next(number for number, line in enumerate(lines) if line.startswith("msgstr"))
    last = first
    while last < len(lines) and lines[last].startswith(("msgstr", '"')):
        last += 1
    lines = [*lines[:first], *(f"{line}{end}" for line in message.split("\n")), *lines[last:]]
    for number, line in enumerate(lines):
        if line.startswith("#,"):
            lines[number] = line if "fuzzy" in line else f"#, fuzzy,{line[2:]}"
            return lines
        if line.startswith(("#|", "msg")):
            lines.insert(number, f"#, fuzzy{end}")
            return lines
    return lines


def _complete_header(text: str, language: str) -> str:
    """Say what a template leaves open: language, plural forms, encoding."""
    text = re.sub(r'^"Language: ?\\n"', rf'"Language: {language}\\n"', text, count=1, flags=re.M)
    rule = _PLURALS.get(language, "nplurals=INTEGER; plural=EXPRESSION")
    text = text.replace("nplurals=INTEGER; plural=EXPRESSION", rule, 1)
    return text.replace("charset=CHARSET", "charset=UTF-8", 1)


def _encode(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:  # letters that the encoding of the source does not have
        return re.sub(r"charset=[\w.:-]+", "charset=UTF-8", text, count=1).encode("utf-8")
