"""What a run directory says: its job, its systems, their pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.fidelity.terms import Glossary
from eval.pairs import Aligned, Pair, build_pairs, lay_out
from eval.scores.metrics import DEFAULT_METRICS, find_metric
from eval.scores.significance import Test
from mt.align.alignment import Alignment
from mt.errors import CorpusError, RunError, ScoreError
from mt.store import GLOSSARY, RunDirectory
from mt.text.document import Document
from mt.text.glossary import read_glossary
from mt.translate.translation import Translation


@dataclass(frozen=True)
class RunSystem:
    name: str
    target: str
    models: tuple[str, ...]
    via: tuple[str, ...]
    hypothesis: str
    own: bool = False  # whether the hypothesis is a document in sentences of its own


@dataclass(frozen=True)
class RunJob:
    """What a report takes from the manifest."""

    name: str
    source_language: str
    source_path: str
    systems: tuple[RunSystem, ...]
    references: Mapping[str, Sequence[str]]  # language -> names
    reference_paths: Mapping[str, str]
    methods: Mapping[str, str]  # reference -> what made its alignment
    metrics: tuple[str, ...]
    bootstrap: int
    seed: int
    versions: Mapping[str, str]
    test: Test = "bootstrap"  # between systems
    trials: int = 10_000  # of the randomization test
    glossary: str = ""  # path that the job gave; the run directory has a copy


def read_job(directory: RunDirectory) -> RunJob:
    """Raises ``RunError`` for a manifest that cannot be used, ``ScoreError`` for its metrics."""
    manifest = directory.read_manifest()
    score = manifest.get("score") or {}
    try:
        job = RunJob(
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
            test="randomization" if score.get("test") == "randomization" else "bootstrap",
            trials=int(score.get("trials", 10_000)),
            glossary=str(score.get("glossary") or ""),
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


def _read_system(row: Mapping[str, Any]) -> RunSystem:
    return RunSystem(
        name=str(row["name"]),
        target=str(row["target"]),
        models=tuple(row.get("models") or ()),
        via=tuple(row.get("via") or ()),
        hypothesis=str(row.get("hypothesis") or ""),
        own=row.get("split") == "sentence",
    )


def read_reference(
    directory: RunDirectory, name: str, language: str, source: Document
) -> tuple[Alignment, Document]:
    """A reference and its alignment with the source; raises ``RunError``, ``AlignmentError``."""
    document = directory.read_document(f"references/{name}.jsonl", language)
    alignment = directory.read_alignment(
        f"alignments/{name}.jsonl", len(source.segments), len(document.segments)
    )
    return alignment, document


def read_documents(
    directory: RunDirectory, systems: Sequence[RunSystem], source: Document
) -> list[Aligned]:
    """The hypotheses of these systems that have sentences of their own, with their alignments."""
    found = (read_own(directory, system, source) for system in systems)
    return [document for document in found if document]


def read_own(directory: RunDirectory, system: RunSystem, source: Document) -> Aligned | None:
    """The hypothesis of a system in sentences of its own, aligned; None for any other system."""
    if not system.own:
        return None
    document = directory.read_document(f"hypotheses/{system.name}.jsonl", system.target)
    alignment = directory.read_alignment(
        f"alignments/hypothesis.{system.name}.jsonl", len(source.segments), len(document.segments)
    )
    return alignment, document


def read_pairs(
    directory: RunDirectory,
    system: RunSystem,
    source: Document,
    references: Sequence[tuple[Alignment, Document]],
    documents: Sequence[Aligned] = (),
) -> tuple[Pair, ...]:
    """The translations of a system beside the references, which need not be of the same run.

    ``documents`` are what :func:`read_documents` has of all systems that share the pairs.

    Raises:
        RunError: the translations are missing or damaged, or not one per source segment.
    """
    name = f"translations/{system.name}.jsonl"
    own = read_own(directory, system, source)
    if own:
        translations: Sequence[Translation] = lay_out(own, len(source.segments))
    else:
        translations = directory.read_translations(name)
    try:
        return build_pairs(
            source.texts,
            translations,
            references,
            documents=documents,
            own=own,
            left_out=[segment.left_out for segment in source.segments],
        )
    except ScoreError as error:
        raise RunError(f"{directory.path / name}: {error}; run the job again") from None


def stack_references(pairs: Sequence[Pair]) -> list[list[str]]:
    """One list of texts per reference, over the scored pairs; none when nothing is scored."""
    return [list(texts) for texts in zip(*(p.references for p in pairs if p.scored), strict=True)]


def load_glossary(directory: RunDirectory, job: RunJob) -> Glossary | None:
    """The copy of the job's; raises ``RunError`` where the job had one and it is gone."""
    if not job.glossary:
        return None
    try:
        return Glossary(read_glossary(directory.path / GLOSSARY))
    except CorpusError as error:
        raise RunError(f"{error}; run the job again") from None
