"""The report of a run as one value; what ``awda report RUN`` rebuilds from the files alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from eval.analysis import Analysis, Difference, analyze_systems, find_differences
from eval.fidelity.items import Entry, Fidelity, Item, Tally, check_numbers, tally, tally_ledger
from eval.fidelity.ledger import check_items, sum_items, trace_items
from eval.fidelity.terms import Glossary
from eval.pairs import Pair, build_pairs
from eval.processes import spread
from eval.scores.metrics import (
    DEFAULT_METRICS,
    MetricScore,
    find_metric,
    score_sentences,
    score_systems,
)
from eval.scores.significance import (
    Comparison,
    Test,
    compare_systems,
    count_comparisons,
    describe_power,
    samples_for,
)
from eval.slices import Slice, build_slices
from eval.verdicts import SEVERITIES, Key, Verdict, find_verdicts, identify_run
from mt.align.aligner import LINE_BY_LINE
from mt.align.alignment import Alignment
from mt.errors import CorpusError, RunError, ScoreError
from mt.store import GLOSSARY, RunDirectory
from mt.text.document import Document
from mt.text.glossary import read_glossary
from mt.translate.translation import MATCHED, REPAIRED

LARGE = 2000  # pairs of a target from which the work is done in several processes


@dataclass(frozen=True)
class Judgement:
    """A pair of one system, and what was found about it."""

    pair: Pair
    numbers: Fidelity  # of the source in the hypothesis
    chrf: float | None = None  # sentence-level chrF++, 0 to 100; None where not scored
    ledger: tuple[Item, ...] = ()  # everything that had to arrive, and whether it did
    verdict: Verdict | None = None  # a reviewer's, where one was given


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
    def kept(self) -> Tally:
        """Numbers, dates and codes by the ledger; the short count where there is none."""
        return tally_ledger(self.ledger) if self.ledger else self.numbers

    @property
    def verdicts(self) -> Mapping[str, int]:
        """How many translations were judged good, minor, major, critical; empty when none was."""
        given = Counter(j.verdict.severity for j in self.judgements if j.verdict)
        return {name: given[name] for name in SEVERITIES} if any(map(given.get, SEVERITIES)) else {}

    @property
    def origin(self) -> str:
        return describe_origin(self.models, self.via, self.hypothesis)


def describe_origin(models: Sequence[str], via: Sequence[str], hypothesis: str) -> str:
    """What made a text: ``model@revision``, with its pivots, or the file it was read from."""
    if not models:
        return f"only scored: {hypothesis}" if hypothesis else "only scored"
    return " + ".join(models) + (f" via {', '.join(via)}" if via else "")


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
    reference_ledger: tuple[Entry, ...] = ()  # as the systems' ledgers, for the references

    @property
    def reference_kept(self) -> Tally:
        """As of a system, for the references themselves."""
        ledger = self.reference_ledger
        return tally_ledger(ledger) if ledger else self.reference_numbers

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
    def differences(self) -> tuple[Difference, ...]:
        """The scored pairs where two systems lie furthest apart, the widest gap first."""
        names = [system.name for system in self.systems]
        return find_differences(
            (row[0].pair.index, dict(zip(names, (j.chrf or 0.0 for j in row), strict=True)))
            for row in self.rows
            if row[0].pair.scored
        )

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
    bootstrap: int  # resamples behind intervals; a comparison's signature has its own
    seed: int
    notes: tuple[str, ...]  # sentences on what a reader must know about this run
    versions: Mapping[str, str] = field(default_factory=dict)
    identity: str = ""  # of the job and its source text; verdicts are kept under it

    @property
    def large(self) -> bool:
        """Whether making a file of it is worth a process."""
        return any(len(target.pairs) > LARGE for target in self.targets)


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
        notes=(*(note for target in targets for note in _notes(target)), *stale),
        versions=job.versions,
        identity=identify_run(job.name, source.texts),
    )


@dataclass(frozen=True)
class RunSystem:
    name: str
    target: str
    models: tuple[str, ...]
    via: tuple[str, ...]
    hypothesis: str


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
    )


def _build_target(directory: RunDirectory, job: RunJob, source: Document, language: str) -> Target:
    names = job.references.get(language, ())
    read = [read_reference(directory, name, language, source) for name in names]
    systems = [system for system in job.systems if system.target == language]
    pairs = [read_pairs(directory, system.name, source, read) for system in systems]
    scores, comparisons = _score(job, systems, pairs)
    glossary = _read_glossary(directory, job)
    spoken = (job.source_language, language)
    opposite = dict(zip(names, read, strict=True))
    entries = list(zip(systems, pairs, strict=True))
    tasks: list[Callable[[], Any]] = [  # the longest first
        *(partial(_slice, directory, job, system, mine, opposite) for system, mine in entries),
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


def read_reference(
    directory: RunDirectory, name: str, language: str, source: Document
) -> tuple[Alignment, Document]:
    """A reference and its alignment with the source; raises ``RunError``, ``AlignmentError``."""
    document = directory.read_document(f"references/{name}.jsonl", language)
    alignment = directory.read_alignment(
        f"alignments/{name}.jsonl", len(source.segments), len(document.segments)
    )
    return alignment, document


def _describe_reference(
    job: RunJob, name: str, alignment: Alignment, document: Document
) -> ReferenceReport:
    return ReferenceReport(
        name=name,
        path=job.reference_paths.get(name, ""),
        segments=len(document.segments),
        unaligned=sum(len(bead.target) for bead in alignment.beads if not bead.source),
        method=job.methods.get(name, ""),
    )


def read_pairs(
    directory: RunDirectory,
    system: str,
    source: Document,
    references: Sequence[tuple[Alignment, Document]],
) -> tuple[Pair, ...]:
    """The translations of a system beside the references, which need not be of the same run.

    Raises:
        RunError: the translations are missing or damaged, or not one per source segment.
    """
    name = f"translations/{system}.jsonl"
    translations = directory.read_translations(name)
    try:
        return build_pairs(source.texts, translations, references)
    except ScoreError as error:
        raise RunError(f"{directory.path / name}: {error}; run the job again") from None


def stack_references(pairs: Sequence[Pair]) -> list[list[str]]:
    """One list of texts per reference, over the scored pairs; none when nothing is scored."""
    return [list(texts) for texts in zip(*(p.references for p in pairs if p.scored), strict=True)]


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
) -> tuple[Slice, ...]:
    """Nothing without references, nor where lines stand opposite lines and none can go astray."""
    if all(job.methods.get(name) == LINE_BY_LINE for name in references):
        return ()
    translations = directory.read_translations(f"translations/{system.name}.jsonl")
    hypothesis = [translation.text for translation in translations]
    texts = [document.texts for _, document in references.values()]
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


def _read_glossary(directory: RunDirectory, job: RunJob) -> Glossary | None:
    """The copy in the run directory; raises ``RunError`` where the job had one and it is gone."""
    if not job.glossary:
        return None
    try:
        return Glossary(read_glossary(directory.path / GLOSSARY))
    except CorpusError as error:
        raise RunError(f"{error}; run the job again") from None


_Finding = tuple[Fidelity, tuple[Item, ...]]  # the numbers of a pair, and its ledger


def _examine(
    pairs: Iterable[Pair], languages: Sequence[str], glossary: Glossary | None
) -> list[_Finding]:
    """What became of the source; ``languages`` are those of source, pivots and target.

    Of a text whose pivots were not kept, nobody can say which leg lost what.
    """
    findings = []
    for pair in pairs:
        texts, spoken = (*pair.pivots, pair.hypothesis), languages
        if len(texts) != len(languages) - 1:
            texts, spoken = (pair.hypothesis,), (languages[0], languages[-1])
        ledger = trace_items(pair.source, texts, spoken, glossary) if pair.source else ()
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


def _notes(target: Target) -> Iterator[str]:
    if not target.references:
        yield f"No reference for '{target.language}': its translations are shown, not scored."
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
