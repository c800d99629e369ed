"""Translation memories of one's own: what is read from files, and that it goes before models."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from mt.errors import CorpusError
from mt.text.tmx import read_tmx, read_units
from mt.translate.matches import ExactFirst, read_matches
from mt.translate.translation import Translation
from mt.translate.workshop import Workshop

VISIT = "زار الوفد القرية"


def write_tmx(path: Path, *units: Iterable[tuple[str, str]]) -> Path:
    body = "".join(
        "<tu>"
        + "".join(f'<tuv xml:lang="{code}"><seg>{escape(text)}</seg></tuv>' for code, text in unit)
        + "</tu>"
        for unit in units
    )
    path.write_text(f'<tmx version="1.4"><header/><body>{body}</body></tmx>', encoding="utf-8")
    return path


def from_file(text: str, name: str, more: str = "") -> Translation:
    return Translation(text, notes=(f"from {name}{more}",))


def test_languages_by_two_letters_whatever_the_region(tmp_path: Path) -> None:
    path = write_tmx(
        tmp_path / "a.tmx", [("ar-SA", "كتاب"), ("ARA", "قلم"), ("en_GB", "Pen"), ("vie", "Bút")]
    )
    assert list(read_units(path)) == [(("ar", "كتاب"), ("ar", "قلم"), ("en", "Pen"), ("vi", "Bút"))]
    assert list(read_tmx(path)) == [{"ar": "كتاب", "en": "Pen", "vi": "Bút"}]


def test_a_prefix_that_is_not_declared_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tmx"
    path.write_text('<tmx><tu><tuv lang="en"><seg>Pen<x:hi> and</x:hi></seg></tuv></tu></tmx>')
    with pytest.raises(CorpusError, match="1: not a TMX file: Namespace prefix x"):
        list(read_units(path))


def test_entities_that_grow_are_refused(tmp_path: Path) -> None:
    """A billion laughs: ten entities of ten each, nine times over."""
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10))
    path = tmp_path / "a.tmx"
    path.write_text(
        f'<!DOCTYPE tmx [<!ENTITY e0 "ha">{entities}]><tmx><body><tu>'
        '<tuv xml:lang="en"><seg>a &e9; b</seg></tuv></tu></body></tmx>'
    )
    with pytest.raises(CorpusError, match="not a TMX file"):
        next(read_tmx(path))


@pytest.mark.slow
def test_reading_takes_no_more_memory_for_a_larger_file(tmp_path: Path) -> None:
    def measure(units: int) -> int:
        unit = [("ar", f"{VISIT} " * 10), ("en", "The delegation visited the village " * 10)]
        path = write_tmx(tmp_path / "a.tmx", *([unit] * units))
        code = (
            "import re, sys; from pathlib import Path; from mt.text.tmx import read_tmx;"
            "assert sum(1 for _ in read_tmx(Path(sys.argv[1]))) == int(sys.argv[2]);"
            # ru_maxrss of a child begins with what its parent had
            "print(re.search(r'VmHWM:\\s*(\\d+)', Path('/proc/self/status').read_text())[1])"
        )
        command = [sys.executable, "-c", code, str(path), str(units)]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert measure(50_000) < measure(500) + 5_000  # kB; the larger file has 40 MB


def test_matches_are_normalised_and_say_where_they_are_from(tmp_path: Path) -> None:
    mine = write_tmx(
        tmp_path / "mine.tmx",
        [("ar-SA", f"\u200f {VISIT}\n صباحا"), ("en-US", "They came.  "), ("vi", "la\u0300ng")],
        [("ar", "كتاب"), ("en", "A book")],
        [("en", "Nobody"), ("vi", "Không ai")],
    )
    assert read_matches([mine], "ar", ["en", "vi"]) == {
        "en": {
            f"{VISIT} صباحا": from_file("They came.", "mine.tmx"),
            "كتاب": from_file("A book", "mine.tmx"),
        },
        "vi": {f"{VISIT} صباحا": from_file(unicodedata.normalize("NFC", "làng"), "mine.tmx")},
    }
    assert read_matches([mine], "ar", ["en"], wanted={"كتاب"})["en"].keys() == {"كتاب"}
    assert read_matches([], "ar", ["en"]) == {"en": {}}


def test_the_last_of_several_is_taken_and_that_is_said(tmp_path: Path) -> None:
    first = write_tmx(
        tmp_path / "first.tmx",
        [("ar", "كتاب"), ("en", "A book")],
        [("ar", "قلم"), ("en", "A pen")],
        [("ar", "قلم"), ("en", "A pen ")],
        [("ar", "باب"), ("en-US", "A door"), ("en-GB", "A gate")],
        [("ar", "يد"), ("en", "A hand")],
        [("ar", "يد"), ("en", "An arm")],
        [("ar", "يد"), ("en", "A hand")],
    )
    second = tmp_path / "second.tsv"
    second.write_text("id\tar\ten\n1\tكتاب\tA tome\n2\t\tNothing\n", encoding="utf-8")
    several = ", the last of several"
    assert read_matches([first, second], "ar", ["en"])["en"] == {
        "كتاب": from_file("A tome", "second.tsv", several),
        "قلم": from_file("A pen", "first.tmx"),
        "باب": from_file("A gate", "first.tmx", several),
        "يد": from_file("A hand", "first.tmx", several),
    }


def test_files_that_cannot_serve_are_refused(tmp_path: Path) -> None:
    path = write_tmx(tmp_path / "a.tmx", [("fr", "livre"), ("en", "book")])
    with pytest.raises(CorpusError, match=r"a\.tmx: has no translations from 'ar' into 'en'"):
        read_matches([path], "ar", ["en"])
    table = tmp_path / "a.tsv"
    table.write_text("ar\ten\nكتاب\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"a\.tsv:2: 1 columns, expected 2 \(ar, en\)"):
        read_matches([table], "ar", ["en"])
    table.write_bytes(b"")
    with pytest.raises(CorpusError, match=r"a\.tsv: has no translations"):
        read_matches([table], "ar", ["en"])
    path.write_bytes(b"")
    with pytest.raises(CorpusError, match=r"a\.tmx: empty; expected a TMX file"):
        read_matches([path], "ar", ["en"])
    other = tmp_path / "a.csv"
    other.write_text("ar\ten\n\nكتاب\tbook\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"not a TMX file: .*ends in \.tsv"):
        read_matches([other], "ar", ["en"])
    found = read_matches([other.rename(table)], "ar", ["en"])  # blank lines are no rows
    assert found["en"]["كتاب"].text == "book"


def test_a_match_goes_before_the_whole_route(tiny_model: Path) -> None:
    models, texts = [str(tiny_model)] * 2, ["كتاب", f" {VISIT}", "", "قلم"]
    match = from_file("Họ đã đến.", "mine.tmx")
    done: list[int] = []
    workshop = Workshop(beam_size=1)
    alone = workshop.build(models, ["en", "vi"]).translate(texts)
    translator = workshop.build(models, ["en", "vi"], {VISIT: match})
    assert isinstance(translator, ExactFirst)
    assert translator.translate(texts, done.append) == [alone[0], match, *alone[2:]]
    assert match.pivots == ()
    assert sum(done) == 8  # four segments through two models
