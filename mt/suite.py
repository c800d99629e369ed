"""Several jobs in one file: how good models are on a row of test sets, in one command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    Field,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)

from mt.config import FilePath, Section, expand, has_key, load, place_data
from mt.job import Job, Name, load_job
from mt.scale.job import TableJob, load_table_job


class Member(Job):
    """A job of a suite."""

    needs: FilePath | None = None  # a file or folder; where it is not there, the job is skipped

    @property
    def absent(self) -> bool:
        """Whether what it needs is not there; then nothing but ``name`` and ``needs`` is set."""
        return self.needs is not None and not self.needs.exists()


def _read_member(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Member:
    if isinstance(value, dict) and isinstance(value.get("needs"), str):
        folder: Path = info.context["folder"] if info.context else Path()
        path = folder / expand(Path(value["needs"]))
        if not path.exists():
            known: dict[str, Any] = {"name": str(value.get("name", path.name)), "needs": path}
            return Member.model_construct(**known)
    member: Member = handler(value)
    return member


class Suite(Section):
    """Jobs that are run one after the other and reported in one table. Paths are relative."""

    name: Name  # the run directories are runs/<name>/<name of the job>
    data: str = "."  # what "{data}" stands for in the paths of jobs
    jobs: tuple[Annotated[Member, WrapValidator(_read_member)], ...] = Field(min_length=1)

    @property
    def jobs_at_hand(self) -> tuple[Member, ...]:
        return tuple(job for job in self.jobs if not job.absent)

    @property
    def skipped(self) -> dict[str, Path]:
        """The other jobs, and what each of them needs."""
        return {job.name: job.needs for job in self.jobs if job.needs and job.absent}

    @model_validator(mode="before")
    @classmethod
    def _place_data(cls, tree: Any) -> Any:
        if not isinstance(tree, dict) or "jobs" not in tree:
            return tree
        return {**tree, "jobs": place_data(tree["jobs"], str(tree.get("data", ".")))}

    @field_validator("jobs")
    @classmethod
    def _check_names(cls, jobs: tuple[Member, ...]) -> tuple[Member, ...]:
        names = [job.name for job in jobs]
        if repeated := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two jobs are named '{min(repeated)}'")
        return jobs


def load_jobs(path: Path | str, overrides: Sequence[str] = ()) -> Job | Suite | TableJob:
    """Read a job file; with ``jobs`` it is a suite, with ``input`` the job of a table.

    Raises:
        JobError: with every problem, one line each.
    """
    if has_key(Path(path), "jobs"):
        return load(Path(path), Suite, overrides)
    if has_key(Path(path), "input"):
        return load_table_job(path, overrides)
    return load_job(path, overrides)
