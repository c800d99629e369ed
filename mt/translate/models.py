"""Model names turned into files: ``builtin``, a local folder, or a Hub id with ``@revision``."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mt.errors import ModelError
from mt.folder import ModelFolder
from mt.languages import find_language
from mt.translate import hub

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor

WEIGHTS = ("model.safetensors", "pytorch_model.bin")
NEEDED = ("config.json", "source.spm", "target.spm", "vocab.json")
OPTIONAL = ("tokenizer_config.json", "generation_config.json", "target_vocab.json")

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*\w")
_REVISION = re.compile(r"\w[\w./-]*")
_TARGET_TOKEN = re.compile(r">>(\w+)<<")
_BUILTIN = Path(__file__).parent / "builtin"


@dataclass(frozen=True)
class ModelFiles(ModelFolder):
    """A Marian model on disk, in Hugging Face's layout."""

    @property
    def title(self) -> str:
        """What tells it from all other models of this machine."""
        if self.revision:
            return self.citation
        return "builtin" if self.folder == _BUILTIN else str(self.folder)

    @cached_property
    def weights(self) -> Path:
        return next(self.folder / name for name in WEIGHTS if (self.folder / name).exists())

    @property
    def paths(self) -> tuple[Path, ...]:
        paths = (self.folder / name for name in (self.weights.name, *NEEDED, *OPTIONAL))
        return tuple(path for path in paths if path.exists())

    @property
    def size(self) -> int:
        """Bytes of :attr:`paths`."""
        return sum(path.stat().st_size for path in self.paths)

    @cached_property
    def vocabulary(self) -> dict[str, int]:
        """Pieces and ids of the source (and of the target, unless it has its own).

        Raises:
            ModelError: ``vocab.json`` is no table of them.
        """
        return self._read_vocabulary("vocab.json")

    @property
    def separate_vocabulary(self) -> bool:
        """Whether the target has a vocabulary of its own."""
        return (self.folder / "target_vocab.json").exists()

    @cached_property
    def target_vocabulary(self) -> dict[str, int]:
        """Pieces and ids of the target; raises as :attr:`vocabulary` does."""
        if self.separate_vocabulary:
            return self._read_vocabulary("target_vocab.json")
        return self.vocabulary

    def _read_vocabulary(self, name: str) -> dict[str, int]:
        table = self._read_settings(name)
        if "</s>" not in table:
            path = self.folder / name
            raise ModelError(f"model '{self.name}': {path} is not a Marian vocabulary")
        return table

    @cached_property
    def max_tokens(self) -> int:
        """Longest input, in pieces, that the model was made for."""
        made_for = self._setting("tokenizer_config.json", "model_max_length", self.positions)
        return max(16, min(made_for, self.positions))

    @cached_property
    def positions(self) -> int:
        """Longest input or output, in pieces, that the network can represent at all."""
        return self._setting("config.json", "max_position_embeddings", 512)

    @cached_property
    def network_vocabulary(self) -> tuple[int, int]:
        """Pieces that the network has an embedding for, of the source and of the target."""
        source = self._setting("config.json", "vocab_size", 0)
        return source, self._setting("config.json", "decoder_vocab_size", source)

    @cached_property
    def architecture(self) -> str:
        """``marian``, or what else ``config.json`` says that the network is."""
        return str(self._read_settings("config.json").get("model_type", "unknown"))

    def _setting(self, name: str, key: str, default: int) -> int:
        value = self._read_settings(name).get(key)
        try:
            return default if value is None else int(value)
        except (ValueError, TypeError) as error:
            raise self._damaged(name, error) from None

    def _read_settings(self, name: str) -> dict[str, Any]:
        try:
            table = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise self._damaged(name, error) from None
        if not isinstance(table, dict):
            raise self._damaged(name, "not a table of settings")
        return table

    def _damaged(self, name: str, reason: object) -> ModelError:
        return ModelError(f"model '{self.name}': {self.folder / name} is damaged: {reason}")

    @cached_property
    def target_tokens(self) -> dict[str, str]:
        """The tokens that ask for a target, by its code: ``{"vie": ">>vie<<"}``."""
        return {m[1]: m[0] for piece in self.vocabulary if (m := _TARGET_TOKEN.fullmatch(piece))}

    def target_token(self, language: str) -> str | None:
        """The token that asks for ``language``, or None for a model with one target only.

        Raises:
            ModelError: the vocabulary has such tokens, but none for this language.
        """
        tokens = self.target_tokens
        known = find_language(language)
        for code in (known.code, known.iso3):
            if code in tokens:
                return tokens[code]
        if tokens:
            raise ModelError(
                f"model '{self.name}': cannot translate into {known.name}; its target tokens are "
                f"{' '.join(sorted(tokens.values()))}"
            )
        return None


def load_pieces(files: ModelFiles, name: str) -> SentencePieceProcessor:
    """The tokenizer ``source.spm`` or ``target.spm``; raises ``ModelError`` if it is none."""
    from sentencepiece import SentencePieceProcessor

    try:
        return SentencePieceProcessor(str(files.folder / name))
    except (RuntimeError, OSError):
        raise ModelError(
            f"model '{files.name}': {files.folder / name} is not a SentencePiece model"
        ) from None


def find_model(name: str, *, refresh: bool = False) -> ModelFiles:
    """Find the files of a model, downloading a Hub model that is not in the Hub's cache.

    ``name`` is ``builtin``, a folder, or ``organisation/model[@revision]``, where a revision is a
    branch, a tag or a commit, which may be shortened. With ``refresh`` the Hub is asked whether
    a branch has moved; without it, what is in the cache is used as it is.

    Raises:
        ModelError: no such model, files missing or damaged, or the Hub cannot be reached.
    """
    if name == "builtin":
        return _checked(ModelFiles(name, _BUILTIN))
    path = Path(name)
    if name and path.is_dir():
        return _without_links_out(_checked(ModelFiles(name, path.resolve())))
    repository, revision = parse_hub_id(name, "builtin")
    wanted = hub.Wanted(name, repository, revision, (*NEEDED, *OPTIONAL), WEIGHTS)
    folder = None if refresh else hub.find_snapshot(wanted)
    if folder is None or _missing(folder):
        folder = hub.download(wanted)
    return _checked(ModelFiles(name, folder, folder.name))


def parse_hub_id(name: str, always: str) -> tuple[str, str | None]:
    """``organisation/model[@revision]`` as repository and revision; ``always`` is a way out.

    Raises:
        ModelError: it is no such name, so that the Hub need not be asked.
    """
    repository, at, revision = name.partition("@")
    if not _HUB_ID.fullmatch(repository) or "--" in repository or ".." in repository:
        raise ModelError(
            f"unknown model '{name}': there is no such folder, and it is no Hub id "
            f"(organisation/model[@revision]); '{always}' is always there"
        )
    if at and (not _REVISION.fullmatch(revision) or ".." in revision):
        raise ModelError(f"model '{name}': after '@' comes a branch, a tag or a commit of the Hub")
    return repository, revision or None


def list_hub_models() -> list[ModelFiles]:
    """The Marian models in the Hub's cache, complete ones only, by name and commit."""
    found = (
        ModelFiles(f"{repository}@{folder.name[:12]}", folder, folder.name)
        for repository, folder in hub.list_snapshots()
    )
    return [files for files in found if not _missing(files.folder) and _is_marian(files)]


def _is_marian(files: ModelFiles) -> bool:
    try:
        return files.architecture == "marian"
    except ModelError:
        return False


def _without_links_out(files: ModelFiles) -> ModelFiles:
    """Refuse a folder from elsewhere that would have other files of this machine read.

    A snapshot in the Hub's cache is links to ``blobs``, two folders up.
    """
    folder = files.folder
    root = folder.parents[1] if folder.parent.name == "snapshots" else folder
    for path in files.paths:
        there = path.resolve()
        if not there.is_relative_to(root) or not there.is_file():
            raise ModelError(
                f"model '{files.name}': {path} is a link out of the folder, or no file; put the "
                "file itself there"
            )
    return files


def _missing(folder: Path) -> list[str]:
    missing = [name for name in NEEDED if not (folder / name).exists()]
    if not any((folder / name).exists() for name in WEIGHTS):
        missing.append(" or ".join(WEIGHTS))
    return missing


def _checked(files: ModelFiles) -> ModelFiles:
    if missing := _missing(files.folder):
        raise ModelError(
            f"model '{files.name}': {files.folder} lacks {', '.join(missing)}; "
            "a Marian model in Hugging Face's layout is needed"
        )
    if files.architecture != "marian":
        raise ModelError(
            f"model '{files.name}': its config.json says that it is of the kind "
            f"'{files.architecture}'; only Marian models can be used"
        )
    return files
