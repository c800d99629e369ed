"""What names a dataset where a path may stand.

``hf://datasets/OWNER/NAME@REVISION?subset=NAME&split=NAME&column=NAME`` is one of the Hugging Face
Hub, and all behind the name may be left away; ``FOLDER?split=NAME`` is one in a folder, and needs
no ``?`` where the library ``datasets`` has saved it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from mt.errors import CorpusError, suggest

_KEYS = ("subset", "split", "column")
_SAVED = ("dataset_dict.json", "state.json")  # files of a folder made by ``save_to_disk``


@dataclass(frozen=True)
class Address:
    """Which part of which dataset."""

    name: str  # as users write it
    dataset: str  # a folder, or hf://datasets/OWNER/NAME with optional @REVISION
    subset: str | None = None
    split: str | None = None
    column: str | None = None

    @property
    def remote(self) -> bool:
        return self.dataset.startswith("hf://")


def find_address(path: Path) -> Address | None:
    """The dataset that ``path`` names; None where it is a path like any other.

    Raises:
        CorpusError: it begins as an address, and is none.
    """
    text = str(path)
    place, mark, query = text.partition("?")
    if text.startswith("hf:/"):  # of its two slashes, a Path keeps one
        name = f"hf://{text.removeprefix('hf:').lstrip('/')}"
        place = name.partition("?")[0]
        kind, *parts = place.removeprefix("hf://").split("/")
        if kind != "datasets" or not (parts[:1] and all(parts[:2])):
            raise CorpusError(f"{name}: expected hf://datasets/OWNER/NAME")
        if len(parts) > 2 and "@" not in "/".join(parts[:2]):
            raise CorpusError(
                f"{name}: names a file in a dataset; expected the dataset, and its part after '?', "
                f"as in hf://datasets/{'/'.join(parts[:2])}?split=test&column=ar"
            )
        return Address(name, place, **_parse(name, query))
    if text.startswith(("https:/huggingface.co/datasets/", "https:/hf.co/datasets/")):
        name = "/".join(text.partition("/datasets/")[2].split("/")[:2])
        raise CorpusError(f"{text}: for a dataset of the Hub, say hf://datasets/{name}")
    if mark and os.path.isdir(place) and not path.exists():  # noqa: PTH112 (never raises)
        return Address(text, place, **_parse(text, query))
    if is_saved(text):
        return Address(text, text)
    return None


def _parse(name: str, query: str) -> dict[str, str]:
    given = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := next((key for key in given if key not in _KEYS), None):
        raise CorpusError(f"{name}: unknown '{unknown}'{suggest(unknown, _KEYS)}")
    return {key: value for key, value in given.items() if value}


def is_saved(folder: str) -> bool:
    """Whether the library ``datasets`` has saved a dataset there."""
    return any(os.path.isfile(f"{folder}/{file}") for file in _SAVED)  # noqa: PTH113 (as above)
