"""The corpora hold what their descriptions say, and the checks find what is wrong with one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from conftest import ROOT

from corpora import check
from corpora.check import Row
from mt.align.alignment import read_pairs
from mt.text.reader import read_lines

NGHEAN = ROOT / "corpora" / "nghean"
VNECO = ROOT / "corpora" / "vneco"
ROWS = check.read_rows(VNECO / "segments.jsonl")
SPLITS = check.read_splits(VNECO / "splits.json")
DOCUMENTS = {row.doc for row in ROWS}
HELD_OUT = sorted(doc for doc, split in SPLITS.items() if split == "test")


def row(**texts: str) -> Row:
    return Row("doc", 0, "topic", texts)


def gold_of(language: str) -> list[tuple[Path, Path, Path]]:
    """Arabic, translation and gold file of each test document."""
    folder = VNECO / "gold"
    return [
        (
            folder / f"{doc}.ar.txt",
            folder / f"{doc}.{language}.txt",
            folder / f"{doc}.ar-{language}.gold.txt",
        )
        for doc in HELD_OUT
    ]


# --- what is there ---


@pytest.mark.slow
def test_nothing_is_wrong_with_the_corpus() -> None:
    problems, _ = check.check_corpus(ROWS, SPLITS, check.read_second_translations(VNECO))
    assert not problems


def test_the_plain_test_set_is_the_test_split() -> None:
    plain = check.read_test_set(VNECO)
    assert {len(lines) for lines in plain.values()} == {568}
    assert not list(check.find_differences(ROWS, SPLITS, plain))
    changed = {**plain, "vi": plain["vi"][1:]}
    assert list(check.find_differences(ROWS, SPLITS, changed)) == [
        "test/vi.txt: not the test split of segments.jsonl"
    ]


def test_the_corpus_is_as_large_and_as_broad_as_it_says() -> None:
    assert len(ROWS) >= 21_000
    assert len(DOCUMENTS) >= 1_070
    assert len({row.topic for row in ROWS}) >= 50
    assert not any("nghean" in doc for doc in DOCUMENTS)


def test_the_splits_are_whole_documents_over_many_topics() -> None:
    by_split = {
        name: [row for row in ROWS if SPLITS.get(row.doc, "train") == name]
        for name in ("train", "dev", "test")
    }
    assert sum(map(len, by_split.values())) == len(ROWS)
    assert len(by_split["dev"]) >= 200
    assert len(by_split["test"]) >= 400
    assert len({row.doc for row in by_split["test"]}) >= 16
    assert len({row.topic for row in by_split["test"]}) >= 16


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_gold_covers_the_nghe_an_document(language: str) -> None:
    gold = read_pairs(NGHEAN / f"gold.ar-{language}.txt")
    gold.alignment.check(34, 39)
    flat = [i for bead in gold.alignment.beads for i in bead.source]
    assert flat == sorted(flat)
    shapes = Counter(bead.shape for bead in gold.alignment.beads)
    assert sum(shapes.values()) == 30
    assert shapes["1-1"] < 0.7 * 30


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_gold_of_the_test_documents_is_large_and_not_easy(language: str) -> None:
    shapes: Counter[str] = Counter()
    for source, translation, gold in gold_of(language):
        alignment = read_pairs(gold).alignment
        alignment.check(len(read_lines(source)), len(read_lines(translation)))
        shapes += Counter(bead.shape for bead in alignment.beads)
    assert set(shapes) == {"1-1", "1-2", "2-1", "2-2", "1-0", "0-1"}
    assert sum(shapes.values()) >= 400
    assert shapes["1-1"] <= 0.75 * sum(shapes.values())


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_second_translation_is_another_one(language: str) -> None:
    first = {row.texts[language] for row in ROWS if row.doc in HELD_OUT}
    second = [line for _, path, _ in gold_of(language) for line in read_lines(path)]
    long = [line for line in second if len(line.split()) > 6]
    assert sum(line in first for line in long) <= 0.02 * len(long)


def test_the_gold_source_is_the_corpus() -> None:
    for source, _, _ in gold_of("vi"):
        doc = source.name.removesuffix(".ar.txt")
        assert read_lines(source) == tuple(row.texts["ar"] for row in ROWS if row.doc == doc)


# --- what the checks find ---


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([Row("a", 1, "t", {"ar": "كتاب", "en": "Book", "vi": "Sách"})], "a:1: out of order"),
        ([row(ar="كتاب", en="Book ", vi="Sách")], "doc:0: en: empty, not NFC"),
        ([row(ar="كتاب", en="Book", vi="Sa\u0301ch")], "doc:0: vi: empty, not NFC"),
        ([row(ar="كتاب", en="", vi="Sách")], "doc:0: en: empty"),
        ([row(ar="كتاب " * 25, en="A book " * 3 + "x", vi="Một cuốn sách " * 9 + "x")], "too far"),
        (
            [row(ar="A book " * 15 + "x", en="A book " * 15 + "x", vi="Sách" * 25)],
            "expected Arabic",
        ),
    ],
)
def test_faults_of_rows_are_found(rows: list[Row], problem: str) -> None:
    assert any(problem in found for found in check.find_problems(rows))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "rows.jsonl: no rows"),
        ("{broken\n", "rows.jsonl:1: not JSON"),
        ('{"doc": "a", "index": 0, "topic": "t", "ar": "كتاب", "en": null, "vi": "Sách"}\n',
         "rows.jsonl:1: the fields are not doc, index"),
    ],
)  # fmt: skip
def test_rows_of_another_schema_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        check.read_rows(path)


def test_a_second_topic_in_a_document_is_found() -> None:
    texts = {"ar": "كتاب", "en": "Book", "vi": "Sách"}
    rows = [Row("a", 0, "t", texts), Row("a", 1, "u", texts)]
    assert list(check.find_problems(rows)) == ["a:1: a second topic in one document"]


@pytest.mark.parametrize(
    ("ar", "en", "vi", "agree"),
    [
        ("في 12 مارس 2024", "On March 12, 2024", "Ngày 12/3/2024", True),
        ("في 12 مارس 2024", "On March 12, 2024", "Ngày 12/4/2024", False),
        ("3 قرى", "3 villages", "ba thôn", False),
        ("ثلاث قرى", "three villages", "3 thôn", False),
        ("1,250 و12.5%", "1,250 and 12.5%", "1.250 và 12,5%", True),
        ("5 و5", "5 and 5", "5", False),
        ("1.5", "1.5", "15", False),
        ("تكلم العمدة", "The mayor may speak", "Thị trưởng nói 5", False),
    ],
)
def test_digits_are_compared_across_the_languages(ar: str, en: str, vi: str, agree: bool) -> None:
    assert check.digits_agree(row(ar=ar, en=en, vi=vi)) is agree


def test_near_duplicates_are_found_and_other_texts_are_not() -> None:
    texts = [
        "The committee met in the morning to review the plan for the coming year.",
        "The cat slept on the warm roof of the old mill by the river all day.",
        "the committee met in the morning to review the plan for the coming month",
        "Good morning!",
        "Good morning",
        "Good evening",
    ]
    assert check.find_near_duplicates(texts) == {0: 2, 2: 0, 3: 4, 4: 3}
    assert check.find_near_duplicates(texts[:2], texts[2:3]) == {0: 0}


def test_a_held_out_sentence_among_the_rows_is_found() -> None:
    rows = [row(ar="كتاب", en="We shall never train on this very sentence.", vi="Sách")]
    held_out = {"en": ["We shall never train on this very sentence!"]}
    assert [leak.split(":")[0] for leak in check.find_leaks(rows, held_out)] == ["doc"]
    assert not list(check.find_leaks(rows, {"en": ["We shall train on quite another one."]}))


def test_vocabulary_grows_to_the_whole() -> None:
    points = check.count_vocabulary(ROWS[:500], "en")
    words = [word for r in ROWS[:500] for word in check.split_words(r.texts["en"])]
    assert points[-1] == (len(words), len(set(words)))
    assert points == sorted(points)
    assert len(points) == 5


def test_repetition_lowers_the_share_of_distinct_ngrams() -> None:
    once = "one two three four five six seven eight"
    assert check.distinct_ngrams([once]) == 1.0
    assert check.distinct_ngrams([once, once]) == 0.5


@pytest.mark.slow
def test_the_figures_are_those_of_the_data_card() -> None:
    card = (ROOT / "corpora" / "README.md").read_text(encoding="utf-8")
    assert check.format_figures(ROWS, SPLITS, check.find_repeats(ROWS)) in card
