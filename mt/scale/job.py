"""The table job: a file with ``input``. Each class is a section, each line documents a key."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from mt.config import Section, expand, load
from mt.job import LanguageCode, ModelName, Name, System, Systems, TranslateSection
from mt.scale.files import KINDS, find_kind, find_paths


def _existing_files(pattern: str, info: ValidationInfo) -> str:
    folder: Path = info.context["folder"] if info.context else Path()
    whole = str((folder / expand(Path(pattern))).absolute())
    paths = find_paths(whole)
    if not paths:
        raise ValueError(f"no such file: {whole}")
    if odd := next((path for path in paths if not find_kind(path.name)), None):
        raise ValueError(f"{odd}: expected a file that ends in {', '.join(KINDS)}")
    return whole


Pattern = Annotated[str, AfterValidator(_existing_files)]


class InputSection(Section):
    """What to translate: a column of text in files, or in a dataset of the Hub."""

    language: LanguageCode  # of the column, ISO 639-1
    files: tuple[Pattern, ...] = ()  # paths, also with * and **
    dataset: ModelName | None = None  # instead: a Hub id with optional @revision, or its folder
    subset: str | None = None  # of the dataset, where it has several
    split: str = "train"  # of the dataset
    column: str = "text"
    shard_rows: int = Field(10_000, ge=1)  # of a file of output; what a crash can cost

    @model_validator(mode="after")
    def _check_place(self) -> InputSection:
        if bool(self.files) == bool(self.dataset):
            raise ValueError("an input has either 'files' or a 'dataset'")
        return self


class RaySection(Section):
    """Where the actors run, and what one of them takes; used with ``executor: ray``."""

    address: str = "local"  # start Ray here; "auto" or host:port for a cluster that runs
    actors: int | None = Field(None, ge=1)  # with an engine each; as many as there is room for
    cpus: int = Field(1, ge=1)  # of an actor
    gpus: float = Field(0, ge=0)  # of an actor; half a GPU is 0.5


class TableJob(Section):
    """A table to translate. Paths are relative to the job file."""

    name: Name  # the run directory is runs/<name>
    input: InputSection
    systems: Systems
    translate: TranslateSection = TranslateSection()
    executor: Literal["local", "ray"] = "local"  # shard by shard in this process, or on Ray
    ray: RaySection = RaySection()

    @field_validator("systems")
    @classmethod
    def _check_models(cls, systems: tuple[System, ...]) -> tuple[System, ...]:
        if other := next((system for system in systems if system.hypothesis), None):
            raise ValueError(f"system '{other.name}': a table is translated by 'models'")
        return systems


def load_table_job(path: Path | str, overrides: Sequence[str] = ()) -> TableJob:
    """Read a table job; raises ``JobError`` with every problem."""
    return load(Path(path), TableJob, overrides)
