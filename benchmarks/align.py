"""Alignment against a hand-made one: F1 of every similarity that can be had, in one run.

    python benchmarks/align.py --sources dev.de --targets dev.fr --gold dev.gold

The files hold one segment a line; the gold file has Vecalign's format. Several documents are
aligned one by one and scored together:

    cd corpora/vneco/gold
    python ../../../benchmarks/align.py \\
        --sources *.ar.txt --targets *.vi.txt --gold *.ar-vi.gold.txt

``length`` is the baseline that needs no model, in the manner of Gale and Church (1993).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from eval.links import LinkScores, score_alignment
from mt.align.aligner import Similarity, align_texts
from mt.align.alignment import Alignment, Bead, read_pairs
from mt.align.similarity import has_embedder
from mt.errors import AwdaError
from mt.text.reader import read_lines


@dataclass(frozen=True)
class Document:
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    hypotheses: tuple[tuple[str, ...], ...]
    gold: Alignment


def main() -> int:
    arguments = _parse()
    try:
        documents = _read(arguments)
        print(f"{len(documents)} documents, {sum(len(d.sources) for d in documents)} source and "
              f"{sum(len(d.targets) for d in documents)} target segments")  # fmt: skip
        print(f"{'similarity':12}{'strict P':>9}{'R':>7}{'F1':>7}{'lax P':>9}{'R':>7}{'F1':>7}"
              f"{'seconds':>9}{'segments/s':>12}")  # fmt: skip
        for similarity in _similarities(bool(arguments.hypotheses)):
            start = time.perf_counter()
            found = [
                align_texts(d.sources, d.targets, hypotheses=d.hypotheses, similarity=similarity)
                for d in documents
            ]
            seconds = time.perf_counter() - start
            rate = sum(len(d.sources) + len(d.targets) for d in documents) / max(seconds, 1e-9)
            gold = _join(documents, (d.gold for d in documents))
            scores = _format(score_alignment(gold, _join(documents, found)))
            print(f"{similarity:12}{scores}{seconds:9.1f}{rate:12.1f}", flush=True)
    except AwdaError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Score the aligner against a gold alignment.")
    for name in ("sources", "targets", "gold"):
        parser.add_argument(f"--{name}", type=Path, nargs="+", required=True)
    parser.add_argument(
        "--hypotheses",
        type=Path,
        nargs="*",
        default=[],
        help="machine translations of the sources, one file a document",
    )
    arguments = parser.parse_args()
    files = [arguments.sources, arguments.targets, arguments.gold]
    if len({len(paths) for paths in [*files, arguments.hypotheses or arguments.gold]}) > 1:
        parser.error("name as many sources, targets, gold files (and hypotheses) as documents")
    return arguments


def _read(arguments: argparse.Namespace) -> list[Document]:
    hypotheses = [(read_lines(path),) for path in arguments.hypotheses]
    return [
        Document(
            read_lines(source),
            read_lines(target),
            hypotheses[index] if hypotheses else (),
            read_pairs(gold).alignment,
        )
        for index, (source, target, gold) in enumerate(
            zip(arguments.sources, arguments.targets, arguments.gold, strict=True)
        )
    ]


def _join(documents: Iterable[Document], alignments: Iterable[Alignment]) -> Alignment:
    """The alignments as one, as if the documents stood in one file."""
    beads: list[Bead] = []
    source = target = 0
    for document, alignment in zip(documents, alignments, strict=True):
        for bead in alignment.beads:
            sources = tuple(source + i for i in bead.source)
            beads.append(Bead(sources, tuple(target + i for i in bead.target), bead.score))
        source += len(document.sources)
        target += len(document.targets)
    return Alignment(tuple(beads))


def _similarities(hypotheses: bool) -> list[Similarity]:
    names: list[Similarity] = ["length"]
    names += ["ngram"] if hypotheses else []
    names += ["e5"] if has_embedder() else []
    return [*names, "auto"] if hypotheses and has_embedder() else names


def _format(scores: LinkScores) -> str:
    strict, lax = (
        f"{s.precision:9.3f}{s.recall:7.3f}{s.f1:7.3f}" for s in (scores.strict, scores.lax)
    )
    return strict + lax


if __name__ == "__main__":
    sys.exit(main())
