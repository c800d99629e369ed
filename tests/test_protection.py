"""What must arrive as it is: found by eye, and compared by hand."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.text.protection import (
    compare,
    count_kept,
    find_spans,
    has_words,
    mask_spans,
    restore_spacing,
    strip_spans,
)

EXACT = [
    "https://nghean.gov.vn/a?b=1&c=2",
    "x.y@nghean.gov.vn",
    "<b>",
    "</b>",
    '<a href="https://x.org/a b">',
    "<br/>",
    "{0}",
    "{name}",
    "${total}",
    "{{user}}",
    "%s",
    "%1$d",
    "%(name)s",
    "&nbsp;",
    "39-NQ/TW",
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("القرار رقم 39-NQ/TW في 18 يوليو 2023", [("code", "39-NQ/TW"), "18", "2023"]),
        ("قرار ٣٩-NQ/TW، عام ٢٠٢٣", [("code", "٣٩-NQ/TW"), "٢٠٢٣"]),
        ("انظر https://x.org/a.", [("address", "https://x.org/a")]),
        ("(راجع https://x.org/a_(b))، ثم", [("address", "https://x.org/a_(b)")]),
        ("nghean.gov.vn, và info@x.vn!", [("address", "nghean.gov.vn"), ("address", "info@x.vn")]),
        ("<g id='1'>نص</g>", [("tag", "<g id='1'>"), ("tag", "</g>")]),
        ("<1>a</1> if 3 < 5 and 7 > 6", [("tag", "<1>"), ("tag", "</1>")]),
        ("%d ملف و%1$s", [("placeholder", "%d"), ("placeholder", "%1$s")]),
        ("50% so với 20%, 100%d", ["50", "20", "100"]),
        ("{count:.2f} of ${x}", [("placeholder", "{count:.2f}"), ("placeholder", "${x}")]),
        ("Fish &amp; chips, R&D; AT&T", [("placeholder", "&amp;")]),
        ("tháng 12 và ngày 20/11/2024, 12 người", ["20", "2024", "12"]),
        ("6 مهام و4 أيام", []),
        ("", []),
    ],
)
def test_spans_as_a_reader_sees_them(text: str, found: list[tuple[str, str] | str]) -> None:
    spans = [span if isinstance(span, tuple) else ("number", span) for span in found]
    assert [(span.kind, span.text) for span in find_spans(text)] == spans


@given(st.lists(st.sampled_from([*EXACT, "و", "word", "،", "2023"]), max_size=8))
def test_spans_lie_in_the_text_and_apart(pieces: list[str]) -> None:
    text = " ".join(pieces)
    end = 0
    for span in find_spans(text):
        assert text[span.start : span.end] == span.text
        assert span.start >= end
        end = span.end
    assert [s.text for s in find_spans(text)] == [p for p in pieces if p in EXACT or p == "2023"]
    survival = compare(text, text)
    assert (survival.lost, survival.invented, survival.disordered) == ((), (), False)


@given(st.text(alphabet="<>/ ={}0%$sb@.&;:-#()'\"ح9A٣", max_size=40))
def test_any_text_has_its_own_spans(text: str) -> None:
    assert all(text[span.start : span.end] == span.text for span in find_spans(text))
    survival = compare(text, text)
    assert (survival.lost, survival.invented, survival.disordered) == ((), (), False)
    assert has_words(text) is any(c.isalpha() for c in strip_spans(text))
    assert restore_spacing(text, text) == text


@pytest.mark.parametrize(
    "piece", ["a.", "<a ", "{", "%(", "&#", "a@", "<a b='", "www.", "1/", "A-"]
)
def test_long_texts_take_no_long(piece: str) -> None:
    text = piece * 20_000
    start = time.perf_counter()
    find_spans(text)
    assert time.perf_counter() - start < 5  # a tenth of it; what is quadratic takes minutes


@pytest.mark.parametrize(
    ("source", "text", "lost"),
    [
        ("في عام ٢٠٢٣", "in 2023", ()),
        ("1.234,5 طن", "1,234.5 tons", ()),
        ("٣٩-NQ/TW", "39-NQ/TW", ()),
        ("39-NQ/TW", "39-nq/tw", ("39-NQ/TW",)),
        ("1846/QD", "1846/QĐ", ()),
        ("20 ألف", "20,000", ()),
        ("2.5 million", "2,500,000", ()),
        ("200 people", "20 people", ("200",)),
        ("2023 و2023", "2023", ("2023",)),
        ("https://x.org/A", "https://x.org/a", ("https://x.org/A",)),
        ("<b>نص</b>", "<B>text</b>", ("<b>",)),
        ("%s", "% s", ("%s",)),
    ],
)
def test_what_was_lost(source: str, text: str, lost: tuple[str, ...]) -> None:
    assert compare(source, text).lost == lost


def test_invented_and_disordered_tags() -> None:
    assert compare("نص {0}", "text {0} <b>{1}").invented == ("<b>", "{1}")
    assert compare("في 2023", "in 2023 and 2024").invented == ()
    assert compare("<b>نص</b>", "</b>text<b>").disordered
    assert not compare("<b>نص</b> {0}", "{0} <b>text</b>").disordered


def test_count() -> None:
    pairs = [("39-NQ/TW في 2023", "39-NQ/TW"), ("<br/> نص", "text <br/>"), ("نص", "text 99")]
    assert count_kept(pairs) == (2, 3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("39-NQ/TW", False),
        ("<b>{0}</b> - https://x.org", False),
        ("12:30", False),
        ("", False),
        ("nghean.gov.vn", False),
        ("OCOP", True),
        ("<b>نص</b>", True),
        ("1 km", True),
    ],
)
def test_whether_there_is_anything_to_translate(text: str, words: bool) -> None:
    assert has_words(text) is words
    assert has_words(text) is any(c.isalpha() for c in strip_spans(text))


@pytest.mark.parametrize(
    ("source", "text", "restored"),
    [
        ("<b>نص</b>", "< b >text< / b >", "<b>text</b>"),
        ("رقم 39-NQ/TW", "No. 39 - NQ / TW.", "No. 39-NQ/TW."),
        ("%s ملف", "% s files", "%s files"),
        ("%s ملف", "50 % so", "50 % so"),
        ("انظر https://x.org/a", "See https: // x.org / a.", "See https://x.org/a."),
        ("نص <b>", "text", "text"),
        ("عام 2023", "20 23", "20 23"),
    ],
)
def test_white_space_within_a_span_is_mended(source: str, text: str, restored: str) -> None:
    assert restore_spacing(source, text) == restored


def test_masks_are_words_that_the_text_lacks() -> None:
    text = "<b>نص</b> في ١٩٩٩ و39-NQ/TW"
    masked = mask_spans(text, find_spans(text), ("1999", "1998", "1997", "1996", "1995"))
    assert masked is not None
    assert masked.text == "1998 نص 1997 في 1996 و1995"
    assert masked.unmask("1998 text 1997 in 1996 and 1995.") == (
        "<b>text</b> in 1999 and 39-NQ/TW."
    )
    assert masked.unmask("1998 text in 1996 and 1995.") is None
    assert masked.unmask("1998 text 1997 in 1996, 1996 and 1995.") is None
    assert mask_spans(text, find_spans(text), ("1999", "1998")) is None
