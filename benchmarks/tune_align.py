"""How far the aligner should trust hypotheses, and what its confidence is worth.

    python benchmarks/tune_align.py             # on corpora/vneco's dev split
    python benchmarks/tune_align.py --quick     # one copy of each document, few weights

Sentence vectors and translations are kept in Awda's cache, so that a second run takes seconds.

Documents of the dev split, which the built-in model was not trained on, have segments joined,
split and left out on both sides at random, and clauses moved to the next segment (with fixed
seeds): alignments whose truth is known.
Their Arabic is translated with the built-in model, and they are aligned without these hypotheses
and with them, by ``MEANING`` and by ``MEANING_AND_LETTERS`` and with several weights of the view of
letters (``_NGRAM_WEIGHT`` in ``mt/align/aligner.py``). Printed are strict F1, and of the beads with
a confidence of at least 0.9, how many there are and which part is right; at last, for what the
aligner does now, the same for other ranges of confidence.

Only that choice is made here, by strict F1. The other weights of ``mt/align/costs.py`` were learnt
for expected strict F1 by another programme, which is not kept.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from eval.links import score_alignment  # noqa: E402
from mt.align import aligner  # noqa: E402
from mt.align.alignment import Alignment, Bead  # noqa: E402
from mt.align.costs import MEANING, MEANING_AND_LETTERS  # noqa: E402

CORPUS = ROOT / "corpora" / "vneco"
WEIGHTS = {"meaning": MEANING, "meaning and letters": MEANING_AND_LETTERS}
TRUST = (
    0.17,
    0.33,
    0.5,
    0.75,
    1.0,
    1.5,
)  # the view of letters against that of meaning, which has 1
RANGES = (0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1)
DROP, JOIN, SPLIT = 0.04, 0.06, {"ar": 0.06, "en": 0.2, "vi": 0.2}  # of segments
SHIFT = 0.03  # of segments, whose last clause begins the next one

_CLAUSE = re.compile(r"[,;:،؛] | (?=(?:and|but|và|nhưng) )| (?=و)")

Piece = tuple[set[int], str]  # the rows of the corpus that a segment is from, and its text


@dataclass(frozen=True)
class Document:
    sources: list[str]
    targets: list[str]
    gold: Alignment
    hypotheses: list[str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=3, help="disturbed copies of each document")
    parser.add_argument("--quick", action="store_true", help="one copy, and few weights")
    options = parser.parse_args()
    count = 1 if options.quick else options.seeds
    trust = TRUST[:2] if options.quick else TRUST
    sets = {language: make_documents(language, range(count)) for language in ("en", "vi")}
    now = aligner._NGRAM_WEIGHT, aligner._WEIGHTS[True, True]
    compare("without hypotheses", sets, hypotheses=False)
    for name, weights in WEIGHTS.items():
        for share in trust:
            aligner._NGRAM_WEIGHT, aligner._WEIGHTS[True, True] = share, weights
            compare(f"{name}, letters {share}", sets, hypotheses=True)
    aligner._NGRAM_WEIGHT, aligner._WEIGHTS[True, True] = now
    said, right = compare("as it is now", sets, hypotheses=True)
    print("\nconfidence       said  right  beads")
    for low, high in pairwise(RANGES):
        inside = (said >= low) & ((said < high) | (high == 1))
        if inside.any():
            means = f"{said[inside].mean():6.3f} {right[inside].mean():6.3f}"
            print(f"{low:.2f} to {high:.2f} {means:>17} {inside.sum():6}")
    return 0


def compare(
    name: str, sets: dict[str, list[Document]], *, hypotheses: bool
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Print how well the documents are aligned; returns every bead's score, and if it is right."""
    said: list[float] = []
    right: list[bool] = []
    told = []
    for documents in sets.values():
        golds, founds = [], []
        for document in documents:
            given = [document.hypotheses] if hypotheses else []
            found = aligner.align_texts(document.sources, document.targets, hypotheses=given)
            true = {(bead.source, bead.target) for bead in document.gold.beads}
            beads = [bead for bead in found.beads if bead.source and bead.target]
            said += [bead.score for bead in beads]
            right += [(bead.source, bead.target) in true for bead in beads]
            golds.append(document.gold)
            founds.append(found)
        told.append(score_alignment(join(documents, golds), join(documents, founds)).strict.f1)
    scores, rights = np.array(said), np.array(right)
    sure = scores >= 0.9
    row = " ".join(f"{lang} {f1:.4f}" for lang, f1 in zip(sets, told, strict=True))
    print(f"{name:34} {row} mean {np.mean(told):.4f}  sure {sure.mean():.1%}, "
          f"right {rights[sure].mean():.1%}", flush=True)  # fmt: skip
    return scores, rights


def join(documents: Sequence[Document], alignments: Sequence[Alignment]) -> Alignment:
    """The alignments as one, as if the documents stood in one file."""
    beads: list[Bead] = []
    source = target = 0
    for document, alignment in zip(documents, alignments, strict=True):
        for bead in alignment.beads:
            sources = tuple(source + i for i in bead.source)
            beads.append(Bead(sources, tuple(target + i for i in bead.target)))
        source, target = source + len(document.sources), target + len(document.targets)
    return Alignment(tuple(beads))


def make_documents(language: str, seeds: Sequence[int]) -> list[Document]:
    names = json.loads((CORPUS / "splits.json").read_text(encoding="utf-8"))["dev"]
    texts: dict[str, list[dict[str, str]]] = {name: [] for name in names}
    for line in (CORPUS / "segments.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["doc"] in texts:
            texts[row["doc"]].append(row)
    made = []
    for name, rows in texts.items():
        for seed in seeds:
            sources, targets = (
                disturb([row[side] for row in rows], side, random.Random(f"{name} {side} {seed}"))
                for side in ("ar", language)
            )
            made.append((sources, targets, link(sources, targets, len(rows))))
    translated = iter(translate([text for sources, _, _ in made for _, text in sources], language))
    return [
        Document([text for _, text in sources], [text for _, text in targets], gold,
                 [next(translated) for _ in sources])
        for sources, targets, gold in made
    ]  # fmt: skip


def disturb(texts: Sequence[str], language: str, rng: random.Random) -> list[Piece]:
    """Leave segments out, join them with the one before, split them, and move clauses over."""
    pieces: list[Piece] = []
    left: Piece = set(), ""  # a clause of the row before
    for row, text in enumerate(texts):
        drawn = rng.random()
        if left[1]:
            pieces.append((left[0] | {row}, f"{left[1]} {text}"))
            left = set(), ""
            continue
        if drawn < DROP:
            continue
        if drawn < DROP + JOIN and pieces:
            rows, before = pieces[-1]
            pieces[-1] = rows | {row}, f"{before} {text}"
            continue
        cuts = [m for m in _CLAUSE.finditer(text) if 0.25 < m.start() / len(text) < 0.75]
        if cuts and row + 1 < len(texts) and DROP + JOIN < drawn < DROP + JOIN + SHIFT:
            cut = rng.choice(cuts)
            pieces.append(({row}, text[: cut.start()] + "."))
            left = {row}, text[cut.end() :].strip()
        elif cuts and drawn > 1 - SPLIT[language]:
            cut = rng.choice(cuts)
            second = text[cut.end() :].strip()
            pieces += [({row}, text[: cut.start()] + "."), ({row}, second[:1].upper() + second[1:])]
        else:
            pieces.append(({row}, text))
    return pieces


def link(sources: Sequence[Piece], targets: Sequence[Piece], count: int) -> Alignment:
    """The beads: segments are together that share a row, or are joined by others that do."""
    first = list(range(count))  # of the rows that belong together; these are always neighbours
    for rows, _ in (*sources, *targets):
        for row in range(min(rows) + 1, max(rows) + 1):
            first[row] = row - 1
    for row in range(1, count):
        first[row] = row if first[row] == row else first[row - 1]
    beads: list[Bead] = []
    for group in sorted(set(first)):
        sides = [
            tuple(i for i, (rows, _) in enumerate(side) if first[min(rows)] == group)
            for side in (sources, targets)
        ]
        if sides[0] or sides[1]:
            beads.append(Bead(sides[0], sides[1]))
    return Alignment(tuple(beads))


def translate(texts: Sequence[str], language: str) -> list[str]:
    """By ``awda translate``, whose memory makes a second run quick."""
    done = subprocess.run(
        [sys.executable, "-m", "mt.cli", "translate", "--to", language],
        input="\n".join(texts) + "\n", check=True, stdout=subprocess.PIPE, encoding="utf-8",
        cwd=ROOT,
    )  # fmt: skip
    return done.stdout.split("\n")[: len(texts)]


if __name__ == "__main__":
    sys.exit(main())
