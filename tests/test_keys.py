"""configs/README.md: its tables have every key of a job, and their defaults."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from conftest import ROOT
from pydantic import BaseModel

from mt.job import Job
from mt.scale.job import TableJob

PAGE = (ROOT / "configs" / "README.md").read_text(encoding="utf-8")
JOB, *PARTS = re.split(r"^## ", PAGE, flags=re.MULTILINE)
# What stands in place of a default: a type where there is none, or what a default depends on.
KINDS = ("text", "name", "code", "model", "file", "list", "list of files", "list of codes", "none")
KINDS = (*KINDS, "1024, on a GPU 8192")
(TABLE,) = [part for part in PARTS if part.startswith("Tables")]


def find_section(annotation: Any) -> type[BaseModel] | None:
    """The section that a key holds, alone or in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (find_section(inner) for inner in get_args(annotation))
    return next((section for section in found if section), None)


def list_keys(section: type[BaseModel], before: str = "") -> Iterator[tuple[str, Any]]:
    """Keys as messages have them, with their defaults."""
    for name, field in section.model_fields.items():
        inner = find_section(field.annotation)
        if inner:
            listed = inner is not field.annotation
            yield from list_keys(inner, f"{before}{name}{'[]' if listed else ''}.")
        elif get_origin(field.annotation) is dict and before == "":
            yield f"{before}{name}.LANG", ...
        else:
            yield f"{before}{name}", ... if field.is_required() else field.default


def read_rows(part: str) -> list[tuple[str, str]]:
    """Key and default, of the rows that name keys."""
    rows = re.findall(r"^\| (`[^|]+`) \| ([^|]*) \| .+ \|$", part, re.MULTILINE)
    return [
        (name, default.strip())
        for names, default in rows
        for name in re.findall(r"`([^`]+)`", names)
    ]


def test_every_key_of_a_job_is_there() -> None:
    start = JOB.index("| key |")
    rows = read_rows(JOB[start : JOB.index("\n\n", start)])
    known = dict(list_keys(Job))
    assert sorted(name for name, _ in rows) == sorted(known)
    for name, said in rows:
        if said not in KINDS:
            assert said.strip("`") == write(known[name]), name


def write(value: object) -> str:
    """As a job file has it."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return value if isinstance(value, str) else json.dumps(value)


def test_every_key_of_a_table_is_there() -> None:
    documented = {name for name, _ in read_rows(TABLE)}
    known = {name for name, _ in list_keys(TableJob)}
    shared = {name for name in known if name.startswith(("systems[].", "translate."))} | {"name"}
    assert documented - {"systems", "translate"} == known - shared
