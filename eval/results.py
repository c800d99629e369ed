"""A report as one value: what was found about every target, system and pair of a run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from eval.analysis import Analysis, Difference, find_differences
from eval.fidelity.items import Entry, Fidelity, Item, Tally, tally_ledger
from eval.pairs import LEFT_OUT, Pair
from eval.scores.metrics import MetricScore
from eval.scores.significance import Comparison
from eval.slices import Slice
from eval.verdicts import SEVERITIES, Verdict

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
    unaligned: int  # segments with no source opposite, but for those left out
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
    joined: tuple[str, int] = ("", 0)  # systems whose own sentences join pairs, and how many fewer
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
        """How many are not scored: ``{"no reference": 2, "left out: page furniture": 1}``."""
        return Counter(
            f"{LEFT_OUT}: {pair.why}" if pair.reason == LEFT_OUT else pair.reason
            for pair in self.pairs
            if pair.reason
        )


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
