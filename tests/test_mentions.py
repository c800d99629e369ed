"""Numbers in words, dates and negation: read by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from eval.fidelity.conventions import CONVENTIONS
from eval.fidelity.mentions import Date, find_mentions, find_negation, find_number_words, read_dates


def number(language: str, start: int, words: str) -> list[tuple[str, str, int]]:
    return [(word, language, value) for value, word in enumerate(words.split(), start)]


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        *number("en", 0, "zero one two three four five six seven eight nine ten eleven"),
        ("twelfth", "en", 12),
        ("three hundred and forty-two", "en", 342),
        ("two thousand", "en", 2000),
        *number("vi", 0, "không một hai ba bốn năm sáu bảy tám chín mười"),
        ("mười hai", "vi", 12),
        ("hai mươi lăm", "vi", 25),
        ("một nghìn không trăm năm mươi hai", "vi", 1052),
        *number("ar", 0, "صفر واحد اثنان ثلاثة أربع خمسة ست سبعة ثماني تسعة عشرة"),
        ("أحد عشر", "ar", 11),
        ("الثانية عشرة", "ar", 12),
        ("خمسة وعشرون", "ar", 25),
        ("ألف واثنين وخمسين", "ar", 1052),
        ("عامين", "ar", 2),
        ("ثلاثمئة", "ar", 300),
        ("وبالأربعينيات", "ar", 1940),
    ],
)
def test_number_words(text: str, language: str, value: int) -> None:
    assert Decimal(value) in find_number_words(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("năm 2023", "vi"),  # the year
        ("5 năm", "vi"),
        ("mỗi năm", "vi"),
        ("5 triệu", "vi"),  # a number already
        ("100 في المئة", "ar"),  # per cent
        ("often", "en"),
    ],
)
def test_words_that_are_no_numbers(text: str, language: str) -> None:
    assert find_number_words(text, language) == ()


def find_dates(text: str, language: str) -> set[Date]:
    return {date for mention in find_mentions(text, language).dates for date in read_dates(mention)}


ARABIC = (
    "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "كانون_الثاني شباط آذار نيسان أيار حزيران تموز آب أيلول تشرين_الأول تشرين_الثاني كانون_الأول",
)
ENGLISH = (
    "January February March April May June July August September October November December",
    "Jan. Feb. Mar. Apr. May Jun. Jul. Aug. Sept. Oct. Nov. Dec.",
)


@pytest.mark.parametrize(
    ("months", "language"), [*((a, "ar") for a in ARABIC), *((e, "en") for e in ENGLISH)]
)
def test_every_month_has_its_number(months: str, language: str) -> None:
    for number, name in enumerate(months.replace("_", "\u00a0").split(" "), 1):
        text = f"7 {name.replace(chr(160), ' ')} 2023"
        assert find_dates(text, language) == {(2023, number, 7)}, text


def test_vietnamese_months_have_their_numbers() -> None:
    names = "Giêng Hai Ba Tư Năm Sáu Bảy Tám Chín Mười Mười_Một Chạp"
    for number, name in enumerate(names.split(), 1):
        for month in (name.replace("_", " "), str(number)):
            text = f"ngày 7 tháng {month} năm 2023"
            assert find_dates(text, "vi") == {(2023, number, 7)}, text


@pytest.mark.parametrize(
    ("text", "language", "dates"),
    [
        ("3/7/2023", "ar", {(2023, 7, 3)}),
        ("3/7/2023", "vi", {(2023, 7, 3)}),
        ("3/7/2023", "en", {(2023, 7, 3), (2023, 3, 7)}),
        ("2023-07-03", "en", {(2023, 7, 3)}),
        ("in March 2023 and by May", "en", {(2023, 3, 0), (0, 5, 0)}),
        ("7-9 July", "en", {(0, 7, 7), (0, 7, 9)}),
        ("tháng 7/2023", "vi", {(2023, 7, 0)}),
        ("July 18, 2,000 people", "en", {(0, 7, 18)}),
        ("tỷ lệ 3/4, sáu tháng đầu năm, 24/7", "vi", set()),
        ("He may march on", "en", set()),
        ("مارس الرياضة مع أب وأم", "ar", set()),
        ("القرار 12/2025/NQ-HDND", "ar", set()),
        ("2021-2030", "ar", set()),
    ],
)
def test_dates(text: str, language: str, dates: set[Date]) -> None:
    assert find_dates(text, language) == dates


@pytest.mark.parametrize(
    ("text", "language", "plain", "possible"),
    [
        ("We do not know", "en", True, True),
        ("They didn't", "en", True, True),
        ("not only rice but fish", "en", False, True),
        ("without a word", "en", False, True),
        ("No. 39-NQ/TW", "en", False, True),
        ("They came", "en", False, False),
        ("لا نعرف", "ar", True, True),
        ("لَمْ يَحْضُر", "ar", True, True),
        ("لا يزال قائما", "ar", False, True),
        ("لم يصرفوا سوى النصف", "ar", False, True),
        ("بدون أوراق", "ar", False, True),
        ("حضروا", "ar", False, False),
        ("Chúng tôi không biết", "vi", True, True),
        ("hàng không", "vi", False, True),
        ("không chỉ lúa mà cả cá", "vi", False, True),
        ("Họ đã đến", "vi", False, False),
    ],
)
def test_negation(text: str, language: str, plain: bool, possible: bool) -> None:
    found = find_negation(text, language)
    assert (bool(found.plain), found.possible) == (plain, possible)


def test_a_language_is_a_row() -> None:
    assert set(CONVENTIONS) == {"ar", "en", "vi"}
    assert find_number_words("sechs", "de") == ()
    assert not find_negation("nicht", "de").possible
