"""``awda translate``: lines in, lines out."""

from __future__ import annotations

import sys
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, BinaryIO, Literal

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
    compute_type: Annotated[
        Literal["auto", "int8", "float16", "float32"],
        typer.Option(help="Of the weights; auto is int8 on a CPU and float16 on a GPU."),
    ] = "auto",
    glossary: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Terms to be preferred: tab-separated, or TBX."),
    ] = None,
    fallback: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Asked where all attempts of the first are at fault."),
    ] = None,
    no_memory: Annotated[
        bool, typer.Option("--no-memory", help="Translate also what was translated before.")
    ] = False,
    translation_memories: Annotated[
        list[Path] | None,
        typer.Option(
            "--tm",
            metavar="FILE",
            help="TMX or TSV: its exact matches go before the models; needs --from; repeatable.",
        ),
    ] = None,
) -> None:
    """Translate lines: exactly one line out per line in; blank stays blank.

    Input of any size is read and written as it goes. A file that is not UTF-8 is refused before
    anything is written; a pipe at the lines in question, and what was written before them stands.

    Example: `awda translate --to en < source.ar.txt`

    Through English: `awda translate -m builtin -m builtin --via en --to vi source.ar.txt`
    """
    from mt.languages import find_language, mismatch
    from mt.text.glossary import read_glossary
    from mt.text.normalize import normalize
    from mt.text.reader import iterate_lines, open_file
    from mt.translate.matches import read_matches
    from mt.translate.memory import Memory
    from mt.translate.translator import WINDOW, stream
    from mt.translate.workshop import Workshop

    names = models or ["builtin"]
    targets = [*(via or ()), target]
    for language in (*targets, *([source] if source else [])):
        find_language(language)
    if len(targets) != len(names):
        raise CorpusError(
            f"{len(names)} models need {len(names) - 1} --via languages, not {len(targets) - 1}"
        )
    name = str(file) if file else "<stdin>"
    raw = open_file(file) if file else sys.stdin.buffer
    count = _check_lines(raw, name) if raw.seekable() else None
    lines = iterate_lines(raw, name)
    head = list(islice(lines, WINDOW))
    if source and (reason := mismatch(normalize(" ".join(head))[0], source)):
        raise CorpusError(f"{name}: {reason}")
    if translation_memories and not source:
        raise CorpusError("--tm needs to know the source language: name it with --from")
    matches = read_matches(translation_memories or (), source or "", [target])[target]
    memory = None if no_memory else Memory()
    workshop = Workshop(
        engine=engine,
        beam_size=beam_size,
        device=device,
        compute_type=compute_type,
        memory=memory,
        glossary=read_glossary(glossary) if glossary else (),
        fallback=fallback or "",
    )
    with bars() as monitor:
        translator = workshop.build(names, targets, matches)
        progress = monitor.start("translate", None if count is None else count * len(names))
        for number, row in enumerate(stream(translator, chain(head, lines), progress), 1):
            sys.stdout.write(row.text + "\n")
            if number % WINDOW == 0:
                sys.stdout.flush()
        known = workshop.remembered
        monitor.finish("translate", "made", f"{known} segments from memory" if known else "")


def _check_lines(raw: BinaryIO, name: str) -> int:
    """Count the lines of a file; raises ``CorpusError`` for one that is not UTF-8."""
    from mt.text.reader import iterate_lines

    start = raw.tell()
    count = sum(1 for _ in iterate_lines(raw, name))
    raw.seek(start)
    return count
