"""The aligner beside its peers, in one run: accuracy, speed, memory, and whether it repeats itself.

    python benchmarks/align.py --data DIR               # everything
    python benchmarks/align.py --quick --part accuracy  # one part, smaller

``accuracy``
    F1 against hand-made alignments: the development document of Text+Berg in both directions
    (``--data``, a folder with ``dev.de``, ``dev.fr`` and ``dev.gold`` of Vecalign's repository; on
    which weights may be tuned) and ``corpora/vneco/gold`` (on which none is). ``sure`` is how many
    of the beads with a confidence of at least 0.9 are right, strictly.
``speed``
    Seconds and peak memory of documents of 1,000 to 100,000 made-up sentences, with embeddings
    given, on one core, in a process of its own; everything from loading numpy to the beads counts.
``threeway``
    F1 of source, hypothesis and reference aligned at once, on ``corpora/vneco/gold``: the Arabic
    with its English as the hypothesis and its Vietnamese as the reference, plainly composed through
    the Arabic, and reconciled with the alignment of the English with the Vietnamese.
``repeat``
    Ten alignments of one pair of documents in processes of their own, with one thread and with two.

The peers are packages that ``pip`` installs into ``build/peers``, where they stay: ``galechurch``
0.1.0 (Gale and Church, 1993; lengths alone) and ``sentalign`` 0.3.0 (the search and costs of
Vecalign, Thompson and Koehn, 2019). The second one has the same e5-small vectors as Awda, of all
spans of up to ``SPAN`` sentences (those of composed vectors with ``--quick``).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from peak import measure_peak  # noqa: E402

from eval.links import score_alignment  # noqa: E402
from mt.align.alignment import Alignment, Bead, read_pairs  # noqa: E402
from mt.errors import AwdaError  # noqa: E402

GOLD = ROOT / "corpora" / "vneco" / "gold"
PEERS = ROOT / "build" / "peers"
PACKAGES = ("galechurch==0.1.0", "sentalign==0.3.0")
WIDTH = 384  # of made-up vectors, as in e5-small
SURE = 0.9

Align = Callable[[Sequence[str], Sequence[str]], Alignment]


@dataclass(frozen=True)
class Document:
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    gold: Alignment


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--part", choices=PARTS, help="one part only")
    parser.add_argument("--data", type=Path, help="the folder of Text+Berg dev")
    parser.add_argument(
        "--quick", action="store_true", help="smaller, and without peers' own spans"
    )
    parser.add_argument("--no-peers", action="store_true", help="Awda alone")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure)
        return 0
    try:
        for name in [options.part] if options.part else PARTS:
            PARTS[name](options)
    except AwdaError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


# accuracy


def compare_accuracy(options: argparse.Namespace) -> None:
    from mt.align.aligner import align_texts
    from mt.align.similarity import has_embedder

    aligners: dict[str, Align] = {}
    if has_embedder():
        aligners["awda, e5"] = align_texts
    aligners["awda, lengths and numbers"] = lambda s, t: align_texts(s, t, similarity="length")
    if not options.no_peers and install_peers():
        if has_embedder():
            aligners["sentalign (Vecalign), e5"] = lambda s, t: run_sentalign(s, t, options.quick)
        aligners["galechurch"] = lambda s, t: run_peer("galechurch", s, t)["alignment"]
    for name, documents in read_sets(options.data):
        sizes = [sum(len(side) for side in sides) for sides in (
            [d.sources for d in documents], [d.targets for d in documents])]  # fmt: skip
        print(f"\n{name}: {len(documents)} documents, {sizes[0]} and {sizes[1]} sentences")
        print(f"  {'':28}{'strict P':>9}{'R':>7}{'F1':>7}{'lax P':>9}{'R':>7}{'F1':>7}"
              f"{'sure':>14}{'seconds':>10}")  # fmt: skip
        for way, align in aligners.items():
            start = time.perf_counter()
            found = join(documents, [align(d.sources, d.targets) for d in documents])
            seconds = time.perf_counter() - start
            gold = join(documents, [d.gold for d in documents])
            sure = tell_sure(gold, found) if way.startswith("awda") else ""
            print(f"  {way:28}{tell_scores(gold, found)}{sure:>14}{seconds:10.1f}", flush=True)
    print("aims: strict 0.90 on Text+Berg; 0.95 strict, 0.99 lax on vneco; 97% of the sure right")


def read_sets(data: Path | None) -> Iterator[tuple[str, list[Document]]]:
    if data:
        german, french = (read_lines(data / f"dev.{side}") for side in ("de", "fr"))
        gold = read_pairs(data / "dev.gold").alignment
        yield "Text+Berg dev de-fr", [Document(german, french, gold)]
        yield "Text+Berg dev fr-de", [Document(french, german, turn(gold))]
    else:
        print("Text+Berg is left out: name its folder with --data")
    for target in ("en", "vi"):
        names = sorted(path.name.split(".")[0] for path in GOLD.glob(f"*.ar-{target}.gold.txt"))
        yield (
            f"vneco gold ar-{target}",
            [
                Document(
                    read_lines(GOLD / f"{name}.ar.txt"),
                    read_lines(GOLD / f"{name}.{target}.txt"),
                    read_pairs(GOLD / f"{name}.ar-{target}.gold.txt").alignment,
                )
                for name in names
            ],
        )


def read_lines(path: Path) -> tuple[str, ...]:
    from mt.text import reader

    return reader.read_lines(path)


def turn(alignment: Alignment) -> Alignment:
    return Alignment(tuple(Bead(bead.target, bead.source, bead.score) for bead in alignment.beads))


def join(documents: Iterable[Document], alignments: Iterable[Alignment]) -> Alignment:
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


def tell_scores(gold: Alignment, found: Alignment) -> str:
    scores = score_alignment(gold, found)
    return "".join(
        f"{s.precision:9.3f}{s.recall:7.3f}{s.f1:7.3f}" for s in (scores.strict, scores.lax)
    )


def tell_sure(gold: Alignment, found: Alignment) -> str:
    """How many beads are said to be sure, and which part of them is right."""
    right = {(bead.source, bead.target) for bead in gold.beads}
    sure = [(b.source, b.target) in right for b in found.beads if b.target and b.score >= SURE]
    return f"{sum(sure) / len(sure):.1%} of {len(sure)}" if sure else "none"


# peers


@cache
def install_peers() -> Path | None:
    """The Python that has the peers, made on first use; None where pip cannot install them."""
    python = PEERS / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        have = subprocess.run(
            [str(python), "-m", "pip", "freeze"], check=True, capture_output=True, text=True
        ).stdout.split()
        if missing := [name for name in PACKAGES if name not in have]:
            subprocess.run([str(python), "-m", "pip", "install", "-q", *missing], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"the peers are left out, as they cannot be installed: {error}")
        return None
    return python


def run_peer(
    name: str, sources: Sequence[str], targets: Sequence[str], folder: Path | None = None
) -> dict[str, Any]:
    """Its alignment, seconds and peak in MB; ``folder`` has vectors where it reads them."""
    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            return run_peer(name, sources, targets, Path(temporary))
    for side, texts in (("sources", sources), ("targets", targets)):
        (folder / f"{side}.txt").write_text("\n".join(texts), encoding="utf-8")
    command = [str(install_peers()), str(Path(__file__).with_name("align_peers.py"))]
    done = subprocess.run(
        [*command, name, str(folder)], check=True, stdout=subprocess.PIPE, env=make_environment()
    )
    result: dict[str, Any] = json.loads(done.stdout)
    beads = (Bead(tuple(source), tuple(target)) for source, target in result["beads"])
    return {**result, "alignment": Alignment(tuple(beads), name)}


def run_sentalign(sources: Sequence[str], targets: Sequence[str], quick: bool) -> Alignment:
    with tempfile.TemporaryDirectory() as folder:
        for side, texts in (("sources", sources), ("targets", targets)):
            np.save(Path(folder) / f"{side}.npy", embed_spans(texts, quick))
        found: Alignment = run_peer("sentalign", sources, targets, Path(folder))["alignment"]
    return found


def embed_spans(texts: Sequence[str], quick: bool) -> np.ndarray[Any, Any]:
    """Vectors (k, n, d) of the spans that end at a sentence, the way Vecalign lays them out."""
    from mt.align.similarity import SPAN, compose, embed, lengths_of

    spans = compose(embed(texts), lengths_of(texts))
    if not quick:
        for size in range(2, min(SPAN, len(texts)) + 1):
            starts = range(len(texts) - size + 1)
            spans[size - 1, : len(starts)] = embed([" ".join(texts[i : i + size]) for i in starts])
    return lay_out(spans)


def lay_out(spans: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """From spans by their first sentence to spans by their last, with a layer more.

    What would begin before the text is a vector of its own, as is the fifth layer, which no bead of
    up to five sentences uses.
    """
    layers, count, width = spans.shape
    padding = np.random.default_rng(1).normal(size=width)
    laid = np.tile(padding / np.linalg.norm(padding), (layers + 1, count, 1)).astype(np.float32)
    for size in range(min(layers, count)):
        laid[size, size:] = spans[size, : count - size]
    return laid


def make_environment(threads: int = 1) -> dict[str, str]:
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
    return {**os.environ, "PYTHONPATH": str(ROOT), **dict.fromkeys(names, str(threads))}


# speed


def compare_speed(options: argparse.Namespace) -> None:
    print("\nMade-up documents with embeddings given, one core; ours, and times as much as ours")
    for count in (1_000, 10_000) if options.quick else (1_000, 10_000, 100_000):
        with tempfile.TemporaryDirectory() as folder:
            sources, targets, gold = make_documents(count, Path(folder))
            ours = run_measure(Path(folder))
            beads = [Bead(tuple(a), tuple(b)) for a, b in ours["beads"]]
            f1 = score_alignment(gold, Alignment(tuple(beads))).strict.f1
            each = ours["seconds"] / count * 1e6
            print(f"  {count:7} sentences{ours['seconds']:9.2f} s{ours['peak']:8.0f} MB, "
                  f"strict F1 {f1:.3f}{each:9.0f} us a sentence", flush=True)  # fmt: skip
            if options.no_peers or count > 10_000 or not install_peers():
                continue
            write_spans(Path(folder))
            for name in ("sentalign", "galechurch"):
                peer = run_peer(name, sources, targets, Path(folder))
                f1 = score_alignment(gold, peer["alignment"]).strict.f1
                print(f"    {name:15}{peer['seconds']:9.2f} s{peer['peak']:8.0f} MB, "
                      f"strict F1 {f1:.3f}"
                      f"{peer['seconds'] / ours['seconds']:9.2f} of the time"
                      f"{peer['peak'] / ours['peak']:7.2f} of the memory", flush=True)  # fmt: skip
    print("aims: under 5 s and 500 MB for 10,000; ten times that for 100,000")


def make_documents(count: int, folder: Path) -> tuple[list[str], list[str], Alignment]:
    """Write ``sources.txt``, ``sources.npy`` and so on; returns texts and the true beads.

    A clause is a point around those of its neighbours, and around one that all texts share, as
    e5-small has it; a sentence has one to three clauses; a translation is noisy, joins and splits
    sentences, leaves some out and adds some.
    """
    rng = np.random.default_rng(7)
    shapes = [(1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (1, 0), (0, 1)]
    drawn = rng.choice(len(shapes), size=count, p=[0.76, 0.09, 0.06, 0.02, 0.01, 0.03, 0.03])
    common, topic = rng.normal(size=WIDTH) * 2.0, rng.normal(size=WIDTH)
    sides: tuple[list[Any], list[Any]] = ([], [])
    texts: tuple[list[str], list[str]] = ([], [])
    beads = []
    for shape in (shapes[i] for i in drawn):
        if len(sides[0]) >= count:
            break
        topic = 0.9 * topic + 0.44 * rng.normal(size=WIDTH)
        pieces = max(max(shape), int(rng.integers(1, 4)))
        clauses = common + 0.7 * topic + rng.normal(size=(pieces, WIDTH))
        lengths = rng.gamma(6, 10, size=pieces) + 5
        bead: list[tuple[int, ...]] = []
        for side, written, size in zip(sides, texts, shape, strict=True):
            bead.append(tuple(range(len(side), len(side) + size)))
            groups = np.array_split(np.arange(pieces), size) if size else []
            for group in groups:
                vector = (clauses[group] * lengths[group, None]).sum(0) / lengths[group].sum()
                side.append(vector + rng.normal(size=WIDTH) * 0.6)
                letters = max(int(lengths[group].sum() * rng.lognormal(0, 0.15)), 3)
                number = f" {rng.integers(2000)}" if rng.random() < 0.05 else ""
                written.append("a" * letters + number)
        beads.append(Bead(bead[0], bead[1]))
    for name, side, written in zip(("sources", "targets"), sides, texts, strict=True):
        vectors = np.array(side, dtype=np.float32)
        np.save(folder / f"{name}.npy", vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
        (folder / f"{name}.txt").write_text("\n".join(written), encoding="utf-8")
    return texts[0], texts[1], Alignment(tuple(beads))


def write_spans(folder: Path) -> None:
    """Replace sentence vectors by those of spans, for the peer that wants them."""
    from mt.align.similarity import compose, lengths_of

    for side in ("sources", "targets"):
        texts = (folder / f"{side}.txt").read_text(encoding="utf-8").split("\n")
        vectors = np.load(folder / f"{side}.npy")
        np.save(folder / f"{side}.npy", lay_out(compose(vectors, lengths_of(texts))))


def run_measure(folder: Path, threads: int = 1) -> dict[str, Any]:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(Path(__file__).resolve()), "--measure", str(folder)],
        check=True,
        stdout=subprocess.PIPE,
        env=make_environment(threads),
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return {**result, "seconds": time.perf_counter() - start}


def measure(folder: Path) -> None:
    """Print the beads of two documents with their vectors given, and the peak memory in MB."""
    from mt.align import aligner
    from mt.align.costs import MEANING, BeadCosts
    from mt.align.monotone import cheapest_path
    from mt.align.similarity import Numbers, count_numbers, find_endings, lengths_of

    sources, targets = (
        (folder / f"{side}.txt").read_text(encoding="utf-8").split("\n")
        for side in ("sources", "targets")
    )
    given = (np.load(folder / f"{side}.npy") for side in ("sources", "targets"))
    aligner.embed = lambda *_: next(given)
    lengths = lengths_of(sources), lengths_of(targets)
    view = aligner.E5Spans((sources, targets), lengths, lambda _done: None).view()
    numbers = Numbers(count_numbers(sources), count_numbers(targets))
    endings = find_endings(sources), find_endings(targets)
    costs = BeadCosts([view], numbers, lengths, MEANING, endings)
    beads = [
        (list(range(s.source, s.source + s.sources)), list(range(s.target, s.target + s.targets)))
        for s in cheapest_path(costs)
    ]
    print(json.dumps({"beads": beads, "peak": measure_peak()}))


# repeat


def compare_repeats(options: argparse.Namespace) -> None:
    count = 1_000 if options.quick else 10_000
    with tempfile.TemporaryDirectory() as folder:
        make_documents(count, Path(folder))
        results = {
            hashlib.sha256(json.dumps(run_measure(Path(folder), threads)["beads"]).encode())
            .hexdigest()[:12]
            for threads in [1, 2] * 5
        }  # fmt: skip
    print(f"\nTen runs of {count} sentences, five with one thread and five with two; "
          f"different results: {len(results)} ({', '.join(sorted(results))})")  # fmt: skip


# three ways


def compare_three_ways(options: argparse.Namespace) -> None:
    """English as a hypothesis of the Arabic, Vietnamese as its reference; gold is composed."""
    from eval.links import score_three_ways
    from mt.align.aligner import measure_texts
    from mt.align.threeway import ThreeWay, Triple, compose_alignments, reconcile

    wholes: dict[str, list[Triple]] = {"gold": [], "composed": [], "reconciled": []}
    sides = ("ar", "en", "vi")
    names = sorted(path.name.split(".")[0] for path in GOLD.glob("*.ar-en.gold.txt"))
    names = names[:4] if options.quick else names
    starts = [0, 0, 0]  # of each document, as if all stood in one file
    for name in names:
        texts = [read_lines(GOLD / f"{name}.{side}.txt") for side in sides]
        first, second = (
            read_pairs(GOLD / f"{name}.ar-{side}.gold.txt").alignment for side in sides[1:]
        )
        measured = [measure_texts(texts[a], texts[b]) for a, b in ((0, 1), (0, 2), (1, 2))]
        found: dict[str, ThreeWay] = {
            "gold": compose_alignments(first, second),
            "composed": compose_alignments(measured[0].alignment, measured[1].alignment),
            "reconciled": reconcile(measured[0], measured[1], measured[2]),
        }
        for way, alignment in found.items():
            for triple in alignment.triples:
                moved = [
                    tuple(start + i for i in side)
                    for start, side in zip(starts, triple.sides, strict=True)
                ]
                wholes[way].append(Triple(moved[0], moved[1], moved[2], triple.confidence))
        starts = [start + len(side) for start, side in zip(starts, texts, strict=True)]
    print(f"\nvneco gold, three ways: {len(names)} documents, {starts} sentences")
    print(f"  {'':28}{'strict P':>9}{'R':>7}{'F1':>7}{'lax P':>9}{'R':>7}{'F1':>7}{'sure':>14}")
    gold = ThreeWay(tuple(wholes.pop("gold")))
    right = {triple.sides for triple in gold.triples}
    for way, triples in wholes.items():
        scores = score_three_ways(gold, ThreeWay(tuple(triples)))
        row = "".join(
            f"{part.precision:9.3f}{part.recall:7.3f}{part.f1:7.3f}"
            for part in (scores.strict, scores.lax)
        )
        sure = [each.sides in right for each in triples if each.confidence >= SURE]
        told = f"{sum(sure)}/{len(sure)}" if way == "reconciled" else ""
        print(f"  {way:28}{row}{told:>14}", flush=True)
    print("aim: strict 0.93")


PARTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "accuracy": compare_accuracy,
    "speed": compare_speed,
    "repeat": compare_repeats,
    "threeway": compare_three_ways,
}


if __name__ == "__main__":
    sys.exit(main())
