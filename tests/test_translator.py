"""One in, one out, whatever comes in; and the two engines agree."""

from __future__ import annotations

import json
import random
import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from mt.errors import CorpusError, ModelError
from mt.translate.clauses import split_clauses
from mt.translate.engine import Hypothesis
from mt.translate.models import find_model
from mt.translate.translation import Progress
from mt.translate.translator import ModelTranslator, stream
from mt.translate.workshop import Workshop, translate_texts

ODD = [
    "",
    "   ",
    "***",
    "١٢٣ - 456",
    "🙂",
    "\u200f\u202b",
    "الاجتماع",
    unicodedata.normalize("NFD", "Đoàn thăm làng"),
    "زار الوفد القرية، " * 250,
    "كلمة" * 1000,
]


def count_words(text: str) -> int:
    return len(text.split())


class TestClauses:
    def test_splits_at_the_strongest_mark_that_helps(self) -> None:
        assert split_clauses("a b. c d, e f; g", 4, count_words) == ["a b.", "c d, e f;", "g"]
        assert split_clauses("a b; c d, e", 3, count_words) == ["a b;", "c d, e"]
        assert split_clauses("واحد اثنان، ثلاثة أربعة", 2, count_words) == [
            "واحد اثنان،",
            "ثلاثة أربعة",
        ]
        assert split_clauses("a b c d e", 2, count_words) == ["a b", "c d", "e"]

    def test_a_short_text_is_left_alone(self) -> None:
        assert split_clauses("a, b; c.", 3, count_words) == ["a, b; c."]

    @given(st.text(alphabet="ab ،.;", min_size=1), st.integers(1, 5))
    def test_loses_nothing_and_keeps_to_the_limit(self, text: str, limit: int) -> None:
        parts = split_clauses(text, limit, len)
        assert "".join("".join(parts).split()) == "".join(text.split())
        assert all(len(part) <= limit for part in parts)


@pytest.mark.parametrize("engine", ["ctranslate2", "transformers"])
def test_one_line_out_per_line_in(tiny_model: Path, engine: str) -> None:
    workshop = Workshop(engine=engine, beam_size=1)  # type: ignore[arg-type]
    texts = ODD if engine == "ctranslate2" else ODD[:-2]  # minutes of babble in transformers
    done: list[int] = []
    results = workshop.build([str(tiny_model)], ["vi"]).translate(texts, done.append)
    assert len(results) == len(texts)
    assert sum(done) == len(texts)
    for result in results:
        assert "\n" not in result.text
        assert unicodedata.is_normalized("NFC", result.text)
    assert [r.text for r in results[:5]] == ["", "", "***", "123 - 456", "🙂"]
    assert results[0].notes == ("blank",)
    assert results[2].notes == ("no letters: copied",)
    assert results[5].text == ""
    assert results[6].score is not None
    assert results[6].score <= 0
    assert all(result.notes[0].startswith("split into") for result in results[8:])


@pytest.mark.slow
def test_the_result_does_not_depend_on_the_company() -> None:
    texts = ["زار الوفد القرية", "عقدت اللجنة اجتماعا في المدينة صباح اليوم", "كتاب"]
    alone = [translate_texts([t], target="en")[0].text for t in texts]
    together = [t.text for t in translate_texts(texts, target="en")]
    assert together == alone


def test_a_route_keeps_what_lies_between(tiny_model: Path) -> None:
    model = str(tiny_model)
    texts = ["زار الوفد القرية", "", "***"]
    direct = translate_texts(texts, target="en", models=[model])
    routed = translate_texts(texts, target="vi", models=[model, model], via=["en"])
    assert [r.pivots for r in routed] == [(d.text,) for d in direct]
    second = translate_texts([d.text for d in direct], target="vi", models=[model])
    assert [r.text for r in routed] == [s.text for s in second]


class Echo:
    """An engine that answers "<token> text" at once, and knows what it was asked."""

    name = "echo"

    def __init__(self) -> None:
        self.seen: list[tuple[str, str | None]] = []

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
        self.seen += [(text, token) for text in texts]
        for _ in texts if progress else ():
            progress(1)  # type: ignore[misc]
        return [[Hypothesis(f"{token} {text}", -1.0)] for text in texts]


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> Echo:
    engine = Echo()
    monkeypatch.setattr("mt.translate.workshop._load", lambda *_: engine)
    return engine


def test_systems_that_share_a_leg_share_its_work(tiny_model: Path, echo: Echo) -> None:
    model, texts = str(tiny_model), ["زار الوفد القرية", "كتاب", "زار الوفد القرية"]
    workshop = Workshop(repair=False)
    direct = workshop.build([model], ["en"]).translate(texts)
    routed = workshop.build([model, model], ["en", "vi"]).translate(texts)
    again = workshop.build([model], ["en"]).translate(texts)
    assert [r.pivots for r in routed] == [(d.text,) for d in direct]
    assert again == direct
    assert len(echo.seen) == len(set(echo.seen)) == 4  # two texts into English, two on from there


def test_a_route_of_three_keeps_and_scores_every_leg(tiny_model: Path, echo: Echo) -> None:
    model = str(tiny_model)
    route = Workshop(repair=False).build([model] * 3, ["en", "vi", "en"])
    (result, blank) = route.translate(["كتاب", ""])
    assert result.pivots == (">>en<< كتاب", ">>vi<< >>en<< كتاب")
    assert result.text == ">>en<< >>vi<< >>en<< كتاب"
    assert result.pivot_scores == (-1.0, -1.0)
    assert result.score == -3.0
    assert (blank.text, blank.pivots, blank.pivot_scores, blank.score) == (
        *("", ("", ""), (None, None), None),
    )


def test_streaming_reads_one_window_ahead_and_no_further(
    tiny_model: Path, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mt.translate.translator.WINDOW", 4)
    read: list[int] = []

    def texts() -> Iterator[str]:
        for number in range(10):
            read.append(number)
            yield f"نص {number % 7}"

    translator = Workshop(repair=False).build([str(tiny_model)], ["en"])
    results = stream(translator, texts())
    first = next(results)
    assert read == [0, 1, 2, 3]
    streamed = [first, *results]
    assert streamed == translator.translate([f"نص {number % 7}" for number in range(10)])
    assert len(echo.seen) == 7


def test_what_is_remembered_without_a_memory_is_bounded(
    tiny_model: Path, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mt.translate.translator.WINDOW", 5)
    monkeypatch.setattr("mt.translate.translator.KEPT", 8)
    translator = Workshop(repair=False).build([str(tiny_model)], ["en"])
    assert isinstance(translator, ModelTranslator)
    texts = [f"نص {number}" for number in range(40)]
    assert [t.text for t in translator.translate(texts)] == [f">>en<< {text}" for text in texts]
    assert len(translator._known) == 8
    translator.translate(texts[-8:])
    assert len(echo.seen) == 40
    translator.translate(texts[:1])
    assert len(echo.seen) == 41


def test_progress_adds_up_to_the_segments() -> None:
    """Also where a segment is split into parts, and parts are what an engine tells of."""
    rng = random.Random(2)
    files = find_model("builtin")
    for size in range(12):
        texts = rng.choices(["", "***", "كتاب", "قلم", "كتاب جديد، " * 60], k=size)
        told: list[int] = []
        ModelTranslator(files, "en", Echo, False).translate(texts, told.append)
        assert sum(told) == len(texts)
        assert all(segments > 0 for segments in told)


class Babble(Echo):
    """Says the same of everything, a character a token, and breaks beyond its positions."""

    def __init__(self, positions: int) -> None:
        super().__init__()
        self._positions = positions

    def count_tokens(self, text: str) -> int:
        return len(text)

    def generate(self, texts: Sequence[str], *_: object, **__: object) -> list[list[Hypothesis]]:
        self.seen += [(text, None) for text in texts]
        if any(len(text) + 2 > self._positions for text in texts):
            raise IndexError("index out of range in self")
        return [[Hypothesis("spon", -1.0)] for _ in texts]


def test_repair_keeps_to_the_positions_of_the_model(tmp_path: Path, tiny_model: Path) -> None:
    """A folder whose longest input is all that its network can represent, as OPUS-MT's are."""
    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    settings = model / "tokenizer_config.json"
    table = json.loads(settings.read_text(encoding="utf-8")) | {"model_max_length": 512}
    settings.write_text(json.dumps(table), encoding="utf-8")
    files = find_model(str(model))
    assert files.max_tokens == files.positions == 512
    text = ("كتاب 12 " * 64)[:510]
    engine = Babble(512)
    (made,) = ModelTranslator(files, "en", lambda: engine, True).translate([text])
    assert len(made.attempts) > 1
    assert text in [seen for seen, _ in engine.seen]


def test_what_was_split_is_translated_once_and_judged_as_a_whole(tiny_model: Path) -> None:
    """No part loops, but the parts together do; what is wrong with each of them is noted once."""
    files = find_model(str(tiny_model))
    engine = Babble(files.max_tokens)
    length = files.max_tokens - 2
    (made,) = ModelTranslator(files, "en", lambda: engine, False).translate(["ا" * length * 8])
    assert made.text == " ".join(["spon"] * 8)
    assert made.notes == ("split into 8 parts", "too short", "loop")
    assert len(engine.seen) == 1


def test_attempts_at_equal_parts_are_told_once(tiny_model: Path) -> None:
    files = find_model(str(tiny_model))
    length = files.max_tokens - 2
    (one, eight) = (
        ModelTranslator(files, "en", lambda: Babble(length + 2), True).translate(["ا" * length * n])
        for n in (1, 8)
    )
    assert eight[0].attempts == one[0].attempts != ()


def test_unknown_languages_and_targets(tiny_model: Path) -> None:
    with pytest.raises(CorpusError, match="unknown language 'vn'"):
        translate_texts(["x"], target="vn")
    with pytest.raises(ModelError, match="cannot translate into German"):
        translate_texts(["x"], target="de", models=[str(tiny_model)])


def _agreement(left: Sequence[str], right: Sequence[str]) -> float:
    from sacrebleu.metrics import CHRF

    return float(CHRF().corpus_score(list(left), [list(right)]).score)


@pytest.mark.slow
@pytest.mark.parametrize("target", ["en", "vi"])
def test_the_engines_agree_on_the_builtin_model(target: str) -> None:
    """int8 against fp32 on short sentences: hardly a word differs."""

    folder = ROOT / "corpora" / "vneco"
    held_out = json.loads((folder / "splits.json").read_text(encoding="utf-8"))["dev"]
    rows = map(json.loads, (folder / "segments.jsonl").read_text(encoding="utf-8").splitlines())
    texts = [row["ar"] for row in rows if row["doc"] in held_out and len(row["ar"]) < 45][:24]
    fast = [t.text for t in translate_texts(texts, target=target, beam_size=1)]
    slow = [
        t.text for t in translate_texts(texts, target=target, beam_size=1, engine="transformers")
    ]
    assert _agreement(fast, slow) > 80


@pytest.mark.slow
@pytest.mark.parametrize("beam_size", [1, 5])
def test_the_engines_search_alike_in_full_precision(beam_size: int) -> None:
    """Nine of 64 such texts differ where transformers' searches go on beyond CTranslate2's end."""
    rows = (ROOT / "corpora/vneco/segments.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [json.loads(row)["ar"] for row in rows[:16]]
    options = {"beam_size": beam_size, "repair": False}
    fast, slow = (
        Workshop(**options, **engine).build(["builtin"], ["en"]).translate(texts)  # type: ignore[arg-type]
        for engine in ({"compute_type": "float32"}, {"engine": "transformers"})
    )
    assert [t.text for t in fast] == [t.text for t in slow]
    assert [t.score for t in fast] == pytest.approx([t.score for t in slow], abs=1e-4)


@pytest.mark.slow
def test_ctranslate2_in_full_precision_equals_transformers(tmp_path: Path) -> None:
    """The conversion itself loses nothing: pieces, pad and start token are treated alike."""
    import ctranslate2

    from mt.translate.engine import Decoding
    from mt.translate.marian import MarianEngine
    from mt.translate.models import find_model

    files = find_model("builtin")
    ctranslate2.converters.TransformersConverter(str(files.folder)).convert(str(tmp_path / "ct"))
    model = ctranslate2.Translator(str(tmp_path / "ct"), compute_type="float32")
    reference = MarianEngine(files, Decoding(beam_size=1))
    tokenizer = reference._tokenizer
    texts = ["زار الوفد القرية صباح اليوم.", "عقدت اللجنة اجتماعا في 12 مارس 2024.", "مرحبا"]
    for text in texts:
        pieces = tokenizer.convert_ids_to_tokens(tokenizer.encode(f">>vi<< {text}"))
        ((first,),) = [r.hypotheses for r in model.translate_batch([pieces], beam_size=1)]
        ids = tokenizer.convert_tokens_to_ids(first)
        (((expected, *_),),) = reference.generate([text], ">>vi<<")
        assert tokenizer.decode(ids) == expected
