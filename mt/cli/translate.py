"""``awda translate``: lines in, lines out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
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

    Input of any size is read and written as it goes; only the files of --tm are held in memory.
    A file that is not UTF-8 is refused before anything is written; a pipe at the lines in question,
    and what was written before them stands.

    Example: `awda translate --to en < source.ar.txt`

    Through English: `awda translate -m builtin -m builtin --via en --to vi source.ar.txt`
    """
    from mt.job import System, TranslateSection
    from mt.pipeline import open_workshop
    from mt.translate.matches import read_matches
    from mt.translate.memory import Memory
    from mt.translate.translator import WINDOW, stream

    names, pivots = tuple(models or ["builtin"]), tuple(via or ())
    _check_route(names, pivots, target, source)
    if translation_memories and not source:
        raise CorpusError("--tm needs to know the source language: name it with --from")
    lines, count = _open_lines(file, source)
    # Not validated: a model or a file that is not there is told as all commands tell it.
    system = System.model_construct(name=target, target=target, models=names, via=pivots)
    settings = TranslateSection.model_construct(
        engine=engine,
        beam_size=beam_size,
        device=device,
        compute_type=compute_type,
        glossary=glossary,
        fallback=fallback,
    )
    matches = read_matches(translation_memories or (), source or "", [target])[target]
    workshop = open_workshop(settings, source, [system], None if no_memory else Memory())
    with bars() as monitor:
        translator = workshop.build(names, system.targets, matches)
        progress = monitor.start("translate", None if count is None else count * len(names))
        for number, row in enumerate(stream(translator, lines, progress), 1):
            sys.stdout.write(row.text + "\n")
            if number % WINDOW == 0:
                sys.stdout.flush()
        known = workshop.remembered
        monitor.finish("translate", "made", f"{known} segments from memory" if known else "")


def _check_route(
    models: Sequence[str], via: Sequence[str], target: str, source: str | None
) -> None:
    from mt.languages import find_language

    for language in (*via, target, *([source] if source else [])):
        find_language(language)
    if len(via) != len(models) - 1:
        raise CorpusError(
            f"{len(models)} models need {len(models) - 1} --via languages, not {len(via)}"
        )


def _open_lines(file: Path | None, source: str | None) -> tuple[Iterator[str], int | None]:
    """The lines as they come, and how many where that is known; raises ``CorpusError``."""
    from mt.languages import mismatch
    from mt.text.normalize import normalize
    from mt.text.reader import iterate_lines, open_file
    from mt.translate.translator import WINDOW

    name = str(file) if file else "<stdin>"
    raw = open_file(file) if file else sys.stdin.buffer
    count = _check_lines(raw, name) if raw.seekable() else None
    lines = iterate_lines(raw, name)
    head = list(islice(lines, WINDOW))
    if source and (reason := mismatch(normalize(" ".join(head))[0], source)):
        raise CorpusError(f"{name}: {reason}")
    return chain(head, lines), count


def _check_lines(raw: BinaryIO, name: str) -> int:
    """Count the lines of a file; raises ``CorpusError`` for one that is not UTF-8."""
    from mt.text.reader import iterate_lines

    start = raw.tell()
    count = sum(1 for _ in iterate_lines(raw, name))
    raw.seek(start)
    return count
