"""Arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

JobFile = Annotated[Path, typer.Argument(help="A job file; configs/README.md explains its keys.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key: --set score.bootstrap=200"),
]
Engine = Literal["ctranslate2", "transformers"]
