"""The corpora hold what their descriptions say."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from itertools import pairwise

import pytest
from conftest import ROOT

from mt.align.alignment import read_pairs
from mt.languages import mismatch

NGHEAN = ROOT / "corpora" / "nghean"
ROWS = [
    json.loads(line)
    for line in (ROOT / "corpora/vneco/segments.jsonl").read_text(encoding="utf-8").splitlines()
]


def numbers(text: str) -> list[str]:
    return sorted(re.sub(r"[.,]", "", n) for n in re.findall(r"\d+(?:[.,]\d+)*", text))


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_gold_covers_the_nghe_an_document(language: str) -> None:
    gold = read_pairs(NGHEAN / f"gold.ar-{language}.txt")
    gold.alignment.check(34, 39)
    flat = [i for bead in gold.alignment.beads for i in bead.source]
    assert flat == sorted(flat)
    shapes = Counter(bead.shape for bead in gold.alignment.beads)
    assert sum(shapes.values()) == 30
    assert shapes["1-1"] < 0.7 * 30


def test_rows_are_whole_and_unique() -> None:
    assert all(list(row) == ["doc", "index", "topic", "ar", "en", "vi"] for row in ROWS)
    assert len({(row["doc"], row["index"]) for row in ROWS}) == len(ROWS)
    assert max(Counter(row["ar"] for row in ROWS).values()) <= 3
    following = pairwise(ROWS)
    assert all(b["index"] == (a["index"] + 1 if a["doc"] == b["doc"] else 0) for a, b in following)


@pytest.mark.parametrize("language", ["ar", "en", "vi"])
def test_each_field_is_in_its_language_and_nfc(language: str) -> None:
    for row in ROWS:
        text = row[language]
        assert text == unicodedata.normalize("NFC", text).strip() != ""
    wrong = [row for row in ROWS if len(row[language]) > 80 and mismatch(row[language], language)]
    assert not wrong


def test_digits_agree() -> None:
    agree = sum(numbers(row["ar"]) == numbers(row["en"]) for row in ROWS)
    assert agree >= 0.99 * len(ROWS)


def test_held_out_documents_exist() -> None:
    splits = json.loads((ROOT / "corpora/vneco/splits.json").read_text(encoding="utf-8"))
    documents = {row["doc"] for row in ROWS}
    assert set(splits) == {"dev"}
    assert set(splits["dev"]) <= documents
    assert sum(row["doc"] in splits["dev"] for row in ROWS) >= 200
    assert not any("nghean" in doc for doc in documents)


def test_nothing_of_the_test_document_stands_in_the_corpus() -> None:
    for language in ("ar", "en", "vi"):
        name = "source.ar" if language == "ar" else f"reference.{language}"
        path = NGHEAN / f"{name}.sentences.txt"
        held_out = {s for s in path.read_text(encoding="utf-8").splitlines() if len(s) > 40}
        assert not held_out & {row[language] for row in ROWS}
