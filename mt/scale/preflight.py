"""Look before you leap, for tables: whether a job can run, and how long it will take here."""

from __future__ import annotations

from collections.abc import Iterator

from mt.pipeline import open_workshop
from mt.preflight import check_systems
from mt.scale.files import find_files
from mt.scale.job import TableJob
from mt.scale.pipeline import read_sample
from mt.scale.reader import count_rows
from mt.translate.inspection import Finding


def check_table(job: TableJob) -> Iterator[Finding]:
    """Findings as they are made: files, models, target tokens, a sample, speed and time.

    Raises:
        CorpusError, ModelError: an input or a model cannot be used at all.
    """
    files = find_files(job.input)
    counts = [count_rows(file) for file in files]
    rows = None if None in counts else sum(count or 0 for count in counts)
    texts = read_sample(files, job.input)
    known = "rows unknown until they are read" if rows is None else f"{rows} rows"
    yield Finding(f"input: {len(files)} files, {known}")
    workshop = open_workshop(job.translate, job.input.language, job.systems)
    yield from check_systems(job.systems, job.input.language, texts, workshop, rows)
