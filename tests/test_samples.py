"""Each row of docs/formats.md, on files of other programs: written back, all else as it was."""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polib
import pyarrow.parquet as pq
import pytest
from conftest import ROOT
from lxml import etree

from mt.errors import AwdaWarning
from mt.text.formats import DOCUMENTS, FORMATS, Content, decode_content, read_content
from mt.text.formats.compressed import unpack

DATA = ROOT / "tests" / "data" / "formats"
PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\w+) \| (`[^|]+`) \| ([^|]+) \|$", PAGE, re.MULTILINE)
SAMPLES = {name: re.findall(r"`([^`]+)`", files) for name, files, _ in ROWS}
FILES = [(form, name) for form, names in SAMPLES.items() for name in names]
TARGETS = {"desk.cp1256.po": "vi", "desk.tmx": "vi"}  # the others are translated into English
SINGULAR = "%d كتاب معار"  # for which Vietnamese has no form of its own


def read(name: str, *, target: str | None = None) -> Content:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AwdaWarning)
        return read_content(DATA / name, language="ar", target=target)


def outline_xliff(data: bytes) -> object:
    """All but the language of the targets, which a file without targets need not have."""
    root = etree.fromstring(data)
    for each in root.iter("{*}file", "{*}xliff"):
        each.attrib.pop("target-language", None)
        each.attrib.pop("trgLang", None)
    return etree.tostring(root, method="c14n")


def outline_po(data: bytes) -> object:
    charset = re.findall(r"charset=([\w-]+)", data.decode("latin-1"))[0]
    catalogue = polib.pofile(data.decode("utf-8" if charset == "CHARSET" else charset))
    return [(vars(entry) | {"linenum": 0}) for entry in catalogue]


def outline_parquet(data: bytes) -> object:
    table = pq.read_table(io.BytesIO(data))
    return table.schema, table.to_pylist()


def outline_jsonl(data: bytes) -> object:
    return [json.loads(line) for line in data.splitlines()]


def outline_text(data: bytes) -> object:
    return data.decode("utf-8-sig").splitlines()


OUTLINES: dict[str, Callable[[bytes], Any]] = {  # what is left when what is said to be lost is lost
    "txt": outline_text,
    "xliff": outline_xliff,
    "po": outline_po,
    "parquet": outline_parquet,
    "jsonl": outline_jsonl,
}


def test_every_row_has_a_file_of_another_program() -> None:
    assert set(SAMPLES) == set(FORMATS) - {"dataset"}  # which tests/test_dataset.py makes
    made = "".join((DATA / name).read_text("utf-8") for name in ("README.md", "bitexts.md"))
    for form, name in FILES:
        bare = name if (DATA / name).suffix in FORMATS[form].suffixes else Path(name).stem
        assert Path(bare).suffix in FORMATS[form].suffixes
        assert f"`{name}`" in made or f"`*{Path(name).suffix}`" in made, name


@pytest.mark.parametrize(("form", "name"), FILES)
def test_untranslated_it_is_what_it_was(form: str, name: str) -> None:
    """Content and structure, as a library that is not ours reads them, or byte for byte."""
    path, outline = DATA / name, OUTLINES.get(form, bytes)
    alone = form in ("txt", *DOCUMENTS)  # in one language: the texts are their own translation
    target = None if alone else TARGETS.get(name, "en")
    content = read(name, target=target)
    texts = content.texts if alone else [""] * len(content.texts)
    data, path = unpack(path.read_bytes(), path)
    assert outline(content.render(texts, target or "ar")) == outline(data)


@pytest.mark.parametrize(("form", "name"), FILES)
def test_a_translation_is_read_back(form: str, name: str) -> None:
    target = TARGETS.get(name, "en")
    bilingual = form not in ("txt", *DOCUMENTS)
    content = read(name, target=target if bilingual else None)
    assert content.blocks or name == "omegat.tmx"  # which has all its translations
    texts = [f"{text} & <{number}> more" for number, text in enumerate(content.texts)]
    made = content.render(texts, target)
    path = Path(name) if name.endswith(FORMATS[form].suffixes) else Path(name).with_suffix("")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AwdaWarning)
        if bilingual:  # nothing is left to be translated, and the sources are there
            assert not decode_content(made, path, language="ar", target=target).blocks
            if path.name != "desk.csv":  # whose columns name no language
                said = "\n".join(decode_content(made, path, side=target).texts)
                missing = [text for text in texts if text not in said]
                assert not missing or (target == "vi" and missing[0].startswith(SINGULAR))
        else:
            assert list(decode_content(made, path, language=target).texts) == texts
