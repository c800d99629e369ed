"""Scores, intervals and paired tests of three systems, beside sacreBLEU's own in the same run.

    python benchmarks/score.py

Hypotheses are English segments of ``corpora/vneco`` with words dropped, exchanged and moved. Both
sides score them with BLEU, chrF++ and TER, and compare two systems with the first one, each in a
process of its own, from text files to figures. The figures must be equal.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
METRICS = ("bleu", "chrf2++", "ter")
SYSTEMS = {"first": (0.20, 0.10), "second": (0.19, 0.10), "third": (0.25, 0.05)}  # drop, exchange


def main() -> int:
    arguments = _parse()
    if arguments.ours:
        _score(Path.cwd(), arguments)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        words = _write_texts(Path(folder), arguments.segments)
        print(f"{arguments.segments} segments of {words:.1f} words, {len(SYSTEMS)} systems, "
              f"{arguments.samples} samples, {arguments.test}")  # fmt: skip
        theirs, seconds = _run(_call_sacrebleu(arguments), folder)
        script = [str(Path(__file__).resolve()), *sys.argv[1:], "--ours"]
        ours, ours_seconds = _run(script, folder)
    equal = _read(theirs) == ours.split()
    print(f"sacreBLEU {seconds:.1f} s, Awda {ours_seconds:.1f} s: "
          f"{seconds / ours_seconds:.1f} times as fast")  # fmt: skip
    print(f"figures: {'equal' if equal else f'{_read(theirs)} and {ours.split()}'}")
    return 0 if equal else 1


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Time scoring beside sacreBLEU.")
    parser.add_argument("--segments", type=int, default=1012)
    parser.add_argument("--samples", type=int, default=1000, help="resamples or trials")
    parser.add_argument("--test", choices=("bootstrap", "randomization"), default="bootstrap")
    parser.add_argument("--ours", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _write_texts(folder: Path, segments: int) -> float:
    """A reference and the systems, a segment a line; answers the words of a segment."""
    lines = (ROOT / "corpora/vneco/segments.jsonl").read_text(encoding="utf-8").splitlines()
    rows = random.Random(1).sample(lines, segments)
    references = [json.loads(row)["en"] for row in rows]
    _write(folder / "reference", references)
    for seed, (name, (drop, exchange)) in enumerate(SYSTEMS.items()):
        rng = random.Random(seed)
        _write(folder / name, [_damage(line, drop, exchange, rng) for line in references])
    return sum(len(line.split()) for line in references) / segments


def _write(path: Path, lines: Sequence[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _damage(line: str, drop: float, exchange: float, rng: random.Random) -> str:
    words = [word for word in line.split() if rng.random() > drop]
    for i in range(len(words) - 1):
        if rng.random() < exchange:
            words[i], words[i + 1] = words[i + 1], words[i]
    if len(words) > 6 and rng.random() < 0.3:
        start = rng.randrange(1, len(words))
        words = words[start:] + words[:start]
    return " ".join(words)


def _run(arguments: Sequence[str], folder: str) -> tuple[str, float]:
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT), "SACREBLEU_SEED": "12345"},
    )
    return done.stdout, time.perf_counter() - start


def _call_sacrebleu(arguments: argparse.Namespace) -> list[str]:
    test = "--paired-bs" if arguments.test == "bootstrap" else "--paired-ar"
    command = ["-m", "sacrebleu", "reference", "-i", *SYSTEMS, "-m", "bleu", "chrf", "ter"]
    command += ["--chrf-word-order", "2", test, f"{test}-n", str(arguments.samples)]
    return [*command, "-f", "text", "-w", "4", "-q", "--no-color"]


def _read(table: str) -> list[str]:
    """Scores, half-widths (of the bootstrap) and p-values, by system and metric."""
    rows = table[: table.index("Metric signatures")]
    scores = re.findall(r" ([0-9.]+)(?: \([0-9.]+ ± ([0-9.]+)\))? +(?=│)", rows)
    return [*(figure for pair in scores for figure in pair if figure),
            *re.findall(r"\(p = ([0-9.]+)\)", rows)]  # fmt: skip


def _score(folder: Path, arguments: argparse.Namespace) -> None:
    """Print the same, scored here."""
    from eval.scores.metrics import score_systems
    from eval.scores.significance import compare_systems

    texts = {
        name: (folder / name).read_text(encoding="utf-8").splitlines()
        for name in ("reference", *SYSTEMS)
    }
    references = [texts.pop("reference")]
    paired = arguments.test == "bootstrap"
    bootstrap = arguments.samples if paired else 0
    for scores in score_systems(METRICS, list(texts.values()), references, "en", bootstrap):
        for score in scores:
            print(f"{score.score:.4f}", f"{score.half_width:.4f}" if paired else "")
    compared = compare_systems(
        METRICS, list(texts.items()), references, "en", arguments.samples,
        test=arguments.test, trials=arguments.samples,
    )  # fmt: skip
    for comparison in sorted(compared, key=lambda each: list(SYSTEMS).index(each.system)):
        print(f"{comparison.p_value:.4f}")


if __name__ == "__main__":
    sys.exit(main())
