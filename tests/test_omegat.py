"""A memory of aligned beads in OmegaT: it translates a document from it (`apt-get install omegat`).

Run without a window, as its manual has it: a project in, translated documents out; what lies in
``tm/auto`` is taken where it is the same.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tiny_run import document

from mt.align.alignment import Alignment, Bead
from mt.align.formats import pair_up, render_bitext

PROJECT = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<omegat><project version="1.0"><source_dir>__DEFAULT__</source_dir>
<target_dir>__DEFAULT__</target_dir><tm_dir>__DEFAULT__</tm_dir>
<glossary_dir>__DEFAULT__</glossary_dir><dictionary_dir>__DEFAULT__</dictionary_dir>
<source_lang>AR</source_lang><target_lang>EN</target_lang><sentence_seg>true</sentence_seg>
</project></omegat>
"""
SOURCE = ("افتتحت المكتبة <في> الثامنة & النصف.", "لا توجد غرامات هذا الأسبوع.", "بلا ترجمة هنا.")
TARGET = ("The library <opened> at 8:30 & stayed open.", "There are no fines.", "For this week.")
BEADS = (Bead((0,), (0,), 0.9), Bead((1,), (1, 2), 0.8), Bead((2,), (), 0.0))


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("omegat"), reason="no OmegaT: apt-get install omegat")
def test_omegat_translates_from_it(tmp_path: Path) -> None:
    project = tmp_path / "project"
    for name in ("source", "target", "tm/auto", "glossary", "dictionary", "omegat"):
        (project / name).mkdir(parents=True)
    (project / "omegat.project").write_text(PROJECT, encoding="utf-8")
    (project / "source" / "a.txt").write_text("\n\n".join(SOURCE) + "\n", encoding="utf-8")
    bitext = pair_up(Alignment(BEADS), document("ar", SOURCE), document("en", TARGET))
    memory = render_bitext(bitext, "tmx")
    assert isinstance(memory, str)
    (project / "tm" / "auto" / "memory.tmx").write_text(memory, encoding="utf-8")
    home = os.environ | {"HOME": str(tmp_path), "JAVA_TOOL_OPTIONS": f"-Duser.home={tmp_path}"}
    command = ["omegat", str(project), "--mode=console-translate"]
    done = subprocess.run(command, env=home, capture_output=True, text=True, timeout=240)
    made = (project / "target" / "a.txt").read_text(encoding="utf-8")
    lines = [line for line in made.splitlines() if line]
    assert lines == [TARGET[0], " ".join(TARGET[1:]), SOURCE[2]], done.stdout + done.stderr
