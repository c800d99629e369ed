"""The Hugging Face Hub: snapshots of models found in its cache, downloaded, and checked."""

from __future__ import annotations

import hashlib
import logging
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mt.digest import digest_file
from mt.errors import ModelError

PATIENCE = 10.0  # seconds without an answer from the Hub before it counts as out of reach
ATTEMPTS = 3  # at a download whose connection breaks

_SHORT_COMMIT = re.compile(r"[0-9a-f]{7,39}")


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a repository."""

    name: str  # as the user wrote it
    repository: str
    revision: str | None  # a branch, a tag, or a commit, which may be shortened
    files: tuple[str, ...]  # names; which of them the repository must have is not decided here
    weights: tuple[str, ...]  # names, the best first, of which one is wanted


def find_snapshot(wanted: Wanted) -> Path | None:
    """The folder of a snapshot in the Hub's cache; None where it is not there, or only in part.

    Asks nobody: a branch means what it meant when it was last downloaded.
    """
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    for weights in wanted.weights:
        try:
            folder = _fetch(wanted, weights, local=True)
        except (LocalEntryNotFoundError, HFValidationError):
            continue
        if (folder / weights).exists():
            return folder
    return None


def download(wanted: Wanted) -> Path:
    """The folder of a snapshot, downloaded as far as the cache does not have it.

    A connection that breaks is taken up where it broke. Files that came whole are kept, so that
    the same call goes on from them after a failure.

    Raises:
        ModelError: the Hub has no such model or revision, refuses it, or cannot be reached.
    """
    from httpx2 import HTTPError

    with quiet_client():
        try:
            folder = _persist(wanted, wanted.weights[0])
            for weights in wanted.weights[1:]:
                if not any((folder / name).exists() for name in wanted.weights):
                    folder = _persist(wanted, weights)
        except (HTTPError, OSError, ValueError) as error:
            raise _explain(wanted, error) from None
    return folder


def _persist(wanted: Wanted, weights: str) -> Path:
    from httpx2 import NetworkError

    for _ in range(ATTEMPTS - 1):
        try:
            return _fetch(wanted, weights, local=False)
        except NetworkError:  # a reset, where huggingface_hub takes up only what was closed
            continue
    return _fetch(wanted, weights, local=False)


def _fetch(wanted: Wanted, weights: str, *, local: bool) -> Path:
    from huggingface_hub import snapshot_download

    folder = snapshot_download(
        wanted.repository,
        revision=_whole_commit(wanted),
        allow_patterns=[*wanted.files, weights],
        local_files_only=local,
        etag_timeout=PATIENCE,
    )
    return Path(folder)


def _whole_commit(wanted: Wanted) -> str | None:
    """The revision, with a shortened commit made whole where one in the cache begins so."""
    if wanted.revision and _SHORT_COMMIT.fullmatch(wanted.revision):
        commits = [
            folder.name
            for repository, folder in list_snapshots()
            if repository == wanted.repository and folder.name.startswith(wanted.revision)
        ]
        if len(commits) == 1:
            return commits[0]
    return wanted.revision


@contextmanager
def quiet_client() -> Iterator[None]:
    """No request waits for ever, and no address, which may be signed, goes to the terminal.

    huggingface_hub asks for a model and its files without a limit of time.
    """
    from huggingface_hub import get_session
    from huggingface_hub.utils import logging as hub_logging
    from huggingface_hub.utils.tqdm import disable_progress_bars

    def limit(request: Any) -> None:
        timeouts = request.extensions.get("timeout", {})
        kept = {key: value or PATIENCE for key, value in timeouts.items()}
        request.extensions = {**request.extensions, "timeout": kept}

    client = get_session()
    hooks, level = client.event_hooks, hub_logging.get_verbosity()
    client.event_hooks = {**hooks, "request": [*hooks["request"], limit]}
    hub_logging.set_verbosity(logging.ERROR)
    if not sys.stderr.isatty():
        disable_progress_bars()
    try:
        yield
    finally:
        client.event_hooks = hooks
        hub_logging.set_verbosity(level)


def _explain(wanted: Wanted, error: Exception) -> ModelError:
    from huggingface_hub import constants

    said = tell_refusal(error, wanted.revision) or (
        f"not in the cache ({constants.HF_HUB_CACHE}), and the Hub cannot be reached "
        f"({tell_trouble(error)}). Where there is a network, run: hf download {wanted.repository} "
        "--local-dir FOLDER; then name FOLDER in the job instead of the model"
    )
    return ModelError(f"model '{wanted.name}': {said}")


def tell_refusal(error: Exception, revision: str | None) -> str:
    """What the Hub has against a request; "" where it did not come to that."""
    from huggingface_hub.errors import (
        GatedRepoError,
        HfHubHTTPError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    cause = _find_cause(error)
    if isinstance(error, GatedRepoError):
        return (
            "the Hub asks for its terms to be accepted first; do so on its page, "
            "then log in with: hf auth login"
        )
    if isinstance(error, RevisionNotFoundError):
        return f"the Hub has no revision '{revision or 'main'}' of it"
    if isinstance(error, RepositoryNotFoundError):
        return "the Hub does not know it (or it is private: hf auth login)"
    if isinstance(cause, HfHubHTTPError) and cause.response.status_code in (401, 403):
        return "the Hub refuses it to this login (HF_TOKEN, or that of: hf auth login)"
    return ""


def _find_cause(error: Exception) -> Exception:
    """Why something was only looked for in the cache, where that is the matter."""
    from huggingface_hub.errors import LocalEntryNotFoundError

    if isinstance(error, LocalEntryNotFoundError) and isinstance(error.__cause__, Exception):
        return error.__cause__
    return error


def tell_trouble(error: Exception) -> str:
    """Why a request failed, in words that hold neither addresses nor what a server sent."""
    from httpx2 import HTTPError, TimeoutException
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    cause = _find_cause(error)
    if isinstance(cause, OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set"
    if isinstance(cause, HfHubHTTPError):
        return f"it answers {cause.response.status_code}"
    if isinstance(cause, TimeoutException):
        return "no answer in time"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    if isinstance(cause, (HTTPError, OSError)) and "://" not in str(cause):
        return str(cause).strip().partition("\n")[0] or "the connection broke"
    return "what answers is not the Hub; is a proxy or a page to log in between?"


def list_snapshots() -> list[tuple[str, Path]]:
    """Every snapshot in the Hub's cache: the repository's name, and a folder named by commit."""
    from huggingface_hub import constants

    folders = sorted(Path(constants.HF_HUB_CACHE).glob("models--*--*/snapshots/*"))
    return [("/".join(folder.parts[-3].split("--")[1:]), folder) for folder in folders]


def find_damage(paths: Sequence[Path]) -> list[Path]:
    """Files of a snapshot that are not what the Hub said when they were downloaded.

    The Hub's cache names contents by their hash: SHA-256 for large files, Git's SHA-1 for others.
    A file that is no link into such a cache, as where links are not to be had, cannot be checked.
    """
    damaged = []
    for path in paths:
        blob, found = path.resolve(), None
        if re.fullmatch(r"[0-9a-f]{64}", blob.name):
            found = digest_file(blob)
        elif re.fullmatch(r"[0-9a-f]{40}", blob.name):
            content = blob.read_bytes()
            head = b"blob %d\0" % len(content)
            found = hashlib.sha1(head + content, usedforsecurity=False).hexdigest()
        else:
            continue
        if found != blob.name:
            damaged.append(path)
    return damaged


def discard(paths: Sequence[Path]) -> bool:
    """Take files out of the Hub's cache, so that they are downloaded again; whether there were any.

    Raises:
        ModelError: the cache is somebody else's.
    """
    for path in paths:
        try:
            path.resolve().unlink(missing_ok=True)
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ModelError(
                f"{path}: is damaged, and cannot be removed: {error.strerror}"
            ) from None
    return bool(paths)
