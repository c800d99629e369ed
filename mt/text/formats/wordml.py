"""Paragraphs of WordprocessingML as stretches of text with inlines, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import groupby, islice

from lxml import etree
from lxml.etree import _Element as Element

from mt.text.formats import limits
from mt.text.formats.content import Inline, Project
from mt.text.formats.inline import weave

SPACES = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",  # "strict"
)
_ACCEPTED = ("ins", "moveTo", "smartTag", "customXml", "dir", "bdo")  # read as what is in them
_REJECTED = ("del", "moveFrom")
_DROPPED = (
    *("proofErr", "lastRenderedPageBreak", "softHyphen", "delText", "delInstrText"),
    *("smartTagPr", "customXmlPr"),  # of what is read as what is in it
)
# Where no paragraph belongs; one that is there would be lost with it, or is read as text already.
_NO_PLACE = frozenset(["pPr", "rPr", "sdtPr", "sdtEndPr", "t", "noBreakHyphen"])
_NO_PLACE = _NO_PLACE.union(_REJECTED, _DROPPED)
# What stands between two stretches; a field that ends in its paragraph is read before as a whole.
_CUTS = ("tab", "br", "cr", "ptab", "fldChar")
_UNSEEN = ("lang", "noProof", "rtl", "cs", "rPrChange")  # of run properties: look is the same
_LINE_END = re.compile(r"[\r\n]+")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def local(element: Element) -> str:
    """The name of a WordprocessingML element; "" for anything else."""
    return _name_tag(element.tag)


@lru_cache(maxsize=1000)
def _name_tag(tag: object) -> str:
    if not isinstance(tag, str):
        return ""
    space, _, name = tag[1:].partition("}")
    return name if space in SPACES else ""


def value(parent: Element | None, name: str) -> str:
    """What the child ``name`` says, such as "Heading1" of ``<w:pStyle w:val="Heading1"/>``."""
    child = parent.find(f"{{*}}{name}") if parent is not None else None
    if child is None:
        return ""
    return next((text for key, text in child.items() if key.endswith("}val")), "")


def find_paragraphs(root: Element) -> Iterator[Paragraph]:
    """All paragraphs in document order, but for what only old programs are shown."""
    for element in root.iter("{*}p"):
        if local(element) == "p" and not any(
            _is_fallback(above) or local(above) in _NO_PLACE for above in element.iterancestors()
        ):
            yield Paragraph(element)


def copy_fallbacks(root: Element) -> None:
    """Give old programs the text boxes as they are now."""
    for alternatives in root.iter("{*}AlternateContent"):
        fallbacks = [child for child in alternatives if _is_fallback(child)]
        boxes = [list(child.iter("{*}txbxContent")) for child in alternatives]
        if len(fallbacks) == 1 and len(boxes) == 2 and len(boxes[0]) == len(boxes[1]):
            for new, old in zip(*boxes, strict=True):
                old[:] = [deepcopy(child) for child in new]


def _is_fallback(element: Element) -> bool:
    return isinstance(element.tag, str) and element.tag.endswith("}Fallback")


@dataclass(frozen=True)
class _Shell:
    """What runs are in: a link, a content control, or a field with its code.

    The runs go to the place ``mount`` in a copy of ``element``, or between ``before`` and
    ``behind``.
    """

    element: Element | None = None
    mount: str = ""
    before: tuple[Element, ...] = ()
    behind: tuple[Element, ...] = ()

    def wrap(self, inside: Sequence[Element]) -> list[Element]:
        if self.element is None:
            return [*map(deepcopy, self.before), *inside, *map(deepcopy, self.behind)]
        shell = deepcopy(self.element)
        place = shell.find(f"{{*}}{self.mount}") if self.mount else shell
        if place is not None:
            place[:] = inside
        return [shell]


@dataclass(frozen=True)
class _Item:
    """A piece of a paragraph: characters that look the same, or elements that stand there."""

    text: str = ""
    elements: tuple[Element, ...] = ()  # where it is no text
    cuts: bool = False  # whether it parts two stretches
    look: Element | None = None  # run properties
    shells: tuple[_Shell, ...] = ()  # outer ones first

    @cached_property
    def key(self) -> tuple[object, ...]:
        """Equal for what looks the same."""
        look = b""
        if self.look is not None:
            seen = [each for each in self.look if local(each) not in _UNSEEN]
            look = b"".join(sorted(etree.tostring(each, with_tail=False) for each in seen))
        return look, *map(id, self.shells)


@dataclass(frozen=True)
class Stretch:
    """The text between two cuts of a paragraph, from its first word to its last."""

    items: tuple[_Item, ...] = field(repr=False)
    lead: tuple[_Item, ...] = field(repr=False)  # what stands before the first word
    trail: tuple[_Item, ...] = field(repr=False)  # and behind the last
    text: str
    inlines: tuple[Inline, ...]
    spans: tuple[_Item, ...] = field(repr=False)  # for each inline, what it is
    base: _Item = field(repr=False)  # what the rest looks like

    def write(self, text: str, project: Project) -> Iterator[_Item]:
        """Items for ``text`` in place of this one."""
        if text == self.text:
            yield from self.items
            return
        yield from _order_marks((*self.lead, *self._weave(text, project), *self.trail))

    def _weave(self, text: str, project: Project) -> Iterator[_Item]:
        look = self.base
        for piece in weave(self.text, text, self.inlines, project):
            if isinstance(piece, str):
                yield _look_like(look, piece)
                continue
            number, opens = piece
            if self.spans[number].elements and opens:
                yield self.spans[number]
            elif not self.spans[number].elements:
                look = self.spans[number] if opens else self.base


def _look_like(item: _Item, text: str) -> _Item:
    return _Item(text, look=item.look, shells=item.shells)


def _order_marks(some: Sequence[_Item]) -> Iterator[_Item]:
    """Where words changed places, the end of a bookmark or comment stays behind its start."""
    starts = {mark for item in some if (mark := _read_mark(item, "Start"))}
    waiting: dict[tuple[str, str] | None, _Item] = {}
    for item in some:
        start, end = _read_mark(item, "Start"), _read_mark(item, "End")
        if end and end in starts:
            waiting[end] = item
            continue
        yield item
        if start:
            starts.discard(start)
        if start in waiting:
            yield waiting.pop(start)


def _read_mark(item: _Item, end: str) -> tuple[str, str] | None:
    """Kind and number of a bookmark or comment that starts (or ends) here."""
    name = local(item.elements[0]) if item.elements else ""
    if not name.endswith(end):
        return None
    number = next((text for key, text in item.elements[0].items() if key.endswith("}id")), "")
    return name.removesuffix(end), number


class Paragraph:
    """A ``w:p`` element: its stretches, and :meth:`rewrite`."""

    def __init__(self, element: Element) -> None:
        self.element = element

    @property
    def properties(self) -> Element | None:
        first = self.element[0] if len(self.element) else None
        return first if first is not None and local(first) == "pPr" else None

    @cached_property
    def _groups(self) -> list[tuple[_Item, ...] | Stretch]:
        """The items of the paragraph; those that make a stretch of text, as one."""
        items = list(_read_items(self.element))
        groups: list[tuple[_Item, ...] | Stretch] = []
        for cuts, group in groupby(items, lambda item: item.cuts):
            some = tuple(group)
            stretch = None if cuts else _make_stretch(some)
            groups.append(stretch or some)
        return groups

    def check(self, name: str, where: str) -> None:
        """Raise ``CorpusError`` where a stretch has more inlines than it may; before all are read.

        What looks otherwise than what is before it begins or ends an inline. Marks of fields that
        do not end count, too.
        """
        most = 2 * limits.INLINES.value
        if sum(1 for _ in islice(self.element.iterdescendants(), most)) < most:
            return
        ends, key = 0, None
        for item in _read_items(self.element):
            if item.cuts and item.elements[0].find("{*}fldChar") is None:
                ends = 0
            elif item.elements:
                ends += 2
            elif item.text.strip():
                ends, key = ends + (key is not None and item.key != key), item.key
            if ends > most:
                limits.INLINES.check(ends / 2, name, where)

    @property
    def stretches(self) -> list[Stretch]:
        return [group for group in self._groups if isinstance(group, Stretch)]

    def rewrite(self, texts: Sequence[str], project: Project) -> None:
        """Put a text in place of each stretch; without a change, nothing is touched."""
        if [stretch.text for stretch in self.stretches] == list(texts):
            return
        given = iter(texts)
        items = [
            item
            for group in self._groups
            for item in (group.write(next(given), project) if isinstance(group, Stretch) else group)
        ]
        space = self.element.tag[1:].partition("}")[0]
        kept = [] if self.properties is None else [self.properties]
        self.element[:] = [*kept, *_build(items, 0, space)]


def _make_stretch(items: tuple[_Item, ...]) -> Stretch | None:
    """The stretch of text that items are, or None where there is nothing to translate."""
    if not any(map(str.isalnum, "".join(item.text for item in items))):
        return None
    lead, core, trail = _trim(items)
    base = _find_base(core)
    inlines: list[Inline] = []
    spans: list[_Item] = []
    end = 0
    for item in _merge(core, base):
        start, end = end, end + len(item.text)
        if item.elements or item.key != base.key:
            inlines.append(Inline(start, end, "object" if item.elements else "run"))
            spans.append(item)
    text = "".join(item.text for item in core)
    return Stretch(items, lead, trail, text, tuple(inlines), tuple(spans), base)


def _trim(
    items: tuple[_Item, ...],
) -> tuple[tuple[_Item, ...], tuple[_Item, ...], tuple[_Item, ...]]:
    """What stands before the first word, from there to the last, and behind it."""
    worded = [number for number, item in enumerate(items) if item.text.strip()]
    first, last = worded[0], worded[-1]
    core = list(items[first : last + 1])
    opening, core[0] = core[0], _look_like(core[0], core[0].text.lstrip())
    closing, core[-1] = core[-1], _look_like(core[-1], core[-1].text.rstrip())
    before = opening.text[: len(opening.text) - len(opening.text.lstrip())]
    behind = closing.text[len(closing.text.rstrip()) :]
    lead = (*items[:first], _look_like(opening, before))
    return lead, tuple(core), (_look_like(closing, behind), *items[last + 1 :])


def _find_base(items: Sequence[_Item]) -> _Item:
    """What most of the text looks like."""
    lengths: dict[tuple[object, ...], int] = {}
    for item in items:
        if item.text.strip():
            lengths[item.key] = lengths.get(item.key, 0) + len(item.text)
    most = max(lengths, key=lambda key: lengths[key])
    return next(item for item in items if item.text.strip() and item.key == most)


def _merge(items: Sequence[_Item], base: _Item) -> Iterator[_Item]:
    """Items that look the same and stand together as one; white space looks like what is before."""
    made: _Item | None = None
    for item in items:
        alike = made is not None and (item.key == made.key or not item.text.strip())
        if made is not None and alike and not item.elements:
            made = _look_like(made, made.text + item.text)
            continue
        if made is not None:
            yield made
            made = None
        if item.elements:
            yield item
        else:
            made = item if item.text.strip() else _look_like(base, item.text)
    if made is not None:
        yield made


# Reading


def _read_items(element: Element, shells: tuple[_Shell, ...] = ()) -> Iterator[_Item]:
    """The items of a paragraph, link or other holder of runs."""
    children = [child for child in element if local(child) not in ("pPr", *_DROPPED)]
    yield from _read_each([part for child in children for part in _split_run(child)], shells)


def _split_run(run: Element) -> list[Element]:
    """A run with the mark of a field, as one for each thing in it, so that fields are of runs."""
    if local(run) != "r" or run.find("{*}fldChar") is None:
        return [run]
    return [part for _, part in _take_apart(run)]


def _read_each(children: Sequence[Element], shells: tuple[_Shell, ...]) -> Iterator[_Item]:
    fields = _measure_fields(children)
    number = 0
    while number < len(children):
        child = children[number]
        number += 1
        name = local(child)
        if name == "r":
            if length := fields.get(number - 1, 0):
                yield from _read_field(children[number - 1 : number - 1 + length], shells)
                number += length - 1
            else:
                yield from _read_run(child, shells)
        elif name in _ACCEPTED:
            yield from _read_items(child, shells)
        elif name in _REJECTED:
            continue
        elif name == "hyperlink":
            yield from _read_items(child, (*shells, _Shell(child)))
        elif name == "sdt" and (inside := child.find("{*}sdtContent")) is not None:
            yield from _read_items(inside, (*shells, _Shell(child, "sdtContent")))
        else:
            yield _Item(elements=(child,), shells=shells)


def _read_run(run: Element, shells: tuple[_Shell, ...]) -> Iterator[_Item]:
    look = run.find("{*}rPr")
    for child, part in _take_apart(run):
        name = local(child)
        if name == "t":
            text = _LINE_END.sub(" ", "".join(child.itertext()))  # as Word shows it
            yield _Item(text, look=look, shells=shells)
        elif name == "noBreakHyphen":
            yield _Item("\u2011", look=look, shells=shells)
        else:
            yield _Item(elements=(part,), cuts=name in _CUTS, shells=shells)


def _take_apart(run: Element) -> Iterator[tuple[Element, Element]]:
    """The things in a run, each with a run that has it alone: if it has no more, the same run."""
    look = run.find("{*}rPr")
    single = len(run) == (1 if look is None else 2)
    for child in run:
        if local(child) == "rPr" or local(child) in _DROPPED:
            continue
        if single:
            yield child, run
            continue
        alone = etree.Element(run.tag, nsmap=run.nsmap)
        if look is not None:
            alone.append(deepcopy(look))
        alone.append(deepcopy(child))
        yield child, alone


def _measure_fields(children: Sequence[Element]) -> dict[int, int]:
    """Where fields begin that end among the children, and how many of these each takes."""
    found = {}
    opened: list[int] = []
    for number, child in enumerate(children):
        for mark in child.iter("{*}fldChar"):
            kind = next((text for key, text in mark.items() if key.endswith("}fldCharType")), "")
            if kind == "begin":
                opened.append(number)
            elif kind == "end" and opened:
                start = opened.pop()
                if start < number:
                    found[start] = number - start + 1
    return found


def _read_field(runs: Sequence[Element], shells: tuple[_Shell, ...]) -> Iterator[_Item]:
    """A field that lasts for some runs: of a link, the text is read; others stand as they are."""
    code = "".join(text for run in runs for e in run.iter("{*}instrText") for text in e.itertext())
    marks = [
        number
        for number, run in enumerate(runs)
        if any("separate" in mark.values() for mark in run.iter("{*}fldChar"))
    ]
    if not code.strip().upper().startswith("HYPERLINK") or len(marks) != 1:
        yield _Item(elements=tuple(runs), shells=shells)
        return
    middle = marks[0] + 1
    shell = _Shell(before=tuple(runs[:middle]), behind=tuple(runs[-1:]))
    yield from _read_each(runs[middle:-1], (*shells, shell))


# Writing


def _build(items: Sequence[_Item], depth: int, space: str) -> list[Element]:
    """Elements for items, those in one shell together."""
    made: list[Element] = []
    for shell, group in groupby(items, lambda item: _shell_at(item, depth)):
        some = list(group)
        if shell is not None:
            made += shell.wrap(_build(some, depth + 1, space))
            continue
        for item in some:
            made += item.elements or _build_run(item, space)
    return made


def _shell_at(item: _Item, depth: int) -> _Shell | None:
    return item.shells[depth] if depth < len(item.shells) else None


def _build_run(item: _Item, space: str) -> list[Element]:
    text = _ILLEGAL.sub("", item.text)
    if not text:
        return []
    run = etree.Element(f"{{{space}}}r")
    if item.look is not None:
        run.append(deepcopy(item.look))
    inside = etree.SubElement(run, f"{{{space}}}t")
    inside.text = text
    inside.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return [run]
