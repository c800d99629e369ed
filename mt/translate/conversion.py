"""Models in CTranslate2's form, made on first use and kept in a cache with what they are."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mt.digest import digest_file
from mt.errors import CacheError, ModelError
from mt.translate.engine import ComputeType
from mt.translate.models import ModelFiles
from mt.translate.weights import UNREADABLE, first_sentence, load_network, quiet_transformers

VERSION = 1  # of how a model is converted here; raise it when the result changes

RECORD = "awda.json"


@dataclass(frozen=True)
class Conversion:
    """A model in CTranslate2's form: a folder, and what was recorded when it was made."""

    folder: Path
    model: str  # its title
    sources: Mapping[str, str]  # the SHA-256 of the model's files, by name
    compute_type: ComputeType
    made: str  # when, as in "2026-01-31T23:59:59.123456+00:00"
    files: Mapping[str, tuple[int, str]]  # bytes and SHA-256, by name

    @property
    def size(self) -> int:
        """Bytes, as recorded."""
        return sum(size for size, _ in self.files.values())

    @property
    def used(self) -> float:
        """When it was last loaded, in seconds since 1970."""
        return (self.folder / RECORD).stat().st_mtime

    def find_damage(self, *, thorough: bool = False) -> list[str]:
        """Names of files that are not what was recorded: by their size, or by their hash too."""
        return [
            name
            for name, (size, sha256) in self.files.items()
            if not (path := self.folder / name).exists()
            or path.stat().st_size != size
            or (thorough and digest_file(path) != sha256)
        ]


def cache_folder() -> Path:
    """Where converted models are kept: ``AWDA_CACHE``, or the user's cache folder.

    Raises:
        CacheError: ``AWDA_CACHE`` is no folder, and cannot become one.
    """
    if configured := os.environ.get("AWDA_CACHE"):
        folder = Path(os.path.expanduser(configured))  # noqa: PTH111  # Path's raises for no such user
        there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
        if not there.is_dir():
            raise CacheError(f"AWDA_CACHE: {there} is no folder; name one, or unset it")
        return folder
    from platformdirs import user_cache_path

    return user_cache_path("awda")


def convert(
    files: ModelFiles,
    compute_type: ComputeType,
    cache: Path | None = None,
    *,
    thorough: bool = False,
) -> Path:
    """The folder of a model's CTranslate2 form, which is made when it is first asked for.

    It is kept in ``cache``, the user's (:func:`cache_folder`) where none is named. Several
    processes may ask at once: one converts, the others wait and use the result. A form whose files
    are missing or cut off is made again; with ``thorough``, one whose hashes are wrong too.

    Raises:
        ModelError: the weights cannot be read or converted, or the cache cannot be written.
    """
    from filelock import FileLock

    folder = _place(files, compute_type, cache or cache_folder())
    if not _usable(folder, thorough):
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(folder.with_name(f"{folder.name}.lock")):
                if not _usable(folder, thorough):
                    _make(files, compute_type, folder)
        except OSError as error:
            raise ModelError(
                f"model '{files.name}': {folder} cannot be written ({error.strerror or error}); "
                "make room, or name another folder in AWDA_CACHE"
            ) from None
    _note_use(folder)
    return folder


def list_conversions() -> list[Conversion]:
    """All converted models in the cache, by the model's title; the oldest first."""
    folders = (cache_folder() / "ctranslate2").glob(f"[!.]*/{RECORD}")
    found = [each for path in folders if (each := read_conversion(path.parent))]
    return sorted(found, key=lambda each: (each.model, each.made))


def read_conversion(folder: Path) -> Conversion | None:
    """What a folder of the cache holds; None where its record is missing or of no use."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return Conversion(
            folder,
            record["model"],
            record["sources"],
            record["compute_type"],
            record["made"],
            {name: (row["size"], row["sha256"]) for name, row in record["files"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _place(files: ModelFiles, compute_type: ComputeType, cache: Path) -> Path:
    from importlib.metadata import version

    key = f"{files.digest[:20]}-{compute_type}-v{VERSION}-ct{version('ctranslate2')}"
    return cache / "ctranslate2" / key


def _usable(folder: Path, thorough: bool) -> bool:
    conversion = read_conversion(folder)
    return conversion is not None and not conversion.find_damage(thorough=thorough)


def _note_use(folder: Path) -> None:
    try:
        os.utime(folder / RECORD)
    except OSError:
        return  # a cache that others own


def _make(files: ModelFiles, compute_type: ComputeType, folder: Path) -> None:
    """Convert beside ``folder`` and move it there whole; the caller holds the lock."""
    for left in folder.parent.glob(f".{folder.name}.*"):  # by a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        made = temporary / "model"
        _write(files, compute_type, made)
        record = _record(files, compute_type, made)
        (made / RECORD).write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        made.replace(folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _record(files: ModelFiles, compute_type: ComputeType, folder: Path) -> dict[str, Any]:
    return {
        "model": files.title,
        "sources": files.hashes,
        "compute_type": compute_type,
        "made": datetime.now(UTC).isoformat(timespec="microseconds"),
        "files": {
            path.name: {"size": path.stat().st_size, "sha256": digest_file(path)}
            for path in sorted(folder.iterdir())
        },
    }


def _write(files: ModelFiles, compute_type: ComputeType, output: Path) -> None:
    quiet_transformers()
    from ctranslate2.converters import TransformersConverter
    from transformers import MarianTokenizer

    class Converter(TransformersConverter):  # type: ignore[misc]
        """CTranslate2's own, which would load any class of transformers that a folder names."""

        def load_model(self, *_: object, **__: object) -> Any:
            return load_network(files)

        def load_tokenizer(self, *_: object, **__: object) -> Any:
            return MarianTokenizer.from_pretrained(files.folder, local_files_only=True)

        def _load(self) -> Any:
            spec = super()._load()
            if files.separate_vocabulary:  # CTranslate2 takes the source's for both sides
                _give_target_vocabulary(spec, files)
            return spec

    try:
        Converter(str(files.folder)).convert(str(output), quantization=compute_type)
    except UNREADABLE as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise  # the place is at fault, not the model
        raise ModelError(
            f"model '{files.name}': cannot be converted: {first_sentence(error)}"
        ) from None


def _give_target_vocabulary(spec: Any, files: ModelFiles) -> None:
    """Set the target vocabulary, without ``<pad>`` at its end, which must not be generated."""
    tokens = sorted(files.target_vocabulary, key=files.target_vocabulary.__getitem__)
    if tokens[-1] == "<pad>":
        tokens.pop()
        for part in (spec.decoder.embeddings, spec.decoder.projection):
            part.weight = part.weight[: len(tokens)]
        if spec.decoder.projection.has_bias():
            spec.decoder.projection.bias = spec.decoder.projection.bias[: len(tokens)]
    spec._vocabularies["target"] = [tokens]  # register_target_vocabulary only adds another
