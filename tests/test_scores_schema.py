"""scores.json is what its JSON Schema says: nothing missing, nothing without a description."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from jsonschema import Draft202012Validator
from tiny_run import make_run

from eval.overview import Overview
from eval.render.scores import render_json, render_overview
from eval.report import build_report
from eval.results import Report

SCHEMA = json.loads((ROOT / "eval" / "render" / "scores.schema.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    return build_report(make_run(tmp_path_factory.mktemp("schema") / "tiny"))


def close(schema: Any) -> Any:
    """The schema with no room for keys that it does not describe."""
    if isinstance(schema, list):
        return [close(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: close(value) for key, value in schema.items()}
    if "properties" in closed and closed.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed


def find_problems(text: str) -> list[str]:
    problems = Draft202012Validator(close(SCHEMA)).iter_errors(json.loads(text))
    return [f"{problem.json_path}: {problem.message}" for problem in problems]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_scores_of_a_run_fit_it(report: Report) -> None:
    assert find_problems(render_json(report)) == []


def test_scores_without_intervals_fit_it(report: Report) -> None:
    english, vietnamese = report.targets
    bare = [
        replace(
            system,
            scores=tuple(replace(s, mean=None, half_width=None) for s in system.scores),
        )
        for system in english.systems
    ]
    plain = replace(english, systems=tuple(bare), comparisons=())
    report = replace(report, targets=(plain, vietnamese), bootstrap=0)
    assert find_problems(render_json(report)) == []


def test_scores_of_a_suite_fit_it(report: Report) -> None:
    other = replace(report, name="other", targets=report.targets[1:])
    text = render_overview(Overview("both", (report, other), {"gone": Path("a/../nowhere")}))
    assert find_problems(text) == []
    row = json.loads(text)
    assert row["suite"] == "both"
    assert row["skipped"] == {"gone": "nowhere"}
    assert [(r["test_set"], r["target"], r["system"]) for r in row["rows"]] == [
        ("tiny", "en", "good"),
        ("tiny", "en", "bad"),
        ("tiny", "vi", "viet"),
        ("other", "vi", "viet"),
    ]
    scores = {score["metric"]: score for score in row["rows"][0]["scores"]}
    assert (scores["bleu"]["score"], scores["ter"]["score"]) == (100, 0)
    assert scores["bleu"]["signature"].startswith("nrefs:1|")
    assert row["rows"][2]["scores"] == []


Break = Callable[[Any], object]


@pytest.mark.parametrize(
    ("damage", "path"),
    [
        (lambda row: row.pop("seed"), "$"),
        (lambda row: row["targets"][0]["systems"][0]["scores"][0].pop("signature"), "scores[0]"),
        (lambda row: row["targets"][0]["systems"][1]["segments"][0].update(chrf="high"), "chrf"),
        (lambda row: row["targets"][0]["systems"][1]["segments"][0].update(reason="?"), "reason"),
        (lambda row: row["targets"][0].update(undocumented=1), "targets[0]"),
    ],
)
def test_anything_else_does_not(report: Report, damage: Break, path: str) -> None:
    row = json.loads(render_json(report))
    damage(row)
    assert any(path in problem for problem in find_problems(json.dumps(row)))
