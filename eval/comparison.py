"""Outputs against each other on the same pairs: systems of one run, or two runs of one job.

Two runs may have aligned the references differently. Then both are scored on the pairs of the old
run, so that its scores stay what they were, and a note says what the pairs of the new run show.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, zip_longest
from pathlib import Path

from eval.pairs import Aligned, Pair
from eval.runs import RunJob, read_documents, read_job, read_pairs, read_reference, stack_references
from eval.scores.metrics import MetricScore, find_metric, score_corpus
from eval.scores.significance import (
    FEWEST,
    Comparison,
    Test,
    compare_systems,
    correct,
    describe_power,
    samples_for,
)
from mt.align.alignment import Alignment
from mt.errors import RunError, suggest
from mt.store import RunDirectory
from mt.text.document import Document

BOOTSTRAP = 1000  # resamples or trials, where fewer are asked for

Pairs = tuple[Pair, ...]
Reference = tuple[Alignment, Document]


@dataclass(frozen=True)
class Contest:
    """A system against a baseline, on the same pairs."""

    language: str  # of the target
    baseline: str  # name of a system
    system: str  # name of a system; of the new run, where there are two
    pairs: int  # that were scored
    before: tuple[MetricScore, ...]  # of the baseline, one a metric, without intervals
    after: tuple[MetricScore, ...]  # of the system
    comparisons: tuple[Comparison, ...]  # one a metric, corrected; the first one decides

    def regressed(self, tolerance: float = 0.0) -> bool:
        """Whether the system is significantly worse by the first metric, by more points."""
        first = self.comparisons[0]
        return first.significant and not first.better and abs(first.difference) > tolerance


@dataclass(frozen=True)
class Contests:
    """All that was compared."""

    name: str  # of the job
    source_language: str
    runs: tuple[Path, ...]  # one, or the old one and the new one
    contests: tuple[Contest, ...]
    notes: tuple[str, ...] = ()  # what a reader must know, a sentence each
    tolerance: float = 0.0  # points of the first metric that may be lost

    @property
    def regressions(self) -> tuple[Contest, ...]:
        """Systems that got worse from the old run to the new one; of one run, none."""
        if len(self.runs) < 2:
            return ()
        return tuple(each for each in self.contests if each.regressed(self.tolerance))


def compare_run(
    run: Path | str, baseline: str = "", metrics: Sequence[str] = (), bootstrap: int = 0
) -> Contests:
    """Compare the systems of a run: each with ``baseline``, or without one each with every other.

    Only systems with the same target language are compared. ``metrics`` are the job's
    where they are not given, and so are the test and its resamples; ``bootstrap`` asks for the
    bootstrap. A test takes at least 1000 resamples, and as many as its correction asks for.

    Raises:
        RunError: the run cannot be read, ``baseline`` is none of its systems, or there is nothing
            to compare.
        AlignmentError: an alignment does not fit its documents.
        ScoreError: an unknown metric.
    """
    this = _Run(Path(run))
    if baseline and baseline not in this.targets:
        raise RunError(f"{this.path}: no system '{baseline}'{suggest(baseline, this.targets)}")
    recipe = _Recipe.choose(this.job, metrics, bootstrap)
    contests: list[Contest] = []
    for language in dict.fromkeys(this.targets.values()):
        names = [name for name, target in this.targets.items() if target == language]
        shared = this.references(language), this.documents(language)
        entries = [(name, this.pair(name, *shared)) for name in names]
        if baseline in names:
            first = entries.pop(names.index(baseline))
            chosen = [(first, other) for other in entries]
        else:
            chosen = [] if baseline else list(combinations(entries, 2))
        enough = recipe.fit(len(chosen))
        held = [_hold(enough, language, *both) for both in chosen]
        contests += _correct_contests([each for each in held if each])
    if not contests:
        raise RunError(
            f"{this.path}: nothing to compare; it takes two systems with the same target language "
            "and a reference opposite them"
        )
    return Contests(
        this.job.name,
        this.job.source_language,
        (this.path,),
        tuple(contests),
        tuple(_warn(contests)),
    )


def compare_runs(
    old: Path | str,
    new: Path | str,
    renamed: Mapping[str, str] | None = None,
    metrics: Sequence[str] = (),
    bootstrap: int = 0,
    tolerance: float = 0.0,
) -> Contests:
    """Compare the systems of ``new`` with those of the same name and target language in ``old``.

    ``renamed`` says which system of ``new`` (value) has taken the place of one of ``old`` (key).
    ``metrics`` and the test are those of the old run's job where they are not given, as of
    :func:`compare_run`.

    Raises:
        RunError: a run cannot be read, source or references differ, ``renamed`` names a system
            that there is not, or no system can be compared.
        AlignmentError, ScoreError: as :func:`compare_run`.
    """
    was, now = _Run(Path(old)), _Run(Path(new))
    _check_same("segments.jsonl", was, now, was.source, now.source)
    matches, notes = _match(was, now, renamed or {})
    recipe = _Recipe.choose(was.job, metrics, bootstrap).fit(len(matches))
    contests: list[Contest] = []
    for language in dict.fromkeys(was.targets[name] for name in matches):
        _check_references(was, now, language)
        mine = {name: other for name, other in matches.items() if was.targets[name] == language}
        before, after = was.references(language), now.references(language)
        found = _oppose(recipe, was, now, mine, before)
        if not found:
            notes.append(f"Nothing stands opposite a reference in '{language}': not compared.")
        elif _shapes(before) != _shapes(after):
            others = _oppose(recipe, was, now, mine, after)
            notes.append(_note_pairs(found, others, was, now))
        contests += found
    if not contests:
        raise RunError(f"{was.path}: nothing to compare; no pair of it has a reference")
    return Contests(
        was.job.name,
        was.job.source_language,
        (was.path, now.path),
        tuple(_correct_contests(contests)),
        (*notes, *_warn(contests)),
        tolerance,
    )


@dataclass(frozen=True)
class _Recipe:
    metrics: tuple[str, ...]
    bootstrap: int
    seed: int
    test: Test
    trials: int

    @classmethod
    def choose(cls, job: RunJob, metrics: Sequence[str], bootstrap: int) -> _Recipe:
        keys = dict.fromkeys(map(find_metric, metrics or job.metrics))
        return cls(
            tuple(keys),
            max(bootstrap or job.bootstrap, BOOTSTRAP),
            job.seed,
            "bootstrap" if bootstrap else job.test,
            max(job.trials, BOOTSTRAP),
        )

    def fit(self, comparisons: int) -> _Recipe:
        """With resamples enough to call any of so many comparisons significant."""
        return replace(
            self,
            bootstrap=samples_for(comparisons, self.bootstrap),
            trials=samples_for(comparisons, self.trials),
        )


class _Run:
    """A run directory, read as far as it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._directory = RunDirectory(path)
        self.job = read_job(self._directory)
        self.source = self._directory.read_document("segments.jsonl", self.job.source_language)
        self.targets = {system.name: system.target for system in self.job.systems}
        self._references: dict[str, list[Reference]] = {}

    def references(self, language: str) -> list[Reference]:
        if language not in self._references:
            self._references[language] = [
                read_reference(self._directory, name, language, self.source)
                for name in self.job.references.get(language, ())
            ]
        return self._references[language]

    def documents(self, language: str) -> list[Aligned]:
        """Hypotheses in sentences of their own."""
        systems = [system for system in self.job.systems if system.target == language]
        return read_documents(self._directory, systems, self.source)

    def pair(
        self, system: str, references: Sequence[Reference], documents: Sequence[Aligned]
    ) -> Pairs:
        found = next(each for each in self.job.systems if each.name == system)
        return read_pairs(self._directory, found, self.source, references, documents)


def _hold(
    recipe: _Recipe, language: str, baseline: tuple[str, Pairs], system: tuple[str, Pairs]
) -> Contest | None:
    """One output against another; None where nothing is scored."""
    scored = [pair for pair in baseline[1] if pair.scored]
    if not scored:
        return None
    streams, sources = stack_references(scored), [pair.source for pair in scored]
    named = [
        (name, [pair.hypothesis for pair in pairs if pair.scored])
        for name, pairs in (baseline, system)
    ]
    before, after = (
        score_corpus(recipe.metrics, lines, streams, language, sources=sources)
        for _, lines in named
    )
    comparisons = compare_systems(
        recipe.metrics,
        named,
        streams,
        language,
        recipe.bootstrap,
        recipe.seed,
        recipe.test,
        recipe.trials,
        sources,
    )
    return Contest(language, baseline[0], system[0], len(scored), before, after, comparisons)


def _correct_contests(contests: Sequence[Contest]) -> list[Contest]:
    """P-values corrected for all that was tested together, metric by metric."""
    columns = zip(*(contest.comparisons for contest in contests), strict=True)
    rows = zip(*map(correct, columns), strict=True)
    return [
        replace(contest, comparisons=tuple(row))
        for contest, row in zip(contests, rows, strict=True)
    ]


def _match(was: _Run, now: _Run, renamed: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The systems of the old run with those of the new one, and notes on those without."""
    for run, names in ((was, renamed.keys()), (now, renamed.values())):
        for name in names:
            if name not in run.targets:
                raise RunError(f"{run.path}: no system '{name}'{suggest(name, run.targets)}")
    found = {name: renamed.get(name, name) for name in was.targets}
    matches, notes = {}, []
    for name, other in found.items():
        if other not in now.targets:
            notes.append(f"'{name}' is not in {now.path}: not compared.")
        elif now.targets[other] != was.targets[name]:
            notes.append(f"'{name}' and '{other}' have different target languages: not compared.")
        else:
            matches[name] = other
    left = [name for name in now.targets if name not in found.values()]
    notes += [f"'{name}' is not in {was.path}: not compared." for name in left]
    if not matches:
        raise RunError(
            f"{was.path} and {now.path} have no system in common; say which one took the place of "
            "which with --map OLD=NEW"
        )
    return matches, notes


def _check_same(name: str, was: _Run, now: _Run, before: Document, after: Document) -> None:
    """Raise ``RunError`` unless the two documents have the same segments."""
    for number, (old, new) in enumerate(zip_longest(before.texts, after.texts), 1):
        if old != new:
            raise RunError(
                f"{now.path / name}:{number}: not the text that {was.path} has there; only "
                "translations of the same source with the same references can be compared"
            )


def _check_references(was: _Run, now: _Run, language: str) -> None:
    names = was.job.references.get(language, ())
    if len(names) != len(now.job.references.get(language, ())):
        raise RunError(
            f"{now.path}: not as many references in '{language}' as {was.path} has; scores over "
            "different references cannot be compared"
        )
    for name, (_, before), (_, after) in zip(
        names, was.references(language), now.references(language), strict=True
    ):
        _check_same(f"references/{name}.jsonl", was, now, before, after)


def _oppose(
    recipe: _Recipe,
    was: _Run,
    now: _Run,
    matches: Mapping[str, str],
    references: Sequence[Reference],
) -> list[Contest]:
    """The matched systems of one language, on the pairs that these references make."""
    languages = dict.fromkeys(was.targets[name] for name in matches)
    found = (each for code in languages for run in (was, now) for each in run.documents(code))
    documents = list(dict.fromkeys(found))  # what both runs have joins pairs once
    held = [
        _hold(
            recipe,
            was.targets[name],
            (name, was.pair(name, references, documents)),
            (other, now.pair(other, references, documents)),
        )
        for name, other in matches.items()
    ]
    return [each for each in held if each]


def _shapes(references: Sequence[Reference]) -> list[list[tuple[tuple[int, ...], ...]]]:
    return [[(bead.source, bead.target) for bead in alignment.beads] for alignment, _ in references]


def _note_pairs(found: Sequence[Contest], others: Sequence[Contest], was: _Run, now: _Run) -> str:
    """What the pairs of the new run would have shown."""
    differing = [
        f"{other.system} {_describe(other)}"
        for contest, other in zip(found, others, strict=bool(others))
        if _verdict(contest) != _verdict(other)
    ]
    same = "every verdict is the same" if others else "nothing is scored"
    return (
        f"{now.path} aligns its references differently: both are scored on the pairs of "
        f"{was.path}. On its own pairs, {', '.join(differing) or same}."
    )


def _verdict(contest: Contest) -> tuple[bool, bool]:
    first = contest.comparisons[0]
    return first.significant, first.significant and first.better


def _describe(contest: Contest) -> str:
    first = contest.comparisons[0]
    return f"has {first.label} {first.difference:+.1f} (p={first.p_value:.3f})"


def _warn(contests: Sequence[Contest]) -> Iterator[str]:
    few = {contest.pairs for contest in contests if contest.pairs < FEWEST}
    yield from (describe_power(pairs, ()) for pairs in sorted(few))
