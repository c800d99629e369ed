"""Do the terms of a glossary arrive? Looked for word by word, whatever sticks to the words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from eval.fidelity.conventions import CONVENTIONS, Conventions, fold, fold_name, strip_marks
from eval.fidelity.items import Item
from mt.text.glossary import Term

_WORD = re.compile("(?:[^\\W_]|[\u064b-\u0652\u0670])+")  # with Arabic vowel marks

_Forms = frozenset[str]
_Beginnings = tuple[tuple[int, tuple[_Forms, ...]], ...]  # terms, and what follows their first word


@dataclass(frozen=True)
class _Match:
    term: int  # index in the glossary
    text: str  # as it stands
    start: int
    end: int


class Glossary:
    """Terms, ready to be looked for in texts; the work does not grow with their number."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self._terms = terms
        self._index = cache(self._build_index)
        self._beginnings: dict[str, dict[str, _Beginnings]] = {}  # by language and word
        self._find = lru_cache(maxsize=100_000)(self._find_all)

    def check(self, source: str, hypothesis: str, languages: tuple[str, str]) -> tuple[Item, ...]:
        """An item for each term of the source, once however often it stands there.

        Kept: a translation that the glossary has for it stands in the hypothesis. Changed: it
        is a name, and in its place stands another one of its category, which the source lacks.
        A term that only the hypothesis has is not counted: other words may have led to it. A
        good translation that says it otherwise counts as lost, so look at how many of its terms
        the reference keeps.
        """
        given, wanted = languages
        standing = self._find(source, given)
        matches = [m for m in _drop_inner(standing) if self._text(m, wanted)]
        if not matches:
            return ()
        found = self._find(hypothesis, wanted)
        there = {self._text(match, wanted) for match in found}
        groups: dict[str, list[_Match]] = {}
        for match in matches:
            groups.setdefault(self._text(match, given), []).append(match)
        lost = {
            name: group[0]
            for name, group in groups.items()
            if not there & {self._text(match, wanted) for match in group}
        }
        changed = self._find_changes(lost, standing, _drop_inner(found), wanted)
        return tuple(
            Item(
                kind="term",
                value=group[0].text,
                outcome="kept" if name not in lost else "changed" if name in changed else "lost",
                found=changed.get(name, ""),
                start=group[0].start,
                end=group[0].end,
            )
            for name, group in groups.items()
        )

    def _text(self, match: _Match, language: str) -> str:
        return self._terms[match.term].texts.get(language, "")

    def _find_changes(
        self,
        lost: dict[str, _Match],
        given: Sequence[_Match],
        found: Sequence[_Match],
        language: str,
    ) -> dict[str, str]:
        """For a lost name, the only one of its category that the hypothesis has on top."""

        def sort(match: _Match) -> str:
            """The category of a name; nothing for other terms, as small letters show."""
            name = self._text(match, language)[:1].isupper()
            return self._terms[match.term].category if name else ""

        known = {match.term for match in given}
        changes = {}
        for name, match in lost.items():
            rivals = {m.text for m in found if m.term not in known and sort(m) == sort(match)}
            alike = [other for other in lost.values() if sort(other) == sort(match)]
            if sort(match) and len(rivals) == len(alike) == 1:
                changes[name] = rivals.pop()
        return changes

    def _find_all(self, text: str, language: str) -> tuple[_Match, ...]:
        """Every term that stands in the text, also one within another."""
        begin = self._beginnings.setdefault(language, {})
        words = _WORD.findall(text)
        for word in words:
            if word not in begin:
                begin[word] = self._find_beginnings(word, language)
        if not any(map(begin.__getitem__, words)):
            return ()
        places = [match.span() for match in _WORD.finditer(text)]
        return tuple(
            _Match(term, text[places[i][0] : places[last][1]], places[i][0], places[last][1])
            for i, word in enumerate(words)
            for term, rest in begin[word]
            if (last := i + len(rest)) < len(words)
            and all(forms & _find_forms(words[i + 1 + j], language) for j, forms in enumerate(rest))
        )

    def _find_beginnings(self, word: str, language: str) -> _Beginnings:
        """The terms that may begin with this word, and what must follow."""
        index = self._index(language)
        return tuple({e: None for form in _find_forms(word, language) for e in index.get(form, ())})

    def _build_index(self, language: str) -> dict[str, list[tuple[int, tuple[_Forms, ...]]]]:
        index: dict[str, list[tuple[int, tuple[_Forms, ...]]]] = {}
        for i, term in enumerate(self._terms):
            words = _WORD.findall(term.texts.get(language, ""))
            forms = [_find_forms(word, language, bare=True) for word in words]
            for form in forms[0] if forms else ():
                index.setdefault(form, []).append((i, tuple(forms[1:])))
        return index


def _drop_inner(matches: Sequence[_Match]) -> list[_Match]:
    """Without terms that stand within a longer one: the city in the name of its committee."""
    return [
        inner
        for inner in matches
        if not any(
            outer.start <= inner.start
            and inner.end <= outer.end
            and outer.end - outer.start > inner.end - inner.start
            for outer in matches
        )
    ]


@cache
def _find_forms(word: str, language: str, *, bare: bool = False) -> _Forms:
    """What a word may be without what sticks to it; two words are one if they share a form.

    The word of a glossary is ``bare``: nothing sticks to its front but perhaps the article.
    """
    rules = CONVENTIONS.get(language, Conventions())
    word = fold(strip_marks(word)).casefold()
    forms = {word}
    if rules.article and word.startswith(rules.article):
        forms.add(word[len(rules.article) :])
    if rules.prefixes and not bare:
        fits = re.compile(rules.prefixes).fullmatch
        forms |= {word[i:] for i in range(1, min(5, len(word) - 1)) if fits(word[:i])}
    if rules.endings:
        fits = re.compile(rules.endings).fullmatch
        forms |= {word[:-i] for i in range(1, min(4, len(word) - 1)) if fits(word[-i:])}
    if rules.tones:
        letters = unicodedata.normalize("NFD", word)
        tones = re.compile(f"[{rules.tones}]")
        return frozenset({tones.sub("", letters) + "".join(tones.findall(letters))})
    if not word.isascii():
        forms.add(fold_name(word))
    return frozenset(forms)
