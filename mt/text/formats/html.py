"""HTML, read by its tags alone: what is not translated is written back byte by byte.

Tags are found as the HTML standard's tokenizer finds them. The tree that a browser would mend
a page into is never built, so that nothing of the page is moved.
"""

from __future__ import annotations

import html
import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain

from mt.errors import CorpusError
from mt.languages import find_language
from mt.text.formats import limits
from mt.text.formats.content import Block, Content, File, Inline, Kind, Project
from mt.text.formats.direction import reads_right_to_left
from mt.text.formats.encoding import decode, find_encoding
from mt.text.formats.inline import weave

_TAG = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z][^\s/>]*+)"
    r"(?:[\s/]++|=|"
    r"[^\s/>=]++(?:\s*+=\s*+(?:\"[^\"]*\"|'[^']*'|(?P<rest>[\"'].*)|(?![\"'])[^\s>]*+))?)*+"
    r"(?(rest)\Z|>)",
    re.DOTALL,
)
_OTHER = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^>]*(?:>|\Z)", re.DOTALL)  # comment, doctype
_CHARSET = re.compile(rb"<meta[^>]{0,300}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_XML_CODE = re.compile(rb"\A<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]+)")
_SPACES = re.compile(r"[ \t\n\r\f]+")
_EDGES = " \t\n\r\f"

_BLOCKS = frozenset(
    [
        *("address", "article", "aside", "blockquote", "body", "br", "button", "caption", "center"),
        *("col", "colgroup", "dd", "details", "dialog", "dir", "div", "dl", "dt", "fieldset"),
        *("figcaption", "figure", "footer", "form", "frame", "frameset", "h1", "h2", "h3", "h4"),
        *("h5", "h6", "head", "header", "hgroup", "hr", "html", "legend", "li", "link", "main"),
        *("menu", "meta", "nav", "noscript", "ol", "optgroup", "option", "p", "section", "select"),
        *("summary", "table", "tbody", "td", "template", "tfoot", "th", "thead", "title", "tr"),
        *("ul", "video", "audio", "object", "base"),
    ]
)
_RAW = frozenset(["script", "style", "textarea", "xmp", "iframe", "noembed", "noframes"])
_KEPT_BLOCKS = frozenset(["pre", "svg", "math", "canvas"])  # with all that is in them
_KEPT_INLINES = frozenset(["code", "kbd", "samp", "var", "tt", "ruby"])
_VOID = frozenset(["img", "input", "wbr", "embed", "area", "source", "track", "param"])
_NOT_TRANSLATED = re.compile(
    r"\stranslate\s*=\s*[\"']?no\b|\sclass\s*=\s*[\"'][^\"']*\bnotranslate\b", re.IGNORECASE
)

_KIND_OF: dict[str, Kind] = {
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6", "title"), "heading"),
    **dict.fromkeys(("li", "dt", "dd"), "list item"),
    **dict.fromkeys(("td", "th"), "cell"),
    **dict.fromkeys(("figcaption", "caption", "legend"), "caption"),
    "nav": "header",
    "footer": "footer",
}
_ITEMS = ("li", "dt", "dd")
_CELLS = ("td", "th")
_HOLDERS = {"ul": _ITEMS, "ol": _ITEMS, "dl": _ITEMS, "menu": _ITEMS, "table": _CELLS}


@dataclass(frozen=True, slots=True)
class _Token:
    """A piece of the page: ``raw``, which starts at ``start``."""

    kind: str  # "text", "open", "close", "atom" (stands in a text) or "edge" (parts two texts)
    raw: str
    start: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Tokens that make a block, with white space before and behind; ``marks`` are its tags."""

    tokens: tuple[_Token, ...]
    block: Block
    marks: tuple[tuple[str, str], ...]  # for each inline, what opens and what closes it
    lead: str = ""
    trail: str = ""


def read(file: File) -> Content:
    """The texts of a page, between the tags that part them."""
    declared = _CHARSET.search(file.data[:4096]) or _XML_CODE.search(file.data[:4096])
    said = declared[1].decode("ascii") if declared else None
    if said and find_encoding(said).startswith(("utf-16", "utf-32")):
        said = None  # which could not be read before it is known
    limits.PART.check(len(file.data) / limits.MB, file.name, "too large")
    text, encoding = decode(file.data, file.name, file.encoding, said)
    if said and file.data.isascii():
        encoding = find_encoding(said)  # a translation may have other letters
    parts = tuple(_read_parts(text, file.name))
    blocks = tuple(part.block for part in parts if isinstance(part, _Stretch))
    language = _find_language(parts) or file.language
    write = partial(_write, parts, encoding, language)
    return Content(blocks, write, language, encoding)


def _read_parts(text: str, name: str) -> Iterator[_Token | _Stretch]:
    """Edges and stretches, in order; together they are the page."""
    lines = [match.start() for match in re.finditer("\n", text)]
    some: list[_Token] = []
    tags, worded, most = 0, False, 2 * limits.INLINES.value  # one opens and one closes
    kinds: list[tuple[str, Kind]] = []
    for token in chain(_join_kept(_tokenize(text, name), name), [_Token("edge", "", len(text))]):
        if token.kind != "edge":
            some.append(token)
            tags += token.kind != "text"
            worded = worded or _has_words(token)
            if worded and tags > most:
                where = f"line {bisect(lines, some[0].start) + 1}"
                limits.INLINES.check(tags / 2, name, where)
            continue
        if some:
            where = f"line {bisect(lines, some[0].start) + 1}"
            stretch = _make_stretch(tuple(some), kinds[-1][1] if kinds else "text", where, name)
            yield from (stretch,) if stretch else some
            some, tags, worded = [], 0, False
        _follow(token, kinds)
        yield token


def _tokenize(text: str, name: str) -> Iterator[_Token]:
    at = done = 0
    last = text.rfind(">")  # behind it, no tag ends
    while 0 <= (at := text.find("<", at)) < last:
        token = _read_tag(text, at, name)
        if token is None:
            at += 1
            continue
        if done < at:
            yield _Token("text", text[done:at], done)
        yield token
        done = at = at + len(token.raw)
    if done < len(text):
        yield _Token("text", text[done:], done)


def _read_tag(text: str, at: int, file: str) -> _Token | None:
    if other := _OTHER.match(text, at):
        return _Token("atom" if other[0].startswith("<!--") else "edge", other[0], at)
    tag = _TAG.match(text, at)
    if tag is None:
        return None
    if tag["rest"]:
        line = text.count("\n", 0, tag.start("rest")) + 1
        raise CorpusError(
            f"{file}:{line}: a quote in a tag is not closed, so that no browser shows what follows"
        )
    name, end = tag["name"].lower(), tag.end()
    kind = "edge" if name in _BLOCKS else "close" if tag["close"] else "open"
    if name in _RAW and not tag["close"]:
        kind, end = "edge", _find_end(text, name, end)
    elif name in _VOID:
        kind = "atom"
    return _Token(kind, text[at:end], at, name)


def _find_end(text: str, name: str, start: int) -> int:
    """Where an element ends whose text has no tags."""
    match = re.compile(rf"</{name}(?=[\s/>])[^>]*>?", re.IGNORECASE).search(text, start)
    return match.end() if match else len(text)


def _join_kept(tokens: Iterator[_Token], name: str) -> Iterator[_Token]:
    """Elements that are not translated, with all that is in them, as one token each."""
    kept: list[_Token] = []
    depth = 0
    for token in tokens:
        if not kept and not _is_kept(token):
            yield token
            continue
        kept.append(token)
        if token.name == kept[0].name:
            opens = not token.raw.startswith("</") and not token.raw.endswith("/>")
            depth += 1 if opens else -1 if token.raw.startswith("</") else 0
            limits.DEPTH.check(depth, name, "nested too deeply")
        if depth < 1:
            yield _join(kept)
            kept = []
            depth = 0
    if kept:
        yield _join(kept)


def _join(tokens: Sequence[_Token]) -> _Token:
    block = tokens[0].name in _BLOCKS or tokens[0].name in _KEPT_BLOCKS
    raw = "".join(token.raw for token in tokens)
    return _Token("edge" if block else "atom", raw, tokens[0].start)


def _is_kept(token: _Token) -> bool:
    if token.kind not in ("open", "edge") or token.raw.startswith("</") or token.name in _VOID:
        return False
    if token.name in ("br", "hr", "meta", "link", "col", "html", "body", "base"):
        return False
    kept = token.name in _KEPT_BLOCKS or token.name in _KEPT_INLINES
    return kept or (token.name not in _RAW and bool(_NOT_TRANSLATED.search(token.raw)))


def _follow(token: _Token, kinds: list[tuple[str, Kind]]) -> None:
    """Keep track of the list items, cells and headings that are open."""
    if token.raw.startswith("</") and token.name in _HOLDERS:
        kinds[:] = [each for each in kinds if each[0] not in _HOLDERS[token.name]]
    if token.name not in _KIND_OF:
        return
    opened = [number for number, (name, _) in enumerate(kinds) if name == token.name]
    if token.raw.startswith("</"):
        if opened:
            del kinds[opened[-1] :]
        return
    if opened and token.name in (*_ITEMS, *_CELLS, "title"):
        del kinds[opened[-1] :]
    kinds.append((token.name, _KIND_OF[token.name]))
    del kinds[: -limits.DEPTH.default]


def _make_stretch(tokens: tuple[_Token, ...], kind: Kind, where: str, name: str) -> _Stretch | None:
    """The block that tokens are, or None where there is nothing to translate."""
    if not any(map(_has_words, tokens)):
        return None
    text, found = _read_inlines(tokens, name)
    if not any(map(str.isalnum, text)):
        return None
    first, last = tokens[0], tokens[-1]
    lead = first.raw[: len(first.raw) - len(first.raw.lstrip(_EDGES))]
    trail = last.raw[len(last.raw.rstrip(_EDGES)) :]
    inlines = tuple(
        Inline(min(start, len(text)), min(end, len(text)), tag) for start, end, tag, _, _ in found
    )
    return _Stretch(
        tokens,
        Block(text, kind, where, inlines),
        tuple((opens, closes) for *_, opens, closes in found),
        lead if first.kind == "text" else "",
        trail if last.kind == "text" else "",
    )


def _has_words(token: _Token) -> bool:
    return token.kind == "text" and any(map(str.isalnum, html.unescape(token.raw)))


_Found = tuple[int, int, str, str, str]  # start, end, tag, what opens it, what closes it


def _read_inlines(tokens: Sequence[_Token], name: str) -> tuple[str, list[_Found]]:
    """The text of tokens, white space as a browser shows it, and its tags in order."""
    pieces: list[str] = []
    length, spaced = 0, True
    found: list[_Found] = []
    stack: list[tuple[str, int]] = []  # tags that are open, and where in ``found``
    for token in tokens:
        if token.kind == "text":
            piece = _SPACES.sub(" ", html.unescape(token.raw).replace("\0", "\ufffd"))
            piece = piece.removeprefix(" ") if spaced else piece
            pieces.append(piece)
            length, spaced = length + len(piece), piece.endswith(" ") if piece else spaced
            continue
        if token.kind == "close" and (number := _find_open(token.name, stack)) is not None:
            start, _, tag, opens, _ = found[number]
            found[number] = start, length, tag, opens, token.raw
            if start == length:  # nothing to translate in it: one piece of markup
                raw = opens + "".join(o + c for *_, o, c in found[number + 1 :]) + token.raw
                found[number:] = [(start, start, tag, raw, "")]
            continue
        found.append((length, length, token.name, token.raw, ""))
        if token.kind == "open":
            stack.append((token.name, len(found) - 1))
            limits.DEPTH.check(len(stack), name, "nested too deeply")
    return "".join(pieces).rstrip(_EDGES), found


def _find_open(name: str, stack: list[tuple[str, int]]) -> int | None:
    """Which inline a closing tag closes; those that were opened in it stay open for ever."""
    for depth in range(len(stack) - 1, -1, -1):
        if stack[depth][0] == name:
            number = stack[depth][1]
            del stack[depth:]
            return number
    return None


# Writing


def _write(
    parts: Sequence[_Token | _Stretch],
    encoding: str,
    source: str | None,
    texts: Sequence[str],
    language: str,
    project: Project,
) -> bytes:
    was = reads_right_to_left(part.block.text for part in parts if isinstance(part, _Stretch))
    turn_tag = partial(_turn, source=source, language=language, was_right_to_left=was)

    def turn(token: _Token) -> str:
        return token.raw if token.kind == "text" else turn_tag(token.raw)

    given = iter(texts)
    pieces: list[str] = []
    for part in parts:
        if isinstance(part, _Token):
            pieces.append(turn(part))
            continue
        text = next(given)
        if text == part.block.text:
            pieces += map(turn, part.tokens)
            continue
        pieces.append(part.lead)
        for piece in weave(part.block.text, text, part.block.inlines, project):
            if isinstance(piece, str):
                pieces.append(html.escape(piece, quote=False))
            else:
                opens, closes = part.marks[piece[0]]
                pieces.append(turn_tag(opens if piece[1] else closes))
        pieces.append(part.trail)
    return "".join(pieces).encode(encoding, "xmlcharrefreplace")


_LANGUAGE = re.compile(
    r"(?P<key>\s(?:xml:)?lang\s*=\s*[\"']?)(?P<code>[A-Za-z]{2,3})(?P<rest>[\w-]*)", re.IGNORECASE
)
_DIRECTION = re.compile(
    r"(?P<key>\sdir\s*=\s*[\"']?|\bdirection\s*:\s*)(?P<way>rtl|ltr)\b", re.IGNORECASE
)
_SIDE = re.compile(
    r"(?P<key>\salign\s*=\s*[\"']?|\btext-align\s*:\s*)(?P<side>left|right)\b", re.IGNORECASE
)


def _find_language(parts: Sequence[_Token | _Stretch]) -> str | None:
    """What the page's ``html`` tag says, if that is a language of ours."""
    from mt.languages import LANGUAGES

    for part in parts:
        if isinstance(part, _Token) and part.name == "html" and (m := _LANGUAGE.search(part.raw)):
            return m["code"].lower() if m["code"].lower() in LANGUAGES else None
    return None


def _turn(raw: str, source: str | None, language: str, was_right_to_left: bool) -> str:
    """Tags (or a style sheet) with the direction and language of the translation."""
    if not raw or raw.startswith("<!--") or raw[:7].lower() == "<script":
        return raw
    right_to_left = find_language(language).right_to_left
    if source and source != language:
        raw = _LANGUAGE.sub(
            lambda m: f"{m['key']}{language}" if m["code"].lower() == source else m[0], raw
        )
    is_page = re.match(r"<html[\s/>]", raw, re.IGNORECASE) is not None
    if is_page and source != language and not _LANGUAGE.search(raw):
        raw = f'{raw[:5]} lang="{language}"{raw[5:]}'
    if was_right_to_left == right_to_left:
        return raw
    old, new = ("rtl", "ltr") if was_right_to_left else ("ltr", "rtl")
    raw = _DIRECTION.sub(lambda m: m["key"] + new if m["way"].lower() == old else m[0], raw)
    begin, end = ("right", "left") if was_right_to_left else ("left", "right")
    raw = _SIDE.sub(lambda m: m["key"] + end if m["side"].lower() == begin else m[0], raw)
    if is_page and right_to_left and not re.search(r"\sdir\s*=", raw, re.IGNORECASE):
        raw = f'{raw[:5]} dir="rtl"{raw[5:]}'
    return raw
