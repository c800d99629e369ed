"""The executor ``local``: shard by shard in this process."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mt.scale.files import TableFile
from mt.scale.job import TableJob
from mt.scale.reader import Shard, read_shards
from mt.scale.translator import TableTranslator
from mt.translate.translation import Progress

Work = Mapping[TableFile, Collection[int]]  # files, each with its shards that are finished


@dataclass(frozen=True)
class Made:
    """A shard that was translated, how long that took, and what came of what is protected."""

    shard: Shard
    seconds: float
    kept: int  # protected spans, in the translations of all systems
    protected: int  # in the source, once for each system


class LocalExecutor:
    """One engine per system, here; a shard or two are in memory at a time."""

    def __init__(self, job: TableJob, *, fresh: bool = False) -> None:
        self._job = job
        self._translator = TableTranslator(job, fresh=fresh)

    def prepare(self) -> dict[str, Any]:
        """Find all models; returns what :meth:`TableTranslator.describe` says."""
        return self._translator.describe()

    def translate(self, work: Work, progress: Progress) -> Iterator[Made]:
        """Translate what is not finished, in order."""
        section = self._job.input
        for file, finished in work.items():
            for shard in read_shards(file, section.column, section.shard_rows, finished):
                start = time.perf_counter()
                table = self._translator.translate(shard.table, progress)
                seconds = time.perf_counter() - start
                kept, protected = self._translator.count_kept(table)
                yield Made(replace(shard, table=table), seconds, kept, protected)

    def close(self) -> None:
        pass
