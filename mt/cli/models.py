"""``awda models``: which models are there; bring one in; check them."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mt.cli.console import screen

if TYPE_CHECKING:
    from mt.translate.inspection import Finding

app = typer.Typer(
    help="List the models of this machine, add one, check them.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("list")
def list_models() -> None:
    """List the models that need no network, with the forms they were converted to.

    A folder is listed once it was converted, by `awda models add` or by its first use.

    Example: `awda models list`
    """
    from datetime import datetime

    from mt.translate.inventory import list_models

    for entry in list_models():
        print(entry.title)
        there = f"{entry.files.size / 1e6:9.1f} MB" if entry.files else "not there any more"
        print(f"  files    {there}")
        for each in entry.conversions:
            used = datetime.fromtimestamp(each.used).astimezone().strftime("%Y-%m-%d %H:%M")
            old = ", of other files" if entry.files and not entry.fits(each) else ""
            print(f"  {each.compute_type:8} {each.size / 1e6:9.1f} MB, last used {used}{old}")


@app.command("add")
def add_model(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A Hub id, with @revision or not; or a folder.")
    ],
    compute_type: Annotated[
        Literal["auto", "int8", "float16", "float32"],
        typer.Option(help="What to convert the weights to; auto is what this machine runs best."),
    ] = "auto",
) -> None:
    """Fetch a model, check its files, convert it, and try it on a sentence.

    Asks the Hub whether the model has changed since it was last fetched. What is damaged is
    fetched or converted again. Exits with 2 when something is wrong with the model.

    Example: `awda models add Helsinki-NLP/opus-mt-tc-big-ar-en`
    """
    from mt.translate.inventory import add_model
    from mt.translate.workshop import Workshop

    kind = Workshop().compute_type if compute_type == "auto" else compute_type
    if not _show(name, add_model(name, kind)):
        raise typer.Exit(2)


@app.command("verify")
def verify_models(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="As in a job.", show_default="all that are listed"),
    ] = None,
) -> None:
    """Check models: hashes of files and conversions, a sentence, and one engine by the other.

    Exits with 2 when something is wrong.

    Example: `awda models verify builtin`
    """
    from mt.translate.inventory import find_entry, list_models, verify_model

    entries = [find_entry(name)] if name else [entry for entry in list_models() if entry.files]
    good = [_show(entry.title, verify_model(entry)) for entry in entries]
    if not all(good):
        raise typer.Exit(2)


def _show(title: str, findings: Iterable[Finding]) -> bool:
    """Print findings as they are made, and whether all are good."""
    print(title, flush=True)
    width, _ = screen()
    good = True
    for finding in findings:
        line = finding.line if finding.good else f"wrong: {finding.line}"
        print(_wrap(line, width), flush=True)
        good = good and finding.good
    return good


def _wrap(line: str, width: int) -> str:
    """A line of a list; names and paths stay whole, to be copied."""
    return textwrap.fill(
        line,
        width,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
