"""Loops: seen by eye."""

from __future__ import annotations

import pytest

from mt.text.loops import Loop, find_loop


@pytest.mark.parametrize(
    ("text", "loop"),
    [
        ("no no no no", Loop("no", 4)),
        ("He said and the, and the; and the and the end", Loop("and the", 4)),
        ("x a b c d e a b c d e y", Loop("a b c d e", 2)),
        ("نعم نعم نعم نعم نعم", Loop("نعم", 5)),
        ("Very, very, very, VERY good", Loop("very", 4)),
        ("no no no", None),
        ("day by day by day", None),
        ("one two three four five six", None),
        ("", None),
    ],
)
def test_loops(text: str, loop: Loop | None) -> None:
    assert find_loop(text) == loop
