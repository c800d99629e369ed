"""The direction and language of a Word document changed to those of its translation.

Word keeps two sets of letter forms: with ``w:rtl``, those of "complex scripts" (``w:bCs`` in place
of ``w:b`` ...) hold. In a paragraph with ``w:bidi``, left and right are where lines begin and end,
so that indents and alignment turn with it.
"""

from __future__ import annotations

from lxml import etree
from lxml.etree import _Element as Element

from mt.languages import find_language
from mt.text.formats.direction import has_right_to_left
from mt.text.formats.wordml import local, value

_TAGS = {"ar": "ar-SA", "de": "de-DE", "en": "en-US", "fr": "fr-FR", "vi": "vi-VN"}
_PLAIN_OF = {"bCs": "b", "iCs": "i", "szCs": "sz"}  # forms of complex scripts, and of others
_COMPLEX_OF = {plain: complex_ for complex_, plain in _PLAIN_OF.items()}

# The order of the schema (ECMA-376 part 1, 17.3.1.26 and 17.3.2.28): Word refuses another.
_PARAGRAPH = (
    "pStyle keepNext keepLines pageBreakBefore framePr widowControl numPr suppressLineNumbers pBdr "
    "shd tabs suppressAutoHyphens kinsoku wordWrap overflowPunct topLinePunct autoSpaceDE "
    "autoSpaceDN bidi adjustRightInd snapToGrid spacing ind contextualSpacing mirrorIndents "
    "suppressOverlap jc textDirection textAlignment textboxTightWrap outlineLvl divId cnfStyle rPr "
    "sectPr pPrChange"
)
_RUN = (
    "rStyle rFonts b bCs i iCs caps smallCaps strike dstrike outline shadow emboss imprint noProof "
    "snapToGrid vanish webHidden color spacing w kern position sz szCs highlight u effect bdr shd "
    "fitText vertAlign rtl cs em lang eastAsianLayout specVanish oMath rPrChange"
)
_SECTION = (
    "headerReference footerReference footnotePr endnotePr type pgSz pgMar paperSrc pgBorders "
    "lnNumType pgNumType cols formProt vAlign noEndnote titlePg textDirection bidi rtlGutter "
    "docGrid printerSettings sectPrChange"
)
_TABLE = (
    "tblStyle tblpPr tblOverlap bidiVisual tblStyleRowBandSize tblStyleColBandSize tblW jc "
    "tblCellSpacing tblInd tblBorders shd tblLayout tblCellMar tblLook tblCaption tblDescription "
    "tblPrChange"
)


def turn(root: Element, was_right_to_left: bool, language: str) -> None:
    """Let a part of a document run as ``language`` does, and say that it is in it."""
    right_to_left = find_language(language).right_to_left
    if was_right_to_left and not right_to_left:
        _turn_left(root)
    elif right_to_left and not was_right_to_left:
        _turn_right(root)
    tag = _TAGS.get(language, language)
    for element in root.iter("{*}lang"):
        if local(element) == "lang":
            key = "bidi" if right_to_left else "val"
            old = element.get(_qualify(element, key))
            if old is None or old.split("-")[0] != language:
                element.set(_qualify(element, key), tag)


def _qualify(element: Element, name: str) -> str:
    space = element.tag[1:].partition("}")[0]
    return f"{{{space}}}{name}"


def _turn_left(root: Element) -> None:
    for properties in [each for each in root.iter("{*}pPr") if local(each) == "pPr"]:
        # LibreOffice, which gives w:bidi a value, writes "end" for where such lines begin.
        if value(properties, "bidi") in ("1", "true") and value(properties, "jc") == "end":
            _remove(properties, "jc")
    for name in ("bidi", "bidiVisual", "rtlGutter"):
        _remove(root, name)
    for look in [each for each in root.iter("{*}rPr") if local(each) == "rPr"]:
        complex_ = {local(child): child for child in look}
        if not (_is_style(look) or "rtl" in complex_ or "cs" in complex_):
            continue
        for cs, plain in _PLAIN_OF.items():
            _copy(look, complex_.get(cs), plain)
        for name in ("rtl", "cs"):
            if complex_.get(name) is not None and not len(complex_[name]):
                look.remove(complex_[name])


def _turn_right(root: Element) -> None:
    for paragraph in [each for each in root.iter("{*}p") if local(each) == "p"]:
        _insert(_first(paragraph, "pPr"), "bidi", _PARAGRAPH)
    for section in [each for each in root.iter("{*}sectPr") if local(each) == "sectPr"]:
        _insert(section, "bidi", _SECTION)
    for table in [each for each in root.iter("{*}tblPr") if local(each) == "tblPr"]:
        _insert(table, "bidiVisual", _TABLE)
        if value(table, "jc") in ("left", "start"):
            _remove(table, "jc")  # where lines begin, which is what none means (17.4.28)
    for run in [each for each in root.iter("{*}r") if local(each) == "r"]:
        text = "".join("".join(t.itertext()) for t in run.iterfind("{*}t"))
        # A full stop alone stands where the direction of its run says.
        if not has_right_to_left(text) and (not text or any(map(str.isalnum, text))):
            continue
        look = _first(run, "rPr")
        _copy_forms(look)
        _insert(look, "rtl", _RUN)
    for look in [each for each in root.iter("{*}rPr") if _is_style(each)]:
        _copy_forms(look)


def _is_style(look: Element) -> bool:
    """Whether run properties are those of a style, or of what has none."""
    parent = look.getparent()
    held = "" if parent is None else local(parent)
    return local(look) == "rPr" and held in ("style", "rPrDefault", "tblStylePr", "lvl")


def _copy_forms(look: Element) -> None:
    for plain, cs in _COMPLEX_OF.items():
        _copy(look, look.find(f"{{*}}{plain}"), cs)


def _remove(root: Element, name: str) -> None:
    for element in [each for each in root.iter(f"{{*}}{name}") if local(each) == name]:
        parent = element.getparent()
        if parent is not None and not len(element):
            parent.remove(element)


def _copy(look: Element, one: Element | None, name: str) -> None:
    """Give ``look`` the property ``name`` with what ``one`` says."""
    if one is None:
        return
    made = _insert(look, name, _RUN)
    made.attrib.clear()
    for key, text in one.items():
        made.set(key, text)


def _first(parent: Element, name: str) -> Element:
    """The first child, which is called ``name``; made where it is not there."""
    if len(parent) and local(parent[0]) == name:
        return parent[0]
    made = etree.Element(_qualify(parent, name))
    parent.insert(0, made)
    return made


def _insert(parent: Element, name: str, schema: str) -> Element:
    """The child ``name``, put where the schema wants it."""
    order, behind = schema.split(), len(parent)
    for number, child in enumerate(parent):
        if local(child) == name:
            for key in list(child.attrib):
                if key.endswith("}val"):
                    del child.attrib[key]  # w:val="false" says no
            return child
        here = local(child)
        if here in order and order.index(here) > order.index(name):
            behind = min(behind, number)
    made = etree.Element(_qualify(parent, name))
    parent.insert(behind, made)
    return made
