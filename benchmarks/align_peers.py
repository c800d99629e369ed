"""Run another aligner on one pair of documents, in a Python of its own that has no Awda.

    PYTHON benchmarks/align_peers.py NAME FOLDER

The folder has ``sources.txt`` and ``targets.txt``, a segment a line, and for an aligner that reads
embeddings ``sources.npy`` and ``targets.npy``, of shape (k, n, d): entry [k, i] is the span of
k + 1 segments that ends at segment i. Prints JSON: beads, seconds (nothing loaded counts) and the
peak of memory in MB.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from peak import measure_peak

MAX_SIZE = 5  # sentences of both sides of sentalign's beads together: 1-4, 2-3, ...


def align_galechurch(_folder: Path, sources: list[str], targets: list[str]) -> list[Any]:
    """Gale and Church (1993); pip install galechurch."""
    import galechurch

    lines = galechurch.align(sources, targets, max_block_size=10**9).to_pharaoh_lines()
    return [[json.loads(side) for side in line.split(":")[:2]] for line in lines]


def align_sentalign(folder: Path, sources: list[str], targets: list[str]) -> list[Any]:
    """Vecalign's search and costs (Thompson and Koehn, 2019) packaged; pip install sentalign."""
    import numpy as np
    from sentalign import sentalign

    sides = [np.load(folder / f"{side}.npy") for side in ("sources", "targets")]
    layers = iter([layer for side in sides for layer in side])
    found = sentalign(sources, targets, lambda _texts: next(layers), alignment_max_size=MAX_SIZE)
    return [[bead.src_indices, bead.tgt_indices] for bead in found.alignments]


def main() -> None:
    name, folder = sys.argv[1], Path(sys.argv[2])
    align = {"galechurch": align_galechurch, "sentalign": align_sentalign}[name]
    sources, targets = (
        (folder / f"{side}.txt").read_text(encoding="utf-8").split("\n")
        for side in ("sources", "targets")
    )
    start = time.perf_counter()
    beads = align(folder, sources, targets)
    seconds = time.perf_counter() - start
    beads = [[list(map(int, side)) for side in bead] for bead in beads]
    print(json.dumps({"beads": beads, "seconds": seconds, "peak": measure_peak()}))


if __name__ == "__main__":
    main()
