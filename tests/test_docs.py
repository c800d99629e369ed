"""What the documentation shows, works: its commands, its Python, its links."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from conftest import ROOT

DOCS = sorted((ROOT / "docs").glob("*.md"))
TUTORIALS = ("linguist.md", "evaluator.md")
NGHEAN = ROOT / "corpora" / "nghean"


@pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.name))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", DOCS, ids=lambda page: str(page.name))
def test_commands_exist(page: Path) -> None:
    from typer.main import get_command

    from mt.cli import app

    known = get_command(app).commands  # type: ignore[attr-defined]
    for name in re.findall(r"\bawda ([a-z]+) [^`\n]", page.read_text(encoding="utf-8")):
        assert name in known, name


@pytest.mark.slow
@pytest.mark.parametrize("page", TUTORIALS)
def test_every_command_of_a_tutorial_runs(page: str, tmp_path: Path) -> None:
    prepare(tmp_path)
    if page != "linguist.md":
        run("awda init speech.ar.docx speech.en.docx", tmp_path)
        job = tmp_path / "speech.yaml"
        second = "systems:\n  - {name: pivot, target: en, models: [builtin, builtin], via: [vi]}\n"
        job.write_text(job.read_text(encoding="utf-8").replace("systems:\n", second), "utf-8")
        run("awda run speech.yaml", tmp_path)
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    commands = re.findall(r"^\$ (.+)$", "\n".join(blocks), re.MULTILINE)
    assert len(commands) > 4
    for command in commands:
        run(command, tmp_path)
    if page == "linguist.md":
        assert (tmp_path / "runs" / "speech" / "report.html").exists()
        for name in ("speech.back.docx", "speech.again.docx"):
            with ZipFile(tmp_path / name) as archive:
                assert "word/document.xml" in archive.namelist()


@pytest.mark.slow
def test_the_python_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    for example in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(example.replace('"runs/nghean"', repr(str(tmp_path / "run"))), names)
    assert names["report"].targets  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-q", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    for page in DOCS:
        name = "index.html" if page.stem == "index" else f"{page.stem}/index.html"
        assert (tmp_path / name).exists()


def run(command: str, folder: Path) -> None:
    program, *arguments = shlex.split(command)
    assert program == "awda"
    done = subprocess.run(
        [sys.executable, "-m", "mt.cli", *arguments], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, f"{command}: {done.stderr}"


def prepare(folder: Path) -> None:
    """The files that the tutorials name."""
    for name, path in (("ar", "source.ar.txt"), ("en", "reference.en.txt")):
        lines = (NGHEAN / path).read_text(encoding="utf-8").splitlines()
        write_docx(folder / f"speech.{name}.docx", [line for line in lines if line.strip()])
    (folder / "terms.tsv").write_text("ar\ten\nمحافظة\tprovince\n", encoding="utf-8")
    for name in ("out", "ref"):
        (folder / f"{name}.en.txt").write_text("One line.\nAnother line.\n", encoding="utf-8")


def write_docx(path: Path, paragraphs: list[str]) -> None:
    """The least that ECMA-376 asks of a document."""
    office = "http://schemas.openxmlformats.org"
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    with ZipFile(path, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{office}/package/2006/content-types">'
            '<Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{kind}"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{office}/package/2006/relationships"><Relationship Id="r1" '
            f'Type="{office}/officeDocument/2006/relationships/officeDocument" '
            'Target="word/document.xml"/></Relationships>',
        )
        archive.writestr(
            "word/document.xml",
            f'<w:document xmlns:w="{office}/wordprocessingml/2006/main"><w:body>{body}</w:body>'
            "</w:document>",
        )
