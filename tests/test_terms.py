"""Terms of a glossary: which of them stand in a sentence, as a reader would say."""

from __future__ import annotations

import pytest

from eval.fidelity.items import Item
from eval.fidelity.ledger import check_items
from eval.fidelity.terms import Glossary
from mt.text.glossary import Term

ROWS = (
    ("city", "هانوي", "Hanoi", "Hà Nội"),
    ("city", "هاي فونغ", "Hai Phong", "Hải Phòng"),
    ("unit", "بلدية", "commune", "xã"),
    ("unit", "بلدة", "town", "thị trấn"),
    ("body", "لجنة الحزب", "Party Committee", "Đảng ủy"),
    ("body", "لجنة الحزب في هانوي", "Hanoi Party Committee", "Thành ủy Hà Nội"),
    ("title", "رئيس", "chairman", "chủ tịch"),
    ("title", "رئيس", "president", "chủ tịch nước"),
)
GLOSSARY = Glossary(
    [Term(dict(zip(("ar", "en", "vi"), row[1:], strict=True)), row[0]) for row in ROWS]
)


def check(source: str, hypothesis: str, language: str = "en") -> list[tuple[str, str, str]]:
    items = GLOSSARY.check(source, hypothesis, ("ar", language))
    return [(item.value, item.outcome, item.found) for item in items]


@pytest.mark.parametrize(
    ("source", "hypothesis", "language", "items"),
    [
        ("في هانوي", "in Hanoi", "en", [("هانوي", "kept", "")]),
        ("وبهانوي", "in HANOI", "en", [("وبهانوي", "kept", "")]),
        ("في البلدية", "in both communes", "en", [("البلدية", "kept", "")]),
        ("للبلدية", "cho xã", "vi", [("للبلدية", "kept", "")]),
        ("هَانُوي", "Hà Nội", "vi", [("هَانُوي", "kept", "")]),
        ("في هانوي", "ở Hà Nam", "vi", [("هانوي", "lost", "")]),
        ("في هانوي", "in Hai Phong", "en", [("هانوي", "changed", "Hai Phong")]),
        (
            "في هانوي وهاي فونغ",
            "in Hai Phong",
            "en",
            [("هانوي", "lost", ""), ("وهاي فونغ", "kept", "")],
        ),
        ("في البلدية", "in the town", "en", [("البلدية", "lost", "")]),  # no name
        ("قال الرئيس", "the president said", "en", [("الرئيس", "kept", "")]),
        ("قال الرئيس", "the chairman said", "en", [("الرئيس", "kept", "")]),
        ("هانوي ثم هانوي", "Hanoi, then there", "en", [("هانوي", "kept", "")]),
        ("لا شيء", "Hanoi", "en", []),
    ],
)
def test_terms(
    source: str, hypothesis: str, language: str, items: list[tuple[str, str, str]]
) -> None:
    assert check(source, hypothesis, language) == items


def test_the_longer_term_stands_for_those_within_it() -> None:
    source = "قررت لجنة الحزب في هانوي"
    assert check(source, "the Hanoi Party Committee decided") == [
        ("لجنة الحزب في هانوي", "kept", "")
    ]
    assert check(source, "the Party Committee in Hanoi decided") == [
        ("لجنة الحزب في هانوي", "lost", "")
    ]


def test_tones_may_stand_on_either_vowel() -> None:
    old_and_new = Glossary([Term({"ar": "هوا بينه", "vi": "Hòa Bình"})])
    (item,) = old_and_new.check("في هوا بينه", "ở Hoà Bình", ("ar", "vi"))
    assert item.outcome == "kept"
    (item,) = old_and_new.check("في هوا بينه", "ở Hoa Binh", ("ar", "vi"))
    assert item.outcome == "lost"


def test_a_language_that_the_glossary_lacks_has_no_terms() -> None:
    assert GLOSSARY.check("في هانوي", "in Hanoi", ("ar", "de")) == ()
    assert GLOSSARY.check("Hanoi", "in Hanoi", ("de", "en")) == ()


def test_terms_are_part_of_the_ledger() -> None:
    items = check_items("في هانوي 5 بلديات", "in Hanoi", ("ar", "en"), GLOSSARY)
    assert items == (
        Item("number", "5", "lost", start=9, end=10),
        Item("term", "هانوي", "kept", start=3, end=8),
    )
