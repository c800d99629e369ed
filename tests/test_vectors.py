"""The cache of sentence vectors: exact, bounded, shared, and never in the way."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mt.align import similarity, vectors
from mt.align.vectors import open_store
from mt.errors import AwdaWarning

ROWS = {
    text: np.random.default_rng(len(text)).normal(size=8).astype(np.float32)
    for text in ("a", "bb", "مرحبا", "\ud800 broken")
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AWDA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_what_is_kept_is_found_exactly() -> None:
    with open_store("one", 8) as store:
        store.keep(ROWS)
    with open_store("one", 8) as store:
        found = store.find([*ROWS, "new"])
        assert store.find([]) == {}
    assert found.keys() == ROWS.keys()
    assert all(found[text].tobytes() == row.tobytes() for text, row in ROWS.items())


def test_another_embedder_or_width_has_its_own() -> None:
    with open_store("one", 8) as store:
        store.keep(ROWS)
    for made_by, width in (("two", 8), ("one", 9)):
        with open_store(made_by, width) as store:
            assert store.find(list(ROWS)) == {}


def test_the_oldest_rows_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vectors, "ROWS", 3)
    with open_store("one", 8) as store:
        for number in range(10):
            store.keep({str(number): ROWS["a"]})
        assert set(store.find([str(n) for n in range(10)])) == {"7", "8", "9"}


def test_a_damaged_file_costs_a_warning(folder: Path) -> None:
    folder.mkdir()
    (folder / "vectors.sqlite").write_bytes(b"no database " * 1000)
    with pytest.warns(AwdaWarning, match="goes on without it"), open_store("one", 8) as store:  # noqa: PT031
        store.keep(ROWS)
        assert store.find(list(ROWS)) == {}


def test_a_file_that_fails_later_costs_a_warning(folder: Path) -> None:
    with open_store("one", 8) as store:
        with sqlite3.connect(folder / "vectors.sqlite") as other:
            other.execute("DROP TABLE vector")
        with pytest.warns(AwdaWarning, match="goes on without it"):
            store.keep(ROWS)
        assert store.find(list(ROWS)) == {}


def test_a_folder_that_cannot_be_costs_a_warning(folder: Path) -> None:
    folder.write_text("a file")
    with pytest.warns(AwdaWarning, match="goes on without it"), open_store("one", 8) as store:
        assert store.find(list(ROWS)) == {}


def test_processes_write_at_once() -> None:
    code = (
        "import sys, numpy as np; from mt.align.vectors import open_store\n"
        "for n in range(50):\n"
        "    with open_store('one', 8) as store:\n"
        "        store.keep({f'{sys.argv[1]} {n}': np.full(8, n, np.float32)})\n"
    )
    command = [sys.executable, "-W", "error", "-c", code]
    running = [subprocess.Popen([*command, str(each)]) for each in range(3)]
    assert [process.wait() for process in running] == [0, 0, 0]
    with open_store("one", 8) as store:
        found = store.find([f"{each} {n}" for each in range(3) for n in range(50)])
    assert len(found) == 150


def test_embedding_asks_the_model_once_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, folder: Path
) -> None:
    asked: list[str] = []

    def query(texts: list[str]) -> similarity.Vectors:
        asked.extend(texts)
        return np.array([np.random.default_rng(len(t)).normal(size=384) for t in texts], "f4")

    monkeypatch.setattr(similarity, "_embedder", lambda: query)
    monkeypatch.setattr(similarity, "version", lambda _name: "1")
    texts = ["a", " ", "bb", "a", *("c" * n for n in range(3, 60))]
    first = similarity.embed(texts)
    count = len(asked)
    assert similarity.embed(texts).tobytes() == first.tobytes()
    assert len(asked) == count
    monkeypatch.setattr(similarity, "version", lambda _name: "2")
    assert similarity.embed(texts).tobytes() == first.tobytes()
    assert len(asked) == 2 * count
