"""Look before you leap: whether a job can run, and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from mt.errors import ModelError
from mt.job import Job, System
from mt.languages import mismatch
from mt.pipeline import prepare, read_inputs
from mt.translate.inspection import (
    CANARIES,
    Finding,
    inspect_answer,
    inspect_files,
    inspect_source,
)
from mt.translate.workshop import Workshop

SAMPLE = 4  # segments translated to see whether and how fast a system works


def check_job(job: Job) -> Iterator[Finding]:
    """Findings as they are made: files, models, target tokens, a sample, speed and time.

    Raises:
        CorpusError, ModelError: an input or a model cannot be used at all.
    """
    inputs = read_inputs(job)
    texts = inputs.source.texts
    longest = max(map(len, texts))
    yield Finding(f"source: {len(texts)} segments, the longest has {longest} characters")
    for name, document in inputs.references.items():
        yield Finding(f"reference {name}: {len(document.segments)} segments")
    yield from check_systems(job.systems, job.source.language, texts, prepare(job), len(texts))


def check_systems(
    systems: Sequence[System],
    language: str,
    texts: Sequence[str],
    workshop: Workshop,
    segments: int | None,
) -> Iterator[Finding]:
    """Findings on the models of systems, then on what they make of some of the ``texts``.

    ``segments`` are all there are, where that is known; ``texts`` may be only the first of them.
    """
    broken = set()
    legs = {system.name: _list_legs(language, system, workshop) for system in systems}
    for leg in dict.fromkeys(leg for those in legs.values() for leg in those):
        finding = _check_leg(leg, workshop)
        if not finding.good:
            broken.add(leg)
        yield finding
    for system in systems:
        if system.hypothesis:
            how = "in sentences of its own" if system.split == "sentence" else "fits the source"
            yield Finding(f"{system.name}: {system.hypothesis} {how}, scored as it is")
        elif not broken.intersection(legs[system.name]):
            yield _try(system, texts, segments, workshop)


Leg = tuple[str, str, str]  # a model, and the languages it translates from and into


def _list_legs(language: str, system: System, workshop: Workshop) -> list[Leg]:
    """The legs of a system, each followed by that of the fallback where it can stand in."""
    legs = []
    sources = (language, *system.via)
    for name, source, target in zip(system.models, sources, system.targets, strict=False):
        stand_ins = workshop.find_fallbacks([name], [target]).values()
        legs += [(each, source, target) for each in (name, *stand_ins)]
    return legs


def _check_leg(leg: Leg, workshop: Workshop) -> Finding:
    """Whether a model's files fit together, and what it makes of a sentence that is easy to read.

    That its target token is known has been seen when its files were found.
    """
    name, source, target = leg
    (files,) = workshop.find([name])
    about = f"{files.citation}: {source} to {target}"
    faults = [*inspect_files(files), *inspect_source(files, source)]
    if not faults:
        try:
            translator = workshop.build([name], [target])
            (answer,) = translator.translate([CANARIES[source]])
        except ModelError as error:
            return Finding(f"{about}: {error}", good=False)
        faults = inspect_answer(files, answer.text, source, target)
        if not faults:
            token = f"{files.target_token(target) or 'no target token'}"
            return Finding(f"{about}: files fit, {token}, says: {answer.text}")
    return Finding(f"{about}: {'; '.join(faults)}", good=False)


def _try(system: System, texts: Sequence[str], segments: int | None, workshop: Workshop) -> Finding:
    middle = max(0, (len(texts) - SAMPLE) // 2)
    sample = texts[middle : middle + SAMPLE]
    translator = workshop.build(system.models, system.targets)
    start = time.perf_counter()
    results = translator.translate(sample)
    seconds = max(time.perf_counter() - start, 1e-6)
    answer = " ".join(result.text for result in results)
    if not answer.strip():
        return Finding(f"{system.name}: {translator.name} answers nothing", good=False)
    if reason := mismatch(answer, system.target):
        return Finding(f"{system.name}: {translator.name}: {reason}", good=False)
    rate = len(sample) / seconds
    return Finding(
        f"{system.name}: {translator.name} answers on {workshop.device}; "
        f"{rate:.1f} segments/s" + (f", about {segments / rate:.0f} s in all" if segments else "")
    )
