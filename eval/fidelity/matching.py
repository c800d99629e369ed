"""What one text mentions, looked for in another: which mention answers which."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from functools import cached_property
from itertools import product

from eval.fidelity.conventions import fold, fold_name
from eval.fidelity.mentions import (
    Mention,
    find_mentions,
    find_names,
    find_number_words,
    read_dates,
)
from mt.languages import LANGUAGES

_ALIKE = 0.75  # of a name's letters; below, it is another name
_FEW = 1000  # comparisons by letters; beyond, what is left is paired in its order
_LATIN_WORD = re.compile("[0-9A-Za-zÀ-ɏḀ-ỹ]+")  # also where Arabic letters stick to it
_QUANTITY = re.compile("[0-9]+[A-Z]+")  # a code of which the number is what counts: 100MW


@dataclass(frozen=True)
class Matching:
    """What became of the mentions of a source; those in neither of the first two were kept."""

    wanted: tuple[Mention, ...]  # all that the source has, from left to right
    changed: dict[Mention, str]  # and what stands in their place
    lost: frozenset[Mention]
    invented: tuple[Mention, ...]  # of the hypothesis, from left to right


def match_mentions(source: str, hypothesis: str, languages: tuple[str, str]) -> Matching:
    """Match what ``source`` and ``hypothesis`` mention, one against one.

    Dates are compared by their parts; a part that only one side says next to the month must
    stand elsewhere on the other. Numbers are compared by their value, with their magnitude;
    digits may become words and words digits, but words are never asked for. What is left of a
    kind on both sides is taken for changes, the likest first.
    """
    return _Matcher(source, hypothesis, languages).match()


class _Side:
    """A text, and what of its mentions is not matched yet."""

    def __init__(self, text: str, language: str) -> None:
        self.text, self.language = text, language
        self.mentions = find_mentions(text, language)
        self.dates = list(self.mentions.dates)
        self.possible_dates = list(self.mentions.possible_dates)
        self.numbers = list(self.mentions.numbers)
        self.codes = list(self.mentions.codes)

    @cached_property
    def words(self) -> Counter[Decimal]:
        return Counter(find_number_words(self.text, self.language))

    def has(self, value: int) -> bool:
        """Whether the text says this number where nothing is matched yet, or in any date."""
        return (
            any(value in number.readings for number in self.numbers)
            or any(value in (y, d) for m in self.mentions.dates for y, _, d in read_dates(m))
            or self.words[Decimal(value)] > 0
        )

    def take(self, value: int) -> None:
        """Match the number, where it stands outside dates."""
        for number in self.numbers:
            if value in number.readings:
                self.numbers.remove(number)
                return
        self.words -= Counter([Decimal(value)])

    def take_within(self, start: int, end: int) -> None:
        """Match the numbers and codes that something longer is made of."""
        self.numbers = [n for n in self.numbers if n.end <= start or n.start >= end]
        self.codes = [code for code in self.codes if code.end <= start or code.start >= end]

    def absorb(self, date: Mention) -> bool:
        """Match the parts of a date of the other text where they stand apart in this one."""
        for year, month, day in read_dates(date):
            parts = [part for part in (year, day) if part]
            if month in self.mentions.months and all(map(self.has, parts)):
                for part in parts:
                    self.take(part)
                return True
        return False


class _Matcher:
    def __init__(self, source: str, hypothesis: str, languages: tuple[str, str]) -> None:
        self.source = _Side(source, languages[0])
        self.hypothesis = _Side(hypothesis, languages[1])
        self.names = find_names(source, languages[0])
        self.changed: dict[Mention, str] = {}
        self.lost: list[Mention] = []
        self.invented: list[Mention] = []

    def match(self) -> Matching:
        source, hypothesis = self.source, self.hypothesis
        urls, others = list(source.mentions.urls), list(hypothesis.mentions.urls)
        _take_pairs(urls, others, _share_reading)
        self._settle(urls, others)
        self._match_names()
        if source.dates or hypothesis.dates:
            self._match_dates()
        if source.numbers or hypothesis.numbers or source.codes or hypothesis.codes:
            self._match_codes()
            self._match_numbers()
        self._settle(source.codes, hypothesis.codes)
        self._settle(source.numbers, hypothesis.numbers)
        return Matching(
            wanted=tuple(sorted((*source.mentions.wanted, *self.names), key=_start)),
            changed=self.changed,
            lost=frozenset(self.lost),
            invented=tuple(sorted(self.invented, key=_start)),
        )

    def _settle(self, wanted: Sequence[Mention], found: Sequence[Mention]) -> None:
        """What is left of one kind: a change where both sides have one, else lost or invented."""
        if not (wanted or found):
            return
        few = len(wanted) * len(found) <= _FEW
        pairs = [
            (_compare_letters(one.text, other.text) if few else 0.0, -i, -j)
            for i, one in enumerate(wanted)
            for j, other in enumerate(found)
        ]
        self._pair_off(pairs, wanted, found)

    def _pair_off(
        self,
        pairs: Iterable[tuple[float, int, int]],
        wanted: Sequence[Mention],
        found: Sequence[Mention],
    ) -> None:
        """Take the likest pairs for changes (likeness, minus both indices); the rest is apart."""
        mine, theirs = set(range(len(wanted))), set(range(len(found)))
        for _, i, j in sorted(pairs, reverse=True):
            if -i in mine and -j in theirs:
                self.changed[wanted[-i]] = found[-j].text
                mine.remove(-i)
                theirs.remove(-j)
        self.lost += [wanted[i] for i in mine]
        self.invented += [found[j] for j in theirs]

    def _match_dates(self) -> None:
        source, hypothesis = self.source, self.hypothesis
        for agree in (_share_reading, self._agree):
            _take_pairs(source.dates, hypothesis.dates, agree)
            for _, place in _take_pairs(source.dates, hypothesis.possible_dates, agree):
                hypothesis.take_within(place.start, place.end)
            for place, _ in _take_pairs(source.possible_dates, hypothesis.dates, agree):
                source.take_within(place.start, place.end)
        wanted = [date for date in source.dates if not hypothesis.absorb(date)]
        found = [date for date in hypothesis.dates if not source.absorb(date)]
        pairs = [
            (_count_shared(one, other), -i, -j)
            for i, one in enumerate(wanted)
            for j, other in enumerate(found)
        ]
        self._pair_off([pair for pair in pairs if pair[0]], wanted, found)
        self._match_remains()

    def _agree(self, one: Mention, other: Mention) -> bool:
        """Whether two dates are one: what only one of them says stands elsewhere in the other."""
        for mine, theirs in product(read_dates(one), read_dates(other)):
            parts = list(zip(mine, theirs, strict=True))
            apart = [
                (a or b, self.hypothesis if a else self.source)
                for a, b in parts
                if bool(a) != bool(b)
            ]
            if all(a == b for a, b in parts if a and b) and all(s.has(v) for v, s in apart):
                for value, side in apart:
                    side.take(value)
                return True
        return False

    def _match_remains(self) -> None:
        """Of a date that is lost, perhaps its year or its day is there: then it is changed."""
        for date in [each for each in self.lost if each.kind == "date"]:
            parts = {part for year, _, day in read_dates(date) for part in (year, day) if part}
            for number in self.hypothesis.numbers:
                if number.readings & parts and not any(
                    number.readings & other.readings for other in self.source.numbers
                ):
                    self.changed[date] = number.text
                    self.lost.remove(date)
                    self.hypothesis.numbers.remove(number)
                    break

    def _match_numbers(self) -> None:
        """Numbers, also with number words, and codes with the numbers that stand for them."""
        source, hypothesis = self.source, self.hypothesis
        _take_pairs(source.numbers, hypothesis.numbers, _share_reading)
        if source.numbers or hypothesis.numbers or source.codes or hypothesis.codes:
            mine, theirs = source.words - hypothesis.words, hypothesis.words - source.words
            source.numbers = _leave_out(source.numbers, theirs)
            hypothesis.numbers = _leave_out(hypothesis.numbers, mine)
            hypothesis.codes = [
                code
                for code in hypothesis.codes  # 3D for "ثلاثي الأبعاد"
                if not (_QUANTITY.fullmatch(code.text) and mine[Decimal(_digits(code))] > 0)
            ]
        _take_pairs(source.numbers, hypothesis.codes, _share_digits)  # سار-274 as SAR-274
        _take_pairs(source.codes, hypothesis.numbers, self._stands_for)
        if not hypothesis.codes:
            for code, part in _take_pairs(source.codes, hypothesis.numbers, _is_part):
                self.changed[code] = part.text

    def _stands_for(self, code: Mention, number: Mention) -> bool:
        """Whether it is the code in other letters: 100 ميغاواط for 100MW, كوفيد-19 for COVID-19."""
        language = self.hypothesis.language
        latin = language not in LANGUAGES or LANGUAGES[language].script == "Latn"
        fits = _QUANTITY.fullmatch(code.text) or not latin
        return bool(fits) and _share_digits(code, number)

    def _match_codes(self) -> None:
        source, hypothesis = self.source, self.hypothesis
        _take_pairs(source.codes, hypothesis.codes, _share_reading)
        for code in list(source.codes):
            place = _find_spaced(code.text, hypothesis.text)
            if place:
                source.codes.remove(code)
                hypothesis.take_within(*place.span())

    def _match_names(self) -> None:
        names = self.names
        if not names:
            return
        words = {fold_name(word): word for word in _LATIN_WORD.findall(self.hypothesis.text)}
        joined = fold_name(self.hypothesis.text)
        for name in names:
            parts = [fold_name(word) for word in _LATIN_WORD.findall(name.text)]
            key = "".join(parts)
            if all({p, f"{p}s", p.removesuffix("s")} & words.keys() for p in parts):
                continue
            if len(key) < 4:
                self.lost.append(name)
            elif key not in joined:
                near = max(words, key=lambda word: _compare_letters(word, key), default="")
                if _compare_letters(near, key) >= _ALIKE:
                    self.changed[name] = words[near]
                else:
                    self.lost.append(name)


def _take_pairs(
    wanted: list[Mention], found: list[Mention], agree: Callable[[Mention, Mention], bool]
) -> list[tuple[Mention, Mention]]:
    """Take those that agree out of both lists, one against one, and return them."""
    pairs = []
    for one in list(wanted):
        for other in found:
            if agree(one, other):
                wanted.remove(one)
                found.remove(other)
                pairs.append((one, other))
                break
    return pairs


def _start(mention: Mention) -> int:
    return mention.start


def _share_reading(one: Mention, other: Mention) -> bool:
    return not one.readings.isdisjoint(other.readings)


def _share_digits(one: Mention, other: Mention) -> bool:
    return _digits(one) == _digits(other)


def _digits(mention: Mention) -> str:
    return re.sub("[^0-9]", "", fold(mention.text))


def _is_part(code: Mention, number: Mention) -> bool:
    return _digits(number) in re.findall("[0-9]+", code.text)


def _count_shared(one: Mention, other: Mention) -> int:
    """How many parts two dates have in common."""
    return max(
        sum(a == b > 0 for a, b in zip(mine, theirs, strict=True))
        for mine, theirs in product(read_dates(one), read_dates(other))
    )


def _leave_out(numbers: list[Mention], words: Counter[Decimal]) -> list[Mention]:
    """The numbers that are not among the words; each word answers one number."""
    left = []
    for number in numbers:
        values = (value for value in number.readings if isinstance(value, Decimal))
        value = next((value for value in values if words[value] > 0), None)
        if value is None:
            left.append(number)
        else:
            words[value] -= 1
    return left


def _find_spaced(code: str, text: str) -> re.Match[str] | None:
    """The code with other marks or spaces between its parts: 39 NQ / TW."""
    parts = re.findall(r"[0-9]+|[^\W\d_]+", code)
    pattern = r"\W{0,3}".join(map(re.escape, parts))
    return re.search(rf"(?<!\w){pattern}(?!\w)", text, re.IGNORECASE)


def _compare_letters(one: str, other: str) -> float:
    """0 to 1, by the letters that two words have in common, in order."""
    return SequenceMatcher(None, one, other, autojunk=False).ratio()
