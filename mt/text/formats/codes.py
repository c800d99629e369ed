"""The words and inline codes of a segment in XLIFF or TMX, taken apart and put together again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from lxml import etree

from mt.text.formats.content import Inline, Project, Span, proportional
from mt.text.formats.inline import weave
from mt.text.protection import find_spans

_AROUND = ("g", "pc", "mrk", "hi")  # codes with words of the segment in them
_OPENS = ("bpt", "bx", "sc", "sm")
_CLOSES = ("ept", "ex", "ec", "em")
_SHOWN = ("equiv-text", "equiv", "disp")  # attributes that say what a code shows
_LONGEST = 200  # characters of a placeholder
_SPACE = re.compile(r"\s+")
_BARE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass
class _Code:
    """A code of a segment: around words, a pair of marks, or standing at one place.

    ``shown`` is what the text has for a code that stands for words: it is found by them again.
    """

    start: int
    end: int
    element: etree._Element
    around: bool = False
    closing: etree._Element | None = None
    shown: str = ""
    last: list[_Code] = field(default_factory=list)  # codes right before its end
    # White space beside a code that the text does not have, as it has no two spaces in a row:
    before: str = ""
    after: str = ""  # in a code that is around words, right at its beginning
    behind: str = ""  # behind its end


@dataclass(frozen=True)
class Segment:
    """The words of an element with its codes; white space around the words is kept apart."""

    text: str
    before: str
    behind: str
    codes: tuple[_Code, ...]

    @property
    def inlines(self) -> tuple[Inline, ...]:
        return tuple(
            Inline(code.start, code.end, etree.QName(code.element).localname)
            if isinstance(code.element.tag, str)
            else Inline(code.start, code.end)
            for code in self.codes
        )

    def write(self, element: etree._Element, text: str, project: Project = proportional) -> None:
        """Fill the empty ``element`` with ``text`` and every code of the segment.

        Codes go where ``project`` sees their words; those that stand for words take the place of
        the same words in ``text``, or else stand behind where those should be. What XML cannot hold
        becomes U+FFFD.
        """
        writer = _Writer(element)
        writer.add(self.before)
        pending: list[str] = []  # the words that codes with words of their own are to replace
        for piece in weave(self.text, text, self.inlines, self._find_shown(project)):
            if isinstance(piece, str):
                if pending and piece == pending[-1]:
                    pending[-1] = ""
                else:
                    writer.add(piece)
                continue
            number, opens = piece
            code = self.codes[number]
            writer.mark(code, opens=opens)
            if code.shown and opens:
                pending.append(code.shown)
            elif code.shown:
                pending.pop()
        writer.add(self.behind)

    def _find_shown(self, project: Project) -> Project:
        """The same as ``project``, but codes that stand for words are looked for by them."""

        def find(source: str, target: str, spans: Sequence[Span]) -> list[Span | None]:
            found = list(project(source, target, spans))
            at: dict[str, int] = {}
            for number, code in enumerate(self.codes):
                if code.shown:
                    start = target.find(code.shown, at.get(code.shown, 0))
                    if start >= 0:
                        found[number] = start, start + len(code.shown)
                        at[code.shown] = start + len(code.shown)
                    else:
                        span = found[number] or proportional(source, target, [spans[number]])[0]
                        found[number] = span[1], span[1]
            return found

        return find


class _Writer:
    """Text and codes added at the end of an element, or of the code that is open in it."""

    def __init__(self, element: etree._Element) -> None:
        self._open = [element]
        self._spaced = False  # behind a space that stands beside a code

    def add(self, text: str) -> None:
        if not text:
            return
        if self._spaced and text.startswith(" "):
            text = text[1:]
        self._spaced = False
        parent = self._open[-1]
        text = _BARE.sub("\ufffd", text)
        if len(parent):
            parent[-1].tail = (parent[-1].tail or "") + text
        else:
            parent.text = (parent.text or "") + text

    def mark(self, code: _Code, *, opens: bool) -> None:
        if opens:
            self.add(code.before)
            if code.around:
                inside = etree.Element(code.element.tag, dict(code.element.attrib))
                self._open[-1].append(inside)
                self._open.append(inside)
            else:
                self._put(code.element)
                self._spaced = self._spaced and not code.shown
            self._add_space(code.after)
            return
        for late in code.last:
            self.mark(late, opens=True)
            self.mark(late, opens=False)
        if code.around:
            self._open.pop()
        elif code.closing is not None:
            self._put(code.closing)
        self._add_space(code.behind)

    def _add_space(self, space: str) -> None:
        if space:
            self.add(space)
            self._spaced = True

    def _put(self, element: etree._Element) -> None:
        made = deepcopy(element)
        made.tail = None
        self._open[-1].append(made)


def read_segment(element: etree._Element, data: Mapping[str, str] | None = None) -> Segment:
    """The words and codes of ``element``; ``data`` has what codes stand for by ``dataRef``."""
    reader = _Reader(data or {})
    reader.read_inside(element)
    return reader.finish()


class _Reader:
    def __init__(self, data: Mapping[str, str]) -> None:
        self._data = data
        self._pieces: list[str] = []
        self._length = 0
        self._before = self._behind = ""
        self._codes: list[_Code] = []
        self._open: list[_Code | None] = []  # marks that wait for their other end; None: a wall
        self._latest: tuple[_Code, bool] | None = None  # the last code since words, and if it ended

    def read_inside(self, element: etree._Element) -> None:
        self._add(element.text or "")
        for child in element:
            self._read_code(child)
            self._add(child.tail or "")

    def finish(self) -> Segment:
        text = "".join(self._pieces)
        stripped = text.rstrip(" ")
        if stripped != text:
            late = next((code for code in self._codes if code.start == len(text)), None)
            if late:
                late.before, self._behind = " ", ""
        for code in self._codes:
            code.start = min(code.start, len(stripped))
            code.end = min(code.end, len(stripped))
        return Segment(stripped, self._before, self._behind, tuple(self._codes))

    def _add(self, text: str) -> None:
        flat = _SPACE.sub(" ", text)
        if flat.startswith(" ") and (not self._length or self._pieces[-1].endswith(" ")):
            flat = flat[1:]
            self._keep_space(text[: len(text) - len(text.lstrip())])
        if flat:
            self._push(flat)
            self._latest = None
            self._behind = text[len(text.rstrip()) :]

    def _keep_space(self, space: str) -> None:
        if not self._latest:
            self._before += space
            return
        code, ended = self._latest
        if ended:
            code.behind += space
        else:
            code.after += space

    def _read_code(self, element: etree._Element) -> None:
        if not isinstance(element.tag, str):  # a comment or a processing instruction
            self._start(_Code(self._length, self._length, element))
            return
        name = etree.QName(element).localname
        if shown := self._find_words(element, name):
            self._latest = None
            code = _Code(self._length, self._length, element, shown=shown)
            self._codes.append(code)
            self._push(shown)
            self._behind = ""
            code.end = self._length
        elif name in _AROUND and "".join(element.itertext()).strip():
            self._read_around(element)
        elif name not in _CLOSES or not self._close(element):
            self._start(_Code(self._length, self._length, element))
            if name in _OPENS:
                self._open.append(self._codes[-1])

    def _start(self, code: _Code) -> None:
        self._codes.append(code)
        self._latest = code, False

    def _push(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)

    def _read_around(self, element: etree._Element) -> None:
        code = _Code(self._length, self._length, element, around=True)
        number = len(self._codes)
        self._start(code)
        self._open.append(None)
        self.read_inside(element)
        while self._open.pop() is not None:
            pass
        self._end(code, number)

    def _close(self, element: etree._Element) -> bool:
        """Whether the mark that ``element`` belongs to is the last open one, which it then ends."""
        code = self._open[-1] if self._open else None
        if code is None or not _are_pair(code.element, element):
            return False
        number = len(self._codes) - 1
        while self._codes[number] is not code:
            number -= 1
        if code.start == self._length and number < len(self._codes) - 1:
            return False  # codes alone between the two: each stays at its place
        self._open.pop()
        code.closing = element
        self._end(code, number)
        return True

    def _end(self, code: _Code, number: int) -> None:
        """End a code here; those right before the end are written with it, so as to stay inside."""
        code.end = self._length
        self._latest = code, True
        if code.start == code.end:
            return
        first = len(self._codes)
        while first > number + 1 and self._codes[first - 1].start == self._length:
            first -= 1
        code.last = self._codes[first:]
        del self._codes[first:]

    def _find_words(self, element: etree._Element, name: str) -> str:
        """What the text has for a code: protected words, or a placeholder that it stands for."""
        inside: str = _SPACE.sub(" ", "".join(element.itertext())).strip()
        if name == "mrk":
            kept = element.get("mtype") == "protected" or element.get("translate") == "no"
            return inside if kept else ""
        if name not in ("x", "ph", "it"):
            return ""
        told = (inside, self._data.get(element.get("dataRef", ""), ""))
        for words in (*told, *(element.get(key, "") for key in _SHOWN)):
            words = str(words).strip()
            spans = find_spans(words) if 0 < len(words) < _LONGEST else ()
            if [(span.kind, span.text) for span in spans] == [("placeholder", words)]:
                return words
        return ""


def _are_pair(opening: etree._Element, closing: etree._Element) -> bool:
    names = etree.QName(opening).localname, etree.QName(closing).localname
    if names[0] != dict(zip(_CLOSES, _OPENS, strict=True))[names[1]]:
        return False
    if names[1] in ("ec", "em"):
        return bool(opening.get("id") == closing.get("startRef"))
    for key in ("rid", "i", "id"):
        if opening.get(key) is not None and closing.get(key) is not None:
            return bool(opening.get(key) == closing.get(key))
    return False
