"""Scores for machines and for pipes: ``scores.json``, and what ``awda score`` prints.

``scores.json``, schema 1 (a key may be added without a new schema; none changes its meaning)::

    schema       1
    run          name of the job
    source       language, path, segments
    bootstrap    resamples behind intervals and p-values; seed: their seed
    versions     of the programs that made the run
    notes        sentences on what a reader must know
    targets      one per target language:
      language
      references     name, path, segments, unaligned (segments with no source), method
      pairs          scored: count; not_scored: {reason: count}
      power          what so many pairs can show
      systems        one per system, the baseline first:
        name, models ("name@revision", one per leg), via, hypothesis (path, when only scored)
        scores       metric, name, score, mean, half_width, low, high, signature, unicode, detail,
                     folding (of the text before: "tashkeel+tatweel", or "")
        numbers      kept, lost, invented (digit strings and codes of the source)
        ledger       everything that had to arrive, a row a kind: kind, kept, changed, lost,
                     invented (numbers, dates, codes, URLs, names, negations, glossary terms)
        analysis     lengths: label, pairs, score (chrF++ by words of the reference);
                     frequencies: label, words, f1 (by how often the references have a word);
                     overproduced, underproduced: text, hypothesis, reference (times);
                     faults: kind (loop, copy, short, long, empty), pair (its index), detail
        slices       scored in other ways, to tell alignment error apart: name ("confident beads",
                     "whole document", "resegmented"), segments: count, note, scores as above
        segments     one per pair, in document order: sources and targets (0-based; targets per
                     reference), chrf (sentence-level chrF++ or null), confidence (of the
                     alignment, 0 to 1), lost, invented, notes, reason ("" when scored),
                     why (more about the reason, where it is known),
                     verdict and comment (a reviewer's, "" where none was given),
                     ledger: what did not arrive or is not in the source: kind, value, outcome,
                     found (what stands in its place), leg (of a pivot route, from 1, or 0)
        verdicts     how many segments were judged good, minor, major, critical; {} when none was
      comparisons    metric, baseline, system, difference, p_value, signature, corrected (p-value by
                     Holm's method, which decides; null for a single comparison), test,
                     half_width (of the difference's 95% interval, or null); of every two systems
      reference_ledger  as a system's, of the first reference: what errors to expect of the count
      differences    where two systems lie furthest apart: pair, better, worse, gap (chrF++)

The ``scores.json`` of a suite has ``suite`` (its name) in place of ``run``; ``skipped``:
{job: what it needs}; ``rows``, one per test set, target language and system: test_set, source,
target, system, pairs, bootstrap, seed, and scores as above. ``scores.schema.json`` describes both
as a JSON Schema.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from eval.analysis import Analysis
from eval.fidelity.items import Item
from eval.overview import Overview
from eval.render.wording import format_score
from eval.results import Judgement, Report, SystemReport, Target
from eval.scores.metrics import MetricScore
from eval.slices import Slice

SCHEMA = 1

Row = dict[str, Any]


def render_json(report: Report) -> str:
    """The text of ``scores.json``; the same run gives the same bytes."""
    row: Row = {
        "schema": SCHEMA,
        "run": report.name,
        "source": {
            "language": report.source_language,
            "path": report.source_path,
            "segments": report.source_segments,
        },
        "bootstrap": report.bootstrap,
        "seed": report.seed,
        "versions": dict(report.versions),
        "notes": report.notes,
        "targets": [_target(target) for target in report.targets],
    }
    return json.dumps(row, ensure_ascii=False, indent=1) + "\n"


def render_overview(overview: Overview) -> str:
    """The text of a suite's ``scores.json``."""
    row: Row = {
        "schema": SCHEMA,
        "suite": overview.name,
        "skipped": {name: os.path.normpath(path) for name, path in overview.skipped.items()},
        "rows": [_overview_row(*row) for row in overview.rows],
    }
    return json.dumps(row, ensure_ascii=False, indent=1) + "\n"


def _overview_row(report: Report, target: Target, system: SystemReport) -> Row:
    return {
        "test_set": report.name,
        "source": report.source_language,
        "target": target.language,
        "system": system.name,
        "pairs": target.scored,
        "bootstrap": report.bootstrap,
        "seed": report.seed,
        "scores": [_score(score) for score in system.scores],
    }


def _target(target: Target) -> Row:
    return {
        "language": target.language,
        "references": [asdict(reference) for reference in target.references],
        "pairs": {"scored": target.scored, "not_scored": dict(target.left_out)},
        "power": target.power,
        "systems": [_system(system) for system in target.systems],
        "comparisons": [asdict(comparison) for comparison in target.comparisons],
        "reference_ledger": [asdict(entry) for entry in target.reference_ledger],
        "differences": [{**asdict(e), "gap": round(e.gap, 2)} for e in target.differences],
    }


def _system(system: SystemReport) -> Row:
    return {
        "name": system.name,
        "models": system.models,
        "via": system.via,
        "hypothesis": system.hypothesis,
        "scores": [_score(score) for score in system.scores],
        "numbers": asdict(system.numbers),
        "ledger": [asdict(entry) for entry in system.ledger],
        "analysis": _analysis(system.analysis),
        "slices": [_slice(each) for each in system.slices],
        "verdicts": dict(system.verdicts),
        "segments": [_segment(judgement) for judgement in system.judgements],
    }


def _analysis(analysis: Analysis) -> Row:
    row = asdict(analysis)
    row["lengths"] = [{**each, "score": round(each["score"], 6)} for each in row["lengths"]]
    row["frequencies"] = [{**each, "f1": round(each["f1"], 6)} for each in row["frequencies"]]
    return row


def _slice(each: Slice) -> Row:
    scores = [_score(score) for score in each.scores]
    return {"name": each.name, "segments": each.segments, "note": each.note, "scores": scores}


def _score(score: MetricScore, digits: int = 6) -> Row:
    return {
        "metric": score.metric,
        "name": score.name,
        "score": round(score.score, digits),
        "mean": _round(score.mean, digits),
        "half_width": _round(score.half_width, digits),
        "low": _round(score.low, digits),
        "high": _round(score.high, digits),
        "signature": score.signature,
        "unicode": "nfc",
        "detail": score.detail,
        "folding": score.folding,
    }


def _segment(judgement: Judgement) -> Row:
    pair = judgement.pair
    return {
        "sources": pair.sources,
        "targets": pair.targets,
        "chrf": _round(judgement.chrf, 2),
        "confidence": pair.score,
        "lost": judgement.numbers.lost,
        "invented": judgement.numbers.invented,
        "notes": pair.notes,
        "reason": pair.reason,
        "why": pair.why,
        "verdict": judgement.verdict.severity if judgement.verdict else "",
        "comment": judgement.verdict.comment if judgement.verdict else "",
        "ledger": [_item(item) for item in judgement.ledger if item.outcome != "kept"],
    }


def _item(item: Item) -> Row:
    return {key: getattr(item, key) for key in ("kind", "value", "outcome", "found", "leg")}


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def render_scores(scores: Sequence[MetricScore], width: int = 1) -> str:
    """One line a metric: ``BLEU 31.2 ±0.8 | nrefs:1|case:mixed|...|unicode:nfc``.

    ``width`` is the number of decimals, 1 as on sacreBLEU's command line; the digits of score and
    half-width are its own.
    """
    return "".join(
        f"{score.name} {format_score(score, width)} | {score.recipe}\n" for score in scores
    )


def render_scores_json(scores: Sequence[MetricScore], width: int = 1) -> str:
    """A JSON list of the same, with the keys that ``scores.json`` has and ``width`` decimals."""
    rows = [_score(score, width) for score in scores]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"
