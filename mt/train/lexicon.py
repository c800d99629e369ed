"""Which piece translates which: IBM Model 1 over the training pairs, to guide the attention.

Brown et al. (1993) for the model; Chen et al. (2016) for guiding attention with alignments. A small
decoder is a mere language model for its first thousands of updates; told where to look, it reads
the source earlier.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mt.train.examples import Batch, Direction, Examples

Floats = npt.NDArray[np.float32]

PAIRS = 40_000_000  # pairs of pieces that the estimate is made from
ITERATIONS = 5
DIAGONAL = 4.0  # how much an alignment off the diagonal is thought less likely (fast_align)
ENOUGH = 1e-4  # less probability than this on a whole source says nothing about a target piece


@dataclass(frozen=True)
class Lexicon:
    """Translation probabilities of pieces that were seen together."""

    keys: npt.NDArray[np.int64]  # source * vocabulary + target, ascending
    probabilities: Floats  # of the target piece, given the source piece
    vocabulary: int

    def align(self, batch: Batch, pad: int) -> Floats:
        """Soft alignments (sentences, target, source) whose rows sum to 1, or to 0 if unknown.

        The target token at the front of the source and ``</s>`` take no part, but the two ``</s>``
        are aligned.
        """
        source, target = batch.source[:, None, :], batch.target[:, :, None]
        keys = (source * self.vocabulary + target).astype(np.int64)
        found = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = self.keys[found] == keys
        weights = np.where(known, self.probabilities[found], np.float32(0))
        ends = (batch.source != pad).sum(axis=1)[:, None, None] - 1
        places = np.arange(batch.source.shape[1])[None, None, :]
        weights[np.broadcast_to((places == 0) | (places >= ends), weights.shape)] = 0
        total = weights.sum(axis=2, keepdims=True)
        lengths = (batch.target != pad).sum(axis=1)[:, None, None]
        rows = np.arange(batch.target.shape[1])[None, :, None]
        weights *= np.exp(-DIAGONAL * np.abs(places / ends - rows / lengths)).astype(np.float32)
        weights /= np.maximum(weights.sum(axis=2, keepdims=True), 1e-12)
        weights *= total > ENOUGH
        last = (rows == lengths - 1) & (places == ends)
        weights[np.broadcast_to(rows >= lengths - 1, weights.shape)] = 0
        return np.asarray(weights + last, dtype=np.float32)


def estimate_lexicon(examples: Mapping[Direction, Examples], vocabulary: int, seed: int) -> Lexicon:
    """Estimate Model 1 by EM on pairs drawn as in training, the same number per direction."""
    keys, groups = _gather(examples, vocabulary, seed)
    table, places = np.unique(keys, return_inverse=True)
    sources = table // vocabulary
    probabilities = np.ones(len(table))
    for _ in range(ITERATIONS):
        expected = probabilities[places]
        expected /= np.bincount(groups, expected)[groups]
        counts = np.bincount(places, expected)
        probabilities = counts / np.bincount(sources, counts)[sources]
    return Lexicon(table, probabilities.astype(np.float32), vocabulary)


def _gather(
    examples: Mapping[Direction, Examples], vocabulary: int, seed: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """All pairs of pieces of drawn sentence pairs, and which target piece each belongs to."""
    keys: list[npt.NDArray[np.int64]] = []
    groups: list[npt.NDArray[np.int64]] = []
    tokens = 0
    for pool in examples.values():
        pairs = 0
        for source, target in _draw(pool, np.random.default_rng((seed, len(keys)))):
            table = source[None, :] * vocabulary + target[:, None]
            keys.append(table.ravel())
            groups.append(np.repeat(np.arange(tokens, tokens + len(target)), len(source)))
            tokens += len(target)
            pairs += table.size
            if pairs >= PAIRS // len(examples):
                break
    return np.concatenate(keys), np.concatenate(groups)


def _draw(
    pool: Examples, rng: np.random.Generator
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    longest = int(pool.lengths[-1])
    for index in dict.fromkeys(pool.draw(8 * len(pool.lengths), longest, rng).tolist()):
        yield (
            pool.source[index][1:-1].astype(np.int64),
            pool.target[index][:-1].astype(np.int64),
        )
