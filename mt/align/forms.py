"""The words of a text as a dictionary looks them up: by what inflected forms share.

Arabic is cut down by Light10 (Larkey, Ballesteros and Connell, 2007): articles with what sticks to
their front, and the commonest endings. English loses its plural by the S stemmer (Harman, 1991). A
Vietnamese word is a syllable; words of other languages stay as they are. A number is its digits.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from mt.text.numbers import fold_digits

_REMEMBERED = 200_000  # words

_RUN = re.compile(r"\S+")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_NO_DIGIT = re.compile("[^0-9]")
_ARABIC = re.compile("[\u0600-\u06ff]")

_UNWRITTEN = re.compile("[\u0640\u064b-\u0652\u0670]")
_LIKE = str.maketrans("أإآٱىة", "اااايه")
_ARTICLE = re.compile("وبال|وال|بال|كال|فال|ولل|لل|ال")
_ENDINGS = ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")
_POSSESSIVE = re.compile("['’]s?$")

# Letters that are heard alike in both scripts; all others are dropped, as are vowels and h.
_SOUNDS = {
    **dict.fromkeys("بپ", "b"),
    **dict.fromkeys("تثط", "t"),
    **dict.fromkeys("دذض", "d"),
    **dict.fromkeys("زسشصظ", "s"),
    **dict.fromkeys("جغگ", "g"),
    **dict.fromkeys("خقك", "k"),
    **dict.fromkeys("فڤ", "f"),
    **{"ر": "r", "ل": "l", "م": "m", "ن": "n"},
    **dict.fromkeys("bp", "b"),
    **dict.fromkeys("fv", "f"),
    **dict.fromkeys("gj", "g"),
    **dict.fromkeys("ckq", "k"),
    **dict.fromkeys("szx", "s"),
    **dict.fromkeys("dđ", "d"),
    **{letter: letter for letter in "tlmnr"},
}
_CLUSTERS = (("ph", "f"), ("ch", "ts"), ("ce", "s"), ("ci", "s"), ("cy", "s"))


class Word(NamedTuple):
    """``text[start:end]``, a run without white space and without the punctuation around it."""

    form: str  # what it is looked up by
    sound: str  # how a name sounds in either script, roughly; "" for what is none
    start: int
    end: int


def find_words(text: str, language: str) -> list[Word]:
    """The words of a text from left to right; punctuation that stands alone is none."""
    words = []
    for match in _RUN.finditer(text):
        form, sound, lead, size = _read(match[0], language)
        if size:
            start = match.start() + lead
            words.append(Word(form, sound, start, start + size))
    return words


@lru_cache(_REMEMBERED)
def _read(run: str, language: str) -> tuple[str, str, int, int]:
    """Form and sound of what a run holds, where that begins, and its length."""
    word = _EDGES.sub("", run)
    lead, size = run.index(word), len(word)
    digits = _NO_DIGIT.sub("", fold_digits(word))
    if digits:
        return digits, "", lead, size
    if _ARABIC.search(word):
        form, sound = _cut_arabic(word), _hear(_ARTICLE.sub("", word, count=1))
    else:
        form = _cut_english(word) if language == "en" else word.casefold()
        sound = _hear(word.casefold()) if word[:1].isupper() else ""
    return form or word, sound, lead, size


def _cut_arabic(word: str) -> str:
    """Light10."""
    word = _UNWRITTEN.sub("", word).translate(_LIKE)
    if word.startswith("و") and len(word) > 3:
        word = word[1:]
    article = _ARTICLE.match(word)
    if article and len(word) - article.end() >= 2:
        word = word[article.end() :]
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            word = word.removesuffix(ending)
    return word


def _cut_english(word: str) -> str:
    word = _POSSESSIVE.sub("", word.casefold())
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith("es") and len(word) > 4 and word[-3] in "shxz":
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us")) and len(word) > 3:
        return word[:-1]
    return word


def _hear(word: str) -> str:
    """Consonants, those heard alike as one and none twice in a row; "" for fewer than two."""
    plain = unicodedata.normalize("NFD", word)
    for cluster, sound in _CLUSTERS:
        plain = plain.replace(cluster, sound)
    sounds = ""
    for letter in plain:
        heard = _SOUNDS.get(letter, "")
        if not sounds.endswith(heard or "\0"):
            sounds += heard
    return sounds if len(sounds) > 1 else ""
