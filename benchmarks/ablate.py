"""What each part of the built-in model's training is worth: the recipe again and again, each time
with one thing changed, over a few updates; prints a table of dev scores in Markdown.

    python benchmarks/ablate.py --data DIR --out FOLDER [--updates 1000] [NAME ...]

DIR holds the public text (as for configs/train-builtin.yaml), FOLDER takes a run per variant; the
same command goes on where it was stopped. Short runs say what helps early, not what a long run
ends at.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
CORPUS = CONFIGS.parent / "corpora" / "vneco"

Tree = dict[str, Any]


def keep_documents(share: float) -> Callable[[Tree, Path], None]:
    """Train on this share of the corpus's training documents, drawn at random; dev stays."""

    def change(recipe: Tree, folder: Path) -> None:
        splits = json.loads((CORPUS / "splits.json").read_text(encoding="utf-8"))
        held_out = {doc for docs in splits.values() for doc in docs}
        lines = (CORPUS / "segments.jsonl").read_text(encoding="utf-8").splitlines()
        documents = sorted({json.loads(line)["doc"] for line in lines} - held_out)
        random.Random(1).shuffle(documents)
        left_out = documents[round(share * len(documents)) :]
        path = folder / "splits.json"
        path.write_text(json.dumps({**splits, "left out": left_out}), encoding="utf-8")
        find_source(recipe, "segments.jsonl")["split"] = str(path)

    return change


def drop_generator(recipe: Tree, _folder: Path) -> None:
    recipe["sources"].remove(find_source(recipe, "glossary.tsv"))


def set_key(section: str, key: str, value: Any) -> Callable[[Tree, Path], None]:
    def change(recipe: Tree, _folder: Path) -> None:
        recipe[section][key] = value

    return change


def start_at_random(recipe: Tree, _folder: Path) -> None:
    del recipe["start_from"]


VARIANTS: dict[str, Callable[[Tree, Path], None]] = {
    "as it is": keep_documents(1),
    "half of the corpus": keep_documents(0.5),
    "a quarter of the corpus": keep_documents(0.25),
    "none of the corpus": keep_documents(0),
    "no generator": drop_generator,
    "6,000 pieces": set_key("vocabulary", "size", 6000),
    "24,000 pieces": set_key("vocabulary", "size", 24_000),
    "no guided attention": set_key("optimisation", "guidance", 0),
    "random weights instead of e5-small": start_at_random,
}


def find_source(recipe: Tree, name: str) -> Tree:
    source: Tree = next(s for s in recipe["sources"] if Path(s["path"]).name == name)
    return source


def train_variant(name: str, arguments: argparse.Namespace) -> Path:
    """Write the changed recipe, run it, and return its log."""
    folder = arguments.out / name.replace(" ", "-").replace(",", "")
    folder.mkdir(parents=True, exist_ok=True)
    recipe = YAML(typ="safe").load((CONFIGS / "train-builtin.yaml").read_text(encoding="utf-8"))
    for source in recipe["sources"]:
        if not source["path"].startswith("{data}"):
            source["path"] = str((CONFIGS / source["path"]).resolve())
    recipe |= {"data": str(arguments.data.resolve()), "output": str(folder / "run")}
    recipe["network"]["encoder_layers"] = arguments.layers
    recipe["optimisation"] |= {"updates": arguments.updates}
    recipe["reporting"] |= {"dev_every": arguments.updates, "dev_segments": 211}
    VARIANTS[name](recipe, folder)
    path = folder / "recipe.yaml"
    with path.open("w", encoding="utf-8") as out:
        YAML(typ="safe").dump(recipe, out)
    subprocess.run([sys.executable, "-m", "mt.cli", "train", str(path)], check=True)
    return folder / "run" / "log.jsonl"


def read_scores(log: Path) -> dict[str, dict[str, Any]]:
    """The last dev row of each direction."""
    rows = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return {row["dev"]: row for row in rows if "dev" in row}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("variants", nargs="*", metavar="NAME", help=", ".join(VARIANTS))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--updates", type=int, default=1000)
    parser.add_argument("--layers", type=int, default=6, help="of the encoder")
    arguments = parser.parse_args()
    heading = ""
    for name in arguments.variants or VARIANTS:
        scores = read_scores(train_variant(name, arguments))
        if not heading:
            heading = f"| | {' | '.join(scores)} |\n|---|{'---:|' * len(scores)}"
            print(heading)
        cells = (f"{row['bleu']:.1f} / {row['chrf2++']:.1f}" for row in scores.values())
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
