"""The files that make up a table: on this machine, or of a dataset of the Hugging Face Hub."""

from __future__ import annotations

import bz2
import glob
import gzip
import lzma
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from mt.errors import CorpusError, suggest

if TYPE_CHECKING:
    from mt.scale.job import InputSection

# How a file is read, by the end of its name: the name of the reader in ``datasets``.
KINDS = {
    ".parquet": "parquet",
    ".jsonl": "json",
    ".json": "json",
    ".ndjson": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "text",
}
_UNPACK: dict[str, Callable[[IO[bytes]], Any]] = {
    ".gz": lambda packed: gzip.GzipFile(fileobj=packed),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}
_HUB = "hf://"


@dataclass(frozen=True)
class TableFile:
    """A file of rows.

    ``name`` is its path below the folder that all files share; ``stem``, without the endings,
    names what is made from it. ``stamp`` changes when the file does: its size and time of change,
    or the Hub's id of its content.
    """

    name: str
    location: str  # a path, or an address that begins with hf://
    kind: str
    stamp: str

    @property
    def stem(self) -> str:
        path = PurePosixPath(self.name)
        while path.suffix in _UNPACK or path.suffix in KINDS:
            path = path.with_suffix("")
        return str(path)

    @property
    def remote(self) -> bool:
        return self.location.startswith(_HUB)

    @contextmanager
    def unpack(self) -> Iterator[IO[bytes]]:
        """The bytes of the file without its compression, if it has one."""
        with self.open() as file:
            unpack = _UNPACK.get(PurePosixPath(self.name).suffix)
            yield unpack(file) if unpack else file

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The bytes of the file; the Hub sends only what is read."""
        if self.remote:
            from huggingface_hub import HfFileSystem

            with HfFileSystem().open(self.location, "rb") as remote:
                yield remote
        else:
            with Path(self.location).open("rb") as local:
                yield local


def find_kind(name: str) -> str | None:
    """The reader for a file, by its name; None where there is none."""
    path = PurePosixPath(name)
    return KINDS.get(path.with_suffix("").suffix if path.suffix in _UNPACK else path.suffix)


def find_paths(pattern: str) -> list[Path]:
    """The files that ``pattern`` names, sorted; it is a path, or has ``*``, ``?``, ``**``."""
    if Path(pattern).is_file():
        return [Path(pattern)]
    found = map(Path, glob.glob(pattern, recursive=True))  # noqa: PTH207 (not for whole paths)
    return sorted(path for path in found if path.is_file())


def find_files(section: InputSection) -> tuple[TableFile, ...]:
    """All files of an input, in order.

    Raises:
        CorpusError: there is no such dataset or split, it cannot be read, or the Hub not reached.
    """
    found = _find_on_hub(section) if section.dataset else _find_here(section.files)
    stems = [file.stem for file in found]
    if repeated := next((stem for stem in stems if stems.count(stem) > 1), None):
        names = [file.name for file in found if file.stem == repeated]
        raise CorpusError(
            f"{' and '.join(names)}: their translations would have the same name; rename one"
        )
    return found


def _find_here(patterns: Iterable[str]) -> tuple[TableFile, ...]:
    paths = list(dict.fromkeys(path for pattern in patterns for path in find_paths(pattern)))
    shared = Path(os.path.commonpath([path.parent for path in paths]))
    found = []
    for path in paths:
        state = path.stat()
        stamp = f"{state.st_size} {state.st_mtime_ns}"
        name = path.relative_to(shared).as_posix()
        found.append(TableFile(name, str(path), find_kind(path.name) or "", stamp))
    return tuple(found)


def _find_on_hub(section: InputSection) -> tuple[TableFile, ...]:
    """The files of a split, as ``datasets`` finds them, at one commit."""
    dataset = str(section.dataset)
    builder = _describe_dataset(dataset, section.subset)
    splits = builder.config.data_files or {}
    if section.split not in splits:
        raise CorpusError(
            f"dataset '{dataset}': no split '{section.split}'{suggest(section.split, splits)}"
        )
    kind = builder.__module__.rpartition(".")[2]
    if kind not in KINDS.values():
        raise CorpusError(
            f"dataset '{dataset}': its files are read as '{kind}'; "
            f"expected files that end in {', '.join(KINDS)}"
        )
    locations = [str(location) for location in splits[section.split]]
    if not locations[0].startswith(_HUB):
        return _find_here(locations)
    return tuple(_describe_remote(location, kind) for location in locations)


def _describe_remote(location: str, kind: str) -> TableFile:
    from huggingface_hub import HfFileSystem

    state = HfFileSystem().info(location)
    name = location.partition("@")[2].partition("/")[2]  # hf://datasets/ORGANISATION/NAME@COMMIT/
    return TableFile(name, location, find_kind(name) or kind, str(state["blob_id"]))


def import_datasets() -> Any:
    """The library ``datasets``, which neither talks nor tells its makers of every file it reads."""
    import datasets

    datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)
    return datasets


def _describe_dataset(dataset: str, subset: str | None) -> Any:
    from datasets.exceptions import DatasetNotFoundError
    from huggingface_hub.errors import HfHubHTTPError

    datasets = import_datasets()
    name, _, revision = (dataset, "", "") if Path(dataset).is_dir() else dataset.partition("@")
    try:
        return datasets.load_dataset_builder(name, subset, revision=revision or None)
    except DatasetNotFoundError:
        raise CorpusError(
            f"dataset '{dataset}': there is no such folder, and the Hub does not know it "
            "(or it is private or gated: hf auth login)"
        ) from None
    except ValueError as error:  # an unknown subset; the message names those there are
        reason = str(error).strip().splitlines()[0]
        raise CorpusError(f"dataset '{dataset}': {reason}") from None
    except (OSError, HfHubHTTPError) as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise CorpusError(
            f"dataset '{dataset}': the Hub cannot be reached ({reason}). Where there is a "
            f"network, run: hf download --repo-type dataset {name} --local-dir FOLDER; "
            "then name FOLDER instead of the dataset"
        ) from None
