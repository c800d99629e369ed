"""Glossaries: terms and their translations, as tab-separated text or as TBX.

Of tab-separated text the first line names the columns: language codes, and ``category`` where
terms are sorted by kind. A row is one term; another way to say it in the source language is another
row. TBX (ISO 30042:2019 and its earlier form, in any dialect) is read for the terms of each
concept and its subject field; terms marked as deprecated or superseded are left out.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

from mt.errors import CorpusError
from mt.languages import LANGUAGES, find_language
from mt.text.normalize import normalize
from mt.text.reader import open_file, read_lines

if TYPE_CHECKING:
    from lxml import etree

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_OUTDATED = ("deprecatedTerm", "supersededTerm")
_MOST_WAYS = 1000  # to choose a term for each language of a concept
_REMEMBERED = 10_000  # sources, whose terms are asked for once for every attempt

_WORD = re.compile("(?:[^\\W_]|[\u064b-\u0652\u0670])+")  # with Arabic vowel marks
_UNWRITTEN = re.compile("[\u0640\u064b-\u0652\u0670]")
_ARABIC = re.compile("[\u0620-\u064a]")
_LIKE = str.maketrans("أإآٱى", "اااا\u064a")
_CLITICS = re.compile("[وف]?(?:لل|[بكل]?ال|[بكل])|[وف]")


@dataclass(frozen=True)
class Term:
    """A concept named in two or more languages."""

    texts: Mapping[str, str]  # language code -> term
    category: str = ""


def read_glossary(path: Path) -> tuple[Term, ...]:
    """Read a glossary, in the order of the file; what begins as XML is read as TBX.

    Raises:
        CorpusError: unreadable, or with its line: an unknown column, a row with another number of
            cells or an empty one, XML that is not well-formed, or no term in two known languages.
    """
    if _begins_as_xml(path):
        return _read_tbx(path)
    lines = read_lines(path)
    header = lines[0].split("\t") if lines else []
    languages = [name for name in header if name != "category"]
    if len(languages) < 2 or len(set(header)) < len(header):
        raise CorpusError(
            f"{path}:1: the first line must name the columns, such as: category, ar, en, vi "
            "(with tabs between them)"
        )
    for code in languages:
        find_language(code)
    terms = []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        cells = [normalize(cell)[0] for cell in line.split("\t")]
        if len(cells) != len(header) or not all(cells):
            raise CorpusError(
                f"{path}:{number}: expected {len(header)} filled cells ({', '.join(header)})"
            )
        fields = dict(zip(header, cells, strict=True))
        terms.append(Term({code: fields[code] for code in languages}, fields.get("category", "")))
    return tuple(terms)


def _begins_as_xml(path: Path) -> bool:
    """Whether the first letter is ``<``, in UTF-8 or UTF-16: XML declares how it goes on."""
    with open_file(path) as file:
        start = file.read(256)
    for mark in (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        start = start.removeprefix(mark)
    return start.replace(b"\0", b"").lstrip().startswith(b"<")


def read_source(path: Path) -> str:
    """The text of a glossary that :func:`read_glossary` took, to be written in UTF-8."""
    if not _begins_as_xml(path):
        return "\n".join((*read_lines(path), ""))
    from lxml import etree

    text: str = etree.tostring(_parse(path), encoding="unicode")
    return text  # without what declares the encoding


def _parse(path: Path) -> etree._ElementTree:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.ElementTree(etree.fromstring(path.read_bytes(), parser))
    except etree.XMLSyntaxError as error:
        line = (error.position or (0, 0))[0]
        raise CorpusError(f"{path}:{line}: not a TBX file: {error.msg}") from None


def _read_tbx(path: Path) -> tuple[Term, ...]:
    root = _parse(path).getroot()
    terms = tuple(
        term
        for entry in root.iter("{*}conceptEntry", "{*}termEntry")
        for term in _read_entry(entry, str(path))
    )
    if not terms:
        raise CorpusError(
            f"{path}: no concept has terms in two of the languages {', '.join(sorted(LANGUAGES))}"
        )
    return terms


def _read_entry(entry: etree._Element, name: str) -> Iterator[Term]:
    """Each way to choose one term per language: two terms where one language has two."""
    texts: dict[str, list[str]] = {}
    for section in entry.iter("{*}langSec", "{*}langSet"):
        code = re.split("[-_]", section.get(_LANGUAGE, "").lower())[0]
        if code in LANGUAGES and (found := list(_read_terms(section))):
            texts.setdefault(code, []).extend(found)
    if len(texts) > 1:
        category = _read_note(entry, "subjectField")
        terms = [tuple(dict.fromkeys(found)) for found in texts.values()]
        if (ways := prod(map(len, terms))) > _MOST_WAYS:
            raise CorpusError(
                f"{name}: concept {entry.get('id', '?')[:40]}: has so many terms that there are "
                f"{ways} ways to choose one for each language; at most {_MOST_WAYS}"
            )
        for chosen in product(*terms):
            yield Term(dict(zip(texts, chosen, strict=True)), category)


def _read_terms(section: etree._Element) -> Iterator[str]:
    for group in section.iter("{*}termSec", "{*}tig", "{*}ntig"):
        term = group.find(".//{*}term")
        text = "" if term is None else normalize("".join(term.itertext()))[0]
        if text and not _read_note(group, "administrativeStatus").startswith(_OUTDATED):
            yield text


def _read_note(element: etree._Element, name: str) -> str:
    """What is noted under ``name``: an element so called, or one whose type is so called."""
    for note in element.iter(f"{{*}}{name}", "{*}termNote", "{*}descrip"):
        if note.get("type", name) == name and note.text:
            return str(note.text).strip()
    return ""


_Forms = frozenset[str]
_Words = tuple[_Forms, ...]


class Terminology:
    """A glossary ready to be asked which of its terms a translation should have.

    Terms are looked for word by word, without regard to case; in Arabic also with what may stick to
    a word's front. The source may be in any language of the glossary but ``target``. The
    work does not grow with the number of terms.
    """

    def __init__(self, terms: Sequence[Term], target: str) -> None:
        self._index: dict[str, list[tuple[_Words, str]]] = {}
        self.find_wanted = lru_cache(maxsize=_REMEMBERED)(self._find_wanted)
        for term in terms:
            if target in term.texts:
                for language, text in term.texts.items():
                    if language != target and (words := _read_words(text, bare=True)):
                        for form in words[0]:
                            entry = words[1:], term.texts[target]
                            self._index.setdefault(form, []).append(entry)

    def find_missing(self, source: str, text: str) -> tuple[str, ...]:
        """The terms that ``source`` wants and ``text`` lacks; of synonyms the first is named."""
        wanted = self.find_wanted(source)
        if not wanted:
            return ()
        there = _read_words(text)
        return tuple(
            names[0] for names in wanted if not any(_stands(name, there) for name in names)
        )

    def _find_wanted(self, source: str) -> tuple[tuple[str, ...], ...]:
        """For each term of ``source``, the longest at each place, how the target may say it."""
        words = _read_words(source)
        wanted: dict[tuple[str, ...], None] = {}
        place = 0
        while place < len(words):
            found = [
                (len(rest), name)
                for form in words[place]
                for rest, name in self._index.get(form, ())
                if _begins(words[place + 1 :], rest)
            ]
            length = max((size for size, _ in found), default=-1)
            if found:
                names = [name for size, name in found if size == length]
                wanted[tuple(sorted(dict.fromkeys(names), key=names.index))] = None
            place += length + 1 if found else 1
        return tuple(wanted)


def _read_words(text: str, *, bare: bool = False) -> _Words:
    return tuple(_find_forms(word, bare=bare) for word in _WORD.findall(text))


def _find_forms(word: str, *, bare: bool) -> _Forms:
    """What a word may be without what sticks to it; to a ``bare`` one only the article does."""
    if not _ARABIC.search(word):
        return frozenset({word.casefold()})
    word = _UNWRITTEN.sub("", word).translate(_LIKE)
    forms = {word}
    if bare:
        forms.add(word.removeprefix("ال") if len(word) > 4 else word)
    else:
        forms |= {
            word[end:] for end in range(1, min(5, len(word) - 1)) if _CLITICS.fullmatch(word[:end])
        }
        forms |= {word.removeprefix("ال")} if len(word) > 4 else set()
    return frozenset(forms)


def _begins(words: Sequence[_Forms], beginning: Sequence[_Forms]) -> bool:
    return len(words) >= len(beginning) and all(
        one & other for one, other in zip(words, beginning, strict=False)
    )


def _stands(name: str, words: _Words) -> bool:
    term = _read_words(name, bare=True)
    return any(_begins(words[place:], term) for place in range(len(words) - len(term) + 1))
