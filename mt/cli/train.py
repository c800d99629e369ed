"""``awda train``: train a model, or adapt one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mt.cli.console import say
from mt.cli.options import Overrides


def train(
    config: Annotated[Path, typer.Argument(help="A training file: configs/train-builtin.yaml")],
    overrides: Overrides = None,
) -> None:
    """Train a Marian model, or adapt one; the same command resumes.

    Example: `awda train configs/train-builtin.yaml --set data=DIR`
    """
    from mt.train.recipe import load_recipe
    from mt.train.trainer import train as train_model
    from mt.translate.weights import quiet_transformers

    recipe = load_recipe(config, tuple(overrides or ()))
    quiet_transformers()
    folder = train_model(recipe, log=say)
    print(folder)
