"""What happens to a text before it is scored, and how the signature says so.

Every text is composed (NFC): the same Vietnamese in NFD would lose nearly all of its BLEU. A
metric with the option ``folded`` also overlooks what keyboards and house styles decide:

- *Arabic*: the marks of tashkeel, U+064B to U+0652 and U+0670, the set that CAMeL Tools (Obeid et
  al., 2020) takes out as diacritics, and the tatweel. Letters stay: merging the forms of alef or
  yeh is a profile of its own in that literature, and would hide faults of spelling.
- *Other languages*: typographic quotation marks, apostrophes and dashes become ``"``, ``'`` and
  ``-``, as in Moses's ``normalize-punctuation``, but one for one; spaces are never added.
"""

from __future__ import annotations

import unicodedata

_MARKS = dict.fromkeys([*range(0x064B, 0x0653), 0x0670, 0x0640])
_PUNCTUATION = str.maketrans(
    {
        **dict.fromkeys("“”„‟«»", '"'),
        **dict.fromkeys("‘’‚‛‹›´", "'"),
        **dict.fromkeys("‐‑‒–—―−", "-"),
    }
)


def compose(text: str) -> str:
    """NFC; letters, digits and marks stay as they are."""
    return unicodedata.normalize("NFC", text)


def fold(text: str, language: str) -> str:
    """A composed text without what :func:`describe_folding` names."""
    return text.translate(_MARKS if language == "ar" else _PUNCTUATION)


def describe_folding(language: str) -> str:
    """What is folded, for a signature: ``tashkeel+tatweel``."""
    return "tashkeel+tatweel" if language == "ar" else "quotes+dashes"
