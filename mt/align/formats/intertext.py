"""InterText's XML (Vondřička, 2014): two documents with numbered sentences, and links between them.

``speech.ar.xml`` and ``speech.en.xml`` have ``<s id="2:1">``, the first sentence of paragraph 2;
``speech.ar.en.xml`` has ``<link type='1-2' xtargets='2:1;2:1 2:2' status='auto'/>``. ``toDoc`` is
the target, and comes first in ``type`` and ``xtargets``; ``fromDoc`` is the source. ``mark`` is set
where a bead has a note. Confirmed links have the status ``man``.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from lxml import etree

from mt.align.alignment import Alignment, Bead, Reading, clip_score
from mt.align.formats.bitext import Bitext, clean
from mt.align.formats.matching import CHANGED, fold, quote
from mt.align.formats.xml import parse
from mt.errors import AlignmentError
from mt.text.document import Document

_DECLARATION = "<?xml version='1.0' encoding='utf-8'?>\n"


def write_intertext(bitext: Bitext) -> dict[str, str]:
    """The three files by name; InterText wants text, version and ``xml`` in them."""
    source, target = bitext.documents
    versions = [source.language, target.language]
    if versions[0] == versions[1]:
        versions = list(bitext.names)
    names = [f"{bitext.stem}.{version}.xml" for version in versions]
    ids = [_number(document) for document in bitext.documents]
    group = etree.Element("linkGrp", toDoc=names[1], fromDoc=names[0])
    for row in bitext.rows:
        here, there = (
            " ".join(known[i] for i in side) for known, side in zip(ids, row.sides, strict=True)
        )
        link = etree.SubElement(group, "link")
        link.set("type", f"{len(row.sides[1])}-{len(row.sides[0])}")
        link.set("xtargets", f"{there};{here}")
        link.set("status", "auto")
        if row.note:
            link.set("mark", "1")
    return {
        names[0]: _write_document(source, ids[0]),
        names[1]: _write_document(target, ids[1]),
        f"{bitext.stem}.{'.'.join(versions)}.xml": _render(group),
    }


def _number(document: Document) -> list[str]:
    """Paragraph and sentence, both from 1; a paragraph is what was read from one line."""
    ids: list[str] = []
    lines = groupby(segment.line for segment in document.segments)
    for paragraph, (_, members) in enumerate(lines, 1):
        ids += [f"{paragraph}:{number}" for number, _ in enumerate(members, 1)]
    return ids


def _write_document(document: Document, ids: list[str]) -> str:
    root = etree.Element("text")
    paragraph = etree.Element("p")
    for name, text in zip(ids, document.texts, strict=True):
        number = name.split(":")[0]
        if paragraph.get("id") != number:
            paragraph = etree.SubElement(root, "p", id=number)
        etree.SubElement(paragraph, "s", id=name).text = clean(text)
    return _render(root)


def _render(root: etree._Element) -> str:
    etree.indent(root, space=" " if root.tag == "text" else "")
    return f"{_DECLARATION}{etree.tostring(root, encoding='unicode')}\n"


def read_intertext(path: Path, source: Document, target: Document) -> Reading:
    """The links of an alignment file; documents beside it are compared with ours.

    Without them, ids are taken to be those that :func:`write_intertext` gives.

    Raises:
        AlignmentError: not such a file; a link names a sentence that is not there; or a document
            was changed since it was written (with the sentence).
    """
    root = parse(path, "linkGrp")
    known = [
        _read_ids(path.parent / Path(root.get(key, "")).name, side, document)
        for key, side, document in (("fromDoc", "source", source), ("toDoc", "target", target))
    ]
    beads, places = [], []
    for link in root.iterfind("{*}link"):
        where = f"{path}:{link.sourceline}"
        there, semicolon, here = (link.get("xtargets") or "").partition(";")
        if not semicolon:
            raise AlignmentError(f"{where}: a link needs xtargets='ids of toDoc;ids of fromDoc'")
        sides = (_look_up(here, known[0], where), _look_up(there, known[1], where))
        beads.append(Bead(sides[0], sides[1], clip_score(1.0, *sides)))
        places.append(link.sourceline or 0)
    return Reading(Alignment(tuple(beads), f"read from {path.name}"), None, tuple(places))


def _look_up(ids: str, known: dict[str, int], where: str) -> tuple[int, ...]:
    if missing := [name for name in ids.split() if name not in known]:
        raise AlignmentError(f"{where}: there is no sentence '{missing[0]}'")
    return tuple(sorted(known[name] for name in ids.split()))


def _read_ids(path: Path, side: str, document: Document) -> dict[str, int]:
    try:
        there = path.is_file()
    except OSError as error:
        raise AlignmentError(f"{str(path)[:200]}: {error.strerror}") from None
    if not there:
        return {name: index for index, name in enumerate(_number(document))}
    sentences = list(_read_sentences(path))
    for index, ((name, text, line), ours) in enumerate(
        zip(sentences, document.texts, strict=False)
    ):
        if fold(text) != fold(ours):
            raise AlignmentError(
                f"{path}:{line}: sentence '{name}' is {quote(text)}, but {side} segment {index} is "
                f"{quote(ours)}. {CHANGED}"
            )
    if len(sentences) != len(document.segments):
        raise AlignmentError(
            f"{path}: {len(sentences)} sentences, but the {side} has {len(document.segments)} "
            f"segments. {CHANGED}"
        )
    return {name: index for index, (name, _, _) in enumerate(sentences)}


def _read_sentences(path: Path) -> Iterator[tuple[str, str, int]]:
    parser_root = parse(path, "text")
    for sentence in parser_root.iter("{*}s"):
        yield sentence.get("id") or "", "".join(sentence.itertext()), sentence.sourceline or 0
