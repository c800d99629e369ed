from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from mt.errors import CorpusError
from mt.text.reader import (
    build_document,
    decode_lines,
    iterate_lines,
    read_document,
    read_lines,
)

NGHEAN = ROOT / "corpora" / "nghean"


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"a\nb\n", ("a", "b")),
        (b"a\nb", ("a", "b")),
        (b"a\r\nb\r\n", ("a", "b")),
        (b"\xef\xbb\xbfa\n", ("a",)),
        (b"\n\n", ("", "")),
        (b"", ()),
        (b"\xef\xbb\xbf", ()),
        (b"\xef\xbb\xbf\n", ("",)),
        (b"a\r\r\nb\r", ("a\r", "b\r")),
        ("a\u2028b\x85c\n".encode(), ("a\u2028b\x85c",)),  # only \n ends a line, as for wc -l
    ],
)
def test_decode_lines(data: bytes, lines: tuple[str, ...]) -> None:
    assert decode_lines(data, "x") == lines


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="\r\n\ufeff", codec="utf-8"))))
def test_lines_round_trip(lines: list[str]) -> None:
    data = "".join(line + "\n" for line in lines).encode()
    assert decode_lines(data, "x") == tuple(lines)


def test_lines_come_while_later_ones_are_still_unread() -> None:
    lines = iterate_lines(iter(["سطر\n".encode(), b"\xe7\n", b"b\n"]), "x")
    assert next(lines) == "سطر"
    with pytest.raises(CorpusError, match=r"^x:2: not UTF-8 \(byte 0xe7\)"):
        next(lines)


def test_wrong_encoding_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes("سطر\nسطر ثان\n".encode() + "ثالث".encode("windows-1256"))
    with pytest.raises(CorpusError, match=r"x\.txt:3: not UTF-8"):
        read_lines(path)


@pytest.mark.parametrize(("content", "message"), [("", "empty"), ("\n \n\t\n", "empty")])
def test_a_document_without_text_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "x.txt"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match=message):
        read_document(path, "ar")


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such file"):
        read_document(tmp_path / "none.txt", "ar")
    with pytest.raises(CorpusError, match="is a folder"):
        read_document(tmp_path, "ar")


@pytest.mark.parametrize(
    ("name", "claimed", "found"),
    [
        ("reference.en.txt", "vi", "almost none of the letters of Vietnamese"),
        ("reference.vi.txt", "en", "many letters of Vietnamese"),
        ("source.ar.txt", "en", "Arabic script"),
        ("reference.en.txt", "ar", "Latin script"),
    ],
)
def test_a_document_in_the_wrong_language_is_refused(name: str, claimed: str, found: str) -> None:
    with pytest.raises(CorpusError, match=found):
        read_document(NGHEAN / name, claimed)


@pytest.mark.parametrize(
    ("name", "language"), [("source.ar", "ar"), ("reference.en", "en"), ("reference.vi", "vi")]
)
def test_segmentation_agrees_with_the_hand_checked_sentences(name: str, language: str) -> None:
    wanted = (NGHEAN / f"{name}.sentences.txt").read_text(encoding="utf-8").splitlines()
    assert list(read_document(NGHEAN / f"{name}.txt", language).texts) == wanted


def test_segments_know_their_line_and_what_was_changed() -> None:
    document = build_document(["", "\u200fجملة أولى. جملة ثانية.", "ثالثة"], "x", "ar", "sentence")
    assert [(s.index, s.line, s.text) for s in document.segments] == [
        (0, 2, "جملة أولى."),
        (1, 2, "جملة ثانية."),
        (2, 3, "ثالثة"),
    ]
    assert document.segments[0].changes == ("1 direction marks",)
    whole = build_document(["جملة أولى. جملة ثانية.", "", "ثالثة"], "x", "ar", "line")
    assert whole.texts == ("جملة أولى. جملة ثانية.", "", "ثالثة")  # indices are line numbers


@pytest.mark.parametrize("language", ["ar", "en", "vi"])
@given(text=st.text(alphabet="aب ă.؟!?،\n\"'1 "))
def test_segmentation_loses_nothing(language: str, text: str) -> None:
    from mt.text.segment import split_sentences

    parts = split_sentences(text, language)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(part == part.strip() != "" for part in parts)
