"""Check the trilingual corpus and print its figures:  python corpora/check.py [FOLDER]

FOLDER (vneco, beside this file) holds segments.jsonl, splits.json and gold/. Every problem is a
line on standard error, and the exit status is then 1. The figures are those of README.md.
"""

from __future__ import annotations

import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mt.languages import mismatch
from mt.text.normalize import normalize

HERE = Path(__file__).parent
LANGUAGES = ("ar", "en", "vi")
FIELDS = ["doc", "index", "topic", *LANGUAGES]

MAX_RATIO = 3.5  # of two sides' lengths in characters, once both are longer than MIN_CHARS
MIN_CHARS = 20
ENOUGH_CHARS = 80  # for telling the language of a segment
OVERLAP = 0.5  # Jaccard index of word trigrams from which two segments are near-duplicates
LONG = 25  # Arabic words from which a segment counts as long
MAX_SHARE = 0.01  # of rows that may disagree in their digits, and that may be near-duplicates


@dataclass(frozen=True)
class Row:
    """One segment in three languages."""

    doc: str
    index: int
    topic: str
    texts: Mapping[str, str]

    @property
    def id(self) -> str:
        return f"{self.doc}:{self.index}"


def read_rows(path: Path) -> list[Row]:
    """Rows of a ``segments.jsonl``; raises ``ValueError`` for one not of the schema."""
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            fields = json.loads(line)
        except ValueError as error:
            raise ValueError(f"{path.name}:{number}: not JSON: {error}") from None
        if (
            not isinstance(fields, dict)
            or list(fields) != FIELDS
            or not isinstance(fields["index"], int)
            or not all(isinstance(fields[name], str) for name in FIELDS if name != "index")
        ):
            raise ValueError(f"{path.name}:{number}: the fields are not {', '.join(FIELDS)}")
        texts = {language: fields[language] for language in LANGUAGES}
        rows.append(Row(fields["doc"], fields["index"], fields["topic"], texts))
    if not rows:
        raise ValueError(f"{path.name}: no rows")
    return rows


def read_splits(path: Path) -> dict[str, str]:
    """The split of each document that is not for training."""
    splits = json.loads(path.read_text(encoding="utf-8"))
    return {doc: name for name, docs in splits.items() for doc in docs}


# --- what must hold of each row ---


def find_problems(rows: Sequence[Row]) -> Iterator[str]:
    """Faults of single rows: order, form, language, length."""
    yield from _find_disorder(rows)
    for row in rows:
        for language, text in row.texts.items():
            if not text or normalize(text)[0] != text:
                yield f"{row.id}: {language}: empty, not NFC, or with stray spaces or marks"
            elif len(text) > ENOUGH_CHARS and (reason := mismatch(text, language)):
                yield f"{row.id}: {language}: {reason}"
        lengths = [len(text) for text in row.texts.values()]
        if min(lengths) > MIN_CHARS and max(lengths) > MAX_RATIO * min(lengths):
            yield f"{row.id}: lengths {lengths} are too far apart"


def _find_disorder(rows: Sequence[Row]) -> Iterator[str]:
    counts: Counter[str] = Counter()
    topics: dict[str, str] = {}
    previous = ""
    for row in rows:
        if row.index != counts[row.doc] or (row.index and row.doc != previous):
            yield f"{row.id}: out of order"
        if topics.setdefault(row.doc, row.topic) != row.topic:
            yield f"{row.id}: a second topic in one document"
        counts[row.doc] += 1
        previous = row.doc


_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_MONTHS = {
    name: str(1 + index % 12)
    for names in (
        "January February March April May June July August September October November December",
        "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    )
    for index, name in enumerate(names.split())
}


def digits_agree(row: Row) -> bool:
    """Whether the three sides have the same numbers.

    Vietnamese writes months as numbers; those may stand there on top.
    """
    numbers = {language: _find_numbers(text, language) for language, text in row.texts.items()}
    extra = numbers["vi"] - numbers["en"]
    months = {
        number
        for name, number in _MONTHS.items()
        if re.search(rf"\b{name}\b", row.texts["en"]) or name in row.texts["ar"]
    }
    return (
        numbers["ar"] == numbers["en"]
        and not numbers["en"] - numbers["vi"]
        and set(extra) <= months
    )


def _find_numbers(text: str, language: str) -> Counter[str]:
    """Numbers without thousands separators, with a decimal point, without leading zeros."""
    thousands, decimal = (".", ",") if language == "vi" else (",", ".")
    found: Counter[str] = Counter()
    for number in _NUMBER.findall(text):
        plain = number.replace(thousands, "").replace(decimal, ".")
        found[plain.lstrip("0") or "0"] += 1
    return found


# --- repetition ---


def find_near_duplicates(
    texts: Sequence[str], others: Sequence[str] | None = None
) -> dict[int, int]:
    """Indices of ``texts`` that nearly repeat another of them (or one of ``others``), and which.

    Near means that the sets of word trigrams have a Jaccard index of at least ``OVERLAP``; texts
    of less than three words must be equal, letter case and punctuation aside.
    """
    known = [_shingle(text) for text in (texts if others is None else others)]
    places: dict[Any, list[int]] = defaultdict(list)
    for index, shingles in enumerate(known):
        for shingle in shingles:
            places[shingle].append(index)
    found: dict[int, int] = {}
    for index, text in enumerate(texts):
        shingles = _shingle(text)
        shared = Counter(i for shingle in shingles for i in places.get(shingle, ()))
        for other, common in shared.most_common():
            itself = others is None and other == index
            if not itself and common >= OVERLAP * (len(shingles) + len(known[other]) - common):
                found[index] = other
                break
    return found


def split_words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _shingle(text: str) -> set[tuple[str, ...]]:
    words = split_words(text)
    return {tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2))}


def find_repeats(rows: Sequence[Row]) -> set[str]:
    """Ids of rows of which some side nearly repeats that side of another row."""
    return {
        rows[index].id
        for language in LANGUAGES
        for index in find_near_duplicates([row.texts[language] for row in rows])
    }


def find_leaks(rows: Sequence[Row], held_out: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Rows of which a side of six words or more nearly repeats a held-out text of its language."""
    for language, texts in held_out.items():
        long = [text for text in texts if len(split_words(text)) >= 6]
        for index, other in find_near_duplicates([r.texts[language] for r in rows], long).items():
            yield f"{rows[index].id}: {language}: nearly the held-out text: {long[other]}"


def find_differences(
    rows: Sequence[Row], splits: Mapping[str, str], test_set: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Sides of the plain test set that are not the rows of the test split."""
    test = [row for row in rows if splits.get(row.doc) == "test"]
    for language, lines in test_set.items():
        if lines != [row.texts[language] for row in test]:
            yield f"test/{language}.txt: not the test split of segments.jsonl"


# --- figures ---


def count_vocabulary(rows: Sequence[Row], language: str, steps: int = 5) -> list[tuple[int, int]]:
    """Running words and distinct words over growing shares of the documents, in random order."""
    documents = list({row.doc: None for row in rows})
    random.Random(1).shuffle(documents)
    by_document: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_document[row.doc] += split_words(row.texts[language])
    points, words, distinct = [], 0, set[str]()
    ends = {round(len(documents) * step / steps) for step in range(1, steps + 1)}
    for number, document in enumerate(documents, 1):
        words += len(by_document[document])
        distinct.update(by_document[document])
        if number in ends:
            points.append((words, len(distinct)))
    return points


def distinct_ngrams(texts: Iterable[str], order: int = 4, sample: int = 2000) -> float:
    """Share of distinct word n-grams among the first ``sample`` of them."""
    ngrams = [
        tuple(words[i : i + order])
        for text in texts
        for words in [split_words(text)]
        for i in range(len(words) - order + 1)
    ][:sample]
    return len(set(ngrams)) / len(ngrams) if ngrams else 1.0


def format_figures(rows: Sequence[Row], splits: Mapping[str, str], repeats: Collection[str]) -> str:
    """The figures of the data card, in Markdown."""
    return "\n\n".join(
        (
            _table("split documents segments topics", _count_splits(rows, splits)),
            _table("side words mean longest distinct", _count_words(rows)),
            _format_shares(rows, repeats),
            _table("documents ar en vi", _grow(rows)),
            _table("topic documents segments distinct-4-grams(ar) (en) (vi)", _count_topics(rows)),
        )
    )


def _table(heading: str, cells: Iterable[Sequence[object]]) -> str:
    rows = [heading.split(), ["---"] * len(heading.split()), *([str(c) for c in r] for r in cells)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _count_splits(rows: Sequence[Row], splits: Mapping[str, str]) -> Iterator[Sequence[object]]:
    for name in (*dict.fromkeys(["train", *splits.values()]), "all"):
        part = [row for row in rows if name in ("all", splits.get(row.doc, "train"))]
        documents, topics = {row.doc for row in part}, {row.topic for row in part}
        yield name, len(documents), len(part), len(topics)


def _count_words(rows: Sequence[Row]) -> Iterator[Sequence[object]]:
    for language in LANGUAGES:
        words = [row.texts[language].split() for row in rows]
        total = sum(map(len, words))
        distinct = count_vocabulary(rows, language, 1)[-1][1]
        yield language, total, f"{total / len(rows):.1f}", max(map(len, words)), distinct


def _format_shares(rows: Sequence[Row], repeats: Collection[str]) -> str:
    long = sum(len(row.texts["ar"].split()) > LONG for row in rows) / len(rows)
    agree = sum(map(digits_agree, rows)) / len(rows)
    return (
        f"{long:.1%} of the segments have more than {LONG} Arabic words; "
        f"digits agree in {agree:.2%}; "
        f"{len(repeats) / len(rows):.2%} nearly repeat another on some side."
    )


def _grow(rows: Sequence[Row]) -> Iterator[Sequence[object]]:
    curves = [count_vocabulary(rows, language) for language in LANGUAGES]
    for step, points in enumerate(zip(*curves, strict=True), 1):
        yield f"{step}/5", *(f"{distinct} of {words}" for words, distinct in points)


def _count_topics(rows: Sequence[Row]) -> Iterator[Sequence[object]]:
    for topic, segments in Counter(row.topic for row in rows).most_common():
        part = [row for row in rows if row.topic == topic]
        shares = (distinct_ngrams(row.texts[language] for row in part) for language in LANGUAGES)
        yield topic, len({r.doc for r in part}), segments, *(f"{share:.3f}" for share in shares)


def read_held_out() -> dict[str, list[str]]:
    """The sentences of the Nghe An document and of its references."""
    names = {"ar": "source.ar", "en": "reference.en", "vi": "reference.vi"}
    return {
        language: (HERE / f"nghean/{name}.sentences.txt").read_text(encoding="utf-8").splitlines()
        for language, name in names.items()
    }


def read_second_translations(folder: Path) -> dict[str, list[str]]:
    """The sentences of the test documents' second translations."""
    return {
        language: [
            line
            for path in sorted(folder.glob(f"gold/*.{language}.txt"))
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        for language in ("en", "vi")
    }


def read_test_set(folder: Path) -> dict[str, list[str]]:
    """The test split as plain text, a segment a line, for tools that read nothing else."""
    return {
        language: (folder / f"test/{language}.txt").read_text(encoding="utf-8").splitlines()
        for language in LANGUAGES
    }


def check_corpus(
    rows: Sequence[Row], splits: Mapping[str, str], second: Mapping[str, Sequence[str]]
) -> tuple[list[str], set[str]]:
    """All problems, and the ids of near-duplicates; ``second`` as of `read_second_translations`."""
    problems = list(find_problems(rows))
    documents = {row.doc for row in rows}
    problems += [f"splits.json: no document '{doc}'" for doc in splits if doc not in documents]
    held_out = [row for row in rows if row.doc in splits]
    training = [row for row in rows if row.doc not in splits]
    problems += find_leaks(rows, read_held_out())
    texts = {language: [row.texts[language] for row in held_out] for language in LANGUAGES}
    problems += find_leaks(training, texts)
    problems += find_leaks(training, second)
    wrong = [row for row in rows if not digits_agree(row)]
    if len(wrong) > MAX_SHARE * len(rows):
        problems += [f"{row.id}: digits differ" for row in wrong]
    repeats = find_repeats(rows)
    if len(repeats) > MAX_SHARE * len(rows):
        problems += [f"{name}: a near-duplicate" for name in sorted(repeats)]
    return problems, repeats


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "vneco"
    try:
        rows, splits = read_rows(folder / "segments.jsonl"), read_splits(folder / "splits.json")
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    problems, repeats = check_corpus(rows, splits, read_second_translations(folder))
    problems += find_differences(rows, splits, read_test_set(folder))
    print(format_figures(rows, splits, repeats))
    print(*problems, sep="\n", end="\n" if problems else "", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
