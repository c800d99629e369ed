"""A synchronous grammar that writes parallel sentences of numbers, dates, codes, names and bodies.

Every rule has an Arabic, an English and a Vietnamese side with the same symbols in braces; a
symbol is expanded once and put in place on all three sides (Aho and Ullman, 1969). Rules are in
``grammar.tsv``, names of people in ``names.tsv``, counted nouns in ``nouns.tsv``; provinces,
bodies, titles and programmes come from a glossary, each category being a symbol.

In a rule, ``{body.2}`` is a second expansion of ``{body}``, ``{code:NQ/TW}`` a numbered document,
and ``{body?أصدر|أصدرت}`` a word that is masculine or feminine as the expansion of ``{body}`` is.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mt.errors import CorpusError
from mt.text.glossary import read_glossary
from mt.text.reader import read_lines

Phrase = dict[str, str]  # language code -> text
LANGUAGES = ("ar", "en", "vi")
RULES, NAMES, NOUNS = DATA = tuple(
    Path(__file__).with_name(name) for name in ("grammar.tsv", "names.tsv", "nouns.tsv")
)
_SYMBOL = re.compile(r"\{([a-z-]+(?::[^}?]+)?(?:\.\d)?)(?:\?([^|}]*)\|([^}]*))?\}")
_FEMININE = ("الأمم",)  # feminine without the ending


@dataclass(frozen=True)
class Noun:
    """A noun to be counted; Arabic takes the plural after 3-10, the accusative after 11-99."""

    ar_one: str
    ar_few: str
    ar_many: str
    en_one: str
    en_many: str
    vi: str

    def count(self, number: int) -> Phrase:
        few, many = 3 <= number % 100 <= 10, number % 100 >= 11
        noun = self.ar_few if few else self.ar_many if many else self.ar_one
        digits = f"{number:,}"
        return {
            "ar": f"{digits} {noun}",
            "en": f"{digits} {self.en_many}",
            "vi": f"{_vietnamese(digits)} {self.vi}",
        }


class Grammar:
    """The rules with a glossary's terms; the same seed gives the same sentences."""

    def __init__(self, glossary: Path) -> None:
        """Raises ``CorpusError`` when the glossary cannot be read or lacks a category."""
        self._rules: dict[str, list[Phrase]] = defaultdict(list)
        for path in (RULES, NAMES):
            for symbol, *sides in _read_cells(path):
                self._rules[symbol].append(dict(zip(LANGUAGES, sides, strict=True)))
        for term in read_glossary(glossary):
            if all(language in term.texts for language in LANGUAGES):
                self._rules[term.category].append(dict(term.texts))
        self._nouns: dict[str, list[Noun]] = defaultdict(list)
        for category, *forms in _read_cells(NOUNS):
            self._nouns[category].append(Noun(*forms))
        self._check(glossary)

    def _check(self, glossary: Path) -> None:
        used = {
            match[1].split(".")[0]
            for rules in self._rules.values()
            for rule in rules
            for match in _SYMBOL.finditer(rule["ar"])
        }
        known = {*self._rules, *_TERMINALS, "count", "people"}
        if missing := sorted(name for name in used if name not in known and ":" not in name):
            raise CorpusError(
                f"{glossary}: no terms of category '{missing[0]}', which the grammar needs"
            )

    def generate(self, seed: int) -> Iterator[Phrase]:
        """Endless sentences."""
        rng = random.Random(seed)
        while True:
            sentence = self._expand("sentence", rng)
            yield {lang: text[:1].upper() + text[1:] for lang, text in sentence.items()}

    def _expand(self, symbol: str, rng: random.Random) -> Phrase:
        if symbol.startswith("code:"):
            return _make_code(symbol.removeprefix("code:"), rng)
        if symbol in ("count", "people"):
            nouns = self._nouns["people"] + (self._nouns["thing"] if symbol == "count" else [])
            return rng.choice(nouns).count(_draw_number(rng))
        if symbol in _TERMINALS:
            return _TERMINALS[symbol](rng)
        rule = rng.choice(self._rules[symbol])
        parts: dict[str, Phrase] = {}
        for match in _SYMBOL.finditer(rule["en"]):
            if match[1] not in parts:
                parts[match[1]] = self._expand_new(match[1].split(".")[0], parts, rng)
        return {language: _fill(rule[language], language, parts) for language in LANGUAGES}

    def _expand_new(self, symbol: str, parts: Mapping[str, Phrase], rng: random.Random) -> Phrase:
        """An expansion that the rule does not have yet, where there is one."""
        for _ in range(5):
            phrase = self._expand(symbol, rng)
            if phrase not in parts.values():
                break
        return phrase


def _read_cells(path: Path) -> Iterator[list[str]]:
    for line in read_lines(path)[1:]:
        yield line.split("\t")


def _fill(side: str, language: str, parts: Mapping[str, Phrase]) -> str:
    def replace(match: re.Match[str]) -> str:
        phrase = parts[match[1]]
        if match[2] is None:
            return phrase[language]
        first = phrase["ar"].split()[0]
        return match[3] if first.endswith("ة") or first in _FEMININE else match[2]

    return _SYMBOL.sub(replace, side)


# --- terminals ---


def _vietnamese(number: str) -> str:
    return number.translate(str.maketrans(".,", ",."))


def _draw_number(rng: random.Random) -> int:
    """From 3 on, small ones as likely as large ones; no one or two, which Arabic inflects."""
    while True:
        number = int(10 ** rng.uniform(0.5, 4.3))
        if number % 100 > 2 or number % 100 == 0:
            return number


def _same(text: str) -> Phrase:
    return dict.fromkeys(LANGUAGES, text)


def _decimal(rng: random.Random, most: float) -> str:
    return f"{rng.uniform(1, most):.{rng.choice((0, 1, 1, 2))}f}"


def _make_code(suffix: str, rng: random.Random) -> Phrase:
    """``143-NQ/TW`` of the Party, ``512/QĐ-TTg`` of the state, ``12/2021/NĐ-CP`` of laws."""
    number = rng.randint(3, 300 if "/" in suffix else 4000)
    joint = "-" if "/" in suffix else "/"
    if suffix.startswith(("TT", "NĐ")):
        joint = f"/{rng.randint(2008, 2026)}/"
    code = f"{number}{joint}{suffix}"
    return {"ar": code.replace("Đ", "D"), "en": code.replace("Đ", "D"), "vi": code}


def _make_percent(rng: random.Random) -> Phrase:
    value = _decimal(rng, 99)
    ar, en = rng.choice((("%", "%"), (" في المائة", " percent")))
    return {"ar": value + ar, "en": value + en, "vi": f"{_vietnamese(value)}%"}


_SCALES = (
    ("مليون", "million", "triệu"),
    ("مليار", "billion", "tỷ"),
    ("تريليون", "trillion", "nghìn tỷ"),
)


def _make_money(rng: random.Random) -> Phrase:
    ar, en, vi = rng.choice(_SCALES)
    value = _decimal(rng, 900)
    english = rng.choice((f"VND{value} {en}", f"{value} {en} dong", f"VND {value} {en}"))
    return {"ar": f"{value} {ar} دونغ", "en": english, "vi": f"{_vietnamese(value)} {vi} đồng"}


def _make_dollars(rng: random.Random) -> Phrase:
    ar, en, vi = rng.choice(_SCALES[:2])
    value = _decimal(rng, 400)
    english = rng.choice((f"US${value} {en}", f"{value} {en} U.S. dollars", f"${value} {en}"))
    return {
        "ar": f"{value} {ar} دولار أمريكي",
        "en": english,
        "vi": f"{_vietnamese(value)} {vi} USD",
    }


def _make_number(rng: random.Random, hundreds: int = 60) -> Phrase:
    """One that takes the accusative singular in Arabic: ends in 11 to 99."""
    beginning = rng.randint(1, hundreds) if rng.random() < 0.4 or hundreds > 60 else 0
    number = f"{beginning * 100 + rng.randint(11, 99):,}"
    return {"ar": number, "en": number, "vi": _vietnamese(number)}


def _make_decimal(rng: random.Random) -> Phrase:
    value = f"{rng.uniform(2, 900):.{rng.choice((1, 2))}f}"
    return {"ar": value, "en": value, "vi": _vietnamese(value)}


def _make_period(rng: random.Random) -> Phrase:
    first = rng.choice((2010, 2015, 2020, 2021, 2025, 2026))
    last = first + rng.choice((4, 5, 10))
    dash = rng.choice((" - ", "-"))
    return {"ar": f"{first} - {last}", "en": f"{first}{dash}{last}", "vi": f"{first}{dash}{last}"}


def _make_hour(rng: random.Random) -> Phrase:
    hour, minute = rng.randint(6, 11), rng.choice((15, 30, 45))
    clock = f"{hour}:{minute}"
    return {"ar": f"{clock} صباحا", "en": f"{clock} a.m.", "vi": f"{hour} giờ {minute}"}


_TERMINALS: Mapping[str, Callable[[random.Random], Phrase]] = {
    "percent": _make_percent,
    "money": _make_money,
    "dollars": _make_dollars,
    "number": _make_number,
    "population": lambda rng: _make_number(rng, hundreds=40_000),
    "decimal": _make_decimal,
    "period": _make_period,
    "hour": _make_hour,
    "year": lambda rng: _same(str(rng.randint(1985, 2035))),
    "dom": lambda rng: _same(str(rng.randint(1, 28))),
    "early-dom": lambda rng: _same(str(rng.randint(1, 14))),
    "late-dom": lambda rng: _same(str(rng.randint(15, 28))),
    "small-number": lambda rng: _same(str(rng.randint(3, 10))),
}
