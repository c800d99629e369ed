"""Model names turned into files: ``builtin``, a local folder, or a Hub id with ``@revision``."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mt.errors import ModelError
from mt.languages import find_language

WEIGHTS = ("model.safetensors", "pytorch_model.bin")
NEEDED = ("config.json", "source.spm", "target.spm", "vocab.json")
OPTIONAL = ("tokenizer_config.json", "generation_config.json", "target_vocab.json")

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*\w")
_TARGET_TOKEN = re.compile(r">>(\w+)<<")
_BUILTIN = Path(__file__).parent / "builtin"


@dataclass(frozen=True)
class ModelFiles:
    """A Marian model on disk, in Hugging Face's layout."""

    name: str  # as asked for
    folder: Path
    revision: str | None = None  # the Hub's commit, where it came from there

    @property
    def citation(self) -> str:
        """How a report names the model: with the Hub's commit, or else the files' digest."""
        base = self.name.partition("@")[0] if self.revision else self.name
        return f"{base}@{self.revision or self.digest[:12]}"

    @cached_property
    def weights(self) -> Path:
        return next(self.folder / name for name in WEIGHTS if (self.folder / name).exists())

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the files that decide the output."""
        digest = hashlib.sha256()
        for name in (self.weights.name, *NEEDED, *OPTIONAL):
            path = self.folder / name
            if path.exists():
                digest.update(name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

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
        path = self.folder / name
        try:
            table = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ModelError(f"model '{self.name}': {path} is damaged: {error}") from None
        if not isinstance(table, dict) or "</s>" not in table:
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

    def _setting(self, name: str, key: str, default: int) -> int:
        path = self.folder / name
        try:
            return int(json.loads(path.read_text(encoding="utf-8")).get(key, default))
        except FileNotFoundError:
            return default
        except (ValueError, AttributeError, TypeError) as error:
            raise ModelError(f"model '{self.name}': {path} is damaged: {error}") from None

    def target_token(self, language: str) -> str | None:
        """The token that asks for ``language``, or None for a model with one target only.

        Raises:
            ModelError: the vocabulary has such tokens, but none for this language.
        """
        tokens = {m[1]: m[0] for piece in self.vocabulary if (m := _TARGET_TOKEN.fullmatch(piece))}
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


def find_model(name: str) -> ModelFiles:
    """Find the files of a model, downloading a Hub model that is not in the Hub's cache.

    ``name`` is ``builtin``, a folder, or ``organisation/model[@revision]``.

    Raises:
        ModelError: no such model, files missing, or the Hub cannot be reached.
    """
    if name == "builtin":
        return _checked(ModelFiles(name, _BUILTIN))
    path = Path(name)
    if path.is_dir():
        return _checked(ModelFiles(name, path.resolve()))
    repository, _, revision = name.partition("@")
    if not _HUB_ID.fullmatch(repository) or "--" in repository or ".." in repository:
        raise ModelError(
            f"unknown model '{name}': there is no such folder, and it is no Hub id "
            "(organisation/model[@revision]); 'builtin' is always there"
        )
    return _checked(_from_hub(name, repository, revision or None))


def _checked(files: ModelFiles) -> ModelFiles:
    missing = [name for name in NEEDED if not (files.folder / name).exists()]
    if not any((files.folder / name).exists() for name in WEIGHTS):
        missing.append(" or ".join(WEIGHTS))
    if missing:
        raise ModelError(
            f"model '{files.name}': {files.folder} lacks {', '.join(missing)}; "
            "a Marian model in Hugging Face's layout is needed"
        )
    return files


def _from_hub(name: str, repository: str, revision: str | None) -> ModelFiles:
    from huggingface_hub import constants, snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    patterns = [*NEEDED, *OPTIONAL]
    cache = constants.HF_HUB_CACHE

    def fetch(weights: str, *, local: bool) -> Path:
        return Path(
            snapshot_download(
                repository,
                revision=revision,
                allow_patterns=[*patterns, weights],
                local_files_only=local,
                etag_timeout=5,
            )
        )

    try:
        folder = fetch(WEIGHTS[0], local=True)
        if any((folder / weights).exists() for weights in WEIGHTS):
            return ModelFiles(name, folder, folder.name[:12])
    except (LocalEntryNotFoundError, RevisionNotFoundError):
        pass  # not in the cache: ask the Hub
    try:
        folder = fetch(WEIGHTS[0], local=False)
        if not (folder / WEIGHTS[0]).exists():
            folder = fetch(WEIGHTS[1], local=False)
    except GatedRepoError:
        raise ModelError(
            f"model '{name}': the Hub asks for its terms to be accepted first; "
            "do so on its page, then log in with: hf auth login"
        ) from None
    except RevisionNotFoundError:
        raise ModelError(f"model '{name}': the Hub has no revision '{revision}' of it") from None
    except RepositoryNotFoundError:
        raise ModelError(
            f"model '{name}': the Hub does not know it (or it is private: hf auth login)"
        ) from None
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise ModelError(
            f"model '{name}': not in the cache ({cache}), and the Hub cannot be reached "
            f"({reason}). Where there is a network, run: hf download {repository} "
            "--local-dir FOLDER; then name FOLDER in the job instead of the model"
        ) from None
    return ModelFiles(name, folder, folder.name[:12])
