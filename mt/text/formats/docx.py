"""Word documents (Office Open XML, ECMA-376), read and written part by part.

A block is a paragraph, or what a paragraph has between tabs and line breaks. Runs that look the
same are one; what looks different is an inline. Tracked changes are read as if accepted, and are
accepted in a paragraph that is written anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from lxml import etree
from lxml.etree import _Element as Element

from mt.errors import CorpusError
from mt.languages import LANGUAGES
from mt.text.formats.content import Block, Content, File, Kind, Project
from mt.text.formats.direction import reads_right_to_left
from mt.text.formats.wordml import (
    Paragraph,
    copy_fallbacks,
    find_paragraphs,
    local,
    value,
)
from mt.text.formats.wordturn import turn
from mt.text.formats.xml import parse_xml
from mt.text.formats.zipped import Archive

_TYPES = "[Content_Types].xml"
_WORD = "wordprocessingml."
# What the parts that are read hold, in the order in which their blocks come.
_READ: dict[str, Kind] = {
    "document.main": "text",
    "footnotes": "footnote",
    "endnotes": "footnote",
    "header": "header",
    "footer": "footer",
}
_TURNED = ("styles", "numbering")  # parts without text that say in which direction it runs


def read(file: File) -> Content:
    """The paragraphs of body, notes, headers and footers."""
    archive = Archive(file.data, file.name)
    archive.test()
    parts = _find_parts(archive, file.name)
    styles = _read_styles(archive, parts, file.name)
    blocks: list[Block] = []
    for part, held in parts.items():
        if held in _READ:
            blocks += _read_part(archive, part, held, styles, file.name)
        else:  # damage is told before there is work to lose
            parse_xml(archive.read(part), f"{file.name}: {part}")
    language = _find_language(archive, parts, file.name, blocks)
    return Content(tuple(blocks), partial(_write, file, tuple(blocks)), language)


def _find_parts(archive: Archive, name: str) -> dict[str, str]:
    """The parts that matter: which, and what they hold; in the order of their blocks."""
    root = parse_xml(archive.read(_TYPES), f"{name}: {_TYPES}")
    held = {}
    for override in root:
        part = (override.get("PartName") or "").lstrip("/")
        kind = (override.get("ContentType") or "").partition(_WORD)[2].removesuffix("+xml")
        kind = kind.replace("template.main", "document.main")
        if part in archive.names and (kind in _READ or kind in _TURNED):
            held[part] = kind
    if "document.main" not in held.values():
        raise CorpusError(
            f"{name}: a ZIP archive, but not a Word document (.docx); "
            "save it as .docx with the program that made it"
        )
    order = (*_READ, *_TURNED)
    return dict(sorted(held.items(), key=lambda item: (order.index(item[1]), item[0])))


def _read_part(
    archive: Archive, part: str, held: str, styles: Mapping[str, Kind], name: str
) -> Iterator[Block]:
    root = parse_xml(archive.read(part), f"{name}: {part}")
    prefix = "" if held == "document.main" else f"{part.rpartition('/')[2].split('.')[0]} "
    for number, paragraph in enumerate(find_paragraphs(root), 1):
        where = f"{prefix}paragraph {number}"
        paragraph.check(name, where)
        kind = _READ[held] if _READ[held] != "text" else _find_kind(paragraph, styles)
        for stretch in paragraph.stretches:
            yield Block(stretch.text, kind, where, stretch.inlines)


def _find_kind(paragraph: Paragraph, styles: Mapping[str, Kind]) -> Kind:
    properties = paragraph.properties
    style = styles.get(value(properties, "pStyle"), "text")
    if style in ("heading", "caption") or value(properties, "outlineLvl") not in ("", "9"):
        return "heading" if style != "caption" else style
    if any(local(each) == "tc" for each in paragraph.element.iterancestors()):
        return "cell"
    listed = properties.find("{*}numPr") if properties is not None else None
    if listed is None:
        return style
    return "text" if value(listed, "numId") == "0" else "list item"


def _read_styles(archive: Archive, parts: Mapping[str, str], name: str) -> dict[str, Kind]:
    """What a paragraph in a style is, by the style's id; also where it inherits that."""
    found: dict[str, tuple[Kind, str]] = {}
    for part in (part for part, held in parts.items() if held == "styles"):
        for style in parse_xml(archive.read(part), f"{name}: {part}").iterfind("{*}style"):
            label = value(style, "name").lower()
            properties = style.find("{*}pPr")
            kind: Kind = "text"
            if label.startswith(("heading", "title", "subtitle")):
                kind = "heading"
            elif label == "caption":
                kind = "caption"
            elif properties is not None and value(properties, "outlineLvl") not in ("", "9"):
                kind = "heading"
            elif properties is not None and properties.find("{*}numPr") is not None:
                kind = "list item"
            identity = next((v for k, v in style.items() if _strip_space(k) == "styleId"), "")
            found[identity] = kind, value(style, "basedOn")
    return {style: _inherit(style, found) for style in found}


def _inherit(style: str, found: Mapping[str, tuple[Kind, str]]) -> Kind:
    for _ in range(len(found)):  # a style may be based on itself
        kind, above = found.get(style, ("text", ""))
        if kind != "text" or not above:
            return kind
        style = above
    return "text"


def _strip_space(name: str) -> str:
    return name.rpartition("}")[2]


def _find_language(
    archive: Archive, parts: Mapping[str, str], name: str, blocks: Sequence[Block]
) -> str | None:
    """What the styles say that text of this script is in."""
    attribute = "bidi" if reads_right_to_left(block.text for block in blocks) else "val"
    for part in (part for part, held in parts.items() if held == "styles"):
        root = parse_xml(archive.read(part), f"{name}: {part}")
        for element in root.iterfind("{*}docDefaults//{*}lang"):
            tag = next((v for k, v in element.items() if _strip_space(k) == attribute), "")
            code = tag.split("-")[0].lower()
            return code if code in LANGUAGES else None
    return None


def _write(
    file: File, blocks: Sequence[Block], texts: Sequence[str], language: str, project: Project
) -> bytes:
    archive = Archive(file.data, file.name)
    parts = _find_parts(archive, file.name)
    before = reads_right_to_left(block.text for block in blocks)
    changed, done = {}, 0
    for part, held in parts.items():
        data = archive.read(part)
        root = parse_xml(data, f"{file.name}: {part}")
        written = etree.tostring(root)
        if held in _READ:
            done += _rewrite(root, texts[done:], project)
            if etree.tostring(root) != written:
                copy_fallbacks(root)
        turn(root, before, language)
        if etree.tostring(root) != written:
            changed[part] = etree.tostring(
                root, xml_declaration=True, encoding="UTF-8", standalone=True
            )
    return archive.rewrite(changed) if changed else file.data


def _rewrite(root: Element, texts: Sequence[str], project: Project) -> int:
    """Put texts in place of the stretches of a part, and tell how many it has."""
    places, done = [], 0
    for paragraph in find_paragraphs(root):
        places.append((paragraph.element, done, done := done + len(paragraph.stretches)))
    # From the last: what is in a text box is written before the paragraph that it hangs on.
    for element, start, end in reversed(places):
        Paragraph(element).rewrite(texts[start:end], project)
    return done
