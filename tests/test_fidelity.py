"""Numbers and codes: counted by hand."""

from __future__ import annotations

import pytest

from eval.fidelity.items import Fidelity, Tally, check_numbers, find_numbers, tally


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("يومي 3 و4 أغسطس", ["3", "4"]),
        ("٢٠٣٠ and ۲۰۴۵ and 2050", ["2030", "2045", "2050"]),
        ("1,234.5 is 1.234,5 is ١٬٢٣٤٫٥", ["12345"] * 3),
        ("2021-2030; 03/8", ["2021", "2030", "3", "8"]),
        ("0.5 and 5 and 007", ["05", "5", "7"]),
        ("القرار رقم 39-NQ/TW بتاريخ", ["39-NQ/TW"]),
        ("و39-NQ/TW، COVID-19, G7.", ["39-NQ/TW", "COVID-19", "G7"]),
        ("mid-2020, the 18th, the 1990s", ["2020", "18", "1990"]),
        ("OCOP, TW, no digits", []),
        ("VND5 million, USD1,200, US$7, EUR-1", ["5", "1200", "7", "EUR-1"]),
    ],
)
def test_what_counts_as_a_number(text: str, values: list[str]) -> None:
    assert [number.value for number in find_numbers(text)] == values


def test_places_point_into_the_text_as_it_was() -> None:
    text = "عام ٢٠٣٠، القرار 39-NQ/TW"
    assert [text[n.start : n.end] for n in find_numbers(text)] == ["٢٠٣٠", "39-NQ/TW"]


def test_kept_lost_and_invented() -> None:
    found = check_numbers("39-NQ/TW في 18 يوليو 2023 و18", "On 18 July 2023, 40-NQ/TW and 5")
    assert found == Fidelity(("18", "2023"), ("39-NQ/TW", "18"), ("40-NQ/TW", "5"))


def test_a_text_keeps_its_own_numbers() -> None:
    text = "39-NQ/TW, 1.000, ٢٠٣٠, 3-4"
    found = check_numbers(text, text)
    assert (len(found.kept), found.lost, found.invented) == (5, (), ())


def test_tally() -> None:
    counts = tally([Fidelity(("1",), ("2", "3"), ()), Fidelity((), (), ("4",))])
    assert counts == Tally(1, 2, 1)
    assert counts.expected == 3
