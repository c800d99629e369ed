"""A run directory small enough to check by hand, for the tests of reports."""

from __future__ import annotations

from pathlib import Path

from mt.align.alignment import Alignment, Bead
from mt.store import Row, RunDirectory
from mt.text.document import Document, Segment
from mt.translate.translation import Translation

SOURCE = (
    "أصدر المكتب القرار رقم 39-NQ/TW في 18 يوليو.",
    "تعزيز الحوار مع الشعب.",
    "متابعة السياسات الجديدة.",
    "تحسين القدرات.",
    "مصدر",
)
ENGLISH = (
    "On 18 July the Bureau issued Resolution 39-NQ/TW.",
    "Dialogue with the people must be stepped up.",
    "Follow new policies closely and improve the capacities.",
    "This sentence stands in the reference only.",
)
ALIGNMENT = Alignment(
    (
        Bead((0,), (0,), 0.9),
        Bead((1,), (1,), 0.4),
        Bead((2, 3), (2,), 0.7),
        Bead((), (3,), 0.0),
        Bead((4,), (), 0.0),
    )
)
GOOD = (
    "On 18 July the Bureau issued Resolution 39-NQ/TW.",
    "Dialogue with the people must be stepped up.",
    "Follow new policies closely",
    "and improve the capacities.",
    "Source",
)
BAD = ("The office issued a decision on 19 July.", "<script>alert('x & y')</script>", "", "", "Src")


def document(language: str, texts: tuple[str, ...]) -> Document:
    return Document("", language, tuple(Segment(i, i + 1, t) for i, t in enumerate(texts)))


def make_manifest() -> Row:
    return {
        "name": "tiny",
        "source": {"language": "ar", "path": "tiny.ar.txt", "segments": 5},
        "references": {"en": ["en.1"], "vi": []},
        "reference_paths": {"en.1": "tiny.en.txt"},
        "systems": [
            {"name": "good", "target": "en", "models": ["builtin@0123456789ab"], "via": []},
            {"name": "bad", "target": "en", "models": [], "hypothesis": "bad.en.txt"},
            {"name": "viet", "target": "vi", "models": ["one@1", "two@2"], "via": ["en"]},
        ],
        "score": {"metrics": ["bleu", "chrf2++", "ter"], "bootstrap": 50, "seed": 12345},
        "versions": {"awda": "0.1.0"},
        "alignment": {"method": {"en.1": "by hand"}},
    }


def make_run(path: Path) -> Path:
    """Five Arabic segments; two English systems, one Vietnamese without a reference."""
    directory = RunDirectory(path)
    directory.create()
    directory.write_document("segments.jsonl", document("ar", SOURCE))
    directory.write_document("references/en.1.jsonl", document("en", ENGLISH))
    directory.write_alignment("alignments/en.1.jsonl", ALIGNMENT)
    for name, texts in (("good", GOOD), ("bad", BAD)):
        directory.write_translations(
            f"translations/{name}.jsonl", [Translation(text) for text in texts]
        )
    directory.write_translations(
        "translations/viet.jsonl",
        [Translation(f"câu {i}", -0.5, (f"sentence {i}",), ("blank",)) for i in range(5)],
    )
    directory.write_manifest(make_manifest())
    return directory.path
