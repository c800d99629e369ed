"""``awda translate``: lines in, lines out."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from mt.cli.console import bars
from mt.cli.options import Engine
from mt.errors import CorpusError


def translate(
    target: Annotated[str, typer.Option("--to", metavar="LANG", help="Target language: en, vi.")],
    file: Annotated[
        Path | None, typer.Argument(help="UTF-8 text, one segment a line; stdin without it.")
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            metavar="MODEL",
            help="builtin, a folder, or a Hub id; repeat for a route.",
            show_default="builtin",
        ),
    ] = None,
    via: Annotated[
        list[str] | None,
        typer.Option(metavar="LANG", help="Pivot language after each model but the last."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="LANG", help="Refuse input that is not in this language."),
    ] = None,
    beam_size: Annotated[int, typer.Option(min=1, max=64)] = 5,
    engine: Annotated[Engine, typer.Option(help="How the model is run.")] = "ctranslate2",
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option()] = "auto",
) -> None:
    """Translate lines: exactly one line out per line in; blank stays blank.

    Example: `awda translate --to en < source.ar.txt`

    Through English: `awda translate -m builtin -m builtin --via en --to vi source.ar.txt`
    """
    from mt.languages import find_language, mismatch
    from mt.text.normalize import normalize
    from mt.text.reader import decode_lines, read_lines
    from mt.translate.translator import Workshop

    names = models or ["builtin"]
    targets = [*(via or ()), target]
    for language in (*targets, *([source] if source else [])):
        find_language(language)
    if len(targets) != len(names):
        raise CorpusError(
            f"{len(names)} models need {len(names) - 1} --via languages, not {len(targets) - 1}"
        )
    name = str(file) if file else "<stdin>"
    lines = read_lines(file) if file else decode_lines(sys.stdin.buffer.read(), name)
    if source and (reason := mismatch(normalize(" ".join(lines))[0], source)):
        raise CorpusError(f"{name}: {reason}")
    workshop = Workshop(engine=engine, beam_size=beam_size, device=device)
    with bars() as monitor:
        translator = workshop.build(names, targets)
        progress = monitor.start("translate", len(lines) * len(names))
        for start in range(0, len(lines), 1024):
            for row in translator.translate(lines[start : start + 1024], progress):
                sys.stdout.write(row.text + "\n")
            sys.stdout.flush()
