"""The languages Awda knows: a code, a name, a script, and how to tell that a text is in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mt.errors import CorpusError, suggest


@dataclass(frozen=True)
class Language:
    code: str  # ISO 639-1
    name: str
    script: str  # "Arab" or "Latn" (ISO 15924)
    iso3: str  # ISO 639-3, as OPUS-MT's target tokens have it
    right_to_left: bool = False


LANGUAGES = {
    language.code: language
    for language in (
        Language("ar", "Arabic", "Arab", "ara", right_to_left=True),
        Language("de", "German", "Latn", "deu"),
        Language("en", "English", "Latn", "eng"),
        Language("fr", "French", "Latn", "fra"),
        Language("vi", "Vietnamese", "Latn", "vie"),
    )
}

# Letters that only Vietnamese has among the languages above (NFC, lower case).
_VIETNAMESE = frozenset("ăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ")

_OLD = 0.1  # share of accented Latin letters and signs that no other language above has

_ENOUGH = 20  # letters needed before a text can be said to be in a wrong language

# Words that make up 7 % to 40 % of running text: of 1,070 documents in corpora/vneco, none has
# less than 6.7 % of those of its language, nor more than 5.4 % of those of another one.
_COMMON = {
    "ar": "في من على إلى أن عن مع هذا هذه التي الذي كان كانت لا ما قد ذلك بين كما",
    "de": "der die und das in ist nicht ein eine den mit zu von auf für im des dem sich als",
    "en": "the of and to in a is that it for was with as on by are be this from at",
    "fr": "le la les des et un une est que dans du pour de en il qui au sur par à",
    "vi": "và của các là có cho trong được với những một không đã này người để khi từ về",
}
_RUNNING = 50  # words needed before their share says something
_RARE, _USUAL = 0.03, 0.1  # shares of words
_READ = 200_000  # characters of a text that are looked at
_VOWEL_SIGNS = re.compile("[\u0640\u064b-\u0652\u0670]")  # of Arabic, and tatweel


def find_language(code: str) -> Language:
    """Look a language up by its two-letter code; raises ``CorpusError`` with a suggestion."""
    try:
        return LANGUAGES[code]
    except KeyError:
        raise CorpusError(f"unknown language '{code}'{suggest(code, LANGUAGES)}") from None


def mismatch(text: str, code: str) -> str:
    """Why ``text`` (NFC) cannot be in language ``code``, or ``""`` when it can.

    A check of script and, for Vietnamese, of its own letters: it finds swapped files, not errors
    of a word or two. Short texts pass.
    """
    letters = [c for c in text.lower() if c.isalpha()]
    if len(letters) < _ENOUGH:
        return ""
    arabic = sum("\u0600" <= c <= "\u06ff" or "\ufb50" <= c <= "\ufefc" for c in letters)
    latin = sum(c < "\u0250" or "\u1e00" <= c <= "\u1eff" for c in letters)
    vietnamese = sum(c in _VIETNAMESE for c in letters) / len(letters)
    language = LANGUAGES[code]
    own, other = (arabic, latin) if language.script == "Arab" else (latin, arabic)
    if own < other or own < 0.5 * len(letters):
        found = "Latin" if latin >= arabic and latin else "Arabic" if arabic else "another"
        return f"expected {language.name}, but most letters are in {found} script"
    if code == "vi" and vietnamese < 0.02:
        old = sum("\x80" <= c < "\u0250" for c in text) > _OLD * len(letters)
        hint = "; is it in an old encoding (TCVN3, VISCII, VNI)? Save it as UTF-8 first"
        return (
            "expected Vietnamese, but it has almost none of the letters of Vietnamese"
            f"{hint if old else ''}"
        )
    if language.script == "Latn" and code != "vi" and vietnamese > 0.05:
        return f"expected {language.name}, but it has many letters of Vietnamese"
    return ""


def doubt(text: str, code: str) -> str:
    """Why ``text`` (NFC) is probably not in language ``code``, or ``""`` where nothing says so.

    A look at the commonest words of the language, for what script cannot tell. Short texts pass.
    """
    words = re.findall(r"[^\W\d_]+", _VOWEL_SIGNS.sub("", text[:_READ].lower()))
    if len(words) < _RUNNING:
        return ""
    shares = {
        known: sum(map(frozenset(common.split()).__contains__, words)) / len(words)
        for known, common in _COMMON.items()
    }
    other = max(shares, key=lambda known: shares[known])
    usual = shares[other] > max(_USUAL, 3 * shares[code])  # some words two languages have
    if shares[code] > _RARE and not usual:
        return ""
    found = f", and many of {LANGUAGES[other].name}" if usual else ""
    return f"it has hardly any of the common words of {LANGUAGES[code].name}{found}"


def guess_language(text: str) -> str:
    """The code of Arabic, Vietnamese or English, whichever the letters of ``text`` look most like.

    Other languages in Latin script pass for English: ask only where nothing hangs on it.
    """
    letters = [c for c in text.lower() if c.isalpha()]
    if 2 * sum("\u0600" <= c <= "\u06ff" for c in letters) > len(letters):
        return "ar"
    return "vi" if 50 * sum(c in _VIETNAMESE for c in letters) > len(letters) else "en"
