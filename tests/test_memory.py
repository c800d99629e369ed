"""What was translated is not translated again, and nobody can tell from the results."""

from __future__ import annotations

import multiprocessing
import sqlite3
import warnings
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.errors import AwdaWarning, CacheError
from mt.translate import memory as module
from mt.translate.memory import Holding, Maker, Memory
from mt.translate.translation import Attempt, Translation
from mt.translate.workshop import Workshop

BOOK = {"كتاب": Translation("A book", -0.1 / 3)}
EPOCH = date(1970, 1, 1).toordinal()

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
scores = st.floats(allow_nan=False)
attempts = st.builds(Attempt, words, words, scores, st.lists(words, max_size=2).map(tuple))
translations = st.builds(
    Translation,
    words,
    st.none() | scores,
    notes=st.lists(words, max_size=2).map(tuple),
    attempts=st.lists(attempts, max_size=2).map(tuple),
)


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "new" / "memory.sqlite")


def days_later(monkeypatch: pytest.MonkeyPatch, day: int) -> None:
    monkeypatch.setattr(module, "_today", lambda: day)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Memory, Memory]:
    """Two memories in one file."""
    path = tmp_path_factory.mktemp("memory") / "memory.sqlite"
    return Memory(path), Memory(path)


@settings(deadline=None)  # a disk may be busy
@given(made=st.dictionaries(words, translations, min_size=1, max_size=4))
def test_what_is_kept_is_found(two: tuple[Memory, Memory], made: dict[str, Translation]) -> None:
    first, second = two
    first.keep("us", made)
    assert second.find("us", list(made)) == made
    assert second.find("them", list(made)) == {}
    assert second.find("us", ["longer than any of the texts"]) == {}


def test_more_texts_than_a_query_takes(memory: Memory) -> None:
    made = {f"نص {i}": Translation(f"text {i}", -float(i)) for i in range(3000)}
    memory.keep("us", made)
    assert memory.find("us", ["unknown", *made, "نص 7"]) == made


def test_the_last_translation_kept_counts(memory: Memory) -> None:
    memory.keep("us", BOOK)
    memory.keep("us", {"كتاب": Translation("A tome", -1.0)})
    assert memory.find("us", ["كتاب"])["كتاب"].text == "A tome"


def test_a_fresh_memory_finds_nothing_and_keeps_all(memory: Memory) -> None:
    memory.keep("us", BOOK)
    fresh = Memory(memory.path, fresh=True)
    assert fresh.find("us", list(BOOK)) == {}
    fresh.keep("us", {"كتاب": Translation("A tome", -1.0)})
    assert memory.find("us", ["كتاب"])["كتاب"].text == "A tome"


def keep_much(path: Path, name: str) -> list[str]:
    """What one of several processes does; returns what it was warned of, and what it missed."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        memory = Memory(path)
        for i in range(60):
            memory.keep("us", {f"{name} {i} {j}": Translation(f"{i} {j}") for j in range(20)})
            memory.keep("us", {f"everybody's {i}": Translation("the same")})
            if len(memory.find("us", [f"{name} {i} {j}" for j in range(20)])) < 20:
                warnings.warn(f"{name} missed what it wrote", stacklevel=1)
    return [str(warning.message) for warning in caught]


@pytest.mark.slow
def test_several_processes_begin_and_write_one_memory_together(tmp_path: Path) -> None:
    path, names = tmp_path / "memory.sqlite", "abcdef"
    with multiprocessing.get_context("spawn").Pool(len(names)) as pool:
        told = pool.starmap(keep_much, [(path, name) for name in names])
    assert told == [[]] * len(names)
    texts = [f"{name} {i} {j}" for name in names for i in range(60) for j in range(20)]
    texts += [f"everybody's {i}" for i in range(60)]
    memory = Memory(path)
    assert memory.find("us", texts).keys() == set(texts)
    assert [each.entries for each in memory.list_holdings()] == [len(texts)]
    with sqlite3.connect(path) as file:
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


# A file that is of no use


def cut_up(path: Path) -> None:
    """Overwrite all pages but the first, as a bad disk does."""
    Memory(path).keep("us", {f"text {i}": Translation("x" * 500) for i in range(100)})
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))


def raise_version(path: Path) -> None:
    with sqlite3.connect(path) as file:
        file.execute(f"PRAGMA user_version = {module.FORMAT + 1}")


def use_otherwise(path: Path) -> None:
    with sqlite3.connect(path) as file:
        file.execute("CREATE TABLE songs (title TEXT)")


def put_folder_there(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.write_bytes(b"no database" * 1000), "damaged; .* prune --all"),
        (cut_up, "damaged; .* prune --all"),
        (raise_version, "a memory of another version of awda; .* prune --all"),
        (use_otherwise, "a memory of another version of awda"),
        (put_folder_there, "is a folder, .* move it away"),
    ],
)
def test_a_file_of_no_use_is_told_once_and_left_alone(tmp_path, spoil, message) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "memory.sqlite"
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    memory = Memory(path)
    with pytest.warns(AwdaWarning, match=f"{path}: {message}"):
        assert memory.find("us", list(BOOK)) == {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        memory.keep("us", BOOK)
        assert memory.find("us", list(BOOK)) == {}
    assert (path.read_bytes() if path.is_file() else None) == before
    with pytest.raises(CacheError, match=message):
        memory.list_holdings()
    if path.is_file():
        memory.clear()
        memory = Memory(path)
        memory.keep("us", BOOK)
        assert memory.find("us", list(BOOK)) == BOOK


def test_where_no_file_can_be_made_there_is_no_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    memory = Memory(tmp_path / "file" / "memory.sqlite")
    with pytest.warns(AwdaWarning, match="the memory cannot be used: .*(directory|exists)"):
        memory.keep("us", BOOK)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert memory.find("us", list(BOOK)) == {}


def test_a_full_memory_is_read_still(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 20 * 4096)
    memory.keep("us", BOOK)
    large = {f"text {i}": Translation("x" * 500) for i in range(1000)}
    with pytest.warns(AwdaWarning, match="full; to make room: awda memory prune"):
        memory.keep("us", large)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        memory.keep("us", large)
        assert memory.find("us", ["كتاب", "text 1"]) == BOOK
    assert memory.size < 60 * 4096  # with the journal


def test_a_row_that_is_damaged_is_translated_again(memory: Memory) -> None:
    memory.keep("us", BOOK)
    memory.close()
    with sqlite3.connect(memory.path) as file:
        file.execute("UPDATE translation SET value = '[\"A boo'")
    assert memory.find("us", list(BOOK)) == {}


# How long things are kept


def test_reading_writes_once_a_day(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    def count_changes() -> int:
        (version,) = observer.execute("PRAGMA data_version").fetchone()
        return int(version)

    days_later(monkeypatch, 20_000)
    memory.keep("us", BOOK)
    observer = sqlite3.connect(memory.path)
    before = count_changes()
    memory.find("us", list(BOOK))
    assert count_changes() == before
    days_later(monkeypatch, 20_001)
    memory.find("us", list(BOOK))
    after = count_changes()
    assert after > before
    memory.find("us", list(BOOK))
    assert count_changes() == after
    observer.close()


def test_what_was_not_used_for_long_can_be_forgotten(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    days_later(monkeypatch, 100)
    memory.introduce("us", Maker("ours@1", "en", "engine 1"))
    memory.keep("us", {name: Translation(name) for name in "abc"})
    memory.keep("them", BOOK)
    days_later(monkeypatch, 190)
    memory.find("us", ["a"])
    assert memory.prune(older_than=90) == 0
    days_later(monkeypatch, 191)
    assert memory.list_holdings() == (
        Holding(
            Maker("ours@1", "en", "engine 1"),
            3,
            date.fromordinal(EPOCH + 100),
            date.fromordinal(EPOCH + 190),
        ),
        Holding(Maker(), 1, *[date.fromordinal(EPOCH + 100)] * 2),
    )
    assert memory.prune(older_than=90) == 3
    assert memory.find("us", list("abc")).keys() == {"a"}
    assert [holding.entries for holding in memory.list_holdings()] == [1]


def test_the_least_recently_used_goes_first(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    days_later(monkeypatch, 100)
    made = {f"text {i}": Translation("x" * 300) for i in range(2000)}
    memory.keep("us", made)
    days_later(monkeypatch, 101)
    recent = [f"text {i}" for i in range(0, 2000, 5)]
    memory.find("us", recent)
    limit = memory.size // 2
    forgotten = memory.prune(max_bytes=limit)
    assert memory.size <= limit
    left = memory.find("us", list(made))
    assert len(left) == 2000 - forgotten
    assert left.keys() >= set(recent)
    assert len(left) > 700  # of about a thousand that have room
    assert memory.clear() == len(left)
    assert memory.find("us", list(made)) == {}
    assert memory.size < 50_000


# In a translator

ODD = [
    *("", "***", "الاجتماع", "زار الوفد القرية", "الاجتماع", " زار  الوفد القرية "),
    "زار الوفد القرية، " * 3,
    "عقدت اللجنة اجتماعا في عام 2024",
]


class Counting:
    """Counts what engines are asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from mt.translate.ctranslate import CTranslateEngine

        self.texts: list[str] = []
        generate = CTranslateEngine.generate

        def count(engine: CTranslateEngine, texts: Sequence[str], *rest: object, **more: object):  # type: ignore[no-untyped-def]
            self.texts += texts
            return generate(engine, texts, *rest, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(CTranslateEngine, "generate", count)


def translate(model: Path, texts: Sequence[str], memory: Memory | None) -> list[Translation]:
    workshop = Workshop(beam_size=2, memory=memory)
    return workshop.build([str(model), str(model)], ["en", "vi"]).translate(texts)


def test_the_memory_changes_no_result(tiny_model: Path, memory: Memory) -> None:
    without = translate(tiny_model, ODD, None)
    assert translate(tiny_model, ODD, memory) == without
    assert translate(tiny_model, ODD, Memory(memory.path)) == without
    assert any(each.attempts for each in without)  # random weights babble: there are repairs


def test_no_model_is_loaded_where_all_is_known(
    tiny_model: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = translate(tiny_model, ODD, memory)

    def fail(*_: object) -> None:
        raise AssertionError("loaded")

    monkeypatch.setattr("mt.translate.workshop._load", fail)
    assert translate(tiny_model, ODD, Memory(memory.path)) == made
    assert translate(tiny_model, [], Memory(memory.path)) == []
    with pytest.raises(AssertionError, match="loaded"):
        translate(tiny_model, ["مدينة"], Memory(memory.path))


def test_only_what_changed_is_translated(
    tiny_model: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"الاجتماع {word}" for word in ("الأول", "الثاني", "الثالث", "الرابع")]
    workshop = Workshop(beam_size=1, repair=False, memory=memory)
    workshop.build([str(tiny_model)], ["en"]).translate(texts)
    assert workshop.remembered == 0
    asked = Counting(monkeypatch)
    texts[2] = "كتاب جديد"
    workshop = Workshop(beam_size=1, repair=False, memory=memory)
    workshop.build([str(tiny_model)], ["en"]).translate(["", *texts, texts[0]])
    assert asked.texts == ["كتاب جديد"]
    assert workshop.remembered == 4  # three texts, one of them twice


def test_what_is_made_otherwise_is_not_taken(
    tiny_model: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, text = str(tiny_model), "زار الوفد القرية"
    Workshop(beam_size=1, memory=memory).build([model], ["en"]).translate([text])
    asked = Counting(monkeypatch)
    Workshop(beam_size=2, memory=memory).build([model], ["en"]).translate([text])
    Workshop(beam_size=1, memory=memory).build([model], ["vi"]).translate([text])
    Workshop(beam_size=1, repair=False, memory=memory).build([model], ["en"]).translate([text])
    assert asked.texts.count(text) >= 3
    assert {holding.maker.target for holding in memory.list_holdings()} == {"en", "vi"}
