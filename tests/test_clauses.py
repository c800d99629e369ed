"""Where a text that is too long is split: as a reader would, and never within what is protected."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.text.protection import find_spans
from mt.translate.clauses import split_clauses


def count_words(text: str) -> int:
    return len(text.split())


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        (
            "زار الوفد القرية وقد تفقد المدرسة ثم عاد إلى المدينة",
            4,
            ["زار الوفد القرية", "وقد تفقد المدرسة", "ثم عاد إلى المدينة"],
        ),
        (
            "نظمت المحافظة والمدن لقاء كبيرا",
            4,
            ["نظمت المحافظة", "والمدن لقاء كبيرا"],
        ),
        # the father is not "and the"
        ("قال لي والدي أمس شيئا", 4, ["قال لي والدي أمس", "شيئا"]),
        ("وزير وقت واحد وطن", 2, ["وزير وقت", "واحد وطن"]),
        (
            "they met the elders because it rained and went home",
            5,
            ["they met the elders", "because it rained", "and went home"],
        ),
        (
            "đại biểu tham dự hội nghị nhưng chưa thống nhất",
            6,
            ["đại biểu tham dự hội nghị", "nhưng chưa thống nhất"],
        ),
        ("a b, c d and e f", 4, ["a b, c d", "and e f"]),
    ],
)
def test_conjunctions_come_after_commas_and_before_words(
    text: str, limit: int, parts: list[str]
) -> None:
    assert split_clauses(text, limit, count_words) == parts


def test_a_tag_with_blanks_stays_whole() -> None:
    text = 'see <a href="https://x.org/" title="a b c d e">the very long page</a> for more'
    assert split_clauses(text, 7, count_words) == [
        "see",
        '<a href="https://x.org/" title="a b c d e">the',
        "very long page</a> for more",
    ]


PIECES = ["كلمة", "وقد", "word", "and", "x" * 30, "https://x.org/" + "a" * 30, "<b>", "،", "{name}"]


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=10), st.integers(3, 20))
def test_nothing_is_lost_and_no_span_is_cut(pieces: list[str], limit: int) -> None:
    text = " ".join(pieces)
    parts = split_clauses(text, limit, len)
    assert "".join("".join(parts).split()) == "".join(text.split())
    spans = [span.text for span in find_spans(text)]
    assert [span.text for part in parts for span in find_spans(part)] == spans
    assert all(len(part) <= limit or part in spans for part in parts)
