"""What must survive a translation: numbers, codes, addresses, tags and placeholders.

All are found by their form alone, in any language. Numbers count as the same whatever their
digits and separators are (:mod:`mt.text.numbers`), and codes whatever their digits; the others
must arrive character by character, tags also in their order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from mt.text.numbers import Number, find_numbers, fold_digits

Kind = Literal["tag", "placeholder", "address", "code", "number"]

# XML, HTML and XLIFF inline tags, also numbered ones (<1>, </1>); an attribute has a value.
_TAG = (
    r"</?(?:[A-Za-z][\w.:-]*|[0-9]+)"
    r"(?:\s+[\w.:-]+\s*=\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\s<>\"'=]+))*\s*/?>"
)
# ${x}, {{x}}, %{x}, {0}, {x:.2f}, %(x)s, %1$d, %s; and entities, such as &nbsp; and &#160;
_PLACEHOLDER = (
    r"\$\{[\w.:-]+\}|\{\{\s*[\w.-]+\s*\}\}|%\{\w+\}|\{[\w.-]*(?:![rsa])?(?::[^{}\s]*)?\}|"
    r"%\([\w.]+\)[-+#0]*[0-9]*(?:\.[0-9]+)?[A-Za-z]|"
    r"(?<![A-Za-z0-9%])%(?:[0-9]+\$)?[-+#0]*[0-9]*(?:\.[0-9]+)?(?:l?[dux]|[cefgisEX@])(?![A-Za-z0-9])|"
    r"&(?:#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
)
_ADDRESS = (
    r"(?:(?:https?|ftp)://|(?<![A-Za-z0-9])www\.)[^\s<>\"«»“”،؛؟]+|"
    r"(?<![A-Za-z0-9._+-])[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}|"
    r"(?<![A-Za-z0-9@./-])[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,4}"
    r"\.(?:com|net|org|gov|edu|info|vn|int)(?:\.[a-z]{2})?(?![A-Za-z0-9.-]*[A-Za-z0-9])(?:/[^\s<>\"«»“”،؛؟]*)?"
)
_EXACT = re.compile(f"(?P<tag>{_TAG})|(?P<placeholder>{_PLACEHOLDER})|(?P<address>{_ADDRESS})")
_SIGNS = re.compile(r"[<%{&@]|\w[./]\w|://")  # without one of them, nothing of these is there
_BEFORE_MONTH = re.compile(r"(?:\btháng\s{1,2}|[0-9]/)\Z", re.IGNORECASE)
_ADDRESS_END = re.compile(r"[.,:;!?')\]}]+$")
_OPAQUE = re.compile(r"[<%{&@/0-9]|\w\.\w")  # without it, no span of a text has letters
_REMEMBERED = 8192  # texts: a source is asked about before and after it is translated
_EXACT_KINDS = frozenset({"tag", "placeholder", "address"})


@dataclass(frozen=True)
class Span:
    """A protected place of a text, ``text[start:end]``."""

    kind: Kind
    text: str  # as it stands
    value: str  # what two texts are compared by
    start: int
    end: int

    @property
    def exact(self) -> bool:
        """Whether it must arrive as it is: all but plain numbers."""
        return self.kind != "number"

    @property
    def verbatim(self) -> str:
        """What to write into a translation: the same, with digits 0-9 in numbers and codes."""
        return self.text if self.kind in _EXACT_KINDS else fold_digits(self.text)


@dataclass(frozen=True)
class Survival:
    """What became of the protected spans of a text in its translation; values, in order."""

    kept: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    invented: tuple[str, ...] = ()  # tags and placeholders that the source does not have
    disordered: bool = False  # the tags are all there, in another order


@lru_cache(maxsize=_REMEMBERED)
def find_spans(text: str) -> tuple[Span, ...]:
    """The protected spans, from left to right; none overlaps another.

    Numbers have two digits at least, and are no months (``tháng 12``, ``20/11``): those are often,
    and rightly, written as words.
    """
    spans = list(_find_exact(text)) if _SIGNS.search(text) else []
    rest = _replace(text, spans, lambda span: " " * (span.end - span.start))
    for number in find_numbers(rest):
        if len(number.value) > 1 and not _is_month(rest, number):
            kind: Kind = "number" if number.value.isdigit() else "code"
            found = text[number.start : number.end]
            value = number.value.replace("Đ", "D")  # as all but Vietnamese texts write it
            spans.append(Span(kind, found, value, number.start, number.end))
    return tuple(sorted(spans, key=lambda span: span.start))


def _find_exact(text: str) -> Iterator[Span]:
    for match in _EXACT.finditer(text):
        kind: Kind = match.lastgroup  # type: ignore[assignment]
        found = _trim(match[0]) if kind == "address" else match[0]
        yield Span(kind, found, found, match.start(), match.start() + len(found))


def _is_month(text: str, number: Number) -> bool:
    return number.value in ("10", "11", "12") and bool(
        _BEFORE_MONTH.search(text, max(0, number.start - 8), number.start)
    )


def _trim(address: str) -> str:
    """Without the marks of the sentence around it; a bracket that it opened stays closed."""
    trimmed = _ADDRESS_END.sub("", address)
    if "(" in trimmed and address[len(trimmed) :].startswith(")"):
        return f"{trimmed})"
    return trimmed


def strip_spans(text: str) -> str:
    """The text with a space for each protected span."""
    return _replace(text, find_spans(text), lambda _span: " ")


def hide_spans(text: str) -> str:
    """The text with digits for each protected span; places stay."""
    return _replace(text, find_spans(text), lambda span: "0" * (span.end - span.start))


def _replace(text: str, spans: Iterable[Span], write: Callable[[Span], str]) -> str:
    pieces, end = [], 0
    for span in spans:
        pieces += [text[end : span.start], write(span)]
        end = span.end
    return "".join((*pieces, text[end:]))


def rewrite_around(text: str, rewrite: Callable[[str], str]) -> str:
    """``rewrite`` of all that stands outside the protected spans, and these as they are to be."""
    pieces, end = [], 0
    for span in find_spans(text):
        pieces += [rewrite(text[end : span.start]), span.verbatim]
        end = span.end
    return "".join((*pieces, rewrite(text[end:])))


def has_words(text: str) -> bool:
    """Whether there is anything to translate: letters outside the protected spans."""
    if not _OPAQUE.search(text):
        return any(map(str.isalpha, text))
    return any(map(str.isalpha, strip_spans(text)))


def compare(source: str, text: str) -> Survival:
    """What became of the protected spans of ``source`` in ``text``, its translation.

    A span that stands twice must arrive twice. A number may have been scaled: 20 thousand and
    20,000 are taken for the same.
    """
    given, made = find_spans(source), find_spans(text)
    wanted = Counter(span.value for span in given)
    found = Counter(span.value for span in made)
    scaled = {
        value
        for value in wanted - found
        if value.isdigit() and any(_is_scaled(value, other) for other in found - wanted)
    }
    lost = [v for v in (wanted - found).elements() if v not in scaled]
    kept = wanted - Counter(lost)
    extra = found - wanted
    invented = [s.value for s in made if s.kind in ("tag", "placeholder") and extra[s.value]]
    tags = [[s.value for s in spans if s.kind == "tag"] for spans in (given, made)]
    disordered = tags[0] != tags[1] and sorted(tags[0]) == sorted(tags[1])
    return Survival(tuple(kept.elements()), tuple(lost), tuple(dict.fromkeys(invented)), disordered)


def count_kept(pairs: Iterable[tuple[str, str]]) -> tuple[int, int]:
    """How many protected spans of the sources stand in their translations, and of how many."""
    kept = expected = 0
    for source, text in pairs:
        survival = compare(source, text)
        kept += len(survival.kept)
        expected += len(survival.kept) + len(survival.lost)
    return kept, expected


def _is_scaled(one: str, other: str) -> bool:
    """Whether two numbers have the same digits, one with the zeros of hundreds or more behind."""
    short, long = sorted((one, other), key=len)
    return long.isdigit() and len(long) - len(short) > 1 and long.rstrip("0") == short.rstrip("0")


def restore_spacing(source: str, text: str) -> str:
    """``text`` with the exact spans of ``source`` as they were where only white space differs.

    Models like to write ``< b >``, ``% s`` and ``39 - NQ / TW``.
    """
    there = Counter(span.value for span in find_spans(text))
    for span in find_spans(source):
        if span.exact and not there[span.value]:
            letters = "".join(span.verbatim.split())
            before = "(?<![A-Za-z0-9])" if letters[0].isalnum() else ""
            behind = "(?![A-Za-z0-9])" if letters[-1].isalnum() else ""
            loose = re.compile(
                before + r"\s*".join(map(re.escape, letters)) + behind, re.IGNORECASE
            )
            text = loose.sub(span.verbatim.replace("\\", r"\\"), text, count=1)
    return text


@dataclass(frozen=True)
class Masked:
    """A text in which spans are masked by words that a model is likely to copy."""

    text: str
    masks: tuple[str, ...]
    spans: tuple[Span, ...]  # what each mask stands for
    stuck: tuple[tuple[bool, bool], ...]  # whether each touched a letter before and behind it

    def unmask(self, translation: str) -> str | None:
        """The translation with the spans in their places; None unless each mask is there once.

        A tag stands as close to the words beside it as in the source.
        """
        for mask, span, sides in zip(self.masks, self.spans, self.stuck, strict=True):
            before, behind = (r"\s*" if span.kind == "tag" and side else "" for side in sides)
            found = re.compile(rf"{before}(?<![A-Za-z0-9]){re.escape(mask)}(?![A-Za-z0-9]){behind}")
            if len(found.findall(translation)) != 1:
                return None
            translation = found.sub(span.verbatim.replace("\\", r"\\"), translation)
        return translation


def mask_spans(text: str, spans: Sequence[Span], masks: Sequence[str]) -> Masked | None:
    """Put the first of ``masks`` that the text does not have in the places of ``spans``.

    None where there are not so many.
    """
    free = [mask for mask in masks if mask not in fold_digits(text)][: len(spans)]
    if len(free) < len(spans):
        return None
    pieces, end, stuck = [], 0, []
    for span, mask in zip(spans, free, strict=True):
        sides = text[: span.start][-1:].isalnum(), text[span.end :][:1].isalnum()
        apart = span.kind in ("tag", "placeholder")
        room = [" " if apart and side else "" for side in sides]
        pieces += [text[end : span.start], room[0], mask, room[1]]
        stuck.append(sides)
        end = span.end
    return Masked("".join((*pieces, text[end:])), tuple(free), tuple(spans), tuple(stuck))
