"""``--help`` of every command, its examples, and the completion of shells."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import ROOT
from typer.main import get_command
from typer.testing import CliRunner

from mt.cli import app


def list_commands(group: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from list_commands(command, *path, name)
        else:
            yield (*path, name), command


AWDA: Any = get_command(app)
COMMANDS = dict(list_commands(AWDA))
EXAMPLES = [
    (path, example)
    for path, command in (((), AWDA), *COMMANDS.items())
    for example in re.findall(r"`awda ([^`]+)`", command.help.replace("\n", " "))
]

PAGES = [ROOT / "README.md", ROOT / "configs" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SHOWN = [  # commands of the documentation, but for what the shell makes of them
    shown.partition(" #")[0].replace("$PWD/", "").strip()
    for page in PAGES
    for shown in re.findall(r"^\$ awda (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
]


@pytest.mark.parametrize("path", [(), ("models",), ("memory",), *COMMANDS], ids=" ".join)
def test_help_fits_80_columns(path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    answer = CliRunner().invoke(app, [*path, "--help"])
    assert answer.exit_code == 0
    assert all(len(line) <= 80 for line in answer.output.splitlines())
    assert "`" not in answer.output  # no markup is left


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_an_example_of_itself(path: tuple[str, ...]) -> None:
    own = [example for where, example in EXAMPLES if where == path]
    assert any(shlex.split(example)[: len(path)] == list(path) for example in own)


@pytest.mark.parametrize("example", sorted({*(each for _, each in EXAMPLES), *SHOWN}))
def test_every_example_is_understood(example: str) -> None:
    """As far as it goes before a file is opened: options, their values, and what must be there."""
    words = shlex.split(example.partition(" < ")[0])
    command = AWDA
    while hasattr(command, "commands"):
        name, *words = words
        command = command.commands[name]
    if example == "models add":  # the name of the command, in the help of another
        return
    command.make_context(name, list(words))  # raises what a wrong one would be told


def test_a_wrong_example_is_not() -> None:
    with pytest.raises(Exception, match="No such option"):
        AWDA.commands["score"].make_context("score", ["--hip", "x"])


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str) -> None:
    """What the shells' scripts ask for and get; `awda --show-completion` prints the scripts."""

    def ask(words: str) -> str:
        environment = os.environ | {
            "_AWDA_COMPLETE": f"complete_{shell}",
            "COMP_WORDS": words,
            "COMP_CWORD": str(words.count(" ")),
            "_TYPER_COMPLETE_ARGS": words,
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        }
        command = [
            sys.executable,
            "-c",
            "import sys; sys.argv = ['awda']; from mt.cli import *; main()",
        ]
        return subprocess.run(command, env=environment, capture_output=True, text=True).stdout

    assert "translate" in ask("awda tr")
    assert "align" not in ask("awda tr")
    assert "--metrics" in ask("awda score --me")
