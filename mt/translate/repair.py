"""Translations that are plainly wrong, and what is tried then, with a record of every attempt.

Small models loop, fall silent, copy, drop numbers and mangle markup. All of it is told by form
alone: no reference is at hand, and no second model to judge.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from mt.languages import LANGUAGES, mismatch
from mt.text.glossary import Terminology
from mt.text.loops import find_loop
from mt.text.numbers import fold_digits
from mt.text.protection import (
    Span,
    compare,
    find_spans,
    has_words,
    mask_spans,
    restore_spacing,
    rewrite_around,
    strip_spans,
)
from mt.translate.clauses import split_clauses
from mt.translate.engine import Engine, Hypothesis
from mt.translate.translation import Attempt, Progress

FIRST = "beam"  # the way that is tried first
CUT_OFF = "cut off"  # the fault of a translation that reached the longest output
MISSING = "missing term"  # how the fault begins that is only a wish
NO_REPEAT = 4  # pieces of an n-gram that one of the ways writes only once
NO_PAIR = 2  # the same, where a single word is what loops: stricter, and the worse for the text

# What masks a protected span, by what models copy best: of 18 kinds tried with the built-in model
# on the dev split, years and two-digit numbers came back in 8 of 10 places, {0} in 7, <b> in none.
_MASKS = {
    "years": tuple(str(year) for year in range(1999, 1899, -1)),
    "braces": tuple(f"{{{number}}}" for number in range(100)),
}

_MOST_MASKED = 10  # spans of a text; one mask lost spoils a search, and searches are long there

_ENOUGH = 20  # characters from which lengths are compared
_RATIO = 4.0  # of lengths in characters, either way
_ENOUGH_LETTERS = 30  # to tell a language; no reference of corpora/vneco is misjudged with so many
_ARABIC = re.compile("[\u0620-\u064a]")
_MARK = "[^\\w\u064b-\u0652\u0670]"  # neither a letter, nor a vowel mark of Arabic
_EDGES = re.compile(f"({_MARK}*)(.*?)({_MARK}*)", re.DOTALL)
_LATIN_MARKS = str.maketrans("،؛؟٪", ",;?%")
_LONE_AND = "و"
_AND = {"de": "und", "en": "and", "fr": "et", "vi": "và"}
_UNKNOWN = "⁇"  # what SentencePiece writes for a piece that it does not know

# How bad a fault is, by its first word: nothing at all is worse than what is no translation, that
# is worse than a broken one, and that worse than any details lost, which a reader can mend.
_GRADES = {
    "empty": 0,
    **dict.fromkeys(("copied", "wrong", "part"), 1),
    **dict.fromkeys(("loop", "cut", "too", "masks"), 2),
    "missing": 4,  # a term of the glossary; all others are details: 3
}
_DETAIL, _WISH = 3, 4

Fallback = Callable[[Sequence[str]], Sequence[Hypothesis]]


def find_faults(
    source: str,
    text: str,
    target: str = "",
    *,
    terms: Terminology | None = None,
    finished: bool = True,
) -> tuple[str, ...]:
    """What is plainly wrong with ``text`` as a translation of ``source``; at best nothing.

    "empty", "wrong script", "wrong language" (of the language ``target``, where it is given),
    "copied", "loop", "too short", "too long", "cut off" (not ``finished``), "untranslated words"
    (in Arabic script), "unknown piece"; "lost 39-NQ/TW" for each protected span
    (:mod:`mt.text.protection`) and "invented <b>" for each tag or placeholder that the source
    lacks; "tags out of order"; and "missing term Hanoi".
    """
    if not text.strip():
        return ("empty",)
    faults = [*_judge_language(source, text, target)]
    if find_loop(text) and not find_loop(source):
        faults.append("loop")
    if len(source) >= _ENOUGH and len(text) * _RATIO < len(source):
        faults.append("too short")
    if len(text) >= _ENOUGH and len(text) > _RATIO * len(source):
        faults.append("too long")
    if not finished:
        faults.append(CUT_OFF)
    if _UNKNOWN in text and _UNKNOWN not in source:
        faults.append("unknown piece")
    survival = compare(source, text)
    faults += [f"lost {value}" for value in dict.fromkeys(survival.lost)]
    faults += [f"invented {value}" for value in survival.invented]
    if survival.disordered:
        faults.append("tags out of order")
    if terms:
        faults += [f"{MISSING} {term}" for term in terms.find_missing(source, text)]
    return tuple(faults)


def _judge_language(source: str, text: str, target: str) -> Iterable[str]:
    """Words that begin with a capital are left out, as names stay what they are."""
    words = " ".join(word for word in strip_spans(text).split() if not word[0].isupper())
    letters = sum(map(str.isalpha, words))
    if target:
        arabic = len(_ARABIC.findall(words)) if LANGUAGES[target].script == "Latn" else 0
        reason = mismatch(words, target) if letters >= _ENOUGH_LETTERS else ""
        if "script" in reason or 2 * arabic > letters:
            yield "wrong script"
        elif reason:
            yield "wrong language"
        elif arabic:
            yield "untranslated words"
    if letters >= _ENOUGH and text == source:
        yield "copied"


def copy_marks(text: str, target: str) -> str:
    """``text``, which has no words, with the digits and the marks of the script of ``target``."""
    if not target or LANGUAGES[target].script != "Latn":
        return text
    return rewrite_around(text, lambda marks: fold_digits(marks).translate(_LATIN_MARKS))


def attempt(
    texts: Sequence[str],
    engine: Engine,
    token: str | None,
    *,
    repair: bool = True,
    target: str = "",
    terms: Terminology | None = None,
    fallback: Fallback | None = None,
    limit: int = sys.maxsize,
    progress: Progress | None = None,
) -> list[tuple[Attempt, ...]]:
    """Translate ``texts``: the attempts at each, the one to be taken last.

    Texts have at most ``limit`` tokens; a way that would make longer ones of them is left out.

    There is one attempt where nothing is wrong with it, and everywhere without ``repair``. Texts
    without words outside their protected spans are copied. Otherwise each next way is tried with
    the texts that are still at fault in every attempt: the other hypotheses of the beam, a search
    without repeats, protected spans masked, the clauses one by one, a stricter search where all of
    that loops, the text around its spans, and a ``fallback``. A text that only lacks ``terms`` is
    tried with the beam alone, and one with more than ten spans to be masked is not masked. The
    least faulty attempt is taken, the earliest of equal ones.
    """
    bench = _Bench(texts, engine, token, target, terms, limit)
    bench.translate(progress)
    if repair:
        bench.mend_spacing()
        bench.try_beam()
        bench.try_no_repeats()
        for name, masks in _MASKS.items():
            bench.try_masked(name, masks)
        bench.try_parts()
        bench.try_no_pairs()
        bench.try_around(all_spans=False)
        bench.try_around(all_spans=True)
        if fallback:
            bench.try_fallback(fallback)
    return [_put_best_last(tried) for tried in bench.attempts]


class _Bench:
    """Texts, the attempts at each so far, and the ways to make more."""

    def __init__(
        self,
        texts: Sequence[str],
        engine: Engine,
        token: str | None,
        target: str,
        terms: Terminology | None,
        limit: int,
    ) -> None:
        self.attempts: list[list[Attempt]] = [[] for _ in texts]
        self._texts = texts
        self._engine, self._token = engine, token
        self._target, self._terms = target, terms
        self._limit = limit

    def translate(self, progress: Progress | None) -> None:
        wordy = [i for i, text in enumerate(self._texts) if has_words(text)]
        for index in set(range(len(self._texts))).difference(wordy):
            copied = copy_marks(self._texts[index], self._target)
            self.attempts[index].append(Attempt(FIRST, copied, 0.0, ()))
        if progress and len(wordy) < len(self._texts):
            progress(len(self._texts) - len(wordy))
        made = self._generate([self._texts[i] for i in wordy], progress=progress)
        for index, (best, *_) in zip(wordy, made, strict=True):
            self._add(index, FIRST, best)

    def mend_spacing(self) -> None:
        for index in self._list_faulty():
            first = self.attempts[index][0]
            mended = restore_spacing(self._texts[index], first.text)
            if mended != first.text:
                finished = CUT_OFF not in first.faults
                self._add(index, "spacing mended", Hypothesis(mended, first.score, finished))

    def try_beam(self) -> None:
        faulty = self._list_faulty(_WISH)
        beams = self._generate([self._texts[i] for i in faulty], whole_beam=True)
        for index, beam in zip(faulty, beams, strict=True):
            for rank, hypothesis in enumerate(beam[1:], 2):
                self._add(index, f"hypothesis {rank} of the beam", hypothesis)

    def try_no_repeats(self) -> None:
        self._forbid_repeats(self._list_faulty(), "no repeats", NO_REPEAT)

    def try_no_pairs(self) -> None:
        looping = [
            index
            for index, tried in enumerate(self.attempts)
            if "loop" in min(tried, key=_badness).faults
        ]
        self._forbid_repeats(looping, "no repeated pairs", NO_PAIR)

    def _forbid_repeats(self, indices: Sequence[int], way: str, size: int) -> None:
        made = self._generate([self._texts[i] for i in indices], no_repeat=size)
        for index, (best, *_) in zip(indices, made, strict=True):
            self._add(index, way, best)

    def try_masked(self, name: str, masks: Sequence[str]) -> None:
        masked = {}
        for index in self._list_faulty():
            spans = self._list_endangered(index)
            if 0 < len(spans) <= _MOST_MASKED:
                each = mask_spans(self._texts[index], spans, masks)
                if each and self._fits(each.text):
                    masked[index] = each
        made = self._generate([each.text for each in masked.values()])
        for (index, each), (best, *_) in zip(masked.items(), made, strict=True):
            text = each.unmask(best.text)
            amiss = ("masks lost",) if text is None else ()
            self._add(index, f"masked by {name}", best._replace(text=text or best.text), amiss)

    def try_parts(self) -> None:
        parts = {
            index: split_clauses(
                self._texts[index], self._part_length(index), self._engine.count_tokens
            )
            for index in self._list_faulty()
        }
        parts = {
            index: pieces
            for index, pieces in parts.items()
            if len(pieces) > 1 and self._fits(*pieces)
        }
        made = iter(self._translate_each([piece for pieces in parts.values() for piece in pieces]))
        for index, pieces in parts.items():
            self._add_joined(index, f"in {len(pieces)} parts", [next(made) for _ in pieces], " ")

    def try_around(self, *, all_spans: bool) -> None:
        """The words between spans one by one, and the spans in their places as they are.

        Nothing is repeated, as stretches that are no sentences make models loop.
        """
        cut: dict[int, list[_Piece]] = {}
        for index in self._list_faulty():
            if spans := self._list_endangered(index, plain=False):
                text = self._texts[index]
                pieces = _cut_around(text, find_spans(text) if all_spans else spans, self._target)
                if self._fits(*(piece.text for piece in pieces if piece.words)):
                    cut[index] = pieces
        made = iter(
            self._translate_each(
                [p.text for pieces in cut.values() for p in pieces if p.words], NO_REPEAT
            )
        )
        for index, pieces in cut.items():
            hypotheses = [next(made) if p.words else Hypothesis(p.text, 0.0) for p in pieces]
            way = "around all spans" if all_spans else "around the spans"
            self._add_joined(index, way, hypotheses)

    def try_fallback(self, fallback: Fallback) -> None:
        if faulty := self._list_faulty():
            made = fallback([self._texts[i] for i in faulty])
            for index, hypothesis in zip(faulty, made, strict=True):
                self._add(index, "fallback", hypothesis)

    def _generate(
        self,
        texts: Sequence[str],
        *,
        whole_beam: bool = False,
        no_repeat: int = 0,
        progress: Progress | None = None,
    ) -> list[list[Hypothesis]]:
        """The beam of each text; equal ones are translated once, and progress is told of those."""
        if not (distinct := list(dict.fromkeys(texts))):
            return []
        beams = self._engine.generate(
            distinct, self._token, whole_beam=whole_beam, no_repeat=no_repeat, progress=progress
        )
        made = dict(zip(distinct, beams, strict=True))
        return [made[text] for text in texts]

    def _fits(self, *texts: str) -> bool:
        return all(self._engine.count_tokens(text) <= self._limit for text in texts)

    def _translate_each(self, parts: Sequence[str], no_repeat: int = 0) -> list[Hypothesis]:
        """Parts of sentences, without the full stop that a model likes to end them with."""
        return [
            best._replace(text=best.text.removesuffix(".")) if part[-1].isalnum() else best
            for part, (best, *_) in zip(
                parts, self._generate(parts, no_repeat=no_repeat), strict=True
            )
        ]

    def _add(
        self, index: int, way: str, hypothesis: Hypothesis, amiss: tuple[str, ...] = ()
    ) -> None:
        text, score, finished = hypothesis
        faults = find_faults(
            self._texts[index], text, self._target, terms=self._terms, finished=finished
        )
        self.attempts[index].append(Attempt(way, text, score, (*amiss, *faults)))

    def _add_joined(
        self, index: int, way: str, made: Sequence[Hypothesis], separator: str = ""
    ) -> None:
        amiss = () if all(hypothesis.text for hypothesis in made) else ("part empty",)
        self._add(index, way, _join(made, separator), amiss)

    def _list_faulty(self, least: int = _DETAIL) -> list[int]:
        """Texts with a fault of that grade or a worse one in every attempt."""
        return [
            index
            for index, tried in enumerate(self.attempts)
            if all(any(_weigh(each.faults)[: least + 1]) for each in tried)
        ]

    def _list_endangered(self, index: int, *, plain: bool = True) -> tuple[Span, ...]:
        """The spans to be careful with, where the best attempt so far does not keep them all.

        Without ``plain``, none where nothing is lost but numbers of two digits, which may well
        stand there as words.
        """
        source = self._texts[index]
        survival = compare(source, min(self.attempts[index], key=_badness).text)
        spans = find_spans(source)
        lost = [
            s for s in spans if s.value in survival.lost and (plain or s.exact or len(s.value) > 2)
        ]
        if not (lost or survival.invented or survival.disordered):
            return ()
        return tuple(s for s in spans if s.exact or s.value in survival.lost)

    def _part_length(self, index: int) -> int:
        """Tokens: a little more than half, so that two clauses of unlike length still fit."""
        return max(8, self._engine.count_tokens(self._texts[index]) * 3 // 5)


def _weigh(faults: Iterable[str]) -> tuple[int, ...]:
    """How many faults of each grade, the worst first."""
    grades = [_GRADES.get(fault.split(" ", 1)[0], _DETAIL) for fault in faults]
    return tuple(grades.count(grade) for grade in range(_WISH + 1))


def _badness(tried: Attempt) -> tuple[int, ...]:
    return _weigh(tried.faults)


def _put_best_last(tried: list[Attempt]) -> tuple[Attempt, ...]:
    best = min(tried, key=_badness)
    return (*(each for each in tried if each is not best), best)


class _Piece(NamedTuple):
    text: str
    words: bool  # to be translated; otherwise a span, or marks between words


def _cut_around(text: str, spans: Sequence[Span], target: str) -> list[_Piece]:
    pieces, end = [], 0
    for span in spans:
        pieces += _cut_edges(text[end : span.start], target)
        pieces.append(_Piece(span.verbatim, words=False))
        end = span.end
    return [piece for piece in (*pieces, *_cut_edges(text[end:], target)) if piece.text]


def _cut_edges(text: str, target: str) -> list[_Piece]:
    """The words of ``text`` apart from the white space and the marks around them.

    A lone "and" is looked up: models babble when they see one letter.
    """
    before, words, after = _EDGES.fullmatch(text).groups()  # type: ignore[union-attr]
    if not has_words(words):
        return [_Piece(copy_marks(text, target), words=False)]
    before, after = (copy_marks(marks, target) for marks in (before, after))
    if words == _LONE_AND and target in _AND:
        return [_Piece(f"{before}{_AND[target]}{after or ' '}", words=False)]
    return [_Piece(before, words=False), _Piece(words, words=True), _Piece(after, words=False)]


def _join(made: Sequence[Hypothesis], separator: str = "") -> Hypothesis:
    """One hypothesis of several; those that no model made have no score."""
    text = ""
    for hypothesis in made:
        stuck = text[-1:].isalnum() and hypothesis.text[:1].isalnum()
        text += (separator if text else "") or (" " if stuck else "")
        text += hypothesis.text
    scores = [hypothesis.score for hypothesis in made if hypothesis.score] or [0.0]
    finished = all(hypothesis.finished for hypothesis in made)
    return Hypothesis(text, sum(scores) / len(scores), finished)
