"""The models of a machine: the built-in one, those in the Hub's cache, and what was converted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mt.errors import ModelError
from mt.translate import hub
from mt.translate.conversion import Conversion, convert, list_conversions
from mt.translate.engine import ComputeType
from mt.translate.inspection import (
    CANARIES,
    Finding,
    guess_source,
    inspect_answer,
    inspect_files,
    inspect_parity,
    inspect_source,
    list_targets,
    load_engine,
)
from mt.translate.models import ModelFiles, find_model, list_hub_models


@dataclass(frozen=True)
class Entry:
    """A model and what was made of it."""

    title: str
    files: ModelFiles | None  # None where only a conversion is left of it
    conversions: tuple[Conversion, ...]  # the oldest first

    @property
    def current(self) -> tuple[Conversion, ...]:
        """The conversions of the files as they are now."""
        return tuple(each for each in self.conversions if self.fits(each))

    def fits(self, conversion: Conversion) -> bool:
        """Whether it was made of the files as they are now.

        A commit of the Hub never changes, and its files need not be read for this.
        """
        if not self.files:
            return False
        return bool(self.files.revision) or conversion.sources == self.files.hashes


def list_models() -> list[Entry]:
    """All models that can be used without a network, but folders never used so far."""
    conversions = list_conversions()
    there = {files.title: files for files in (find_model("builtin"), *list_hub_models())}
    for title in dict.fromkeys(each.model for each in conversions):
        if title not in there and Path(title).is_dir():
            try:
                there[title] = find_model(title)
            except ModelError:
                continue  # no longer a model
    titles = dict.fromkeys((*there, *(each.model for each in conversions)))
    return [Entry(title, there.get(title), _of(title, conversions)) for title in titles]


def find_entry(name: str) -> Entry:
    """One model, by the name that jobs have for it; raises as :func:`find_model` does."""
    files = find_model(name)
    return Entry(files.title, files, _of(files.title, list_conversions()))


def _of(title: str, conversions: list[Conversion]) -> tuple[Conversion, ...]:
    return tuple(each for each in conversions if each.model == title)


def add_model(name: str, compute_type: ComputeType) -> Iterator[Finding]:
    """Fetch, check, convert and try a model; stops at the first thing that is wrong.

    What is damaged, in the Hub's cache or among the converted models, is fetched or made again.

    Raises:
        ModelError: there is no such model, or it cannot be fetched or converted.
    """
    files = find_model(name, refresh=True)
    if files.revision and hub.discard(hub.find_damage(files.paths)):
        files = find_model(name, refresh=True)
    findings = [Finding(f"files: {_megabytes(files.size)}, sha256 {files.digest[:12]}")]
    findings += _check_fit(files)
    yield from findings
    if all(finding.good for finding in findings):
        folder = convert(files, compute_type, thorough=True)
        made = next(each for each in list_conversions() if each.folder == folder)
        yield from _check_conversion(files, made)


def verify_model(entry: Entry) -> Iterator[Finding]:
    """Every hash, whether the files fit together, what the model says, and by both engines."""
    files = entry.files
    if not files:
        return
    yield _check_hashes(files, entry.conversions)
    fit = _check_fit(files)
    yield from fit
    if not all(finding.good for finding in fit):
        return
    for conversion in entry.current:
        yield from _check_conversion(files, conversion)
    tokens = list(list_targets(files))
    try:
        faults = inspect_parity(files, guess_source(files), tokens)
    except ModelError as error:
        faults = [_bare(files, error)]
    good = "engines: CTranslate2 in float32 and transformers say the same"
    yield from _judge("engines", faults, good)


def _check_hashes(files: ModelFiles, conversions: tuple[Conversion, ...]) -> Finding:
    size = f"files: {_megabytes(files.size)}"
    if files.revision:
        if damaged := hub.find_damage(files.paths):
            names = " ".join(path.name for path in damaged)
            again = f"'awda models add {files.title}' fetches it again"
            return Finding(f"files: {names}: not what the Hub sent; {again}", good=False)
        return Finding(f"{size}, as the Hub sent them")
    if files.title == "builtin":
        return Finding(f"{size}, in the package")
    if not conversions:
        return Finding(f"{size}; nothing is recorded of them yet")
    last = conversions[-1]
    if changed := sorted(dict(files.hashes.items() ^ last.sources.items())):
        when = f"since it was converted on {last.made[:10]}"
        return Finding(
            f"files: {' '.join(changed)}: changed {when}; 'awda models add {files.title}' "
            "takes the model as it is now",
            good=False,
        )
    return Finding(f"{size}, as recorded")


def _check_fit(files: ModelFiles) -> list[Finding]:
    faults = inspect_files(files)
    if not faults:
        faults = inspect_source(files, guess_source(files))
    targets = " ".join(map(str, filter(None, list_targets(files))))
    if not faults and files.target_tokens and not targets:
        faults = ["none of its target tokens is of a language that Awda knows"]
    good = f"tokenizers and vocabulary: fit the network{f'; {targets}' if targets else ''}"
    return list(_judge("tokenizers and vocabulary", faults, good))


def _check_conversion(files: ModelFiles, conversion: Conversion) -> Iterator[Finding]:
    kind = conversion.compute_type
    if damaged := conversion.find_damage(thorough=True):
        again = f"'awda models add {files.title} --compute-type {kind}' makes it again"
        yield Finding(f"{kind}: {' '.join(damaged)}: damaged; {again}", good=False)
        return
    recorded = f"{kind}: {_megabytes(conversion.size)}, as recorded"
    if not runs_here(kind):
        yield Finding(f"{recorded}; only a GPU runs it")
        return
    yield Finding(recorded)
    try:
        engine = load_engine(files, kind)
    except ModelError as error:
        yield Finding(f"{kind}: {_bare(files, error)}", good=False)
        return
    for token, target in list_targets(files).items():
        source = guess_source(files, target)
        ((answer, *_),) = engine.generate([CANARIES[source]], token)
        about = f"{kind}: {source} to {token or 'its target'}"
        faults = inspect_answer(files, answer.text, source, target)
        yield from _judge(about, faults, f"{about}: {answer.text}")


def runs_here(compute_type: ComputeType) -> bool:
    """Whether CTranslate2 can compute so on this machine."""
    import ctranslate2

    devices = ["cpu", *(["cuda"] if ctranslate2.get_cuda_device_count() else [])]
    return any(compute_type in ctranslate2.get_supported_compute_types(each) for each in devices)


def _judge(about: str, faults: list[str], good: str) -> Iterator[Finding]:
    if not faults:
        yield Finding(good)
    for fault in faults:
        yield Finding(f"{about}: {fault}", good=False)


def _bare(files: ModelFiles, error: ModelError) -> str:
    return str(error).removeprefix(f"model '{files.name}': ")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
