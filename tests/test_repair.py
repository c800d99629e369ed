"""What is plainly wrong with a translation, and what is tried then."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.translate.engine import Hypothesis
from mt.translate.repair import attempt, find_faults

ARABIC = "أصدر المكتب السياسي القرار رقم 39-NQ/TW في 18 يوليو 2023"


@pytest.mark.parametrize(
    ("source", "text", "faults"),
    [
        (ARABIC, "On 18 July 2023 the Politburo issued Resolution 39-NQ/TW", ()),
        (ARABIC, "The Politburo issued Resolution 39 on 18 July 2023", ("lost 39-NQ/TW",)),
        (ARABIC, "", ("empty",)),
        (ARABIC, ARABIC, ("copied",)),
        ("ثلاثة وعشرون كتابا جديدا في المدينة", "A", ("too short",)),
        ("كتاب", "A book that was found in the city", ("too long",)),
        ("خطة من 6 مهام", "A plan of six tasks", ()),
        ("هيا هيا هيا هيا", "go go go go", ()),
        ("كتاب جديد في المدينة القديمة", "a new book in the of the of the of the city", ("loop",)),
        ("كتاب جديد في المدينة القديمة", "very very very very new book", ("loop",)),
        ("كتاب جديد في المدينة القديمة", "a very, very new book, very new", ()),
    ],
)
def test_faults(source: str, text: str, faults: tuple[str, ...]) -> None:
    assert find_faults(source, text) == faults


@given(st.lists(st.sampled_from("abcd"), min_size=1, max_size=8), st.integers(4, 6))
def test_what_is_said_four_times_in_a_row_is_a_loop(words: list[str], times: int) -> None:
    assert "loop" in find_faults("x" * 100, " ".join(words * times))


class Script:
    """An engine that answers as it is told: each call to ``generate`` takes the next answers."""

    name = "script"

    def __init__(self, *answers: Sequence[Sequence[str]]) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[list[str], bool, int]] = []

    def count_tokens(self, text: str) -> int:
        return len(text.split())

    def generate(
        self,
        texts: Sequence[str],
        token: str | None,
        *,
        whole_beam: bool = False,
        no_repeat: int = 0,
    ) -> list[list[Hypothesis]]:
        self.calls.append((list(texts), whole_beam, no_repeat))
        beams = self.answers.pop(0)
        assert len(beams) == len(texts)
        return [[(text, -1.0) for text in beam] for beam in beams]


def test_nothing_is_tried_again_where_nothing_is_wrong() -> None:
    engine = Script([["A book"], [""]], [["", "A pen"]])
    book, pen = attempt(["كتاب", "قلم"], engine, None)
    assert [each.way for each in book] == ["beam"]
    assert [(each.way, each.text) for each in pen] == [
        ("beam", ""),
        ("hypothesis 2 of the beam", "A pen"),
    ]
    assert engine.calls == [(["كتاب", "قلم"], False, 0), (["قلم"], True, 0)]


def test_the_ways_in_their_order_and_the_least_faulty_is_taken() -> None:
    source = "القرار رقم 39 في عام 2023، والخطة رقم 45 في عام 2024"
    engine = Script(
        [["Nothing at all of it"]],
        [["Nothing at all of it", "The plan 45, I think, and nothing else"]],
        [["The decision 39 of 2023 and the plan 45"]],
        [["The decision 39 of 2023"], ["and the plan of the year 2024"]],
    )
    (attempts,) = attempt([source], engine, ">>en<<")
    assert [(each.way, each.faults) for each in attempts] == [
        ("beam", ("lost 39", "lost 2023", "lost 45", "lost 2024")),
        ("hypothesis 2 of the beam", ("lost 39", "lost 2023", "lost 2024")),
        ("in 2 parts", ("lost 45",)),
        ("no repeats", ("lost 2024",)),
    ]
    assert [call[1:] for call in engine.calls] == [(False, 0), (True, 0), (False, 4), (False, 0)]
    assert engine.calls[-1][0] == ["القرار رقم 39 في عام 2023،", "والخطة رقم 45 في عام 2024"]


def test_repair_can_be_left_out() -> None:
    ((only,),) = attempt(["كتاب"], Script([[""]]), None, repair=False)
    assert only.faults == ("empty",)
