"""Alignments written as text, for people and for other tools."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lxml import etree

import mt
from mt.align.alignment import Alignment, Bead, format_pairs, join_texts
from mt.errors import AlignmentError, suggest


@dataclass(frozen=True)
class Bitext:
    """An alignment with the texts it joins and their languages (ISO 639-1)."""

    alignment: Alignment
    sources: Sequence[str]
    targets: Sequence[str]
    source_language: str
    target_language: str

    def texts(self, bead: Bead) -> tuple[str, str]:
        return join_texts(self.sources, bead.source), join_texts(self.targets, bead.target)


def render_alignment(
    alignment: Alignment,
    sources: Sequence[str],
    targets: Sequence[str],
    format: str,  # noqa: A002  (the word of the command line)
    source_language: str,
    target_language: str,
) -> str:
    """The alignment in one of ``FORMATS``, ending in a line end.

    Raises:
        AlignmentError: unknown format, or the alignment does not cover the texts.
    """
    if format not in FORMATS:
        raise AlignmentError(f"unknown format '{format}'{suggest(format, FORMATS)}")
    alignment.check(len(sources), len(targets))
    return FORMATS[format](Bitext(alignment, sources, targets, source_language, target_language))


def _pairs(bitext: Bitext) -> str:
    """Vecalign's ``[0]:[0, 1]:cost``."""
    return format_pairs(bitext.alignment)


def _tsv(bitext: Bitext) -> str:
    """A header, then a line per bead; tabs and line ends in a text become spaces."""
    lines = ["source_ids\ttarget_ids\tscore\tsource\ttarget"]
    for bead in bitext.alignment.beads:
        ids = (",".join(map(str, side)) for side in (bead.source, bead.target))
        texts = (" ".join(text.split()) for text in bitext.texts(bead))
        lines.append("\t".join((*ids, f"{bead.score:.6f}", *texts)))
    return "\n".join(lines) + "\n"


def _jsonl(bitext: Bitext) -> str:
    """An object a line: ``source_ids``, ``target_ids``, ``score``, ``source``, ``target``."""
    lines = []
    for bead in bitext.alignment.beads:
        source, target = bitext.texts(bead)
        entry = {
            "source_ids": bead.source,
            "target_ids": bead.target,
            "score": round(bead.score, 6),
            "source": source,
            "target": target,
        }
        lines.append(json.dumps(entry, ensure_ascii=False) + "\n")
    return "".join(lines)


def _tmx(bitext: Bitext) -> str:
    """TMX 1.4b, a translation unit per bead that has text on both sides.

    What XML cannot hold (control characters, lone surrogates) becomes U+FFFD.
    """
    root = etree.Element("tmx", version="1.4")
    etree.SubElement(
        root,
        "header",
        {
            "creationtool": "awda",
            "creationtoolversion": mt.__version__,
            "segtype": "block",  # a bead may hold several sentences
            "o-tmf": "awda",
            "adminlang": "en",
            "srclang": bitext.source_language,
            "datatype": "plaintext",
        },
    )
    body = etree.SubElement(root, "body")
    for bead in bitext.alignment.beads:
        source, target = bitext.texts(bead)
        if source.strip() and target.strip():
            unit = etree.SubElement(body, "tu")
            etree.SubElement(unit, "prop", type="x-score").text = f"{bead.score:.6f}"
            _add_variant(unit, bitext.source_language, source)
            _add_variant(unit, bitext.target_language, target)
    etree.indent(root)
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">\n'
    return f"{declaration}{etree.tostring(root, encoding='unicode')}\n"


def _add_variant(unit: etree._Element, language: str, text: str) -> None:
    variant = etree.SubElement(
        unit, "tuv", {"{http://www.w3.org/XML/1998/namespace}lang": language}
    )
    etree.SubElement(variant, "seg").text = "".join(c if _is_xml(c) else "\ufffd" for c in text)


def _is_xml(character: str) -> bool:
    """Whether XML 1.0 allows the character (its production ``Char``)."""
    return (
        character in "\t\n\r"
        or " " <= character <= "\ud7ff"
        or "\ue000" <= character <= "\ufffd"
        or character >= "\U00010000"
    )


FORMATS: dict[str, Callable[[Bitext], str]] = {
    "pairs": _pairs,
    "tsv": _tsv,
    "jsonl": _jsonl,
    "tmx": _tmx,
}
