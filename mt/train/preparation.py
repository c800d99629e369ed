"""What a training run needs before its first update: the tokenizer files of its model."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np

from mt.errors import ModelError
from mt.train.embedder import find_embedder, prune_vocabulary, read_embedder
from mt.train.examples import Corpus
from mt.train.recipe import E5_SMALL, Recipe
from mt.train.vocabulary import train_vocabulary
from mt.translate.models import ModelFiles, find_model

_TOKENIZER = (
    "source.spm",
    "target.spm",
    "vocab.json",
    "target_vocab.json",
    "tokenizer_config.json",
)

MOST_PIECES = 2**16  # ids are kept in 16 bits


def prepare_vocabulary(recipe: Recipe, corpus: Corpus, folder: Path) -> None:
    """Write the tokenizer files to ``folder``, unless they are there.

    Raises:
        ModelError: the model to adapt cannot be found, or cannot translate into a target.
    """
    if (folder / "vocab.json").exists():
        return
    if recipe.base_model:
        _copy_vocabulary(find_model(recipe.base_model), recipe, folder)
        return
    rng = np.random.default_rng(recipe.seed)
    weights = np.array([row.weight for row in corpus.train])
    count = min(recipe.vocabulary.sentences, len(corpus.train))
    chosen = rng.choice(len(corpus.train), count, p=weights / weights.sum())
    sample = [corpus.train[index].texts for index in chosen]
    settings, targets = recipe.vocabulary, recipe.targets
    if recipe.start_from == E5_SMALL:
        texts = {code: [t[code] for t in sample if code in t] for code in recipe.languages}
        prune_vocabulary(read_embedder(find_embedder()), texts, settings, targets, folder)
    else:
        sentences = (text for texts in sample for text in texts.values())
        train_vocabulary(sentences, settings, targets, folder)


def _copy_vocabulary(files: ModelFiles, recipe: Recipe, folder: Path) -> None:
    pieces = max(len(files.vocabulary), len(files.target_vocabulary))
    if pieces > MOST_PIECES:
        raise ModelError(
            f"model '{files.name}': has {pieces} pieces; at most {MOST_PIECES} can be adapted"
        )
    tokens = [files.target_token(target) for target in recipe.targets]
    if len(tokens) > 1 and None in tokens:
        raise ModelError(
            f"model '{files.name}': translates into one language, but the directions "
            f"have {len(tokens)}: {', '.join(recipe.targets)}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    for name in _TOKENIZER:
        if (files.folder / name).exists():
            shutil.copyfile(files.folder / name, folder / name)
