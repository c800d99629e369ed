"""What is installed is pinned: constraints.txt, requirements.lock and pyproject.toml agree."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires

from conftest import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8")
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s\\]+)", re.MULTILINE)
PINS = {canonicalize_name(name): version for name, version in _PIN.findall(CONSTRAINTS)}
LOCKED = {canonicalize_name(name): version for name, version in _PIN.findall(LOCK)}
# torch's build depends on the machine, and what it needs besides on the build; pip brings the last.
FREE = {"awda", "torch", "setuptools", "pip"}


def test_every_pin_but_that_of_torch_has_hashes() -> None:
    """`make hashes` mends it."""
    assert {name: version for name, version in PINS.items() if name != "torch"} == LOCKED
    entries = re.split(r"^(?=[A-Za-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    for entry in entries:
        head, *hashes = entry.replace("\\", "").split("--hash=sha256:")
        assert "==" in head
        assert hashes
        assert all(re.fullmatch(r"[0-9a-f]{64}", each.strip()) for each in hashes), head


def test_no_pin_says_where_it_is_from() -> None:
    for text in (CONSTRAINTS, LOCK):
        for line in text.splitlines():
            assert re.fullmatch(
                r"[\w.-]+==[\w.!+-]+( ;.*)?( \\)?|    --hash=sha256:\S+( \\)?", line
            )


def test_whatever_is_asked_for_is_pinned() -> None:
    """Of what this environment has, from the requirements of Awda down."""
    seen: set[str] = set()
    known: set[tuple[str, str]] = set()
    left = [("awda", extra) for extra in ("", "dev", "ray", "labse")]
    while left:
        name, extra = left.pop()
        if name in FREE - {"awda"}:
            continue
        try:
            wanted = [Requirement(each) for each in requires(name) or ()]
        except PackageNotFoundError:
            continue  # of another machine
        for each in wanted:
            child = canonicalize_name(each.name)
            if each.marker and not each.marker.evaluate({"extra": extra}):
                continue
            seen.add(child)
            new = [(child, inner) for inner in ("", *each.extras)]
            left += [pair for pair in new if pair not in known]
            known.update(new)
    assert seen - FREE <= set(PINS)
