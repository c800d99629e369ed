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
        scores       metric, name, score, mean, half_width, low, high, signature, unicode, detail
        numbers      kept, lost, invented (digit strings and codes of the source)
        segments     one per pair, in document order: sources and targets (0-based; targets per
                     reference), chrf (sentence-level chrF++ or null), confidence (of the
                     alignment, 0 to 1), lost, invented, notes, reason ("" when scored)
      comparisons    metric, baseline, system, difference, p_value, signature
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from eval.metrics import MetricScore
from eval.render.wording import format_score
from eval.report import Judgement, Report, SystemReport, Target

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


def _target(target: Target) -> Row:
    return {
        "language": target.language,
        "references": [asdict(reference) for reference in target.references],
        "pairs": {"scored": target.scored, "not_scored": dict(target.left_out)},
        "power": target.power,
        "systems": [_system(system) for system in target.systems],
        "comparisons": [asdict(comparison) for comparison in target.comparisons],
    }


def _system(system: SystemReport) -> Row:
    return {
        "name": system.name,
        "models": system.models,
        "via": system.via,
        "hypothesis": system.hypothesis,
        "scores": [_score(score) for score in system.scores],
        "numbers": asdict(system.numbers),
        "segments": [_segment(judgement) for judgement in system.judgements],
    }


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
    }


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
