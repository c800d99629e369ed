"""XLIFF 1.0 to 1.2 and 2.x (OASIS): the source side, the target side, and targets filled in.

1.2: https://docs.oasis-open.org/xliff/v1.2/os/xliff-core.html; 2.0:
https://docs.oasis-open.org/xliff/xliff-core/v2.0/os/xliff-core-v2.0-os.html
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial

from lxml import etree

from mt.errors import AwdaWarning, CorpusError
from mt.text.formats import limits
from mt.text.formats.codes import Segment, read_segment
from mt.text.formats.content import Block, Content, File, Project
from mt.text.formats.markup import MarkupFile, check_codes, read_markup
from mt.text.tmx import shorten

# How a machine's translation is marked: in 1.x its target, in 2.x its segment.
_MADE_1 = {"state": "needs-review-translation", "state-qualifier": "leveraged-mt"}
_MADE_2 = {"state": "translated", "subState": "awda:mt"}

_UNTRANSLATED = ("new", "needs-translation", "initial")  # whatever stands in the target
_SETTLED = ("final", "signed-off")  # even where the target is empty
_HEADER = "x-gettext-domain-header"  # what a PO file has before its first message is no text


@dataclass(frozen=True)
class _Unit:
    """What is translated at a time: a unit or, where it is segmented, one of its segments."""

    holder: etree._Element  # the trans-unit; in 2.x the segment
    source: etree._Element
    target: etree._Element | None
    where: str
    data: dict[str, str] = field(default_factory=dict)  # what codes of 2.x stand for, by id
    segmented: bool = False  # source and target are an mrk each, with the same mid

    def read_source(self) -> Segment:
        return read_segment(self.source, self.data)

    def read_target(self) -> Segment:
        """The translation, empty where it is none yet."""
        if self.target is None or not self.done:
            return Segment("", "", "", ())
        return read_segment(self.target, self.data)

    @property
    def new(self) -> bool:
        return bool(etree.QName(self.holder).localname == "segment")

    @property
    def done(self) -> bool:
        """Whether somebody has translated it, so that its target stays."""
        if self.target is None:
            return False
        whole = self.holder.find("{*}target")
        state = self.holder.get("state") if self.new else whole.get("state")
        if not self.new and (self.holder.get("approved") == "yes" or state in _SETTLED):
            return True
        return state not in _UNTRANSLATED and bool(read_segment(self.target, self.data).text)

    def fill(self, text: str, project: Project) -> None:
        """Make ``text``, with the codes of the source, the target."""
        segment = self.read_target() if self.done else self.read_source()
        whole = _make_target(self.holder)
        element = whole
        if self.segmented:
            element = _find_part(_segment_target(self.holder, whole), self.source)
        _empty(element)
        segment.write(element, text, project)
        marked, marks = (self.holder, _MADE_2) if self.new else (whole, _MADE_1)
        for name, value in marks.items():
            marked.set(name, value)


def read(file: File) -> Content:
    """The segments of the side that is in ``file.side``, by default the source.

    On the target side, one that is not translated yet is an empty block, so that both sides have
    as many. With ``file.target``, only segments without a translation are blocks.

    Raises:
        CorpusError: not XLIFF, or of other languages than asked for.
    """
    markup = _parse(file)
    languages = _read_languages(markup.root)
    on_target = _choose_side(file, languages)
    blocks = []
    for unit in _find_work(file, markup):
        segment = unit.read_target() if on_target else unit.read_source()
        blocks.append(Block(segment.text, where=unit.where, inlines=segment.inlines))
    if file.target and (done := sum(unit.done for unit in _find_units(markup.root))):
        warnings.warn(
            f"{file.name}: {done} segments have a translation already, which stays",
            AwdaWarning,
            stacklevel=2,
        )
    declared = {shorten(pair[on_target] or "") for _, *pair in languages}
    write = partial(_write, file, on_target=on_target)
    language = declared.pop() if len(declared) == 1 else ""
    return Content(tuple(blocks), write, language or None, markup.encoding.lower())


def _write(
    file: File, texts: Sequence[str], language: str, project: Project, *, on_target: bool
) -> bytes:
    markup = _parse(file)
    for holder, _, target in _read_languages(markup.root):
        if not target:
            name = "target-language" if holder is not markup.root else "trgLang"
            holder.set(name, language)
        elif shorten(target) != language:
            raise _refuse_target(file.name, target, language)
    for unit, text in zip(_find_work(file, markup), texts, strict=True):
        changed = text != unit.read_target().text if on_target else not unit.done
        if changed and text.strip():
            unit.fill(text, project)
    return markup.write()


def _parse(file: File) -> MarkupFile:
    markup = read_markup(file.data, file.name)
    root = markup.root
    if etree.QName(root).localname != "xliff":
        raise CorpusError(
            f"{file.name}: not XLIFF: begins with <{etree.QName(root).localname[:40]}>"
        )
    version = root.get("version", "1.2")
    if not version.startswith(("1.", "2.")):
        raise CorpusError(f"{file.name}: XLIFF {version[:20]}; versions 1.0 to 2.x are read")
    for unit in root.iter("{*}trans-unit", "{*}unit"):
        _check_unit(unit, file.name)
    return markup


def _check_unit(unit: etree._Element, name: str) -> None:
    """Raise ``CorpusError`` for one that has no clear place for each translation."""
    where = f"unit {unit.get('id', '?')[:40]}"
    if next(unit.iterdescendants("{*}trans-unit", "{*}unit"), None) is not None:
        raise CorpusError(f"{name}: {where}: has another unit in it, which XLIFF does not allow")
    for each in unit.iterdescendants("{*}source", "{*}seg-source", "{*}target"):
        check_codes(each, name, where)
    segmented = unit.findall("{*}seg-source")
    if len(segmented) > 1 or any(
        len(list(_find_parts(part))) > 1 for each in segmented for part in _find_parts(each)
    ):
        raise CorpusError(
            f"{name}: {where}: is cut into segments twice, which XLIFF does not allow"
        )
    for each in segmented:
        mids = [part.get("mid") for part in _find_parts(each)]
        limits.INLINES.check(len(mids), name, where)
        if len(set(mids)) < len(mids):
            raise CorpusError(f"{name}: {where}: two segments have the same mid, or none")


def _is_new(root: etree._Element) -> bool:
    return bool(root.get("version", "1.2").startswith("2."))


def _read_languages(root: etree._Element) -> list[tuple[etree._Element, str, str]]:
    """Each element that declares languages, with that of the source and of the target or ""."""
    if _is_new(root):
        return [(root, root.get("srcLang", ""), root.get("trgLang", ""))]
    return [
        (each, each.get("source-language", ""), each.get("target-language", ""))
        for each in root.iterfind("{*}file")
    ]


def _choose_side(file: File, languages: Sequence[tuple[etree._Element, str, str]]) -> bool:
    """Whether it is the target side that is asked for; raises ``CorpusError`` if it is neither."""
    wanted = set()
    for _, source, target in languages:
        if file.target and target and shorten(target) != file.target:
            raise _refuse_target(file.name, target, file.target)
        if not file.side or shorten(source) == file.side:
            wanted.add(False)
        elif shorten(target) == file.side and not file.target:
            wanted.add(True)
        else:
            into = f"'{target}'" if target else "a language that it does not name"
            raise CorpusError(
                f"{file.name}: translates from '{source}' into {into}, not '{file.side}'; "
                "correct the language, there or here"
            )
    if len(wanted) > 1:
        raise CorpusError(f"{file.name}: '{file.side}' is now the source and now the target")
    return wanted == {True}


def _refuse_target(name: str, declared: str, wanted: str) -> CorpusError:
    return CorpusError(f"{name}: is for a translation into '{declared}', not '{wanted}'")


def _find_work(file: File, markup: MarkupFile) -> list[_Unit]:
    """The units with words; where the file is read to be translated, those without a translation.

    The same ones in the same order whenever the file is parsed.
    """
    return [
        unit
        for unit in _find_units(markup.root)
        if not (file.target and unit.done) and unit.read_source().text
    ]


def _find_units(root: etree._Element) -> Iterator[_Unit]:
    prefix = f"{{{namespace}}}" if (namespace := etree.QName(root).namespace) else ""
    if _is_new(root):
        for unit in root.iter(f"{prefix}unit"):
            if _is_translated(unit):
                yield from _read_unit(unit, prefix)
    else:
        for unit in root.iter(f"{prefix}trans-unit"):
            if _is_translated(unit) and unit.get("restype") != _HEADER:
                yield from _read_trans_unit(unit, prefix)


def _is_translated(element: etree._Element) -> bool:
    for each in (element, *element.iterancestors()):
        if each.get("translate"):
            return bool(each.get("translate") != "no")
    return True


def _read_unit(unit: etree._Element, prefix: str) -> Iterator[_Unit]:
    data = {
        each.get("id", ""): "".join(each.itertext())
        for each in unit.iterfind(f"{prefix}originalData/{prefix}data")
    }
    for number, segment in enumerate(unit.iterfind(f"{prefix}segment"), 1):
        source = segment.find(f"{prefix}source")
        if source is not None:
            where = f"unit {unit.get('id', '?')}, segment {segment.get('id', number)}"
            yield _Unit(segment, source, segment.find(f"{prefix}target"), where, data)


def _read_trans_unit(unit: etree._Element, prefix: str) -> Iterator[_Unit]:
    source = unit.find(f"{prefix}source")
    target = unit.find(f"{prefix}target")
    if source is None:
        return
    where = f"unit {unit.get('id', '?')}"
    segments = unit.find(f"{prefix}seg-source")
    parts = [] if segments is None else list(_find_parts(segments))
    there = {} if target is None else {part.get("mid"): part for part in _find_parts(target)}
    whole = target is not None and not there and read_segment(target).text
    if not parts or whole:
        yield _Unit(unit, source, target, where)
        return
    for part in parts:
        mid = part.get("mid")
        yield _Unit(unit, part, there.get(mid), f"{where}, segment {mid}", segmented=True)


def _find_parts(element: etree._Element) -> Iterator[etree._Element]:
    return (each for each in element.iter("{*}mrk") if each.get("mtype") == "seg")


def _make_target(holder: etree._Element) -> etree._Element:
    """The target of a unit, which is right behind its source; a new one where there is none."""
    target = holder.find("{*}target")
    if target is None:
        before = holder.find("{*}seg-source")
        before = holder.find("{*}source") if before is None else before
        namespace = etree.QName(before).namespace
        target = holder.makeelement(f"{{{namespace}}}target" if namespace else "target")
        before.addnext(target)
        target.tail, before.tail = before.tail, holder.text  # indented as its neighbours are
    return target


def _segment_target(holder: etree._Element, target: etree._Element) -> etree._Element:
    """Give a target the segments of its source, in the same codes; those that it has stay."""
    segments = holder.find("{*}seg-source")
    there = {part.get("mid"): part for part in _find_parts(target)}
    if all(part.get("mid") in there for part in _find_parts(segments)):
        return target
    made = deepcopy(segments)
    for part in _find_parts(made):
        kept = there.get(part.get("mid"))
        _empty(part)
        if kept is not None:
            part.text = kept.text
            part.extend(kept)
    _empty(target)
    target.text = made.text
    target.extend(made)
    return target


def _find_part(target: etree._Element, source: etree._Element) -> etree._Element:
    return next(part for part in _find_parts(target) if part.get("mid") == source.get("mid"))


def _empty(element: etree._Element) -> None:
    element.text = None
    for child in list(element):
        element.remove(child)
