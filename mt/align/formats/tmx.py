"""TMX 1.4b (https://www.gala-global.org/tmx-14b): a translation unit per bead."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lxml import etree

import mt
from mt.align.alignment import Bead, Reading, clip_score
from mt.align.formats.bitext import Bitext, Row, clean
from mt.align.formats.matching import Matcher, add_null_beads
from mt.align.formats.xml import parse
from mt.errors import AlignmentError
from mt.text.document import Document

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_SCORE, _SIDE, _SEGMENTS = "x-score", "x-side", "x-segments"  # our properties
_OURS = {"source": 0, "target": 1, "reference": 1}  # which side a variant is


def write_tmx(bitext: Bitext) -> str:
    """A unit for every bead that has text on two sides or more.

    What XML cannot hold (control characters, lone surrogates) becomes U+FFFD. A variant says which
    side it is and which segments it joins, so that it is found again when the file is read.
    """
    root = etree.Element("tmx", version="1.4")
    header = {
        "creationtool": "awda",
        "creationtoolversion": mt.__version__,
        "segtype": "block",  # a bead may hold several sentences
        "o-tmf": "awda",
        "adminlang": "en",
        "srclang": bitext.documents[0].language,
        "datatype": "plaintext",
    }
    etree.SubElement(root, "header", header)
    body = etree.SubElement(root, "body")
    for row in bitext.rows:
        texts = bitext.texts(row)
        if sum(bool(text.strip()) for text in texts) > 1:
            _add_unit(body, bitext, row, texts)
    etree.indent(root)
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n'
    return f"{declaration}{etree.tostring(root, encoding='unicode')}\n"


def _add_unit(body: etree._Element, bitext: Bitext, row: Row, texts: Sequence[str]) -> None:
    unit = etree.SubElement(body, "tu")
    if row.note:
        etree.SubElement(unit, "note").text = clean(row.note)
    etree.SubElement(unit, "prop", type=_SCORE).text = f"{row.score:.6f}"
    sides = zip(bitext.names, bitext.documents, row.sides, texts, strict=True)
    for name, document, side, text in sides:
        if text.strip():
            variant = etree.SubElement(unit, "tuv", {_LANGUAGE: document.language})
            etree.SubElement(variant, "prop", type=_SIDE).text = name
            etree.SubElement(variant, "prop", type=_SEGMENTS).text = "+".join(map(str, side))
            etree.SubElement(variant, "seg").text = clean(text)


def read_tmx(path: Path, source: Document, target: Document) -> Reading:
    """The beads, matched back to segments by their text; every other segment is a null bead.

    Raises:
        AlignmentError: not TMX, or a text is not that of any segments (with the line).
    """
    root = parse(path, "tmx")
    matchers = Matcher("source", source), Matcher("target", target)
    beads, places = [], []
    for unit in root.iter("{*}tu"):
        where = f"{path}:{unit.sourceline}"
        sides: list[tuple[int, ...]] = []
        for matcher, variant in zip(matchers, _find_variants(unit, source, target), strict=True):
            sides.append(() if variant is None else _find(matcher, variant, path))
        here, there = sides
        score = clip_score(_read_score(unit, where), here, there)
        beads.append(Bead(here, there, score, unit.findtext("{*}note") or ""))
        places.append(unit.sourceline or 0)
    return add_null_beads(beads, places, matchers, path.name)


def _find_variants(
    unit: etree._Element, source: Document, target: Document
) -> list[etree._Element | None]:
    """The source's and the target's: as we mark them, or else the first of the language."""
    found: list[etree._Element | None] = [None, None]
    rest = []
    for variant in unit.iterfind("{*}tuv"):
        number = _OURS.get(_read_property(variant, _SIDE))
        if number is not None:
            found[number] = variant
        elif not _read_property(variant, _SIDE):
            rest.append(variant)
    for number, document in enumerate((source, target)):
        if found[number] is None:
            fitting = (v for v in rest if _speaks(v, document.language))
            found[number] = variant = next(fitting, None)
            rest = [each for each in rest if each is not variant]
    return found


def _speaks(variant: etree._Element, language: str) -> bool:
    code = (variant.get(_LANGUAGE) or variant.get("lang") or "").lower()
    return code.replace("_", "-").split("-")[0] == language


def _read_property(element: etree._Element, name: str) -> str:
    return next((p.text or "" for p in element.iterfind("{*}prop") if p.get("type") == name), "")


def _find(matcher: Matcher, variant: etree._Element, path: Path) -> tuple[int, ...]:
    """The segments of one side of a unit."""
    segment = variant.find("{*}seg")
    if segment is None:
        return ()
    expected = _read_numbers(_read_property(variant, _SEGMENTS), len(matcher))
    return matcher.find("".join(segment.itertext()), f"{path}:{segment.sourceline}", expected)


def _read_numbers(text: str, count: int) -> tuple[int, ...]:
    """The segments that a variant says it joins; none where that makes no sense any more."""
    words = text.split("+")
    if not all(word.isdecimal() and len(word) < 10 for word in words):
        return ()
    numbers = tuple(map(int, words))
    return numbers if max(numbers) < count and len(set(numbers)) == len(numbers) else ()


def _read_score(unit: etree._Element, where: str) -> float:
    word = _read_property(unit, _SCORE)
    try:
        return float(word) if word else 1.0
    except ValueError:
        raise AlignmentError(f"{where}: {_SCORE} '{word}' is not a number") from None
