"""The report of a run; what ``awda report RUN`` rebuilds from the files alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from eval.analysis import Analysis, analyze_systems
from eval.fidelity.items import Entry, Fidelity, Item, Tally, check_numbers, tally
from eval.fidelity.ledger import check_items, find_stand_ins, sum_items, trace_items
from eval.fidelity.terms import Glossary
from eval.pairs import Aligned, Pair, count_joined
from eval.processes import spread
from eval.results import LARGE, Judgement, ReferenceReport, Report, SystemReport, Target
from eval.runs import (
    RunJob,
    RunSystem,
    load_glossary,
    read_documents,
    read_job,
    read_own,
    read_pairs,
    read_reference,
    stack_references,
)
from eval.scores.metrics import MetricScore, score_sentences, score_systems
from eval.scores.significance import (
    Comparison,
    compare_systems,
    count_comparisons,
    describe_power,
    samples_for,
)
from eval.slices import Slice, build_slices
from eval.verdicts import Key, Verdict, find_verdicts, identify_run
from mt.align.aligner import LINE_BY_LINE
from mt.align.alignment import Alignment
from mt.align.order import ORDER
from mt.store import RunDirectory
from mt.text.document import Document
from mt.translate.translation import MATCHED, REPAIRED

_SHOWN = 3  # texts that are left out, in a note

_Finding = tuple[Fidelity, tuple[Item, ...]]  # the numbers of a pair, and its ledger


def build_report(run: Path | str) -> Report:
    """Read the run directory, score and compare; nothing is written.

    Raises:
        RunError: a file is missing, damaged, or does not fit the others (with its name).
        ScoreError: the job asks for an unknown metric or an unusable seed.
    """
    directory = RunDirectory(Path(run))
    job = read_job(directory)
    source = directory.read_document("segments.jsonl", job.source_language)
    languages = dict.fromkeys(system.target for system in job.systems)
    targets = tuple(_build_target(directory, job, source, language) for language in languages)
    targets, stale = _add_verdicts(directory, targets)
    return Report(
        run=directory.path,
        name=job.name,
        source_language=job.source_language,
        source_path=job.source_path,
        source_segments=len(source.segments),
        targets=targets,
        bootstrap=job.bootstrap,
        seed=job.seed,
        notes=(
            *_tell_left_out(source),
            *(note for target in targets for note in _notes(target)),
            *stale,
        ),
        versions=job.versions,
        identity=identify_run(job.name, source.texts),
    )


def _build_target(directory: RunDirectory, job: RunJob, source: Document, language: str) -> Target:
    names = job.references.get(language, ())
    read = [read_reference(directory, name, language, source) for name in names]
    systems = [system for system in job.systems if system.target == language]
    documents = read_documents(directory, systems, source)
    pairs = [read_pairs(directory, system, source, read, documents) for system in systems]
    scores, comparisons = _score(job, systems, pairs)
    glossary = load_glossary(directory, job)
    spoken = (job.source_language, language)
    opposite = dict(zip(names, read, strict=True))
    entries = list(zip(systems, pairs, strict=True))
    tasks: list[Callable[[], Any]] = [  # the longest first
        *(
            partial(_slice, directory, job, system, mine, opposite, source)
            for system, mine in entries
        ),
        *(
            partial(_examine, mine, (job.source_language, *system.via, language), glossary)
            for system, mine in entries
        ),
        partial(analyze_systems, pairs, spoken),
        partial(_keep_reference_ledger, pairs[0], *spoken, glossary),
    ]
    done = spread(tasks) if len(pairs[0]) > LARGE else [task() for task in tasks]
    slices, found = done[: len(systems)], done[len(systems) : -2]
    analyses, reference_ledger = done[-2:]
    return Target(
        language=language,
        references=tuple(
            _describe_reference(job, name, *both) for name, both in zip(names, read, strict=True)
        ),
        systems=tuple(map(_build_system, systems, pairs, scores, slices, found, analyses)),
        comparisons=comparisons,
        reference_numbers=_count_in_references(pairs[0]),
        power=describe_power(
            sum(pair.scored for pair in pairs[0]),
            [values[0] for values in scores if values],
            comparisons,
        )
        if names
        else "",
        joined=_count_joined(systems, source, read, documents),
        reference_ledger=reference_ledger,
    )


def _score(
    job: RunJob, systems: Sequence[RunSystem], pairs: Sequence[Sequence[Pair]]
) -> tuple[list[tuple[MetricScore, ...]], tuple[Comparison, ...]]:
    """The scores of every system and the comparisons; nothing of either without scored pairs."""
    streams = stack_references(pairs[0])
    if not streams:
        return [() for _ in systems], ()
    named = [
        (system.name, [pair.hypothesis for pair in mine if pair.scored])
        for system, mine in zip(systems, pairs, strict=True)
    ]
    sources = [pair.source for pair in pairs[0] if pair.scored]
    how = (streams, systems[0].target)
    number = count_comparisons(len(systems))
    samples, trials = (samples_for(number, each) for each in (job.bootstrap, job.trials))
    return (
        score_systems(
            job.metrics, [lines for _, lines in named], *how, job.bootstrap, job.seed, sources
        ),
        compare_systems(
            job.metrics, named, *how, samples, job.seed, job.test, trials, sources, every=True
        ),
    )


def _count_joined(
    systems: Sequence[RunSystem],
    source: Document,
    references: Sequence[Aligned],
    documents: Sequence[Aligned],
) -> tuple[str, int]:
    apart, joined = count_joined(len(source.segments), references, documents)
    return ", ".join(system.name for system in systems if system.own), apart - joined


def _describe_reference(
    job: RunJob, name: str, alignment: Alignment, document: Document
) -> ReferenceReport:
    return ReferenceReport(
        name=name,
        path=job.reference_paths.get(name, ""),
        segments=len(document.segments),
        unaligned=sum(
            not document.segments[i].left_out
            for bead in alignment.beads
            if not bead.source
            for i in bead.target
        ),
        method=job.methods.get(name, ""),
    )


def _build_system(
    system: RunSystem,
    pairs: Sequence[Pair],
    scores: tuple[MetricScore, ...],
    slices: tuple[Slice, ...],
    found: Sequence[_Finding],
    analysis: Analysis,
) -> SystemReport:
    judgements = _judge(pairs, found)
    counted = [j.numbers for j in judgements if j.pair.scored] or [j.numbers for j in judgements]
    return SystemReport(
        name=system.name,
        models=system.models,
        via=system.via,
        hypothesis=system.hypothesis,
        scores=scores,
        numbers=tally(counted),
        judgements=judgements,
        slices=slices,
        ledger=sum_items(judgement.ledger for judgement in judgements),
        analysis=analysis,
    )


def _slice(
    directory: RunDirectory,
    job: RunJob,
    system: RunSystem,
    pairs: Sequence[Pair],
    references: Mapping[str, tuple[Alignment, Document]],
    source: Document,
) -> tuple[Slice, ...]:
    """Nothing without references, nor where lines stand opposite lines and none can go astray."""
    if all(job.methods.get(name) == LINE_BY_LINE for name in references):
        return ()
    if own := read_own(directory, system, source):
        hypothesis = list(own[1].aligned_texts)
    else:
        translations = directory.read_translations(f"translations/{system.name}.jsonl")
        hypothesis = [
            "" if segment.left_out else translation.text
            for segment, translation in zip(source.segments, translations, strict=True)
        ]
    texts = [document.aligned_texts for _, document in references.values()]
    return build_slices(job.metrics, pairs, hypothesis, texts, system.target)


def _judge(pairs: Sequence[Pair], found: Sequence[_Finding]) -> tuple[Judgement, ...]:
    scored = [pair for pair in pairs if pair.scored]
    streams = stack_references(pairs)
    values = score_sentences([p.hypothesis for p in scored], streams) if scored else ()
    chrf = {pair.index: value for pair, value in zip(scored, values, strict=True)}
    return tuple(
        Judgement(pair, numbers, chrf.get(pair.index), ledger)
        for pair, (numbers, ledger) in zip(pairs, found, strict=True)
    )


def _examine(
    pairs: Iterable[Pair], languages: Sequence[str], glossary: Glossary | None
) -> list[_Finding]:
    """What became of the source; ``languages`` are those of source, pivots and target.

    Of a text whose pivots were not kept, nobody can say which leg lost what.
    """
    findings, outer = [], (languages[0], languages[-1])
    for pair in pairs:
        texts, spoken = (*pair.pivots, pair.hypothesis), languages
        if len(texts) != len(languages) - 1:
            texts, spoken = (pair.hypothesis,), outer
        ledger = trace_items(pair.source, texts, spoken, glossary) if pair.source else ()
        ledger = find_stand_ins(ledger, pair.source, pair.hypothesis, outer)
        findings.append((check_numbers(pair.source, pair.hypothesis), ledger))
    return findings


def _keep_reference_ledger(
    pairs: Iterable[Pair], source_language: str, language: str, glossary: Glossary | None
) -> tuple[Entry, ...]:
    """As for the systems, of the first reference that says something, over the scored pairs."""
    return sum_items(
        check_items(
            pair.source,
            next(text for text in pair.references if text),
            (source_language, language),
            glossary,
        )
        for pair in pairs
        if pair.scored
    )


def _add_verdicts(
    directory: RunDirectory, targets: tuple[Target, ...]
) -> tuple[tuple[Target, ...], list[str]]:
    """The targets with the verdicts kept in the run directory, and notes on those left out."""
    texts = {
        (system.name, judgement.pair.sources): judgement.pair.hypothesis
        for target in targets
        for system in target.systems
        for judgement in system.judgements
    }
    found, stale = find_verdicts(directory.path, texts)
    if not found:
        return targets, stale
    return tuple(
        replace(target, systems=tuple(_judge_system(system, found) for system in target.systems))
        for target in targets
    ), stale


def _judge_system(system: SystemReport, found: Mapping[Key, Verdict]) -> SystemReport:
    return replace(
        system,
        judgements=tuple(
            replace(j, verdict=found.get((system.name, j.pair.sources))) for j in system.judgements
        ),
    )


def _count_in_references(pairs: Iterable[Pair]) -> Tally:
    """Numbers of the source in the first reference that says something, over the scored pairs."""
    return tally(
        check_numbers(pair.source, next(text for text in pair.references if text))
        for pair in pairs
        if pair.scored
    )


def _tell_left_out(source: Document) -> Iterator[str]:
    counts = Counter(segment.left_out for segment in source.segments if segment.left_out)
    for why, count in counts.items():
        texts = [segment.text for segment in source.segments if segment.left_out == why]
        shown = ", ".join(f"\u2068{text}\u2069" for text in texts[:_SHOWN])
        more = ", ..." if count > _SHOWN else ""
        yield (
            f"{count} of {len(source.segments)} source segments left out of alignment and scores "
            f"as {why} (score.leave_out): {shown}{more}"
        )


def _notes(target: Target) -> Iterator[str]:
    if not target.references:
        yield f"No reference for '{target.language}': its translations are shown, not scored."
    if names := target.joined[0]:
        yield (
            f"{names}: in sentences of its own, and aligned like a reference. For these, "
            f"{target.joined[1]} pairs were joined with another one, for all systems, so that all "
            "are scored on the same pairs."
        )
    moved = [pair for pair in target.pairs if any(n.startswith(ORDER) for n in pair.notes)]
    if moved:
        first = ", ".join(str(pair.sources[0] + 1) for pair in moved[:_SHOWN] if pair.sources)
        more = ", ..." if len(moved) > _SHOWN else ""
        yield (
            f"In {len(moved)} of {len(target.pairs)} pairs (source segments {first}{more}), a "
            "reference seems to say things in another order: the notes there say what looks like "
            "what. Beads never cross; where that is wrong, correct the alignment (awda report "
            "--alignment)."
        )
    for system in target.systems:
        empty = sum(not j.pair.hypothesis for j in system.judgements if j.pair.scored)
        if empty:
            of_all = f"{empty} of {target.scored} translations"
            yield f"{system.name}: {of_all} are empty, and scored as such."
        translated = [j.pair for j in system.judgements if j.pair.sources]
        repaired = sum(any(n.startswith(REPAIRED) for n in pair.notes) for pair in translated)
        if repaired:
            yield (
                f"{system.name}: {repaired} of {len(translated)} translations are not the model's "
                "first answer, which was plainly wrong: they were repaired (translate.repair)."
            )
        matched = sum(any(n.startswith(MATCHED) for n in pair.notes) for pair in translated)
        if matched:
            yield (
                f"{system.name}: {matched} of {len(translated)} translations are, at least in part,"
                " not the model's, but from a translation memory (translate.translation_memory)."
            )
