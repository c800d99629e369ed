"""Look before you leap: whether a job can run, and how long it will take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from mt.errors import ModelError
from mt.job import Job, System
from mt.languages import mismatch
from mt.pipeline import Inputs, prepare, read_inputs
from mt.translate.translator import Workshop

SAMPLE = 4  # segments translated to see whether and how fast a system works


@dataclass(frozen=True)
class Finding:
    """One line of the outcome; ``good`` is False where the job would fail or babble."""

    line: str
    good: bool = True


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
    workshop = prepare(job)
    for system in job.systems:
        if system.hypothesis:
            yield Finding(f"{system.name}: {system.hypothesis} fits the source, scored as it is")
        else:
            yield _try(system, inputs, workshop)


def _try(system: System, inputs: Inputs, workshop: Workshop) -> Finding:
    texts = inputs.source.texts
    middle = max(0, (len(texts) - SAMPLE) // 2)
    sample = texts[middle : middle + SAMPLE]
    try:
        translator = workshop.build(system.models, system.targets)
    except ModelError as error:
        return Finding(f"{system.name}: {error}", good=False)
    translator.translate(["الاجتماع الأول"])  # pays for loading, so that the clock sees only work
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
        f"{rate:.1f} segments/s, about {len(texts) / rate:.0f} s in all"
    )
