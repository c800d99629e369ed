"""``awda init``: a job file from the documents at hand."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from mt.cli.console import say
from mt.errors import CorpusError, JobError


def init(
    source: Annotated[
        str | None,
        typer.Argument(metavar="SOURCE", help="The document to translate: text, DOCX, HTML ..."),
    ] = None,
    references: Annotated[
        list[str] | None,
        typer.Argument(metavar="REFERENCE...", help="Reference translations of it."),
    ] = None,
    hypotheses: Annotated[
        list[str] | None,
        typer.Option("--hyp", metavar="FILE", help="Somebody's translation, to be scored too."),
    ] = None,
    name: Annotated[str, typer.Option(help="Of the job.", show_default="the source's name")] = "",
    out: Annotated[
        Path | None, typer.Option(help="The job file.", show_default="NAME.yaml")
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of files that are not UTF-8: windows-1256."),
    ] = None,
) -> None:
    """Write a commented job file for the documents given; asks for them where none are.

    The language of a file is what `LANG=FILE` says, or the file's name (`speech.vi.docx`), or the
    file itself, or else what its letters look like; the job file and a line on stderr say which.

    Example: `awda init speech.ar.docx speech.en.docx`, then `awda run speech.yaml`
    """
    from mt.draft import draft_job, identify, render_draft
    from mt.job import load_job
    from mt.store import write_text

    asked, others = (source, references or []) if source else _ask()
    given = [identify(file, encoding) for file in (asked, *others)]
    theirs = [identify(file, encoding) for file in hypotheses or ()]
    draft = draft_job(given[0], given[1:], theirs, name, encoding)
    path = out or Path(f"{draft.name}.yaml")
    if path.exists():
        raise CorpusError(f"{path}: is there already; name another file with --out")
    if not path.parent.is_dir():
        raise CorpusError(f"{path.parent}: no such folder")
    write_text(path, render_draft(draft, path.parent))
    for file in (*given, *theirs):
        say(f"{file.path}: {file.language}, {file.known}")
    try:
        load_job(path)
    except JobError as error:
        raise JobError([*error.problems, f"{path} is written; mend it there"]) from None
    say(f"wrote {path}; next: awda run {path}")


def _ask() -> tuple[str, list[str]]:
    """The files, from whoever sits there.

    Raises:
        CorpusError: nobody does.
    """
    if not sys.stdin.isatty():
        raise CorpusError("name the document to translate: awda init SOURCE [REFERENCE...]")
    source = typer.prompt("Document to translate", err=True)
    return source.strip(), list(_ask_references())


def _ask_references() -> Iterator[str]:
    while answer := typer.prompt(
        "Reference translation (none: just Enter)", default="", show_default=False, err=True
    ).strip():
        yield answer
