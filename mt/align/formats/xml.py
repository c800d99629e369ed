"""XML that was written by others: no entities, no network, and messages with a line."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from mt.errors import AlignmentError
from mt.text.lines import open_file


def parse(path: Path, name: str) -> etree._Element:
    """The root of a file, which must be an element of this name.

    Raises:
        CorpusError: the file cannot be read.
        AlignmentError: it is no XML, or something else.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        with open_file(path) as file:
            root = etree.parse(file, parser).getroot()
    except etree.XMLSyntaxError as error:
        line = (error.position or (0, 0))[0]
        raise AlignmentError(f"{path}:{line}: not XML: {error.msg}") from None
    except OSError as error:  # so lxml says that bytes are not of the encoding declared
        raise AlignmentError(f"{path}: not XML: {error}") from None
    if etree.QName(root).localname != name:
        raise AlignmentError(f"{path}: <{etree.QName(root).localname}>; expected <{name}>")
    return root
