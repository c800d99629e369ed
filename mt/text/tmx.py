"""Translation memories in TMX 1.4b (https://www.gala-global.org/tmx-14b), read unit by unit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from mt.errors import CorpusError

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_CODE = ("bpt", "ept", "it", "ph", "ut")  # inline elements that hold markup, not words


def read_tmx(path: Path) -> Iterator[dict[str, str]]:
    """Each translation unit as a table from language code (``en-US`` counts as ``en``) to text.

    Entities and the network are left alone; of several variants in a language the first counts.

    Raises:
        CorpusError: unreadable, or not well-formed (with the line).
    """
    try:
        with path.open("rb") as file:
            units = etree.iterparse(
                file, tag="{*}tu", resolve_entities=False, no_network=True, load_dtd=False
            )
            for _, unit in units:
                yield _read_unit(unit)
                unit.clear()
    except OSError as error:
        raise CorpusError(f"{path}: cannot be read: {error.strerror}") from None
    except etree.XMLSyntaxError as error:
        line = (error.position or (0, 0))[0]
        raise CorpusError(f"{path}:{line}: not a TMX file: {error.msg}") from None


def _read_unit(unit: etree._Element) -> dict[str, str]:
    texts: dict[str, str] = {}
    for variant in unit.iterfind("{*}tuv"):
        code = variant.get(_LANGUAGE) or variant.get("lang") or ""
        segment = variant.find("{*}seg")
        text = "" if segment is None else "".join(_read_words(segment))
        if text.strip():
            texts.setdefault(re.split("[-_]", code.lower())[0], text)
    return texts


def _read_words(element: etree._Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str) and etree.QName(child).localname not in _CODE:
            yield from _read_words(child)
        yield child.tail or ""
