"""A table in, the same table out with every system's translations beside its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from mt.digest import digest, digest_file
from mt.errors import CorpusError
from mt.pipeline import describe_fallback, describe_system, open_workshop
from mt.scale.job import TableJob
from mt.text.protection import count_kept
from mt.translate.matches import read_matches
from mt.translate.memory import Memory
from mt.translate.translation import Progress, Translation

ATTEMPT = pa.struct(
    {
        "way": pa.string(),
        "text": pa.string(),
        "score": pa.float64(),
        "faults": pa.list_(pa.string()),
    }
)

# What is written of a translation: the ends of its columns' names, and their types.
COLUMNS = {
    "translation": pa.string(),
    "score": pa.float64(),
    "notes": pa.list_(pa.string()),
    "pivots": pa.list_(pa.string()),
    "pivot_scores": pa.list_(pa.float64()),
    "attempts": pa.list_(ATTEMPT),
}


class TableTranslator:
    """The systems of a job, loaded once each; the same for both executors."""

    def __init__(self, job: TableJob, *, fresh: bool = False) -> None:
        """With ``fresh``, nothing is taken from the memory.

        Raises:
            CorpusError, ModelError: as `open_workshop` and `read_matches`.
        """
        self._job = job
        memory = Memory(fresh=fresh) if job.translate.memory else None
        self._workshop = open_workshop(job.translate, job.input.language, job.systems, memory)
        self._paths = job.translate.translation_memory
        targets = [system.target for system in job.systems]
        self._matches = read_matches(self._paths, job.input.language, targets)

    def describe(self) -> dict[str, Any]:
        """Models, engine, device and translation memories, and a digest of all that decides rows.

        Raises:
            ModelError: a model cannot be found, or does not know its target language.
        """
        systems = [
            {
                **describe_system(system, self._workshop),
                "digest": self._workshop.fingerprint(system.models, system.targets),
            }
            for system in self._job.systems
        ]
        hashes = {str(path): digest_file(path) for path in self._paths}
        named = [(path.name, hashes[str(path)]) for path in self._paths]
        return {
            "systems": systems,
            "engine": self._workshop.engine,
            "device": self._workshop.device,
            "compute_type": self._workshop.compute_type,
            "fallback": describe_fallback(self._job.translate, self._workshop),
            "translation_memories": hashes,
            "digest": digest(systems, named),
        }

    def load(self) -> dict[str, Any]:
        """Load all systems, converting models that are used for the first time; as `describe`."""
        for system in self._job.systems:
            self._workshop.build(system.models, system.targets)
            self._workshop.load(system.models)
        return self.describe()

    def translate(self, table: pa.Table, progress: Progress | None = None) -> pa.Table:
        """``table`` with the columns of every system; no text (null) is a blank one.

        Raises:
            CorpusError: the table has a column of such a name already.
            TranslationError: the engine failed.
        """
        column = table.column(self._job.input.column)
        texts = [text or "" for text in column.to_pylist()]
        for system in self._job.systems:
            matches = self._matches.get(system.target)
            translator = self._workshop.build(system.models, system.targets, matches)
            table = _append(table, system.name, translator.translate(texts, progress))
        return table

    def count_kept(self, table: pa.Table) -> tuple[int, int]:
        """How many protected spans stand in the translations of `translate`, and of how many."""
        texts = [text or "" for text in table.column(self._job.input.column).to_pylist()]
        made = (table.column(f"{system.name}_translation") for system in self._job.systems)
        counts = [count_kept(zip(texts, rows.to_pylist(), strict=True)) for rows in made]
        return sum(kept for kept, _ in counts), sum(expected for _, expected in counts)


def _append(table: pa.Table, system: str, results: Sequence[Translation]) -> pa.Table:
    rows = [asdict(result) for result in results]
    for end, kind in COLUMNS.items():
        name = f"{system}_{end}"
        if name in table.column_names:
            raise CorpusError(f"the input has a column '{name}' already; rename the system")
        values = [row["text" if end == "translation" else end] for row in rows]
        table = table.append_column(name, pa.array(values, kind))
    return table
