"""XML files written back as they were, but for what was changed in their tree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice

from lxml import etree

from mt.errors import CorpusError
from mt.text.formats import limits
from mt.text.formats.xml import parse_xml

_PROLOG = re.compile(
    r"\ufeff?(?:\s++|<\?.*?\?>|<!--.*?-->|"
    r"<!DOCTYPE(?:[^\[<>\"']|\"[^\"]*\"|'[^']*')*+(?:\[[^\]]*+\]\s*+)?>)*+",
    re.DOTALL,
)
_EPILOG = re.compile(r"(?:\s++|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_ENTITY = re.compile("<!ENTITY")


@dataclass(frozen=True)
class MarkupFile:
    """A tree with what stands around it in the file: declaration, document type, line ends."""

    root: etree._Element
    prolog: str
    epilog: str
    encoding: str
    line_end: str

    def write(self) -> bytes:
        """The file with the tree as it is now; what the encoding lacks becomes a reference."""
        body: str = etree.tostring(self.root, encoding="unicode", with_tail=False)
        text = body.replace("\n", self.line_end)
        text = f"{self.prolog}{text}{self.epilog}"
        return text.encode(self.encoding, "xmlcharrefreplace")


def check_codes(element: etree._Element, name: str, where: str) -> None:
    """Raise ``CorpusError`` for more inline codes, a pair as one, than a segment may have."""
    most = 2 * limits.INLINES.value
    codes = islice(element.iterdescendants(), most + 1)
    limits.INLINES.check(sum(1 for _ in codes) / 2, name, where)


def read_markup(data: bytes, name: str, *, doctype: bool = False) -> MarkupFile:
    """Parse ``data``; with ``doctype`` a reference to a document type is allowed, no entities.

    Raises:
        CorpusError: as :func:`mt.text.formats.xml.parse_xml`, or the file is too large for a tree.
    """
    limits.PART.check(len(data) / limits.MB, name, "too large")
    root = parse_xml(data, name, doctype=doctype)
    encoding = root.getroottree().docinfo.encoding or "UTF-8"
    if encoding.upper() in ("UTF-16LE", "UTF-16BE") and data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "UTF-16"
    try:
        text = data.decode(encoding)
    except (UnicodeError, LookupError):
        raise CorpusError(f"{name}: not {encoding}, which is what it says it is") from None
    found = _PROLOG.match(text)
    prolog = found[0] if found else ""
    if _ENTITY.search(prolog):
        raise CorpusError(f"{name}: declares entities, which can hide an attack; take them out")
    tag = etree.QName(root).localname
    tag = f"{root.prefix}:{tag}" if root.prefix else tag
    if not text.startswith(f"<{tag}", len(prolog)):
        raise CorpusError(f"{name}: what stands before <{tag[:40]}> is not understood; take it out")
    last = text.rfind(f"</{tag}")
    epilog = _EPILOG.match(text, text.find(">", last) + 1) if last >= 0 else None
    ends = "\r\n" if "\r\n" in text else "\n"
    return MarkupFile(root, prolog, epilog[0] if epilog else "", encoding, ends)
