"""XML that may lie: parsed without document types, entities or the network."""

from __future__ import annotations

import re

from lxml import etree

from mt.errors import CorpusError

_DOCTYPE = re.compile(
    b"<!DOCTYPE"
    + b"|"
    + b"|".join(re.escape("<!DOCTYPE".encode(code)) for code in ("utf-16-le", "utf-16-be"))
)


def parse_xml(data: bytes, name: str, *, doctype: bool = False) -> etree._Element:
    """The root of ``data``.

    Raises:
        CorpusError: not well-formed (with the line), nested or long beyond libxml2's own limits,
            or with a document type, unless one is allowed; its entities stay unresolved.
    """
    if not doctype and _DOCTYPE.search(data):
        raise CorpusError(f"{name}: has a document type declaration, which can hide an attack")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line = (error.position or (0, 0))[0]
        hint = '; its first line should say what it is: <?xml version="1.0" encoding="NAME"?>'
        raise CorpusError(
            f"{name}:{line}: not well-formed XML: {error.msg}"
            f"{hint if 'encoding' in (error.msg or '').lower() else ''}"
        ) from None
    except ValueError as error:
        raise CorpusError(f"{name}: not XML: {error}") from None
