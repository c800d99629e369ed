"""docs/alignment.md: its examples run, in their order, and its table is that of the formats."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from conftest import ROOT
from plain_run import call_awda
from tiny_run import ENGLISH, GOOD, SOURCE, make_run

from mt.align.formats import FORMATS, PAGE

DOCS = (ROOT / "docs" / "alignment.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\$ (awda .*)$", DOCS, re.MULTILINE)


@pytest.mark.slow
def test_the_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_run(tmp_path / "runs" / "speech")
    for name, lines in (
        ("speech.ar.txt", SOURCE),
        ("speech.en.txt", ENGLISH),
        ("mt.en.txt", (" ".join(GOOD[:2]), *GOOD[2:])),
        ("pins.txt", ("[0]:[0]", "2:2")),
    ):
        (tmp_path / name).write_text("\n".join(lines) + "\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert len(EXAMPLES) >= 8
    for example in EXAMPLES:
        words = shlex.split(example)[1:]
        code, out, err = call_awda(monkeypatch, capsys, *words)
        if "--model" in words:  # of the Hub, which no test reaches
            assert "HF_HUB_OFFLINE is set" in err
            continue
        assert code == 0, (example, err)
        if "--out" in words:
            assert (tmp_path / words[words.index("--out") + 1]).exists(), example
        else:
            assert out, example


def test_the_table_has_every_format() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (\d) \| (.+?) \|$", DOCS, re.MULTILINE)
    assert [row[0] for row in rows] == [*FORMATS, PAGE]
    for name, title, sides, lost in rows[:-1]:
        form = FORMATS[name]
        assert (title, int(sides), lost) == (form.title, form.sides, form.lost)
