"""The files that make up a table: on this machine, or of a dataset of the Hugging Face Hub."""

from __future__ import annotations

import bz2
import glob
import gzip
import lzma
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from mt.errors import AwdaWarning, CorpusError, suggest

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
_REMOTE = "hf://"
HUB = "hf://datasets/"  # before the name of a dataset


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
        return self.location.startswith(_REMOTE)

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
    found = (
        find_in_dataset(section.dataset, section.subset, section.split)
        if section.dataset
        else _find_here(section.files)
    )
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


def find_in_dataset(
    dataset: str, subset: str | None = None, split: str | None = None
) -> tuple[TableFile, ...]:
    """The files of a split, as ``datasets`` finds them, at one commit.

    Args:
        dataset: a folder, or a name on the Hub with optional ``@revision``, which after
            ``hf://datasets/`` is never taken for a folder. Where the Hub is out of reach, it is
            read from the Hub's cache, with a warning.
        split: by default the only one.

    Raises:
        CorpusError: there is no such dataset or split, it cannot be read, or the Hub not reached.
    """
    builder = _describe_dataset(dataset, subset)
    splits = builder.config.data_files or {}
    split = choose_split(f"dataset '{dataset}'", split, list(map(str, splits)))
    kind = builder.__module__.rpartition(".")[2]
    if kind not in KINDS.values():
        raise CorpusError(
            f"dataset '{dataset}': its files are read as '{kind}'; "
            f"expected files that end in {', '.join(KINDS)}"
        )
    locations = [str(location) for location in splits[split]]
    if not locations[0].startswith(_REMOTE):
        return _find_here(locations)
    return tuple(_describe_remote(location, kind) for location in locations)


def choose_split(name: str, split: str | None, splits: Sequence[str]) -> str:
    """The split that is asked for, or else the only one; ``CorpusError`` where that is none."""
    if split is None and len(splits) != 1:
        raise CorpusError(f"{name}: has the splits {', '.join(splits)}; name one: split=NAME")
    if split is not None and split not in splits:
        raise CorpusError(f"{name}: no split '{split}'{suggest(split, splits)}")
    return split or splits[0]


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
    """What ``datasets`` knows of it; its own program, where it has one, is never run."""
    from datasets.exceptions import DataFilesNotFoundError
    from httpx2 import HTTPError

    from mt.translate.hub import quiet_client, tell_refusal, tell_trouble

    datasets = import_datasets()
    local = not dataset.startswith(HUB) and Path(dataset).is_dir()
    place, commit = (dataset, None) if local else _locate(dataset)
    try:
        with quiet_client():
            return datasets.load_dataset_builder(place, subset, revision=commit)
    except DataFilesNotFoundError:
        reason = f"it has no files that end in {', '.join(KINDS)}"
    except ValueError as error:  # an unknown subset; the message names those there are
        reason = str(error).strip().splitlines()[0]
    except RuntimeError:  # what datasets says of a dataset with a program of its own
        reason = (
            "its rows are made by a Python program, and those are never run; name a copy of it in "
            f"files that end in {', '.join(KINDS)}"
        )
    except (OSError, HTTPError) as error:
        trouble = str(error).strip().splitlines()[0] if local else tell_trouble(error)
        reason = tell_refusal(error, commit) or f"cannot be read: {trouble}"
    raise CorpusError(f"dataset '{dataset}': {reason}")


def _locate(dataset: str) -> tuple[str, str | None]:
    """Where to read a dataset of the Hub, and at which commit; a folder of the cache has none."""
    from httpx2 import HTTPError
    from huggingface_hub import HfApi

    from mt.translate.hub import PATIENCE, quiet_client, tell_refusal, tell_trouble

    name, _, revision = dataset.removeprefix(HUB).partition("@")
    try:
        with quiet_client():
            known = HfApi().dataset_info(name, revision=revision or None, timeout=PATIENCE)
    except (HTTPError, OSError, ValueError) as error:
        if refusal := tell_refusal(error, revision):
            nowhere = "" if dataset.startswith(HUB) else "there is no such folder, and "
            raise CorpusError(f"dataset '{dataset}': {nowhere}{refusal}") from None
        trouble = tell_trouble(error)
    else:
        return f"{HUB}{known.id}", known.sha
    folder = _find_in_cache(name, revision)
    if not folder:
        raise CorpusError(
            f"dataset '{dataset}': not in the cache, and the Hub cannot be reached ({trouble}). "
            f"Where there is a network, run: hf download --repo-type dataset {name} "
            "--local-dir FOLDER; then name FOLDER instead of the dataset"
        )
    warnings.warn(
        f"dataset '{dataset}': the Hub cannot be reached ({trouble}); read from the cache, as it "
        f"was at commit {folder.name[:8]}",
        AwdaWarning,
        stacklevel=2,
    )
    return str(folder), None


def _find_in_cache(name: str, revision: str) -> Path | None:
    """The folder of a whole copy in the Hub's cache."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        found = snapshot_download(
            name, repo_type="dataset", revision=revision or None, local_files_only=True
        )
    except (LocalEntryNotFoundError, HFValidationError):
        return None
    return Path(found)
