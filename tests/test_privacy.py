"""Nothing leaves the machine, no login is written anywhere, and no page can load anything."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from conftest import SENTENCES

TOKEN = "hf_neverToBeSeenAnywhere"
# Python tells of every socket, and of every name that is looked up, before it is done.
WATCHED = """
import sys
seen = []
sys.addaudithook(lambda event, _: seen.append(event) if event.startswith("socket.") else None)
sys.argv = ["awda", *sys.argv[1:]]
from mt.cli import main
try:
    main()
finally:
    print("watched:", *sorted(set(seen)), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A job with the built-in model, done, and everything else that makes a page."""
    folder = tmp_path_factory.mktemp("private")
    for language in ("ar", "en"):
        text = "\n".join(SENTENCES[language]) + "\n"
        (folder / f"talk.{language}.txt").write_text(text, encoding="utf-8")
    for command in (
        "init talk.ar.txt talk.en.txt",
        "run talk.yaml",
        "report runs/talk --format html --format markdown --format json --format csv",
        "history runs/talk --html history.html",
        "align talk.ar.txt talk.en.txt --source-lang ar --target-lang en --format html "
        "--out aligned.html",
    ):
        done = call(command, folder)
        with (folder / "printed.txt").open("a", encoding="utf-8") as log:
            log.write(done.stdout + done.stderr)
        assert done.returncode == 0, done.stderr
    return folder


def call(command: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Online, logged in, with caches of its own: as at a user's first start."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HF_")} | more
    return subprocess.run(
        [sys.executable, "-c", WATCHED, *command.split()],
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment
        | {
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "AWDA_CACHE": str(folder / "cache"),
            "HF_HOME": str(folder / "hub"),
            "HF_TOKEN": TOKEN,
        },
    )


@pytest.mark.slow
def test_a_job_with_the_builtin_model_opens_no_socket(folder: Path) -> None:
    printed = (folder / "printed.txt").read_text(encoding="utf-8")
    watched = re.findall(r"^watched:(.*)$", printed, re.MULTILINE)
    assert len(watched) == 5
    assert set(watched) == {""}


@pytest.mark.slow
def test_a_model_of_the_hub_does_and_is_seen_to(folder: Path) -> None:
    """That the watch above would see one; nobody answers at this address."""
    nobody = "http://127.0.0.1:9"
    done = call("models add team/nothing", folder, HF_ENDPOINT=nobody)
    assert done.returncode == 2
    assert "socket.connect" in done.stderr
    assert TOKEN not in done.stdout + done.stderr


@pytest.mark.slow
def test_the_login_is_written_nowhere(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"manifest.json", "printed.txt", "report.html"} <= {path.name for path in files}
    assert [path for path in files if TOKEN.encode() in path.read_bytes()] == []


@pytest.mark.slow
def test_every_page_may_load_nothing(folder: Path) -> None:
    pages = sorted(path.name for path in folder.rglob("*.html"))
    assert pages == ["aligned.html", "history.html", "report.html"]
    for path in folder.rglob("*.html"):
        head = unescape(path.read_text(encoding="utf-8").partition("</head>")[0])
        (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', head)
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "*" not in policy
        assert not re.search(r"https?:", policy)
        assert head.index("Content-Security-Policy") < head.index("<style")
