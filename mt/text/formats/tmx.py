"""Translation memories in TMX 1.4b as documents: a block per unit, in one of its languages."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import partial

from lxml import etree

import mt
from mt.errors import AwdaWarning, CorpusError
from mt.text.formats.codes import Segment, read_segment
from mt.text.formats.content import Block, Content, File, Project
from mt.text.formats.markup import MarkupFile, check_codes, read_markup
from mt.text.tmx import LANGUAGE, shorten

_NOTHING = Segment("", "", "", ())


def read(file: File) -> Content:
    """The variants in ``file.side``, or else in the header's ``srclang``; of several the first.

    A unit without one is an empty block, so that all languages have as many. With ``file.target``,
    only units that have the source and not the target.

    Raises:
        CorpusError: not TMX, or it has nothing in the language.
    """
    markup = _parse(file)
    language = _choose_language(file, markup.root)
    units = list(markup.root.iter("{*}tu"))
    if units and not any(_find_segment(unit, language) is not None for unit in units):
        known = dict.fromkeys(_name_language(each) for each in markup.root.iter("{*}tuv"))
        raise CorpusError(
            f"{file.name}: has nothing in '{language}', but in {', '.join(known) or 'none'}"
        )
    work = _find_work(file, markup, language)
    blocks = tuple(
        Block(segment.text, where=f"unit {number}", inlines=segment.inlines)
        for number, _, segment in work
    )
    if file.target and (done := sum(_has(unit, file.target) for unit in units)):
        warnings.warn(
            f"{file.name}: {done} units have a translation already, which stays",
            AwdaWarning,
            stacklevel=2,
        )
    return Content(blocks, partial(_write, file), language, markup.encoding.lower())


def _write(file: File, texts: Sequence[str], language: str, project: Project) -> bytes:
    markup = _parse(file)
    side = _choose_language(file, markup.root)
    for (_, unit, segment), text in zip(_find_work(file, markup, side), texts, strict=True):
        element = _find_segment(unit, language)
        if not text.strip() or (side == language and text == segment.text):
            continue
        if element is None:
            namespace = etree.QName(unit).namespace
            variant = etree.SubElement(
                unit,
                etree.QName(namespace, "tuv"),
                {LANGUAGE: language, "creationtool": "awda", "creationtoolversion": mt.__version__},
            )
            element = etree.SubElement(variant, etree.QName(namespace, "seg"))
            _indent(unit, variant)
            segment.write(element, text, project)
        elif side == language:
            for child in list(element):
                element.remove(child)
            element.text = None
            segment.write(element, text, project)
    return markup.write()


def _parse(file: File) -> MarkupFile:
    markup = read_markup(file.data, file.name, doctype=True)
    name = etree.QName(markup.root).localname
    if name != "tmx":
        raise CorpusError(f"{file.name}: not TMX: begins with <{name[:40]}>")
    for number, unit in enumerate(markup.root.iter("{*}tu"), 1):
        if next(unit.iterdescendants("{*}tu"), None) is not None:
            where = f"{file.name}: unit {number}"
            raise CorpusError(f"{where}: has another unit in it, which TMX does not allow")
    for number, segment in enumerate(markup.root.iter("{*}seg"), 1):
        check_codes(segment, file.name, f"segment {number}")
    return markup


def _choose_language(file: File, root: etree._Element) -> str:
    if file.side:
        return file.side
    header = root.find("{*}header")
    declared = "" if header is None else header.get("srclang", "")
    if not declared or declared == "*all*":
        raise CorpusError(f"{file.name}: does not say which language is the source: use --from")
    return shorten(declared)


def _find_work(
    file: File, markup: MarkupFile, language: str
) -> list[tuple[int, etree._Element, Segment]]:
    """The units that are blocks, with their numbers and what they say in the language."""
    work = []
    for number, unit in enumerate(markup.root.iter("{*}tu"), 1):
        element = _find_segment(unit, language)
        segment = _NOTHING if element is None else read_segment(element)
        if not file.target or (segment.text and not _has(unit, file.target)):
            work.append((number, unit, segment))
    return work


def _has(unit: etree._Element, language: str) -> bool:
    return _find_segment(unit, language) is not None


def _find_segment(unit: etree._Element, language: str) -> etree._Element | None:
    for variant in unit.iterfind("{*}tuv"):
        segment = variant.find("{*}seg")
        if segment is not None and _name_language(variant) == language:
            return segment
    return None


def _name_language(variant: etree._Element) -> str:
    return shorten(variant.get(LANGUAGE) or variant.get("lang") or "")


def _indent(unit: etree._Element, variant: etree._Element) -> None:
    """Let a new last variant stand as the one before it does."""
    before = variant.getprevious()
    if before is not None:
        variant.tail, before.tail = before.tail, unit.text
        if len(before):
            variant.text, variant[-1].tail = before.text, before[-1].tail
