"""One job over many runs: its scores in the order of time, and what changed between them.

Scores are read from a run's ``scores.json`` where that is newer than all it was made from, and
else made again. Systems follow each other by name. Runs with another source or other references
cannot be set against these and come as a track of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from eval.results import describe_origin
from eval.runs import (
    RunJob,
    RunSystem,
    read_documents,
    read_job,
    read_pairs,
    read_reference,
    stack_references,
)
from eval.scores.metrics import MetricScore, score_corpus
from mt.align.alignment import Alignment
from mt.digest import digest
from mt.errors import RunError
from mt.store import RunDirectory
from mt.text.document import Document

Scored = tuple[int, tuple[MetricScore, ...]]  # pairs, and the scores over them


@dataclass(frozen=True)
class Point:
    """A system in one run."""

    run: Path
    started: datetime | None  # None where the manifest does not say
    pairs: int  # that were scored
    scores: tuple[MetricScore, ...]  # in the job's order of metrics
    origin: str  # models and pivots, or the file that was only scored
    versions: Mapping[str, str] = field(default_factory=dict)
    alignment: str = ""  # digest of the beads
    # Against the run before, where there is one:
    difference: float | None = None  # of the first metric
    clear: bool = False  # whether it is more than the half-width of either interval
    changes: tuple[str, ...] = ()  # what else is different: "sacrebleu 2.5.0 → 2.6.0"

    @property
    def mark(self) -> str:
        """``better`` or ``worse`` where the difference is clear, else nothing."""
        if not self.clear or self.difference is None:
            return ""
        return "better" if (self.difference > 0) == self.scores[0].higher_is_better else "worse"


@dataclass(frozen=True)
class Course:
    """A system over the runs that have it, from the first to the last."""

    system: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Track:
    """Runs of the same source with the same references in one target language."""

    name: str  # of the job, in the last run
    source_language: str
    source_path: str
    language: str  # of the target
    courses: tuple[Course, ...]  # in the order in which the systems came up
    source: str  # digest of the source texts

    @property
    def labels(self) -> tuple[str, ...]:
        """The metrics, as they first come up."""
        return tuple(
            dict.fromkeys(
                score.label for course in self.courses for p in course.points for score in p.scores
            )
        )

    @property
    def rows(self) -> list[tuple[str, Point]]:
        """System and point, by time, then by system."""
        rows = [(course.system, point) for course in self.courses for point in course.points]
        return sorted(rows, key=lambda row: _when(row[1]))

    @property
    def runs(self) -> tuple[Path, ...]:
        """By time."""
        return tuple(dict.fromkeys(point.run for _, point in self.rows))


@dataclass(frozen=True)
class History:
    """All tracks, the one with most runs first, and notes on what was left out or set apart."""

    tracks: tuple[Track, ...]
    notes: tuple[str, ...] = ()


def read_history(runs: Sequence[Path | str]) -> History:
    """Read run directories, in any order; one that is named twice counts once.

    Raises:
        RunError: one of them is none, or damaged; or no run has a scored translation.
        AlignmentError: an alignment does not fit its documents.
        ScoreError: a job asks for an unknown metric.
    """
    paths = {Path(run).resolve(): Path(run) for run in runs}
    entries: list[_Entry] = []
    notes: list[str] = []
    for path in paths.values():
        found, without = _read_run(path)
        entries += found
        notes += [f"{path}: no reference for '{language}': not shown." for language in without]
    if not entries:
        raise RunError("nothing to show: none of these runs has a scored translation")
    groups: dict[tuple[str, str], list[_Entry]] = {}
    for entry in sorted(entries, key=lambda entry: _when(entry.point)):
        groups.setdefault((entry.language, entry.identity), []).append(entry)
    tracks = sorted(map(_build_track, groups.values()), key=lambda track: -len(track.runs))
    return History(tuple(tracks), (*notes, *_set_apart(tracks)))


def _when(point: Point) -> tuple[datetime, str]:
    """To sort by; a run that does not say when it was comes first."""
    return point.started or datetime.min.replace(tzinfo=UTC), str(point.run)


@dataclass(frozen=True)
class _Entry:
    """A point, and where it belongs."""

    job: RunJob
    language: str
    identity: str  # digest of source and references
    source: str  # digest of the source
    system: str
    point: Point


def _read_run(path: Path) -> tuple[list[_Entry], list[str]]:
    """Every scored system, and the target languages without a reference."""
    directory = RunDirectory(path)
    job = read_job(directory)
    source = directory.read_document("segments.jsonl", job.source_language)
    started = _read_started(directory)
    stored = _read_scores(directory)
    entries, without = [], []
    for language in dict.fromkeys(system.target for system in job.systems):
        references = [
            read_reference(directory, name, language, source)
            for name in job.references.get(language, ())
        ]
        if not references:
            without.append(language)
            continue
        texts = digest(source.texts)
        identity = digest(texts, [document.texts for _, document in references])
        beads = [[(b.source, b.target) for b in alignment.beads] for alignment, _ in references]
        for system in job.systems:
            if system.target != language:
                continue
            scored = stored.get((language, system.name))
            pairs, scores = scored or _score(directory, job, system, source, references)
            if scores:
                origin = describe_origin(system.models, system.via, system.hypothesis)
                point = Point(path, started, pairs, scores, origin, job.versions, digest(beads))
                entries.append(_Entry(job, language, identity, texts, system.name, point))
    return entries, without


def _read_started(directory: RunDirectory) -> datetime | None:
    text = str(directory.read_manifest().get("started", ""))
    try:
        started = datetime.fromisoformat(text)
    except ValueError:
        return None
    return started if started.tzinfo else started.replace(tzinfo=UTC)


def _read_scores(directory: RunDirectory) -> dict[tuple[str, str], Scored]:
    """What ``scores.json`` says, by language and system; nothing where it is not to be trusted."""
    path = directory.path / "scores.json"
    sources = [
        directory.path / "manifest.json",
        directory.path / "segments.jsonl",
        *directory.path.glob("*/*.jsonl"),
    ]
    try:
        written = path.stat().st_mtime_ns
        if any(source.stat().st_mtime_ns > written for source in sources):
            return {}
        targets = json.loads(path.read_text(encoding="utf-8"))["targets"]
        return {
            (target["language"], system["name"]): (
                int(target["pairs"]["scored"]),
                tuple(map(_read_score, system["scores"])),
            )
            for target in targets
            for system in target["systems"]
        }
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # made again from the files, which say what is wrong with them


def _read_score(row: Mapping[str, Any]) -> MetricScore:
    return MetricScore(
        metric=row["metric"],
        name=row["name"],
        score=row["score"],
        signature=row["signature"],
        mean=row["mean"],
        half_width=row["half_width"],
        detail=row["detail"],
        folding=row.get("folding", ""),
    )


def _score(
    directory: RunDirectory,
    job: RunJob,
    system: RunSystem,
    source: Document,
    references: Sequence[tuple[Alignment, Document]],
) -> Scored:
    beside = [other for other in job.systems if other.target == system.target]
    documents = read_documents(directory, beside, source)
    found = read_pairs(directory, system, source, references, documents)
    pairs = [pair for pair in found if pair.scored]
    if not pairs:
        return 0, ()
    return len(pairs), score_corpus(
        job.metrics,
        [pair.hypothesis for pair in pairs],
        stack_references(pairs),
        references[0][1].language,
        job.bootstrap,
        job.seed,
        sources=[pair.source for pair in pairs],
    )


def _build_track(entries: Sequence[_Entry]) -> Track:
    """``entries`` are of one language and identity, by time."""
    points: dict[str, list[Point]] = {}
    for entry in entries:
        before = points.setdefault(entry.system, [])
        before.append(_compare(before[-1], entry.point) if before else entry.point)
    last = entries[-1]
    return Track(
        name=last.job.name,
        source_language=last.job.source_language,
        source_path=last.job.source_path,
        language=last.language,
        courses=tuple(Course(system, tuple(found)) for system, found in points.items()),
        source=last.source,
    )


def _compare(before: Point, point: Point) -> Point:
    """The point with what is new about it."""
    first = point.scores[0]
    same = next((score for score in before.scores if score.metric == first.metric), None)
    difference = first.score - same.score if same else None
    widths = [score.half_width for score in (first, same) if score]
    clear = difference is not None and all(
        width is not None and abs(difference) > width for width in widths
    )
    return replace(
        point, difference=difference, clear=clear, changes=tuple(_list_changes(before, point))
    )


def _list_changes(before: Point, point: Point) -> Iterator[str]:
    if before.origin != point.origin:
        yield f"{before.origin} → {point.origin}"
    for name, version in point.versions.items():
        if before.versions.get(name, version) != version:
            yield f"{name} {before.versions[name]} → {version}"
    if before.alignment != point.alignment:
        pairs = f": {before.pairs} → {point.pairs} pairs" if before.pairs != point.pairs else ""
        yield f"other alignment{pairs}"
    for old, new in zip_longest(map(_strip, before.scores), map(_strip, point.scores)):
        if old != new:
            yield f"{old or 'no metric'} → {new or 'no metric'}"


def _strip(score: MetricScore) -> str:
    """Label and recipe without the sampling, which changes no score."""
    fields = score.recipe.split("|")
    kept = "|".join(each for each in fields if not each.startswith(("bs:", "seed:")))
    return f"{score.label} {kept}"


def _set_apart(tracks: Sequence[Track]) -> Iterator[str]:
    """Why there are several tracks with the same target language."""
    first: dict[str, Track] = {}
    for track in tracks:
        main = first.setdefault(track.language, track)
        if main is not track:
            what = "other references" if track.source == main.source else "another source"
            runs = ", ".join(map(str, track.runs))
            yield f"{runs}: {what} than {main.runs[0]}; shown apart."
