"""The report of a run as one value; what ``awda report RUN`` rebuilds from the files alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.analysis import Analysis
from eval.fidelity import Entry, Fidelity, Item, Tally, check_numbers, tally
from eval.metrics import (
    DEFAULT_METRICS,
    MetricScore,
    find_metric,
    score_corpus,
    score_sentences,
)
from eval.pairs import Pair, build_pairs
from eval.significance import Comparison, compare_systems, describe_power
from eval.slices import Slice
from mt.align.alignment import Alignment
from mt.errors import RunError, ScoreError
from mt.store import RunDirectory
from mt.text.document import Document


@dataclass(frozen=True)
class Judgement:
    """A pair of one system, and what was found about it."""

    pair: Pair
    numbers: Fidelity  # of the source in the hypothesis
    chrf: float | None = None  # sentence-level chrF++, 0 to 100; None where not scored
    ledger: tuple[Item, ...] = ()  # everything that had to arrive, and whether it did


@dataclass(frozen=True)
class SystemReport:
    """One system: its scores over its scored pairs, and every pair."""

    name: str
    models: tuple[str, ...]  # "name@revision", one per leg; empty when it was only scored
    via: tuple[str, ...]  # pivot languages
    hypothesis: str  # path of the text of a system that was only scored, or ""
    scores: tuple[MetricScore, ...]  # in the job's order of metrics; empty without references
    numbers: Tally  # over its scored pairs (over all of them, without references)
    judgements: tuple[Judgement, ...]  # in document order
    slices: tuple[Slice, ...] = ()  # scored in other ways; empty without references
    ledger: tuple[Entry, ...] = ()  # a row a kind, over all pairs with a source
    analysis: Analysis = field(default_factory=Analysis)

    @property
    def origin(self) -> str:
        """What made the text: ``model@revision``, with its pivots, or the file it was read from."""
        if not self.models:
            return f"only scored: {self.hypothesis}" if self.hypothesis else "only scored"
        return " + ".join(self.models) + (f" via {', '.join(self.via)}" if self.via else "")


@dataclass(frozen=True)
class ReferenceReport:
    """One reference, and how much of it the alignment left over."""

    name: str  # "en.1"
    path: str
    segments: int
    unaligned: int  # segments with no source opposite
    method: str  # what made the alignment

    @property
    def share_unaligned(self) -> float:
        """0 to 1, by segments."""
        return self.unaligned / self.segments if self.segments else 0.0


@dataclass(frozen=True)
class Target:
    """Everything about one target language; its systems have the same pairs."""

    language: str
    references: tuple[ReferenceReport, ...]
    systems: tuple[SystemReport, ...]  # the first is the baseline
    comparisons: tuple[Comparison, ...]
    reference_numbers: Tally  # the same count as the systems', for the references themselves
    power: str  # what so many pairs can show, in a sentence; "" without references

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs, as the first system has them."""
        return tuple(judgement.pair for judgement in self.systems[0].judgements)

    @property
    def rows(self) -> tuple[tuple[Judgement, ...], ...]:
        """Per pair, the judgement of every system, in the order of ``systems``."""
        return tuple(zip(*(system.judgements for system in self.systems), strict=True))

    @property
    def scored(self) -> int:
        return sum(pair.scored for pair in self.pairs)

    @property
    def left_out(self) -> Mapping[str, int]:
        """How many pairs are not scored, by reason: ``{"no reference": 2}``."""
        return Counter(pair.reason for pair in self.pairs if pair.reason)


@dataclass(frozen=True)
class Report:
    """All that a renderer needs."""

    run: Path
    name: str
    source_language: str
    source_path: str
    source_segments: int
    targets: tuple[Target, ...]
    bootstrap: int  # resamples behind intervals and comparisons
    seed: int
    notes: tuple[str, ...]  # sentences on what a reader must know about this run
    versions: Mapping[str, str] = field(default_factory=dict)


def build_report(run: Path | str) -> Report:
    """Read the run directory, score and compare; nothing is written.

    Raises:
        RunError: a file is missing, damaged, or does not fit the others (with its name).
        ScoreError: the job asks for an unknown metric or an unusable seed.
    """
    directory = RunDirectory(Path(run))
    job = _read_job(directory)
    source = directory.read_document("segments.jsonl", job.source_language)
    languages = dict.fromkeys(system.target for system in job.systems)
    targets = tuple(_build_target(directory, job, source, language) for language in languages)
    return Report(
        run=directory.path,
        name=job.name,
        source_language=job.source_language,
        source_path=job.source_path,
        source_segments=len(source.segments),
        targets=targets,
        bootstrap=job.bootstrap,
        seed=job.seed,
        notes=tuple(note for target in targets for note in _notes(target)),
        versions=job.versions,
    )


@dataclass(frozen=True)
class _System:
    name: str
    target: str
    models: tuple[str, ...]
    via: tuple[str, ...]
    hypothesis: str


@dataclass(frozen=True)
class _Job:
    """What a report takes from the manifest."""

    name: str
    source_language: str
    source_path: str
    systems: tuple[_System, ...]
    references: Mapping[str, Sequence[str]]  # language -> names
    reference_paths: Mapping[str, str]
    methods: Mapping[str, str]  # reference -> what made its alignment
    metrics: tuple[str, ...]
    bootstrap: int
    seed: int
    versions: Mapping[str, str]


def _read_job(directory: RunDirectory) -> _Job:
    manifest = directory.read_manifest()
    score = manifest.get("score", {})
    try:
        job = _Job(
            name=str(manifest["name"]),
            source_language=str(manifest["source"]["language"]),
            source_path=str(manifest["source"].get("path", "")),
            systems=tuple(_read_system(row) for row in manifest["systems"]),
            references=dict(manifest.get("references", {})),
            reference_paths=dict(manifest.get("reference_paths", {})),
            methods=_read_methods(directory, manifest),
            metrics=tuple(score.get("metrics", DEFAULT_METRICS)),
            bootstrap=int(score.get("bootstrap", 1000)),
            seed=int(score.get("seed", 12345)),
            versions={name: str(version) for name, version in manifest.get("versions", {}).items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(
            f"{directory.path / 'manifest.json'}: lacks or misspells {error}; run the job again"
        ) from None
    for name in job.metrics:
        find_metric(name)
    return job


def _read_methods(directory: RunDirectory, manifest: Mapping[str, Any]) -> dict[str, str]:
    methods: dict[str, str] = dict(manifest.get("alignment", {}).get("method", {}))
    corrected = (name for name in methods if directory.corrected(f"alignments/{name}.jsonl"))
    return {**methods, **dict.fromkeys(corrected, "corrected by hand")}


def _read_system(row: Mapping[str, Any]) -> _System:
    return _System(
        name=str(row["name"]),
        target=str(row["target"]),
        models=tuple(row.get("models") or ()),
        via=tuple(row.get("via") or ()),
        hypothesis=str(row.get("hypothesis") or ""),
    )


def _build_target(directory: RunDirectory, job: _Job, source: Document, language: str) -> Target:
    names = job.references.get(language, ())
    read = [_read_reference(directory, name, language, source) for name in names]
    systems = [system for system in job.systems if system.target == language]
    pairs = [_read_pairs(directory, system.name, source, read) for system in systems]
    scores, comparisons = _score(job, systems, pairs)
    return Target(
        language=language,
        references=tuple(
            _describe_reference(job, name, *both) for name, both in zip(names, read, strict=True)
        ),
        systems=tuple(map(_build_system, systems, pairs, scores)),
        comparisons=comparisons,
        reference_numbers=_count_in_references(pairs[0]),
        power=describe_power(
            sum(pair.scored for pair in pairs[0]), [values[0] for values in scores if values]
        )
        if names
        else "",
    )


def _score(
    job: _Job, systems: Sequence[_System], pairs: Sequence[Sequence[Pair]]
) -> tuple[list[tuple[MetricScore, ...]], tuple[Comparison, ...]]:
    """The scores of every system and the comparisons; nothing of either without scored pairs."""
    streams = _streams(pairs[0])
    if not streams:
        return [() for _ in systems], ()
    named = [
        (system.name, [pair.hypothesis for pair in mine if pair.scored])
        for system, mine in zip(systems, pairs, strict=True)
    ]
    how = (streams, systems[0].target, job.bootstrap, job.seed)
    return (
        [score_corpus(job.metrics, lines, *how) for _, lines in named],
        compare_systems(job.metrics, named, *how),
    )


def _read_reference(
    directory: RunDirectory, name: str, language: str, source: Document
) -> tuple[Alignment, Document]:
    document = directory.read_document(f"references/{name}.jsonl", language)
    alignment = directory.read_alignment(
        f"alignments/{name}.jsonl", len(source.segments), len(document.segments)
    )
    return alignment, document


def _describe_reference(
    job: _Job, name: str, alignment: Alignment, document: Document
) -> ReferenceReport:
    return ReferenceReport(
        name=name,
        path=job.reference_paths.get(name, ""),
        segments=len(document.segments),
        unaligned=sum(len(bead.target) for bead in alignment.beads if not bead.source),
        method=job.methods.get(name, ""),
    )


def _read_pairs(
    directory: RunDirectory,
    system: str,
    source: Document,
    references: Sequence[tuple[Alignment, Document]],
) -> tuple[Pair, ...]:
    name = f"translations/{system}.jsonl"
    translations = directory.read_translations(name)
    try:
        return build_pairs(source.texts, translations, references)
    except ScoreError as error:
        raise RunError(f"{directory.path / name}: {error}; run the job again") from None


def _streams(pairs: Sequence[Pair]) -> list[list[str]]:
    """One list of texts per reference, over the scored pairs; none when nothing is scored."""
    return [list(texts) for texts in zip(*(p.references for p in pairs if p.scored), strict=True)]


def _build_system(
    system: _System, pairs: Sequence[Pair], scores: tuple[MetricScore, ...]
) -> SystemReport:
    judgements = _judge(pairs)
    counted = [j.numbers for j in judgements if j.pair.scored] or [j.numbers for j in judgements]
    return SystemReport(
        name=system.name,
        models=system.models,
        via=system.via,
        hypothesis=system.hypothesis,
        scores=scores,
        numbers=tally(counted),
        judgements=judgements,
    )


def _judge(pairs: Sequence[Pair]) -> tuple[Judgement, ...]:
    scored = [pair for pair in pairs if pair.scored]
    values = score_sentences([p.hypothesis for p in scored], _streams(pairs)) if scored else ()
    chrf = {pair.index: value for pair, value in zip(scored, values, strict=True)}
    return tuple(
        Judgement(pair, check_numbers(pair.source, pair.hypothesis), chrf.get(pair.index))
        for pair in pairs
    )


def _count_in_references(pairs: Iterable[Pair]) -> Tally:
    """Numbers of the source in the first reference that says something, over the scored pairs."""
    return tally(
        check_numbers(pair.source, next(text for text in pair.references if text))
        for pair in pairs
        if pair.scored
    )


def _notes(target: Target) -> Iterator[str]:
    if not target.references:
        yield f"No reference for '{target.language}': its translations are shown, not scored."
        return
    for system in target.systems:
        empty = sum(not j.pair.hypothesis for j in system.judgements if j.pair.scored)
        if empty:
            of_all = f"{empty} of {target.scored} translations"
            yield f"{system.name}: {of_all} are empty, and scored as such."
