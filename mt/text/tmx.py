"""Translation memories in TMX 1.4b (https://www.gala-global.org/tmx-14b), read unit by unit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from mt.errors import CorpusError
from mt.languages import LANGUAGES

LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_CODE = ("bpt", "ept", "it", "ph", "ut")  # inline elements that hold markup, not words
_SHORT = {language.iso3: language.code for language in LANGUAGES.values()}

Unit = tuple[tuple[str, str], ...]  # language code and text of every variant


def shorten(tag: str) -> str:
    """The two-letter code of a language tag: ``en-US``, ``en_GB`` and ``eng`` are ``en``."""
    language = re.split("[-_]", tag.strip().lower())[0]
    return _SHORT.get(language, language)


def read_tmx(path: Path) -> Iterator[dict[str, str]]:
    """Each translation unit as a table from language code to text, as :func:`read_units` has it.

    Of several variants in a language the first counts.
    """
    for unit in read_units(path):
        texts: dict[str, str] = {}
        for language, text in unit:
            texts.setdefault(language, text)
        yield texts


def read_units(path: Path) -> Iterator[Unit]:
    """The variants of each translation unit that have words; memory does not grow with the file.

    ``en-US`` and ``eng`` count as ``en``. Entities and the network are left alone.

    Raises:
        CorpusError: unreadable, or not well-formed (with the line).
    """
    try:
        with path.open("rb") as file:
            units = etree.iterparse(
                file, tag="{*}tu", resolve_entities=False, no_network=True, load_dtd=False
            )
            for _, unit in units:
                yield tuple(_read_variants(unit))
                _forget(unit)
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror or error}") from None
    except etree.XMLSyntaxError as error:
        if path.exists() and not path.stat().st_size:
            raise CorpusError(f"{path}: empty; expected a TMX file") from None
        line = (error.position or (0, 0))[0]
        raise CorpusError(f"{path}:{line}: not a TMX file: {error.msg}") from None


def _forget(unit: etree._Element) -> None:
    """Free a unit that was read, and what stood before it: the parser keeps it all."""
    unit.clear()
    parent = unit.getparent()
    while parent is not None and unit.getprevious() is not None:
        del parent[0]


def _read_variants(unit: etree._Element) -> Iterator[tuple[str, str]]:
    for variant in unit.iterfind("{*}tuv"):
        code = variant.get(LANGUAGE) or variant.get("lang") or ""
        segment = variant.find("{*}seg")
        text = "" if segment is None else "".join(_read_words(segment))
        if text.strip():
            yield shorten(code), text


def _read_words(element: etree._Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str) and child.tag.rpartition("}")[2] not in _CODE:
            yield from _read_words(child)
        yield child.tail or ""
