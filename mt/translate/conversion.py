"""Models in CTranslate2's form, made on first use and kept in a cache."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from mt.errors import ModelError
from mt.translate.marian import quiet_transformers
from mt.translate.models import ModelFiles

# What transformers raises for a model folder of odd content.
_UNREADABLE = (ValueError, OSError, RuntimeError, KeyError, TypeError, AttributeError)


def cache_folder() -> Path:
    """Where converted models are kept: ``AWDA_CACHE``, or the user's cache folder."""
    if configured := os.environ.get("AWDA_CACHE"):
        return Path(configured)
    from platformdirs import user_cache_path

    return user_cache_path("awda")


def convert(files: ModelFiles, quantization: str) -> Path:
    """The CTranslate2 form of a model, made on first use: a folder named by digest.

    Two processes may ask at once: one converts, the other waits and uses the result.

    Raises:
        ModelError: the weights cannot be read or converted.
    """
    import ctranslate2
    from filelock import FileLock

    key = f"{files.digest[:20]}-{quantization}-ct{ctranslate2.__version__}"
    folder = cache_folder() / "ctranslate2" / key
    if (folder / "model.bin").exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "model.bin").exists():
            temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{key}."))
            try:
                _convert(files, quantization, temporary / "model")
                (temporary / "model").replace(folder)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
    return folder


def _convert(files: ModelFiles, quantization: str, output: Path) -> None:
    quiet_transformers()
    from ctranslate2.converters import TransformersConverter
    from safetensors import SafetensorError

    class Converter(TransformersConverter):  # type: ignore[misc]
        """CTranslate2's own, which takes Marian's source vocabulary for both sides."""

        def _load(self) -> Any:
            spec = super()._load()
            if files.separate_vocabulary:
                _give_target_vocabulary(spec, files)
            return spec

    try:
        Converter(str(files.folder)).convert(str(output), quantization=quantization)
    except (*_UNREADABLE, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(f"model '{files.name}': cannot be converted: {reason}") from None


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
