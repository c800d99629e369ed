"""Parallel text for training: read, filtered, tokenised, and drawn in batches.

Everything is a function of the files and the seed, so that a resumed run sees the same batches.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from mt.errors import CorpusError
from mt.text.normalize import normalize
from mt.text.tmx import read_tmx
from mt.train.grammar import DATA, Grammar
from mt.train.recipe import Recipe, Source

Ids = npt.NDArray[np.uint16]
Direction = tuple[str, str]

MAX_RATIO = 4.0  # of lengths in characters, either way, once a side is longer than MIN_CHARS
MIN_CHARS = 12


@dataclass(frozen=True)
class Row:
    """The same segment in two or three languages."""

    texts: Mapping[str, str]
    group: str
    weight: float


@dataclass(frozen=True)
class Corpus:
    """What the sources hold: rows to learn from, rows held out, and why others were dropped."""

    train: tuple[Row, ...]
    dev: tuple[Row, ...]
    dropped: Mapping[str, int]
    digests: Mapping[str, str]  # file name -> sha256

    def describe(self) -> dict[str, Any]:
        """What a model card must say of the data: files with hashes, rows a set, rows dropped."""
        return {
            "files": dict(self.digests),
            "rows": dict(Counter(row.group for row in self.train).most_common()),
            "held_out": len(self.dev),
            "dropped": dict(self.dropped),
        }


def read_corpus(recipe: Recipe) -> Corpus:
    """Read all sources of the recipe.

    Raises:
        CorpusError: a file is missing or malformed, or nothing is left to learn from.
    """
    digests = {
        f"{number}: {path.name}": _digest(path)
        for number, source in enumerate(recipe.sources, 1)
        for path in (source.path, *_beside(source))
    }
    rows = [pair for source in recipe.sources for pair in _split_rows(source, recipe)]
    held_out = {side for split, row in rows if split != "train" for side in row.texts.items()}
    seen: set[tuple[tuple[str, str], ...]] = set()
    train: list[Row] = []
    dropped: Counter[str] = Counter()
    for split, row in rows:
        if split != "train":
            continue
        reason = _reject(row.texts)
        if not reason and held_out & set(row.texts.items()):
            reason = "held out"
        if not reason and _key(row) in seen:
            reason = "duplicate"
        if reason:
            dropped[reason] += 1
        else:
            seen.add(_key(row))
            train.append(row)
    if not train:
        raise CorpusError(f"nothing to learn from in the sources; rows dropped: {dict(dropped)}")
    dev = tuple(row for split, row in rows if split == "dev" and not _reject(row.texts))
    return Corpus(tuple(train), dev, dict(dropped), digests)


def _split_rows(source: Source, recipe: Recipe) -> list[tuple[str, Row]]:
    """Each row of a source with the split that it belongs to."""
    splits = _held_out(source)
    rows = [
        (splits.get(document, "train"), row)
        for document, row in _rows(source, recipe.languages, recipe.seed)
    ]
    usable = [
        i for i, (split, row) in enumerate(rows) if split == "train" and not _reject(row.texts)
    ]
    if source.held_out and source.held_out >= len(usable):
        raise CorpusError(
            f"{source.path}: held_out: {source.held_out} leaves nothing to learn from: "
            f"{len(usable)} of {len(rows)} rows are usable for {' and '.join(recipe.languages)}"
        )
    rng = np.random.default_rng(recipe.seed)
    for index in rng.permutation(usable)[: source.held_out]:
        rows[index] = ("dev", rows[index][1])
    return rows


def _key(row: Row) -> tuple[tuple[str, str], ...]:
    return tuple(row.texts.items())


def _split_file(source: Source) -> tuple[Path, ...]:
    return (source.path.parent / source.split,) if source.split else ()


def _beside(source: Source) -> tuple[Path, ...]:
    """What else the rows of a source depend on."""
    return (*_split_file(source), *(DATA if source.generate else ()))


def _held_out(source: Source) -> dict[str, str]:
    """The split of every document that is not for training."""
    for path in _split_file(source):
        try:
            splits = json.loads(path.read_text(encoding="utf-8"))
            return {doc: name for name, docs in splits.items() if name != "train" for doc in docs}
        except (ValueError, AttributeError, TypeError):
            raise CorpusError(f'{path}: not a table of splits like {{"dev": ["doc"]}}') from None
    return {}


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        raise CorpusError(
            f"{path}: no such file; say where it lies with --set data=... "
            "(relative to the training file)"
        ) from None


def _rows(source: Source, languages: Sequence[str], seed: int) -> Iterator[tuple[str, Row]]:
    for fields in _read_fields(source, seed):
        group = str(fields.get("set", source.path.name))
        texts = {
            language: normalize(str(fields[language]))[0]
            for language in languages
            if fields.get(language)
        }
        weight = source.weight * source.set_weights.get(group, 1.0)
        yield str(fields.get("doc", "")), Row(texts, group, weight)


def _read_fields(source: Source, seed: int) -> Iterator[Mapping[str, Any]]:
    if source.generate:
        return islice(Grammar(source.path).generate(seed), source.generate)
    if source.path.suffix == ".tmx":
        return read_tmx(source.path)
    return _read_columns(source) if source.columns else _read_table(source.path)


def _read_columns(source: Source) -> Iterator[dict[str, Any]]:
    opener = lzma.open if source.path.suffix == ".xz" else open
    with opener(source.path, "rt", encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(_read_whole(file, source.path), 1):
            cells = line.rstrip("\n").split("\t")
            if len(cells) != len(source.columns):
                raise CorpusError(
                    f"{source.path}:{number}: {len(cells)} columns, expected "
                    f"{len(source.columns)} ({', '.join(source.columns)})"
                )
            yield dict(zip(source.columns, cells, strict=True))


def _read_whole(lines: Iterable[str], path: Path) -> Iterator[str]:
    try:
        yield from lines
    except (lzma.LZMAError, EOFError, OSError) as error:
        raise CorpusError(f"{path}: cannot be read: {error}") from None


_BUILDERS = {".jsonl": "json", ".json": "json", ".parquet": "parquet", ".csv": "csv"}


def _read_table(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of a file that names its own columns, read by ``datasets``."""
    import datasets

    datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False  # nobody is told what is read here
    builder = _BUILDERS.get(path.suffix)
    if builder is None:
        raise CorpusError(f"{path}: name its columns, or use one of: {', '.join(_BUILDERS)}")
    try:
        yield from datasets.load_dataset(
            builder, data_files=str(path), split="train", streaming=True
        )
    except (StopIteration, ValueError, RuntimeError, OSError) as error:
        lines = str(error.__cause__ or error).strip().splitlines() or ["no rows"]
        raise CorpusError(f"{path}: cannot be read as {builder}: {lines[0]}") from None


def _reject(texts: Mapping[str, str]) -> str:
    """Why a row teaches nothing, or ""."""
    values = list(texts.values())
    if len(values) < 2:
        return "one side empty"
    if "ar" in texts and not any("\u0600" <= c <= "\u06ff" for c in texts["ar"]):
        return "no Arabic letter"
    if any(not any(c.isalpha() for c in text) for text in values):
        return "no letter"
    if len(set(values)) < len(values):
        return "copy"
    shortest, longest = min(map(len, values)), max(map(len, values))
    if longest > MIN_CHARS and longest > MAX_RATIO * shortest:
        return "length ratio"
    return ""


@dataclass(frozen=True)
class Examples:
    """Tokenised pairs of one direction, ordered by length, with cumulative drawing weights."""

    source: list[Ids]  # with the target token, if any, in front and </s> at the end
    target: list[Ids]  # with </s> at the end
    lengths: npt.NDArray[np.int64]  # of the longer side
    cumulative: npt.NDArray[np.float64]

    def draw(self, count: int, longest: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Indices of ``count`` pairs with at most ``longest`` pieces a side, by weight.

        Where all are longer, the shortest ones: a draw is never empty.
        """
        end = int(np.searchsorted(self.lengths, max(longest, self.lengths[0]), side="right"))
        points = rng.random(count) * self.cumulative[end - 1]
        indices: npt.NDArray[np.int64] = np.searchsorted(self.cumulative[:end], points, "right")
        return indices


def encode_direction(
    weights: Sequence[float],
    sources: Sequence[Sequence[int]],
    targets: Sequence[Sequence[int]],
    *,
    front: tuple[int, ...],
    ends: tuple[int, int],
    longest: int,
    name: str,
) -> Examples:
    """Pair up the encoded sides of the rows; an empty side means that the row has none.

    ``front`` goes before each source (a target token, or nothing), ``ends`` are the ids of
    ``</s>`` on the two sides. Raises ``CorpusError`` when no pair is left.
    """
    kept = []
    for index, (source, target) in enumerate(zip(sources, targets, strict=True)):
        length = max(len(source) + len(front) + 1, len(target) + 1)
        if source and target and length <= longest:
            kept.append((length, index))
    if not kept:
        raise CorpusError(f"no training pairs for {name}")
    kept.sort()
    return Examples(
        [np.array([*front, *sources[i], ends[0]], dtype=np.uint16) for _, i in kept],
        [np.array([*targets[i], ends[1]], dtype=np.uint16) for _, i in kept],
        np.array([length for length, _ in kept]),
        np.cumsum([weights[i] for _, i in kept]),
    )


@dataclass(frozen=True)
class Batch:
    source: npt.NDArray[np.int64]  # (sentences, pieces), padded
    target: npt.NDArray[np.int64]


DRAW = 8192  # pairs drawn, sorted by length and cut into batches at a time


def draw_batches(
    examples: Mapping[Direction, Examples],
    shares: Mapping[Direction, float],
    *,
    chunk: int,
    longest: int,
    batch_tokens: int,
    pad: int,
    seed: int,
) -> list[Batch]:
    """The batches of one chunk of the endless stream: a pure function of its arguments."""
    rng = np.random.default_rng((seed, chunk))
    directions = list(examples)
    weights = np.array([shares[d] for d in directions], dtype=float)
    counts = rng.multinomial(DRAW, weights / weights.sum())
    drawn: list[tuple[Ids, Ids]] = []
    for direction, count in zip(directions, counts, strict=True):
        pool = examples[direction]
        drawn += [(pool.source[i], pool.target[i]) for i in pool.draw(int(count), longest, rng)]
    drawn = [drawn[i] for i in rng.permutation(len(drawn))]
    drawn.sort(key=lambda pair: max(len(pair[0]), len(pair[1])))
    batches = list(_cut(drawn, batch_tokens, pad))
    return [batches[i] for i in rng.permutation(len(batches))]


def _cut(pairs: Sequence[tuple[Ids, Ids]], batch_tokens: int, pad: int) -> Iterator[Batch]:
    start = 0
    while start < len(pairs):
        end = start + 1
        while end < len(pairs):
            longer = max(len(pairs[end][0]), len(pairs[end][1]))
            if longer * (end + 1 - start) > batch_tokens:
                break
            end += 1
        part = pairs[start:end]
        yield Batch(_stack([p[0] for p in part], pad), _stack([p[1] for p in part], pad))
        start = end


def _stack(rows: Sequence[Ids], pad: int) -> npt.NDArray[np.int64]:
    width = -(-max(map(len, rows)) // 8) * 8  # multiples of 8: fewer shapes, faster kernels
    table = np.full((len(rows), width), pad, dtype=np.int64)
    for index, row in enumerate(rows):
        table[index, : len(row)] = row
    return table
