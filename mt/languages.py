"""The languages Awda knows: a code, a name, a script, and how to tell that a text is in it."""

from __future__ import annotations

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

_ENOUGH = 20  # letters needed before a text can be said to be in a wrong language


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
        return "expected Vietnamese, but it has almost none of the letters of Vietnamese"
    if language.script == "Latn" and code != "vi" and vietnamese > 0.05:
        return f"expected {language.name}, but it has many letters of Vietnamese"
    return ""
