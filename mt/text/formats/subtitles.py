"""Subtitles: SubRip (SRT) and WebVTT (https://www.w3.org/TR/webvtt1), one block for each cue.

Cues are not joined, so that a sentence that runs over two stays with the times of each half.
What two people say in one cue, each behind a dash, is two blocks.
"""

from __future__ import annotations

import html
import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from mt.errors import CorpusError
from mt.text.formats import limits
from mt.text.formats.content import Block, Content, File, Inline, Project
from mt.text.formats.encoding import decode
from mt.text.formats.inline import weave

_TIMES = re.compile(
    r"[ \t]*(?:\d{1,6}:)?\d{1,2}:\d{1,2}[,.]\d{1,3}[ \t]*-->[ \t]*"
    r"(?:\d{1,6}:)?\d{1,2}:\d{1,2}[,.]\d{1,3}.*"
)
_TAG = re.compile(r"<(?P<close>/?)(?P<name>[A-Za-z]+|[\d:.]+)?[^<>\n]{0,500}>|\{\\[^{}\n]{0,200}\}")
_SRT_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>[bius]|font)(?:\s[^<>\n]{0,500})?>|\{\\[^{}\n]{0,200}\}", re.IGNORECASE
)
_SPEAKER = re.compile(r"[ \t]*[-\u2010-\u2015][ \t]*")


@dataclass(frozen=True, slots=True)
class _Speech:
    """A stretch of a cue: its markup, and the text as it stands in the file."""

    block: Block
    marks: tuple[tuple[str, str], ...]  # for each inline, what opens and what closes it
    raw: str
    lead: str  # the dash of a speaker
    lines: int
    escaped: bool  # whether & and < are written as entities: WebVTT


def read(file: File) -> Content:
    """The cues, in order; all that is no cue is kept as it is."""
    text, encoding = decode(file.data, file.name, file.encoding)
    limits.PART.check(len(file.data) / limits.MB, file.name, "too large")
    parts = tuple(_read_parts(text, file.name))
    blocks = tuple(part.block for part in parts if isinstance(part, _Speech))
    return Content(blocks, partial(_write, parts, text), file.language, encoding)


def _read_parts(text: str, name: str) -> Iterator[str | _Speech]:
    """Speeches, and what stands between them; together they are the file."""
    vtt = text.lstrip("\ufeff").startswith("WEBVTT")
    kept: list[str] = []
    cue: list[str] | None = None
    times, found = "", False
    for line in (*_split(text), ""):
        if cue is not None and line.strip():
            cue.append(line)
            continue
        if cue is not None:
            yield "".join(kept)
            yield from _read_cue(cue, times, vtt, name)
            kept, cue = [], None
        kept.append(line)
        if _TIMES.match(line):
            times, cue, found = line.split("-->")[0].strip(), [], True
    yield "".join(kept)
    if not found and text.strip():
        raise CorpusError(f"{name}: no cue; expected times such as 00:00:01,000 --> 00:00:04,000")


def _split(text: str) -> list[str]:
    """Lines with their ends, which are LF, CRLF or CR only."""
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", text)


def _read_cue(lines: list[str], times: str, vtt: bool, name: str) -> Iterator[str | _Speech]:
    apart = len(lines) > 1 and all(_SPEAKER.match(line) for line in lines)
    for some in [[line] for line in lines] if apart else [lines] if lines else []:
        raw = "".join(some)
        body = raw.rstrip("\r\n")
        dash = _SPEAKER.match(body)
        lead = dash[0] if dash and apart else ""
        speech = _read_speech(body, lead, len(some), times, vtt, name)
        yield from (speech, raw[len(body) :]) if speech else (raw,)


def _read_speech(
    raw: str, lead: str, lines: int, times: str, vtt: bool, name: str
) -> _Speech | None:
    pieces: list[str] = []
    found: list[tuple[int, int, str, str, str]] = []
    stack: list[tuple[str, int]] = []
    length = at = 0
    body = raw[len(lead) :]
    for tag in (*(_TAG if vtt else _SRT_TAG).finditer(body), None):
        piece = re.sub(r"\s+", " ", body[at : tag.start() if tag else len(body)])
        piece = html.unescape(piece) if vtt else piece
        piece = piece.lstrip(" ") if not pieces or pieces[-1].endswith(" ") else piece
        if piece:
            pieces.append(piece)
        length += len(piece)
        if tag is None:
            break
        at, label = tag.end(), (tag["name"] or "").lower()
        opened = [n for n, (name_, _) in enumerate(stack) if name_ == label]
        if tag["close"] and opened:
            number = stack[opened[-1]][1]
            del stack[opened[-1] :]
            start, _, _, opens, _ = found[number]
            found[number] = start, length, label, opens, tag[0]
            continue
        found.append((length, length, label, tag[0], ""))
        limits.INLINES.check(len(found), name, times)
        if label.isalpha() and not tag["close"]:
            stack.append((label, len(found) - 1))
            limits.DEPTH.check(len(stack), name, f"{times}: nested too deeply")
    text = "".join(pieces).rstrip()
    if not any(map(str.isalnum, text)):
        return None
    inlines = tuple(
        Inline(min(start, len(text)), min(end, len(text)), kind) for start, end, kind, *_ in found
    )
    marks = tuple((opens, closes) for *_, opens, closes in found)
    return _Speech(Block(text, "cue", times, inlines), marks, raw, lead, lines, vtt)


# Writing


def _write(
    parts: Sequence[str | _Speech],
    whole: str,
    texts: Sequence[str],
    _language: str,
    project: Project,
) -> bytes:
    given = iter(texts)
    end = "\r\n" if "\r\n" in whole else "\n"
    pieces: list[str] = []
    for part in parts:
        if isinstance(part, str):
            pieces.append(part)
            continue
        text = next(given)
        pieces.append(part.raw if text == part.block.text else _build(part, text, project, end))
    return "".join(pieces).encode("utf-8")


def _build(speech: _Speech, text: str, project: Project, end: str) -> str:
    """A speech with ``text`` in place of its own, in as many lines."""
    text = re.sub(r"\s+", " ", text).strip()
    breaks = _find_breaks(text, speech.lines)
    pieces, at = [speech.lead], 0
    for piece in weave(speech.block.text, text, speech.block.inlines, project):
        if not isinstance(piece, str):
            pieces.append(speech.marks[piece[0]][0 if piece[1] else 1])
            continue
        broken = "".join(
            end if at + number in breaks else character for number, character in enumerate(piece)
        )
        at += len(piece)
        pieces.append(html.escape(broken, quote=False) if speech.escaped else broken)
    return "".join(pieces).replace("-->", "->")  # which would end the cue


def _find_breaks(text: str, lines: int) -> set[int]:
    """The spaces at which to break a text into so many lines of like length."""
    spaces = [number for number, character in enumerate(text) if character == " "]
    if not spaces:
        return set()
    found = set()
    for number in range(1, lines):
        place = len(text) * number / lines
        behind = bisect(spaces, place)
        near = spaces[max(0, behind - 1) : behind + 1]
        found.add(min(near, key=lambda space: (abs(space - place), space)))
    return found
