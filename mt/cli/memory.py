"""``awda memory``: what models have translated already, and how to forget it."""

from __future__ import annotations

from typing import Annotated

import typer

from mt.cli.console import say
from mt.errors import CacheError

app = typer.Typer(
    name="memory",
    help="Show or prune what models have translated already.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

_MB = 1_000_000


@app.command()
def stats() -> None:
    """Show the file, its size, and what it has of every model: a line each, by columns.

    Example: `awda memory stats`
    """
    from mt.translate.memory import Memory

    memory = Memory()
    holdings = memory.list_holdings()
    entries = sum(holding.entries for holding in holdings)
    print(f"{memory.path}: {memory.size / _MB:.1f} MB, {entries} translations")
    rows = [
        (
            holding.maker.model or "unknown",
            holding.maker.target,
            holding.maker.engine,
            str(holding.entries),
            str(holding.oldest),
            str(holding.newest),
        )
        for holding in holdings
    ]
    if rows:
        header = ("model", "to", "engine", "translations", "oldest use", "newest use")
        widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
        for row in (header, *rows):
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            print("  ".join(cells).rstrip())


@app.command()
def prune(
    older_than: Annotated[
        int | None,
        typer.Option(min=0, metavar="DAYS", help="Forget what was not used for so long."),
    ] = None,
    max_size: Annotated[
        float | None,
        typer.Option(min=0, metavar="MB", help="Then forget the least recently used beyond that."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Forget everything, also of a damaged file.")
    ] = False,
) -> None:
    """Forget translations; they are made again when they are asked for.

    Example: `awda memory prune --older-than 90 --max-size 500`
    """
    from mt.translate.memory import Memory

    memory = Memory()
    if everything:
        forgotten = memory.clear()
    elif older_than is None and max_size is None:
        raise CacheError("say what to forget: --older-than DAYS, --max-size MB or --all")
    else:
        limit = None if max_size is None else int(max_size * _MB)
        forgotten = memory.prune(older_than=older_than, max_bytes=limit)
    say(f"forgot {forgotten} translations; {memory.path} has {memory.size / _MB:.1f} MB now")
