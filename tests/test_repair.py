"""What is plainly wrong with a translation, and what is tried then."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from conftest import SENTENCES
from hypothesis import given
from hypothesis import strategies as st

from mt.text.glossary import Term, Terminology
from mt.text.protection import find_spans
from mt.translate.engine import Decoding, Hypothesis
from mt.translate.models import find_model
from mt.translate.repair import attempt, copy_marks, find_faults
from mt.translate.translation import Attempt, Progress
from mt.translate.translator import _describe
from mt.translate.workshop import Workshop

WHOLE = "خطة 39-NQ/TW لعام 2023"
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
        ("كتاب", "A ⁇  book", ("unknown piece",)),
        ("كتاب ⁇", "A ⁇  book", ()),
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
        progress: Progress | None = None,
    ) -> list[list[Hypothesis]]:
        self.calls.append((list(texts), whole_beam, no_repeat))
        beams = self.answers.pop(0)
        assert len(beams) == len(texts)
        return [[Hypothesis(text, -1.0) for text in beam] for beam in beams]


def test_nothing_is_tried_again_where_nothing_is_wrong() -> None:
    engine = Script([["A book"], [""]], [["", "A pen"]])
    book, pen = attempt(["كتاب", "قلم"], engine, None)
    assert [each.way for each in book] == ["beam"]
    assert [(each.way, each.text) for each in pen] == [
        ("beam", ""),
        ("hypothesis 2 of the beam", "A pen"),
    ]
    assert engine.calls == [(["كتاب", "قلم"], False, 0), (["قلم"], True, 0)]


def test_a_word_that_loops_whatever_is_tried_may_not_stand_twice() -> None:
    """Two pieces of it in a row are allowed once, so that four-grams of it are never repeated."""
    loop = "a border border border border pen"
    engine = Script([[loop]], [[loop, loop]], [[loop]], [["a border border pen"]])
    (attempts,) = attempt(["قلم"], engine, ">>en<<")
    assert [each.way for each in attempts][-1] == "no repeated pairs"
    assert attempts[-1].text == "a border border pen"
    assert [call[2] for call in engine.calls] == [0, 0, 4, 2]


def test_the_ways_in_their_order_and_the_least_faulty_is_taken() -> None:
    source = "القرار رقم 39 في عام 2023، والخطة رقم 45 في عام 2024"
    engine = Script(
        [["Nothing at all of it"]],
        [["Nothing at all of it", "The plan 45, I think, and nothing else"]],
        [["The decision 39 of 2023 and the plan 45"]],
        [["The decision 39 of 2023 and the plan 45 of 1999 and 1999"]],
        [["The decision 39 of 2023 and the plan of {0}"]],
        [["The decision 39 of 2023"], ["and the plan of the year 2024"]],
        [["The decision 39 of 2023 and the plan"]],
        [["Decision No."], ["of the year"], ["and Plan No."]],
    )
    (attempts,) = attempt([source], engine, ">>en<<", target="en")
    assert [(each.way, each.faults) for each in attempts] == [
        ("beam", ("lost 39", "lost 2023", "lost 45", "lost 2024")),
        ("hypothesis 2 of the beam", ("lost 39", "lost 2023", "lost 2024")),
        ("no repeats", ("lost 2024",)),
        ("masked by years", ("masks lost", "lost 2024")),
        ("masked by braces", ("lost 45",)),
        ("in 2 parts", ("lost 45",)),
        ("around the spans", ("lost 45",)),
        ("around all spans", ()),
    ]
    assert attempts[-1].text == "Decision No 39 of the year 2023, and Plan No 45 of the year 2024"
    plain, no_repeats = (False, 0), (False, 4)
    assert [call[1:] for call in engine.calls] == [
        *(plain, (True, 0), no_repeats),
        *[plain] * 3,
        *[no_repeats] * 2,
    ]
    assert [call[0] for call in engine.calls[3:7]] == [
        ["القرار رقم 39 في عام 2023، والخطة رقم 45 في عام 1999"],
        ["القرار رقم 39 في عام 2023، والخطة رقم 45 في عام {0}"],
        ["القرار رقم 39 في عام 2023،", "والخطة رقم 45 في عام 2024"],
        ["القرار رقم 39 في عام 2023، والخطة رقم 45 في عام"],
    ]


@pytest.mark.parametrize(
    ("text", "target", "faults"),
    [
        ("عقدت اللجنة", "en", ("wrong script",)),
        ("The committee عقدت a meeting", "en", ("untranslated words",)),
        ("Ủy ban họp tại thành phố để bàn về kế hoạch mới", "en", ("wrong language",)),
        ("the committee met in the city for a new plan", "vi", ("wrong language",)),
        ("the committee met in the city for a new plan", "ar", ("wrong script",)),
        # names and short texts are left in peace
        ("Edith Margaret Holcroft, Khalil Mansour al-Saadi", "vi", ()),
        ("Hai anh em trai", "vi", ()),
        ("OCOP, https://x.org", "ar", ()),
        ("عقدت اللجنة اجتماعا", "ar", ()),
    ],
)
def test_scripts_and_languages(text: str, target: str, faults: tuple[str, ...]) -> None:
    source = "عقدت اللجنة أمس في المدينة اجتماعها"
    assert find_faults(source, text, target) == faults


def test_a_copied_name_is_no_fault() -> None:
    assert find_faults("Edith Margaret Holcroft", "Edith Margaret Holcroft", "vi") == ()
    sentence = "Đoàn đã thăm một ngôi làng nhỏ sáng nay"
    assert "copied" in find_faults(sentence, sentence, "vi")


def test_a_translation_that_reached_the_longest_output_is_cut_off() -> None:
    assert find_faults("كتاب جديد", "a new", finished=False) == ("cut off",)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("A plan", ""),
        ("A plan", "خطة كبيرة جديدة للمحافظة"),
        ("A plan", "A plan plan plan plan 2023 39-NQ/TW"),
        ("A plan 2023", "A plan"),
        ("A plan plan plan plan", "خطة 2023 و39-NQ/TW"),
    ],
)
def test_what_is_no_translation_is_worse_than_what_lost_details(better: str, worse: str) -> None:
    engine = Rule(lambda text, beam: [worse, better] if beam else [worse if text == WHOLE else ""])
    (attempts,) = attempt([WHOLE], engine, None, target="en")
    assert attempts[0].text == worse
    assert attempts[-1].text == better


class Rule:
    """An engine that translates by a function of the text and of whether the beam is wanted."""

    name = "rule"

    def __init__(
        self,
        answer: Callable[[str, bool], Sequence[str]],
        count: Callable[[str], int] = lambda text: len(text.split()),
    ) -> None:
        self._answer = answer
        self.count_tokens = count

    def generate(
        self,
        texts: Sequence[str],
        token: str | None,
        *,
        whole_beam: bool = False,
        no_repeat: int = 0,
        progress: Progress | None = None,
    ) -> list[list[Hypothesis]]:
        return [[Hypothesis(text, -1.0) for text in self._answer(t, whole_beam)] for t in texts]


def forget_signs(text: str, _beam: bool) -> list[str]:
    """As a model does that knows letters only."""
    return [" ".join(re.findall(r"[^\W\d_]+", text)) or "nothing"]


@given(
    st.lists(
        st.sampled_from(
            [
                "يد",  # so short that nothing counts as copied
                "و",
                "<b>",
                "</b>",
                "<br/>",
                "{0}",
                "%s",
                "39-NQ/TW",
                "2023",
                "x@y.vn",
                "،",
                "(",
            ]
        ),
        min_size=1,
        max_size=9,
    )
)
def test_what_is_protected_always_arrives_in_order(pieces: list[str]) -> None:
    text = " ".join(pieces)
    (attempts,) = attempt([text], Rule(forget_signs), None)
    kept = [span.value for span in find_spans(attempts[-1].text)]
    assert kept == [span.value for span in find_spans(text)]
    assert not [f for f in attempts[-1].faults if f.startswith(("lost", "invented", "tags"))]


def test_tags_stand_close_to_their_words() -> None:
    (attempts,) = attempt(["زار <b>الوفد</b> القرية (x@y.vn)، ثم عاد"], Rule(forget_signs), None)
    assert attempts[-1].text == "زار <b>الوفد</b> القرية (x@y.vn)، ثم عاد"
    assert attempts[-1].way == "around the spans"


def test_digits_and_marks_become_those_of_the_target() -> None:
    (attempts,) = attempt(["القرار ٣٩-NQ/TW، عام"], Rule(lambda *_: ["word"]), None, target="en")
    assert attempts[-1].text == "word 39-NQ/TW, word"


@pytest.mark.parametrize(
    ("text", "target", "copied"),
    [
        ("٢٠٢٣", "en", "2023"),
        ("{٠}، ١٢٫٥٪؟", "vi", "{٠}, 12.5%?"),
        ("٢٠٢٣، ١٢٪", "ar", "٢٠٢٣، ١٢٪"),
    ],
)
def test_what_is_copied_has_the_digits_and_marks_of_the_target(
    text: str, target: str, copied: str
) -> None:
    assert copy_marks(text, target) == copied
    ((only,),) = attempt([text], Script(), None, target=target)
    assert only.text == copied


@pytest.mark.parametrize(("target", "conjunction"), [("en", "and"), ("vi", "và")])
def test_a_lone_and_is_looked_up_between_spans(target: str, conjunction: str) -> None:
    engine = Rule(lambda text, _: ["spon" if text == "و" else "word"])
    (attempts,) = attempt(["شخص {0} و %s و{1} و 4711"], engine, None, target=target)
    expected = "word {0} and %s and {1} and 4711"
    assert attempts[-1].text == expected.replace("and", conjunction)


def test_no_way_makes_a_text_longer_than_the_limit() -> None:
    """A mask is longer than the number that it stands for."""
    source, asked = "كتاب 12 جديد 34", []

    def answer(text: str, _beam: bool) -> list[str]:
        asked.append(text)
        return ["nothing"]

    attempt([source], Rule(answer, len), None, limit=len(source))
    assert max(map(len, asked)) == len(source)
    attempt([source], Rule(answer, len), None)
    assert max(map(len, asked)) > len(source)


def test_many_spans_are_not_masked_and_equal_texts_are_translated_once() -> None:
    asked: list[str] = []

    def answer(text: str, _beam: bool) -> list[str]:
        asked.append(text)
        return ["book" if text == "كتاب" else "nothing"]

    source = "<b>كتاب</b>" * 6
    (attempts,) = attempt([source], Rule(answer), None)
    assert attempts[-1].text == "<b>book</b>" * 6
    assert not [each.way for each in attempts if each.way.startswith("masked")]
    assert asked.count("كتاب") == 1
    (few,) = attempt(["<b>كتاب</b>"], Rule(answer), None)
    assert [each.way for each in few if each.way.startswith("masked")]


def test_spacing_is_mended_before_anything_else_is_tried() -> None:
    engine = Script([["The < b >book< / b >"]])
    ((first, mended),) = attempt(["<b>الكتاب</b>"], engine, None)
    assert first.faults == ("lost <b>", "lost </b>")
    assert (mended.way, mended.text) == ("spacing mended", "The <b>book</b>")


def test_texts_without_words_are_copied() -> None:
    ((code,), (book,)) = attempt(["39-NQ/TW {0}", "كتاب"], Script([["A book"]]), None)
    assert (code.text, code.faults, book.text) == ("39-NQ/TW {0}", (), "A book")


def test_terms_are_preferred_among_what_has_no_other_fault() -> None:
    terms = Terminology([Term({"ar": "بلدية", "en": "commune"})], "en")
    beam = ["A town", "commune commune commune commune", "A commune", "The commune"]
    engine = Script([["A town"]], [beam])
    (attempts,) = attempt(["بلدية"], engine, None, target="en", terms=terms)
    assert attempts[0].faults == ("missing term commune",)
    assert (attempts[-1].way, attempts[-1].text) == ("hypothesis 3 of the beam", "A commune")
    engine = Script([["A town"]], [["A town", "A city"]])
    (attempts,) = attempt(["بلدية"], engine, None, target="en", terms=terms)
    assert (attempts[-1].way, attempts[-1].text) == ("beam", "A town")


def test_the_fallback_is_asked_only_where_all_attempts_are_at_fault() -> None:
    asked: list[str] = []

    def fallback(texts: Sequence[str]) -> list[Hypothesis]:
        asked.extend(texts)
        return [Hypothesis("From elsewhere", -2.0) for _ in texts]

    engine = Rule(lambda text, _: ["A pen"] if text == "قلم" else [""])
    pen, book = attempt(["قلم", "كتاب"], engine, None, fallback=fallback)
    assert asked == ["كتاب"]
    assert pen[-1].text == "A pen"
    assert (book[-1].way, book[-1].text, book[-1].score) == ("fallback", "From elsewhere", -2.0)


def test_repair_can_be_left_out() -> None:
    ((only,),) = attempt(["كتاب"], Script([[""]]), None, repair=False)
    assert only.faults == ("empty",)


class Brief(Decoding):
    """Four pieces are all that a translation may have."""

    def max_length(self, pieces: int, positions: int) -> int:
        return 4


def test_engines_tell_alike_what_reached_the_longest_output(tiny_model: Path) -> None:
    from mt.translate.ctranslate import CTranslateEngine
    from mt.translate.marian import MarianEngine

    files = find_model(str(tiny_model))
    texts = [text for texts in SENTENCES.values() for text in texts]
    for decoding in (Decoding, Brief):
        settings = decoding(beam_size=2, compute_type="float32")
        told = [
            [best.finished for (best,) in engine(files, settings).generate(texts, ">>en<<")]
            for engine in (CTranslateEngine, MarianEngine)
        ]
        assert told[0] == told[1]
        assert set(told[0]) == ({True, False} if decoding is Decoding else {False})


def test_a_second_model_is_loaded_when_it_is_needed(tiny_model: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    shutil.copytree(tiny_model, second)
    workshop = Workshop(beam_size=2, fallback=str(second))
    translator = workshop.build([str(tiny_model)], ["en"])
    assert list(workshop._engines) == [tiny_model.resolve()]
    (babble,) = translator.translate(["زار الوفد القرية صباح اليوم"])
    assert "cut off" in babble.attempts[0].faults
    assert "fallback" in [each.way for each in babble.attempts]
    assert set(workshop._engines) == {tiny_model.resolve(), second.resolve()}


def test_what_changes_results_changes_the_fingerprint(tiny_model: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    shutil.copytree(tiny_model, second)
    (second / "generation_config.json").write_text("{}\n", encoding="utf-8")
    model, terms = str(tiny_model), [Term({"ar": "بلدية", "en": "commune"})]

    def take(target: str, **settings: object) -> str:
        return Workshop(**settings).fingerprint([model], [target])  # type: ignore[arg-type]

    plain = take("en")
    assert take("en", glossary=terms) != plain
    assert take("vi", glossary=terms) == take("vi")
    assert take("en", fallback=str(second)) != plain
    assert take("en", fallback=model) == plain


def test_notes_tell_repaired_from_preferred() -> None:
    first = Attempt("beam", "A town 45", -1.0, ("missing term commune",))
    better = Attempt("hypothesis 2 of the beam", "A commune 45", -1.0, ())
    assert list(_describe((first, better))) == [
        "preferred (hypothesis 2 of the beam): missing term commune"
    ]
    lost = Attempt("beam", "A town", -1.0, ("lost 45", "missing term commune"))
    assert list(_describe((lost, better))) == [
        "repaired (hypothesis 2 of the beam): lost 45, missing term commune"
    ]
