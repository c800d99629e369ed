"""Alignment against a hand-made one: F1 of every similarity that can be had, in one run.

    python benchmarks/align.py --sources dev.de --targets dev.fr --gold dev.gold

The files hold one segment a line; the gold file has Vecalign's format. ``length`` is the baseline
that needs no model, in the manner of Gale and Church (1993).
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from eval.links import LinkScores, score_alignment
from mt.align.aligner import Similarity, align_texts
from mt.align.alignment import read_pairs
from mt.align.similarity import has_embedder
from mt.errors import AwdaError
from mt.text.reader import read_lines


def main() -> int:
    arguments = _parse()
    try:
        sources, targets = read_lines(arguments.sources), read_lines(arguments.targets)
        hypotheses = [read_lines(path) for path in arguments.hypotheses]
        gold = read_pairs(arguments.gold).alignment
        print(f"{len(sources)} source and {len(targets)} target segments, {arguments.gold}")
        print(f"{'similarity':12}{'strict P':>9}{'R':>7}{'F1':>7}{'lax P':>9}{'R':>7}{'F1':>7}"
              f"{'seconds':>9}{'segments/s':>12}")  # fmt: skip
        for similarity in _similarities(bool(hypotheses)):
            start = time.perf_counter()
            found = align_texts(sources, targets, hypotheses=hypotheses, similarity=similarity)
            seconds = time.perf_counter() - start
            rate = (len(sources) + len(targets)) / max(seconds, 1e-9)
            scores = _format(score_alignment(gold, found))
            print(f"{similarity:12}{scores}{seconds:9.1f}{rate:12.1f}", flush=True)
    except AwdaError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Score the aligner against a gold alignment.")
    for name in ("sources", "targets", "gold"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument(
        "--hypotheses", type=Path, nargs="*", default=[], help="translations of the sources"
    )
    return parser.parse_args()


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
