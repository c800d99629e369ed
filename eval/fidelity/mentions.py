"""What a text mentions that must survive a translation: numbers, dates, codes, names, negation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from itertools import pairwise, zip_longest
from typing import TypeVar

from eval.fidelity.conventions import CONVENTIONS, Conventions, fold, fold_name, strip_marks
from mt.languages import LANGUAGES
from mt.text.numbers import Number, find_numbers

Date = tuple[int, int, int]  # year, month, day; 0 where it is not said

_REMEMBERED = 50_000  # texts; all systems of a run share their sources

_DAY = r"(?:[12][0-9]|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_MONTH = r"(?:1[0-2]|0?[1-9])(?![0-9])"
_YEAR = r"(?:1[5-9]|20)[0-9][0-9](?!\w|[.,/][0-9])"
_NUMERIC = ("{D}[/.-]{m}[/.-]{Y}", "{Y}[/.-]{m}[/.-]{d}")  # in every language

_URL = re.compile(
    r"(?:https?://|www\.)[!-~]+|[A-Za-z0-9.+_-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}|"
    r"\b[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){0,4}"
    r"\.(?:com|net|org|gov|edu|info|vn|int)(?:\.[a-z]{2})?(?:/\S*)?\b"
)
_URL_SIGN = re.compile(r"[.@/]\w")
_URL_END = re.compile(r"[<>\[\]|\"]|[.,:;!?)']*$")
_URL_START = re.compile(r"https?://(?:www\.)?|www\.")
_LATIN = "A-Za-zÀ-ɏḀ-ỹ"
_LATIN_WORD = f"[{_LATIN}][{_LATIN}0-9]*"
_LATIN_NAME = re.compile(rf"(?<![{_LATIN}0-9]){_LATIN_WORD}(?:[ .&'’-]{{1,2}}{_LATIN_WORD})*")
_DIGIT = re.compile("[0-9]")
_NO_FIGURE = re.compile(r"\b[cdkm]?m[23]\b|\b24/(?:24|7)\b")  # the 2 of km2; around the clock
_LIKE_YEAR = re.compile("1[5-9][0-9][0-9]|20[0-9][0-9]")
_DECADE = re.compile(r"['’]?s\b")
_SEPARATOR = re.compile(r"[.,'’٫٬]")
_TOKEN = re.compile(r"[0-9]+|\w+|[^\w\s-]")
_NEVER = "(?!)"  # a pattern that nothing matches


@dataclass(frozen=True)
class Mention:
    """Something that a text names; two mentions are one where they share a reading."""

    kind: str  # "number", "date", "code", "url" or "name"
    text: str  # as it stands; of several days of one month, each with the month
    start: int
    end: int
    readings: frozenset[Decimal | Date | str]


@dataclass(frozen=True)
class Mentions:
    """All of one text, each kind from left to right."""

    urls: tuple[Mention, ...] = ()
    codes: tuple[Mention, ...] = ()
    dates: tuple[Mention, ...] = ()
    possible_dates: tuple[Mention, ...] = ()  # 12/3; its numbers stand among ``numbers`` too
    numbers: tuple[Mention, ...] = ()  # outside dates

    @property
    def months(self) -> set[int]:
        """Named in dates, possible ones too."""
        dates = (*self.dates, *self.possible_dates)
        return {month for date in dates for _, month, _ in read_dates(date)}

    @property
    def wanted(self) -> list[Mention]:
        """What a translation must have, from left to right."""
        found = (*self.urls, *self.codes, *self.dates, *self.numbers)
        return sorted(found, key=lambda mention: mention.start)


@dataclass(frozen=True)
class Negation:
    """Whether a text denies something, judged by its words alone."""

    plain: str = ""  # the first word that denies without doubt: "not", "لم", "không"
    possible: bool = False  # that one, or a word that may render it: "without", "fail"


def read_dates(mention: Mention) -> list[Date]:
    """What a date may be: 3/7/2023 is in March or in July."""
    return [reading for reading in mention.readings if isinstance(reading, tuple)]


@lru_cache(maxsize=_REMEMBERED)
def find_mentions(text: str, language: str) -> Mentions:
    """Read ``text`` by the conventions of ``language``; an address holds no numbers, nor a date."""
    folded = fold(text)
    rules = _compile(language)
    urls = tuple(_find_urls(text))
    taken = _Taken(urls)
    figures = taken.leave_out(find_numbers(folded) if _DIGIT.search(folded) else ())
    codes = tuple(_make_code(text, n) for n in figures if not n.value.isdigit())
    taken.add(codes)
    dates = tuple(taken.leave_out(rules.find_dates(text, folded)))
    taken.add(dates)
    possible = tuple(taken.leave_out(rules.find_dates(text, folded, possible=True)))
    taken.places += [match.span() for match in _NO_FIGURE.finditer(folded)]
    numbers = taken.leave_out(n for n in figures if n.value.isdigit())
    return Mentions(
        urls=urls,
        codes=codes,
        dates=dates,
        possible_dates=possible,
        numbers=tuple(rules.scale(text, folded, numbers)),
    )


@lru_cache(maxsize=_REMEMBERED)
def find_names(text: str, language: str) -> tuple[Mention, ...]:
    """Names in Latin letters, each once, in a text of another script; else nothing marks them."""
    if language in LANGUAGES and LANGUAGES[language].script == "Latn":
        return ()
    mentions = find_mentions(text, language)
    taken = _Taken((*mentions.urls, *mentions.codes))
    found: dict[str, Mention] = {}
    for match in _LATIN_NAME.finditer(text):
        key = fold_name(match[0])
        if len(key) > 1 and match[0] != match[0].lower():
            readings = frozenset({key})
            name = Mention("name", match[0], match.start(), match.end(), readings)
            found.setdefault(key, name)
    return tuple(taken.leave_out(found.values()))


@lru_cache(maxsize=_REMEMBERED)
def find_number_words(text: str, language: str) -> tuple[Decimal, ...]:
    """What the numbers written as words may be; of "twenty-five" 25, but also 20 and 5."""
    return tuple(_compile(language).count_words(fold(text)))


@lru_cache(maxsize=_REMEMBERED)
def find_negation(text: str, language: str) -> Negation:
    """Look for words that deny; none in a language without conventions."""
    return _compile(language).find_negation(strip_marks(fold(text)).lower())


_Place = TypeVar("_Place", Mention, Number)


class _Taken:
    """Places of a text that are spoken for."""

    def __init__(self, mentions: Iterable[Mention]) -> None:
        self.places: list[tuple[int, int]] = []
        self.add(mentions)

    def add(self, mentions: Iterable[Mention]) -> None:
        self.places += [(mention.start, mention.end) for mention in mentions]

    def leave_out(self, found: Iterable[_Place]) -> list[_Place]:
        """What overlaps with none of the places."""
        return [
            each
            for each in found
            if not any(each.start < end and start < each.end for start, end in self.places)
        ]


def _find_urls(text: str) -> Iterator[Mention]:
    if _URL_SIGN.search(text):
        for match in _URL.finditer(text):
            found = _URL_END.split(match[0], maxsplit=1)[0]
            key = _URL_START.sub("", found.lower(), count=1).rstrip("/")
            yield Mention("url", found, match.start(), match.start() + len(found), frozenset({key}))


def _make_code(text: str, place: Number) -> Mention:
    shown = text[place.start : place.end]
    return Mention("code", shown, place.start, place.end, frozenset({fold_name(place.value)}))


class _Rules:
    """The conventions of a language as compiled patterns."""

    def __init__(self, conventions: Conventions) -> None:
        self.conventions = conventions
        firm = [p for p in conventions.dates if not p.startswith("?")]
        loose = [p[1:] for p in conventions.dates if p.startswith("?")]
        self._dates = self._join([*_NUMERIC, *firm])
        self._possible_dates = self._join(loose)
        self._month_names = [(re.compile(p), number) for p, number in conventions.months.items()]
        self._month_signs = _find_signs(conventions)
        self._day = re.compile(_DAY)
        magnitudes = "|".join(sorted(conventions.magnitudes, key=len, reverse=True))
        self._magnitude = re.compile(rf"[\s-]*({magnitudes})(?!\w)" if magnitudes else _NEVER)
        self._no_numbers = re.compile(conventions.no_numbers or _NEVER)
        self._twos = re.compile(conventions.twos or _NEVER)
        self._prefix = re.compile(conventions.prefixes)
        self._negation = re.compile(conventions.negation or _NEVER)
        self._no_negation = re.compile(conventions.no_negation or _NEVER)
        self._soft_negation = re.compile(conventions.soft_negation or _NEVER)
        self._look_up = cache(self._find_word)

    def _join(self, patterns: list[str]) -> re.Pattern[str]:
        filled = (self._fill(pattern, str(i)) for i, pattern in enumerate(patterns))
        return re.compile("|".join(filled) or _NEVER)

    def _fill(self, pattern: str, suffix: str) -> str:
        """Put a group for each part of the date; of a part that stands twice, for the first."""
        rules = self.conventions
        names = sorted(rules.months, key=len, reverse=True)
        sure = "|".join(name for name in names if name not in rules.loose) or _NEVER
        firm = rf"{rules.prefixes}(?:{sure})"
        loose = "|".join(name for name in names if name in rules.loose) or _NEVER
        days = rf"(?<![0-9A-Za-zÀ-ɏḀ-ỹ.,/-]){_DAY}(?:(?:{rules.days}){_DAY}(?!\w)){{0,4}}(?!\w)"
        forms = {
            "{D}": ("D", days),
            "{d}": ("D", rf"{_DAY}(?!\w)"),
            "{M}": ("M", rf"(?<!\w)(?:{firm}|{loose})(?!\w)"),
            "{F}": ("M", rf"(?<!\w){firm}(?!\w)"),
            "{m}": ("N", _MONTH),
            "{Y}": ("Y", _YEAR),
        }
        seen: set[str] = set()

        def put(mark: re.Match[str]) -> str:
            group, form = forms[mark[0]]
            named = f"(?P<{group}{suffix}>{form})" if group not in seen else f"(?:{form})"
            seen.add(group)
            return named

        return f"(?:{re.sub('{[DdMFmY]}', put, pattern)})"

    def find_dates(self, text: str, folded: str, *, possible: bool = False) -> Iterator[Mention]:
        """Dates from left to right; days of one month (3 and 4 August) are a date each."""
        if not (_DIGIT.search(folded) or any(map(folded.__contains__, self._month_signs))):
            return
        pattern = self._possible_dates if possible else self._dates
        for match in pattern.finditer(folded):
            parts = {name[0]: name for name, part in match.groupdict().items() if part}
            month = self._name_month(match[parts["M"]]) if "M" in parts else int(match[parts["N"]])
            year = int(match[parts["Y"]]) if "Y" in parts else 0
            days = self._day.findall(match[parts["D"]]) if "D" in parts else [""]
            start, end = match.span(parts["D"]) if len(days) > 1 else (match.end(), match.end())
            for day in days:
                number = int(re.sub(r"\D", "", day) or 0)
                readings = {(year, month, number)}
                if self._may_be_swapped(match, parts) and 0 < number <= 12:
                    readings.add((year, number, month))
                shown = text[match.start() : start] + (day if len(days) > 1 else "")
                shown += text[end : match.end()]
                yield Mention("date", shown, match.start(), match.end(), frozenset(readings))

    def _may_be_swapped(self, match: re.Match[str], parts: Mapping[str, str]) -> bool:
        """Whether what was read as day and month may be month and day: 3/7/2023."""
        return (
            self.conventions.month_first
            and {"D", "N"} <= parts.keys()
            and match.start(parts["D"]) < match.start(parts["N"])
        )

    def _name_month(self, name: str) -> int:
        """The number of a month; something may stick to the front of its name."""
        return next(
            number
            for start in range(len(name))
            for pattern, number in self._month_names
            if pattern.fullmatch(name, start)
        )

    def scale(self, text: str, folded: str, numbers: list[Number]) -> Iterator[Mention]:
        """Numbers with what they are multiplied by: 1.5 million may be 1,500,000."""
        before, end_before = "", 0
        for number, following in zip_longest(numbers, numbers[1:]):
            plain = _read_number(folded[number.start : number.end])
            factor, end = self._find_magnitude(folded, number.end)
            readings = {value * factor for value in plain}
            if factor > 1 and _LIKE_YEAR.fullmatch(number.value):
                readings |= plain  # in 2015 thousands of ...
            elif factor == 1 and following and following.start - number.end < 7:  # 3 to 5 million
                shared, _ = self._find_magnitude(folded, following.end)
                readings |= {value * shared for value in plain}
            if _LIKE_YEAR.fullmatch(before) and number.start == end_before + 1:  # 2019-20
                readings.add(Decimal(before[: -len(number.value)] + number.value))
            if len(number.value) == 2 and _DECADE.match(folded, number.end):  # the 90s
                readings.add(Decimal(1900 + int(number.value)))
            before, end_before = number.value, number.end
            shown = text[number.start : end]
            yield Mention("number", shown, number.start, end, frozenset(readings))

    def _find_magnitude(self, folded: str, end: int) -> tuple[int, int]:
        """What the number that ends there is multiplied by, and where that ends."""
        factor = 1
        while match := self._magnitude.match(folded, end):
            factor *= self.conventions.magnitudes[match[1]]
            end = match.end()
        return factor, end

    def count_words(self, folded: str) -> Iterator[Decimal]:
        """Numbers written as words: of a run the whole, or its members."""
        run: list[int] = []
        plain = True  # no magnitudes in the run
        before = ""
        text = self._no_numbers.sub(" , ", strip_marks(folded).lower())
        for token in (*_TOKEN.findall(text), ""):
            value, magnitude = self._look_up(token)
            if value is not None:
                run.append(value)
            elif magnitude and (run or not before.isdigit()):
                plain = False
                _multiply(run, magnitude)
            elif not run or token not in self.conventions.joints:
                yield from _close(run, plain=plain)
                run, plain = [], True
            before = token

    def _find_word(self, token: str) -> tuple[int | None, int]:
        """The value of a number word, or None; and of a magnitude, or 0."""
        words, magnitudes = self.conventions.words, self.conventions.magnitudes
        for start in range(min(len(token), 5)):
            word = token[start:]
            if (word in words or word in magnitudes) and self._prefix.fullmatch(token[:start]):
                return words.get(word), magnitudes.get(word, 0)
        return (2 if self._twos.fullmatch(token) else None), 0

    def find_negation(self, text: str) -> Negation:
        plain = self._negation.search(text)
        if not plain:
            return Negation("", bool(self._soft_negation.search(text)))
        if self._no_negation.search(text):
            plain = self._negation.search(self._no_negation.sub(" ", text))
        return Negation(plain[0].split()[0] if plain else "", possible=True)


def _find_signs(conventions: Conventions) -> tuple[str, ...]:
    """Letters of which a text that names a month has some; quicker to look for than patterns."""
    if conventions.month_word:
        return (conventions.month_word,)
    return tuple(max(re.findall(r"[^\W\d_]+", name), key=len) for name in conventions.months)


def _multiply(run: list[int], magnitude: int) -> None:
    """Multiply what is smaller at the end of the run: 2, 100, 5 by 10 is 2, 100, 50."""
    smaller = []
    while run and run[-1] < magnitude:
        smaller.append(run.pop())
    run.append(sum(smaller or [1]) * magnitude)


def _close(run: list[int], *, plain: bool) -> Iterator[Decimal]:
    """What a run of words comes to; without magnitudes it may be a list, or hold one."""
    if plain and len(run) > 1:
        yield from map(Decimal, run)
        yield from (Decimal(a + b) for a, b in pairwise(run) if _add_up(a, b))
    if run and (not plain or len(run) == 1 or max(run) >= 100):
        yield Decimal(sum(run))


def _add_up(one: int, other: int) -> bool:
    """Whether two number words make one number: thirty and five, but not five and five."""
    small, large = sorted((one, other))
    return large >= 10 and large % (10 if small < 10 else 100) == 0


def _read_number(digits: str) -> set[Decimal]:
    """What it may be: 1.234 is 1234 or a little more than one, 1,234.5 is one thing."""
    head, *tail = _SEPARATOR.split(digits)
    marks = set(_SEPARATOR.findall(digits))
    whole = Decimal(head + "".join(tail))
    if not tail:
        return {whole}
    fraction = Decimal(f"{head}{''.join(tail[:-1])}.{tail[-1]}")
    if len(tail) > 1:
        return {whole} if len(marks) == 1 else {fraction}
    if len(tail[0]) != 3 or len(head) > 3 or not head.strip("0"):
        return {fraction}
    return {whole} if tail[0] == "000" else {whole, fraction}


@cache
def _compile(language: str) -> _Rules:
    return _Rules(CONVENTIONS.get(language, Conventions()))
