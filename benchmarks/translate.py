"""Translation beside what people do by hand, in one run: speed, agreement, re-runs and memory.

    python benchmarks/translate.py                      # everything
    python benchmarks/translate.py --quick --part speed # one part, with few segments

``speed``
    Segments a second with the built-in model and with a random one of OPUS-MT's size (76 million
    parameters), all with beam 5, on the same cores and texts of ``corpora/vneco``. Random weights
    never end a sentence, so every contestant stops after as many pieces. Transformers 5 has no
    ``pipeline("translation")`` any more; what it did was ``generate()``, which people now call
    themselves, with its own rule for the end of a search. A contestant that is slow translates the
    first of the texts, which are shuffled; its figure is scaled by the length of the texts it had.
    Awda is timed from a file to a file, its empty memory included, without repair, which no other
    has.
``parity``
    BLEU of the engines on the test split, with the same weights.
``rerun``
    A second run of which 1 % is new, and one of which nothing is; with a model that takes no time.
``memory``
    Peak memory and time a segment, from thousands of segments to a million; likewise.
``together``
    Two jobs that start at the same moment and find nothing in the cache.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from peak import measure_peak

from mt.translate.ctranslate import EOS, CTranslateEngine, count_cores
from mt.translate.engine import ComputeType, Decoding, Engine, Hypothesis
from mt.translate.memory import Memory
from mt.translate.models import ModelFiles, find_model
from mt.translate.translation import Progress
from mt.translate.translator import ModelTranslator, stream
from mt.translate.weights import quiet_transformers

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / "corpora" / "vneco"
BEAM = 5
ROUNDS = 3  # of all contestants; medians are printed
STEPS = 32  # pieces after which every contestant stops with the random model


@dataclass(frozen=True)
class Steps(Decoding):
    """A search that ends after so many pieces."""

    def max_length(self, pieces: int, positions: int) -> int:  # noqa: ARG002
        return STEPS


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare translation with its peers.")
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--quick", action="store_true", help="few segments, to see that it works")
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.measure)
        return 0
    print(f"{count_cores()} cores, beam {BEAM}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["AWDA_CACHE"] = str(Path(folder) / "cache")
        for part in arguments.part:
            PARTS[part](Path(folder), arguments.quick)
    return 0


def read_corpus() -> list[dict[str, Any]]:
    lines = (CORPUS / "segments.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


# speed


def compare_speed(folder: Path, quick: bool) -> None:
    quiet_transformers()
    random_model = find_model(str(write_random_model(folder / "random")))
    texts = [row["ar"] for row in read_corpus()]
    random.Random(1).shuffle(texts)
    for name, files, decoding in (
        ("built-in", find_model("builtin"), Decoding),
        ("random 76M", random_model, Steps),
    ):
        race = Race(files, decoding, texts, folder)
        few, many = (8, 256) if quick else (32, 2048 if name == "built-in" else 512)
        print(f"\n{name}: {race.count_parameters() / 1e6:.0f} million parameters")
        counts = {
            "awda": many,
            "ctranslate2, a replica a core": many,
            "ctranslate2, defaults": many // 4,
            "awda, deterministic": many // 8,
            "transformers, one by one": few,
            "transformers, batches of 16": 4 * few,
            "transformers, sorted, batches of 16": 4 * few,
        }
        # Round by round, so that what else the machine does touches all alike.
        rounds = [
            {way: race.run(way, count) for way, count in counts.items()}
            for _ in range(1 if quick else ROUNDS)
        ]
        for way in counts:
            rates = [rates[way] for rates in rounds]
            ratios = [rates["awda"] / rates[way] for rates in rounds]
            print(f"  {way:38}{median(rates):8.1f} segments/s{median(ratios):8.2f}"
                  f"  ({min(ratios):.2f} to {max(ratios):.2f})", flush=True)  # fmt: skip
    print("aims: 4.7 (both unsorted), 2.5 (sorted), 0.95 (ctranslate2)")


@dataclass
class Race:
    """Contestants on one model and the same texts."""

    files: ModelFiles
    decoding: type[Decoding]
    texts: Sequence[str]
    folder: Path
    _loaded: dict[str, Any] = field(default_factory=dict)

    def run(self, way: str, count: int) -> float:
        """Segments a second, of the mean length of all texts; loading is not counted."""
        peer, _, how = way.partition(", ")
        start, texts = getattr(self, f"_prepare_{peer}")(how), self.texts[:count]
        start(self.texts[-8:])  # warms up
        began = time.perf_counter()
        start(texts)
        seconds = time.perf_counter() - began
        mean = sum(map(len, self.texts)) / len(self.texts)
        return sum(map(len, texts)) / mean / seconds

    def count_parameters(self) -> int:
        return sum(p.numel() for p in self._load_transformers()[1].parameters())

    @property
    def token(self) -> str | None:
        return self.files.target_token("en")

    def _load_transformers(self) -> tuple[Any, Any]:
        if "transformers" not in self._loaded:
            import torch
            from transformers import MarianMTModel, MarianTokenizer

            torch.set_num_threads(count_cores())
            tokenizer = MarianTokenizer.from_pretrained(self.files.folder)
            model = MarianMTModel.from_pretrained(self.files.folder, dtype=torch.float32)
            self._loaded["transformers"] = tokenizer, model.eval()
        loaded: tuple[Any, Any] = self._loaded["transformers"]
        return loaded

    def _prepare_transformers(self, how: str) -> Callable[[Sequence[str]], None]:
        """As model cards show it, and as EasyNMT does it where texts are sorted by length."""
        import torch

        tokenizer, model = self._load_transformers()
        prefix = f"{self.token} " if self.token else ""
        size = 1 if how == "one by one" else 16

        def start(texts: Sequence[str]) -> None:
            ordered = sorted(texts, key=len, reverse=True) if "sorted" in how else texts
            for first in range(0, len(ordered), size):
                lines = [prefix + text for text in ordered[first : first + size]]
                inputs = tokenizer(lines, return_tensors="pt", padding=True, truncation=True)
                longest = self.decoding().max_length(inputs["input_ids"].shape[1], 511)
                with torch.inference_mode():
                    made = model.generate(**inputs, num_beams=BEAM, max_length=longest + 1)
                tokenizer.batch_decode(made, skip_special_tokens=True)

        return start

    def _prepare_ctranslate2(self, how: str) -> Callable[[Sequence[str]], None]:
        """Tokens in, tokens out; sorted and batched by itself, with Awda's own size of a batch."""
        import ctranslate2

        engine = self._load_engine()
        cores = {} if how == "defaults" else {"inter_threads": count_cores(), "intra_threads": 1}
        model = ctranslate2.Translator(
            str(convert_files(self.files, "int8")), compute_type="int8", **cores
        )
        prefix = [self.token] if self.token else []
        lines = {text: [*prefix, *engine._encode(text), EOS] for text in self.texts}

        def start(texts: Sequence[str]) -> None:
            pieces = [lines[text] for text in texts]
            model.translate_batch(
                pieces,
                beam_size=BEAM,
                max_batch_size=self.decoding().batch_tokens,
                batch_type="tokens",
                max_decoding_length=self.decoding().max_length(max(map(len, pieces)), 512),
            )

        return start

    def _load_engine(self, deterministic: bool = False) -> CTranslateEngine:
        key = f"awda {deterministic}"
        if key not in self._loaded:
            decoding = self.decoding(beam_size=BEAM, repair=False, deterministic=deterministic)
            self._loaded[key] = CTranslateEngine(self.files, decoding)
        engine: CTranslateEngine = self._loaded[key]
        return engine

    def _prepare_awda(self, how: str) -> Callable[[Sequence[str]], None]:
        engine = self._load_engine(how == "deterministic")

        def start(texts: Sequence[str]) -> None:
            path, source = self.folder / "memory.sqlite", self.folder / "source"
            for old in self.folder.glob("memory.sqlite*"):
                old.unlink()
            engine._encode.cache_clear()
            source.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
            translator = ModelTranslator(
                self.files, "en", lambda: engine, False, Memory(path), "a digest"
            )
            with source.open(encoding="utf-8") as lines, (self.folder / "target").open("w") as out:
                for row in stream(translator, (line.rstrip("\n") for line in lines)):
                    out.write(row.text + "\n")

        return start


def convert_files(files: ModelFiles, compute_type: ComputeType) -> Path:
    from mt.translate.conversion import convert

    return convert(files, compute_type)


def write_random_model(folder: Path) -> Path:
    """A Marian model of the size of ``opus-mt-ar-en``, with the built-in tokenizer.

    Its vocabulary is filled up to 62,000 pieces, which cost time in the search as real ones do.
    """
    import torch
    from transformers import MarianConfig, MarianMTModel, MarianTokenizer

    folder.mkdir(parents=True)
    builtin = find_model("builtin")
    for name in ("source.spm", "target.spm"):
        shutil.copy(builtin.folder / name, folder)
    pieces = [p for p in builtin.vocabulary if p != "<pad>" and not p.startswith(">>")]
    pieces += [f"▁{number}" for number in range(10**6, 10**6 + 62_000 - 1 - len(pieces))]
    table = {piece: number for number, piece in enumerate([*pieces, "<pad>"])}
    (folder / "vocab.json").write_text(json.dumps(table), encoding="utf-8")
    pad = len(table) - 1
    torch.manual_seed(1)
    model = MarianMTModel(
        MarianConfig(
            vocab_size=len(table),
            d_model=512,
            encoder_layers=6,
            decoder_layers=6,
            encoder_attention_heads=8,
            decoder_attention_heads=8,
            encoder_ffn_dim=2048,
            decoder_ffn_dim=2048,
            activation_function="swish",
            max_position_embeddings=512,
            scale_embedding=True,
            pad_token_id=pad,
            eos_token_id=0,
            decoder_start_token_id=pad,
            forced_eos_token_id=0,
        )
    )
    with torch.no_grad():
        model.get_input_embeddings().weight[pad] = 0
        model.final_logits_bias[0, 0] = -100.0  # no end of sentence before its time
    model.save_pretrained(folder)
    paths = {name: str(folder / f"{name}.spm") for name in ("source", "target")}
    tokenizer = MarianTokenizer(
        source_spm=paths["source"], target_spm=paths["target"], vocab=str(folder / "vocab.json")
    )
    tokenizer.save_pretrained(folder)
    return folder


# parity


def compare_engines(folder: Path, quick: bool) -> None:  # noqa: ARG001
    from sacrebleu.metrics import BLEU

    from mt.translate.workshop import Workshop

    rows = read_corpus()
    held_out = json.loads((CORPUS / "splits.json").read_text(encoding="utf-8"))["test"]
    rows = [row for row in rows if row["doc"] in held_out][: 24 if quick else None]
    print(f"\nBLEU of the built-in model on {len(rows)} segments of the test split")
    for target in ("en", "vi"):
        scores = {}
        for name, options in (
            ("transformers, fp32", {"engine": "transformers"}),
            ("ctranslate2, fp32", {"compute_type": "float32"}),
            ("ctranslate2, int8", {"compute_type": "int8"}),
        ):
            workshop = Workshop(beam_size=BEAM, repair=False, **options)  # type: ignore[arg-type]
            made = workshop.build(["builtin"], [target]).translate([row["ar"] for row in rows])
            texts, references = [t.text for t in made], [[row[target] for row in rows]]
            scores[name] = BLEU().corpus_score(texts, references).score
        reference = scores["transformers, fp32"]
        for name, score in scores.items():
            print(f"  ar-{target}  {name:22}{score:8.2f}{score - reference:+8.2f}", flush=True)
    print("aims: at most 0.05 apart (fp32), 0.3 (int8)")


# rerun and memory


class Instant:
    """An engine that takes no time, to see what everything else takes."""

    name = "instant"

    def __init__(self) -> None:
        self.seen = 0

    def count_tokens(self, text: str) -> int:
        return len(text) // 4

    def generate(
        self,
        texts: Sequence[str],
        token: str | None,  # noqa: ARG002
        *,
        whole_beam: bool = False,  # noqa: ARG002
        no_repeat: int = 0,  # noqa: ARG002
        progress: Progress | None = None,
    ) -> list[list[Hypothesis]]:
        self.seen += len(texts)
        if progress:
            progress(len(texts))
        return [[Hypothesis(f"A translation of {text}", -1.0)] for text in texts]


def make_texts(count: int, changed: int = 0) -> Iterator[str]:
    """Texts of the corpus, numbered so that all differ; every ``changed``-th is another one."""
    texts = [row["ar"] for row in read_corpus()]
    for number in range(count):
        new = "جديد " if changed and number % changed == 0 else ""
        yield f"{new}{texts[number % len(texts)]} {number}"


def translate_instantly(engine: Engine, memory: Path, texts: Iterator[str]) -> float:
    """Seconds from the texts to a file of translations."""
    files = find_model("builtin")
    translator = ModelTranslator(files, "en", lambda: engine, False, Memory(memory), "a digest")
    start = time.perf_counter()
    with memory.with_suffix(".out").open("w", encoding="utf-8") as out:
        for row in stream(translator, texts):
            out.write(row.text + "\n")
    return time.perf_counter() - start


def compare_reruns(folder: Path, quick: bool) -> None:
    count, memory = 5_000 if quick else 50_000, folder / "rerun.sqlite"
    print(f"\n{count} segments again, with a model that takes no time")
    for name, changed in (("first", 0), ("1 % changed", 100), ("nothing changed", 100)):
        engine, texts = Instant(), list(make_texts(count, changed))
        seconds = translate_instantly(engine, memory, iter(texts))
        print(f"  {name:16}{engine.seen:8} translated ({engine.seen / count:.1%})"
              f"{count / seconds:10.0f} segments/s", flush=True)  # fmt: skip
    print("aims: 1 %; 20,000 segments/s where nothing changed")


def compare_sizes(folder: Path, quick: bool) -> None:  # noqa: ARG001
    print("\nPeak memory and time, with a model that takes no time")
    first: tuple[float, float] | None = None
    for count in (10_000, 100_000) if quick else (10_000, 100_000, 1_000_000):
        command = [sys.executable, str(Path(__file__).resolve()), "--measure", str(count)]
        done = subprocess.run(
            command, check=True, stdout=subprocess.PIPE, encoding="utf-8", env=make_environment()
        )
        peak, seconds = map(float, done.stdout.split())
        first = first or (peak, seconds)
        print(f"  {count:9} segments{peak:8.0f} MB ({peak / first[0]:.2f})"
              f"{seconds * 1e6:8.0f} us each ({seconds / first[1]:.2f})", flush=True)  # fmt: skip
    print("aims: at most 1.10 of the memory; no more time a segment")


def measure(count: int) -> None:
    """Print the peak memory in MB and the seconds a segment of a run in this process."""
    with tempfile.TemporaryDirectory() as folder:
        seconds = translate_instantly(Instant(), Path(folder) / "m.sqlite", make_texts(count))
    print(measure_peak(), seconds / count)


# together


def compare_twins(folder: Path, quick: bool) -> None:  # noqa: ARG001
    source = ROOT / "corpora" / "nghean" / "source.ar.txt"
    job = folder / "twin.yaml"
    job.write_text(
        f"""
name: twin
source: {{language: ar, path: {json.dumps(str(source))}}}
systems:
  - {{name: en, target: en, models: [builtin]}}
  - {{name: vi, target: vi, models: [builtin, builtin], via: [en]}}
""",
        encoding="utf-8",
    )
    environment = {**make_environment(), "AWDA_CACHE": str(folder / "empty")}
    command = [sys.executable, "-m", "mt.cli", "run", str(job), "--out"]
    twins = [
        subprocess.Popen(
            [*command, str(folder / name)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for name in ("one", "two")
    ]
    for twin in twins:
        said = twin.communicate()[1].decode()
        if twin.returncode:
            print(said, file=sys.stderr)
    outputs = [
        [
            (folder / name / "translations" / f"{system}.jsonl").read_bytes()
            for system in ("en", "vi")
        ]
        for name in ("one", "two")
    ]
    codes = [twin.returncode for twin in twins]
    print(f"\nTwo jobs at the same moment, nothing in the cache: exit codes {codes}, "
          f"{'the same' if outputs[0] == outputs[1] else 'DIFFERENT'} translations")  # fmt: skip


def make_environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


PARTS: dict[str, Callable[[Path, bool], None]] = {
    "speed": compare_speed,
    "parity": compare_engines,
    "rerun": compare_reruns,
    "memory": compare_sizes,
    "together": compare_twins,
}


if __name__ == "__main__":
    sys.exit(main())
