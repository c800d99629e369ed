"""What the README shows, works."""

from __future__ import annotations

import re

import pytest
from conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


@pytest.mark.slow
def test_the_python_example(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    exec(example.replace('"runs/nghean"', repr(f"{tmp_path}/run")), names)
    translations, alignment = names["translations"], names["alignment"]
    assert len(translations) == 1  # type: ignore[arg-type]
    assert [bead.shape for bead in alignment.beads] == ["1-1", "1-1"]  # type: ignore[attr-defined]
