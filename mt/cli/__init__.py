"""The command line: the one place that prints and picks exit codes.

Results go to stdout, everything else to stderr. 0 done, 1 the run failed, 2 the request was wrong,
130 interrupted (a run goes on from there). Heavy imports stay inside the commands that need them.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable
from functools import partial
from io import TextIOWrapper
from typing import Annotated, Any

import typer

from mt import __version__
from mt.cli import align, formats, init, memory, models, report, run, score, train, translate
from mt.cli.console import say
from mt.errors import AwdaError, AwdaWarning

app = typer.Typer(
    name="awda",
    help="Back-translate an Arabic document, align it with references, and score it.\n\n"
    "Example: `awda init speech.ar.docx speech.en.docx`, then `awda run speech.yaml`",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _command in (
    init.init,
    run.run,
    translate.translate,
    align.align,
    score.score,
    report.report,
    report.compare,
    report.history,
    run.check,
    train.train,
    formats.formats,
):
    app.command()(_command)
app.add_typer(models.app, name="models")
app.add_typer(memory.app)


def main() -> None:
    """Run the command line; errors that a user can cause end in one message, not a traceback."""
    signal.signal(signal.SIGINT, _interrupt)
    warnings.showwarning = partial(_show_warning, warnings.showwarning)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # whatever the locale says
    try:
        app()
    except _InterruptedRun:
        say("awda: interrupted; what was finished is kept, and the same command goes on from there")
        raise
    except AwdaError as error:
        say(*str(error).splitlines(), prefix="awda: ")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        say(f"awda: {where}{error.strerror or error}")
        sys.exit(1)


class _InterruptedRun(SystemExit):
    """What Ctrl-C raises: Typer would end a KeyboardInterrupt with 1, and a word of its own."""


def _interrupt(_signal: int, _frame: object) -> None:
    raise _InterruptedRun(130)  # without a word: it may have come in the middle of another


def _show_warning(
    others: Callable[..., None], message: Warning | str, category: type[Warning], *where: Any
) -> None:
    if issubclass(category, AwdaWarning):
        say(f"awda: {message}")
    else:
        others(message, category, *where)


def _version(asked: bool) -> None:
    if asked:
        print(f"awda {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
