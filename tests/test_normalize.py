from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.text.normalize import normalize


@pytest.mark.parametrize(
    ("raw", "text", "changes"),
    [
        ("plain", "plain", ()),
        ("  spaced \t out ", "spaced out", ("2 runs of white space",)),
        (unicodedata.normalize("NFD", "Tiếng Việt"), "Tiếng Việt", ("nfc",)),
        ("\u200fمرحبا\u200e", "مرحبا", ("2 direction marks",)),
        ("zero\u200bwidth", "zerowidth", ("1 zero-width characters",)),
        ("a\u00a0b", "a b", ("1 runs of white space",)),
        ("نیم\u200cفاصله", "نیم\u200cفاصله", ()),  # a joiner between Arabic letters is spelling
        ("مُحَمَّد ٤٢", "مُحَمَّد ٤٢", ()),  # marks and digits are the writer's
        ("page\x0cbreak", "page break", ("1 runs of white space",)),
        ("bell\x07", "bell", ("1 control characters",)),
    ],
)
def test_normalize(raw: str, text: str, changes: tuple[str, ...]) -> None:
    assert normalize(raw) == (text, changes)


@given(st.text())
def test_normalize_is_idempotent_and_nfc(text: str) -> None:
    once, _ = normalize(text)
    assert normalize(once) == (once, ())
    assert unicodedata.is_normalized("NFC", once)


@given(st.text(alphabet=st.characters(categories=("L", "N", "P"))))
def test_normalize_loses_no_letter(text: str) -> None:
    assert normalize(text)[0] == unicodedata.normalize("NFC", text)
