"""The synchronous grammar and the glossary it draws on."""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path

import pytest
from conftest import ROOT

from corpora.check import LANGUAGES, Row, digits_agree
from mt.errors import CorpusError
from mt.languages import mismatch
from mt.text.glossary import read_glossary
from mt.text.normalize import normalize
from mt.train.examples import read_corpus
from mt.train.grammar import RULES, Grammar, Noun
from mt.train.recipe import load_recipe

GLOSSARY = ROOT / "corpora" / "glossary.tsv"


@pytest.fixture(scope="module")
def sentences() -> list[dict[str, str]]:
    return list(islice(Grammar(GLOSSARY).generate(seed=7), 3000))


def test_a_seed_fixes_the_sentences(sentences: list[dict[str, str]]) -> None:
    grammar = Grammar(GLOSSARY)
    assert list(islice(grammar.generate(seed=7), 100)) == sentences[:100]
    assert list(islice(grammar.generate(seed=8), 100)) != sentences[:100]
    assert len({sentence["ar"] for sentence in sentences}) > 0.95 * len(sentences)


def test_the_three_sides_say_the_same_numbers(sentences: list[dict[str, str]]) -> None:
    wrong = [s for s in sentences if not digits_agree(Row("", 0, "", s))]
    assert not wrong


def test_each_side_is_clean_text_of_its_language(sentences: list[dict[str, str]]) -> None:
    for sentence in sentences:
        for language in LANGUAGES:
            text = sentence[language]
            assert normalize(text)[0] == text
            assert not re.search(r"[{}?|]", text)
            assert not (len(text) > 80 and mismatch(text, language))


def test_every_rule_has_the_same_symbols_on_its_three_sides() -> None:
    for line in RULES.read_text(encoding="utf-8").splitlines()[1:]:
        _, *sides = line.split("\t")
        symbols = [sorted(set(re.findall(r"\{([^}?]+)", side))) for side in sides]
        assert symbols[0] == symbols[1] == symbols[2], line


def test_codes_carry_their_letters_into_each_language(sentences: list[dict[str, str]]) -> None:
    decisions = [s for s in sentences if "QĐ-TTg" in s["vi"]]
    assert decisions
    for sentence in decisions:
        assert re.search(r"\d+/QD-TTg", sentence["ar"])
        assert re.search(r"\d+/QD-TTg", sentence["en"])


@pytest.mark.parametrize(
    ("number", "expected"),
    [  # the plural after 3 to 10, the accusative after 11 to 99, the genitive after hundreds
        (5, "5 مشاريع"),
        (10, "10 مشاريع"),
        (11, "11 مشروعا"),
        (99, "99 مشروعا"),
        (100, "100 مشروع"),
        (1105, "1,105 مشاريع"),
        (2000, "2,000 مشروع"),
    ],
)
def test_arabic_nouns_follow_their_number(number: int, expected: str) -> None:
    noun = Noun("مشروع", "مشاريع", "مشروعا", "project", "projects", "dự án")
    assert noun.count(number)["ar"] == expected


def test_arabic_verbs_agree_with_their_subject(sentences: list[dict[str, str]]) -> None:
    text = "\n".join(sentence["ar"] for sentence in sentences)
    assert re.search(r"(أصدرت|عقدت|منحت) (وزارة|إدارة|لجنة|هيئة)", text)
    assert re.search(r"(?<!\w)(أصدر|عقد|منح) (مجلس|اتحاد|مكتب|بنك)", text)
    assert not re.search(r"(?<!\w)(أصدر|عقد|منح) (وزارة|إدارة|لجنة|هيئة)", text)
    assert not re.search(r"(أصدرت|عقدت|منحت) (مجلس|اتحاد|مكتب|بنك)", text)


def test_the_recipe_can_ask_for_sentences(tmp_path: Path) -> None:
    path = tmp_path / "train.yaml"
    source = {"path": str(GLOSSARY), "generate": 50, "weight": 2}
    recipe = {"name": "g", "output": "out", "sources": [source], "directions": {"ar-vi": 1}}
    path.write_text(json.dumps(recipe))
    corpus = read_corpus(load_recipe(path))
    assert 45 <= len(corpus.train) <= 50
    assert all(row.weight == 2 and set(row.texts) == {"ar", "vi"} for row in corpus.train)
    assert any(name.endswith("grammar.tsv") for name in corpus.digests)
    assert read_corpus(load_recipe(path)) == corpus


def test_a_glossary_without_a_category_is_named(tmp_path: Path) -> None:
    path = tmp_path / "terms.tsv"
    path.write_text("category\tar\ten\tvi\ncity\tهانوي\tHanoi\tHà Nội\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"terms\.tsv: no terms of category 'country'"):
        Grammar(path)


def test_the_glossary_we_ship_names_each_term_once() -> None:
    terms = read_glossary(GLOSSARY)
    assert {len(term.texts) for term in terms} == {3}
    names = [(term.category, term.texts["ar"]) for term in terms]
    assert len(set(names)) == len(names)
    assert "tỉnh" not in {t.texts["vi"].split()[0] for t in terms if t.category == "province"}
    assert sum(term.category in ("province", "city") for term in terms) == 63


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "terms.tsv:1: the first line must name the columns"),
        ("ar\tar\nكتاب\tكتاب\n", "terms.tsv:1: the first line must name the columns"),
        ("ar\txx\nكتاب\tbook\n", "unknown language 'xx'"),
        ("ar\ten\nكتاب\tbook\nقلم\n", "terms.tsv:3: expected 2 filled cells (ar, en)"),
        ("ar\ten\nكتاب\t \n", "terms.tsv:2: expected 2 filled cells (ar, en)"),
    ],
)
def test_problems_of_a_glossary_are_told(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "terms.tsv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError) as caught:
        read_glossary(path)
    assert message in str(caught.value)
