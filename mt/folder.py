"""A model as files on disk, and how a manifest and a report name it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mt.digest import digest, digest_file


@dataclass(frozen=True)
class ModelFolder(ABC):
    """The files of a model that decide what it makes; the folder may hold others."""

    name: str  # as asked for
    folder: Path
    revision: str | None = None  # the Hub's whole commit, where it came from there

    @property
    @abstractmethod
    def paths(self) -> tuple[Path, ...]:
        """The files, all of them in the folder."""

    @property
    def citation(self) -> str:
        """How a report names the model: with the Hub's commit, or else the files' digest."""
        base = self.name.partition("@")[0] if self.revision else self.local_name
        return f"{base}@{(self.revision or self.digest)[:12]}"

    @property
    def local_name(self) -> str:
        """What a model that is not of the Hub is called."""
        return self.name

    @cached_property
    def hashes(self) -> dict[str, str]:
        """SHA-256 of each of :attr:`paths`, by its path in the folder."""
        return {
            path.relative_to(self.folder).as_posix(): digest_file(path) or "unreadable"
            for path in self.paths
        }

    @cached_property
    def digest(self) -> str:
        """One SHA-256 for all of :attr:`hashes`."""
        return digest(self.hashes)

    def describe(self) -> dict[str, object]:
        """What a manifest keeps of a model: enough to get the same files again, and to know it."""
        return {
            "name": self.name,
            "citation": self.citation,
            "revision": self.revision,
            "sha256": self.digest,
            "files": self.hashes,
        }
