"""Translators: a model with a target language, and routes of several through pivots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mt.digest import digest
from mt.errors import ModelError
from mt.languages import find_language
from mt.text.normalize import normalize
from mt.translate.clauses import split_clauses
from mt.translate.engine import Decoding, Engine
from mt.translate.models import ModelFiles, find_model
from mt.translate.repair import FIRST, attempt
from mt.translate.translation import REPAIRED, Attempt, Progress, Translation, Translator

VERSION = 2  # of what happens around the model; raise it when results change

EngineName = Literal["ctranslate2", "transformers"]

WINDOW = 128  # segments handed to the engine at a time: the grain of progress


class ModelTranslator:
    """One model asked for one target language; remembers what it has translated."""

    def __init__(self, files: ModelFiles, target: str, engine: Engine, repair: bool) -> None:
        self.name = files.citation
        self._engine = engine
        self._repair = repair
        self._token = files.target_token(target)
        self._limit = files.max_tokens - 2  # the target token and </s>
        self._known: dict[str, Translation] = {}

    def translate(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> list[Translation]:
        results: list[Translation] = []
        for start in range(0, len(texts), WINDOW):
            window = [normalize(text)[0] for text in texts[start : start + WINDOW]]
            self._learn(dict.fromkeys(text for text in window if text not in self._known))
            results += [self._known[text] for text in window]
            if progress:
                progress(len(window))
        return results

    def _learn(self, texts: Iterable[str]) -> None:
        parts: dict[str, list[str]] = {}
        for text in texts:
            if not text:
                self._known[text] = Translation("", notes=("blank",))
            elif not any(c.isalpha() for c in text):
                self._known[text] = Translation(text, notes=("no letters: copied",))
            else:
                parts[text] = split_clauses(text, self._limit, self._engine.count_tokens)
        flat = [part for pieces in parts.values() for part in pieces]
        made = iter(attempt(flat, self._engine, self._token, repair=self._repair) if flat else ())
        for text, pieces in parts.items():
            self._known[text] = _join([next(made) for _ in pieces])


def _join(made: Sequence[tuple[Attempt, ...]]) -> Translation:
    notes = [f"split into {len(made)} parts"] if len(made) > 1 else []
    chosen = [attempts[-1] for attempts in made]
    for attempts in made:
        notes += _describe(attempts)
    return Translation(
        normalize(" ".join(taken.text for taken in chosen))[0],
        sum(taken.score for taken in chosen) / len(chosen),
        notes=tuple(notes),
        attempts=tuple(each for attempts in made if len(attempts) > 1 for each in attempts),
    )


def _describe(attempts: Sequence[Attempt]) -> Iterator[str]:
    chosen = attempts[-1]
    if chosen.way != FIRST:
        cured = ", ".join(fault for fault in attempts[0].faults if fault not in chosen.faults)
        yield f"{REPAIRED} ({chosen.way}): {cured}"
    yield from chosen.faults


@dataclass(frozen=True)
class Route:
    """Translators one after the other; the intermediate texts are kept as pivots."""

    legs: tuple[Translator, ...]

    @property
    def name(self) -> str:
        return " > ".join(leg.name for leg in self.legs)

    def translate(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> list[Translation]:
        """Progress counts each leg's segments."""
        results = self.legs[0].translate(texts, progress)
        for leg in self.legs[1:]:
            following = leg.translate([result.text for result in results], progress)
            results = [_continue(*pair) for pair in zip(results, following, strict=True)]
        return results


def _continue(before: Translation, after: Translation) -> Translation:
    scores = [s for s in (before.score, after.score) if s is not None]
    return Translation(
        after.text,
        sum(scores) if scores else None,
        (*before.pivots, before.text),
        tuple(dict.fromkeys((*before.notes, *after.notes))),
        (*before.attempts, *after.attempts),
    )


class Workshop:
    """Loads engines on demand, once each, so that the systems of a job share them."""

    def __init__(
        self,
        *,
        engine: EngineName = "ctranslate2",
        beam_size: int = 5,
        batch_tokens: int = 4096,
        device: str = "auto",
        repair: bool = True,
    ) -> None:
        self.engine: EngineName = engine
        self._decoding = Decoding(beam_size, batch_tokens, _pick_device(engine, device), repair)
        self._files: dict[str, ModelFiles] = {}
        self._engines: dict[Path, Engine] = {}
        self._translators: dict[tuple[Path, str], ModelTranslator] = {}

    @property
    def device(self) -> str:
        return self._decoding.device

    def find(self, models: Sequence[str]) -> tuple[ModelFiles, ...]:
        """The files of the models of a system; loads nothing, and looks for each once."""
        for name in models:
            if name not in self._files:
                self._files[name] = find_model(name)
        return tuple(self._files[name] for name in models)

    def fingerprint(self, models: Sequence[str], targets: Sequence[str]) -> str:
        """Digest of all that decides a system's output, without loading its models."""
        legs = [
            (files.digest, files.target_token(target))
            for files, target in zip(self.find(models), targets, strict=True)
        ]
        return digest(legs, self.engine, _version(self.engine), str(self._decoding), VERSION)

    def build(self, models: Sequence[str], targets: Sequence[str]) -> Translator:
        """A translator through ``models``, each into the language at its place in ``targets``.

        Raises:
            ModelError: a model cannot be found or loaded, or does not know its target.
        """
        legs = tuple(
            self._translator(files, target)
            for files, target in zip(self.find(models), targets, strict=True)
        )
        return legs[0] if len(legs) == 1 else Route(legs)

    def _translator(self, files: ModelFiles, target: str) -> ModelTranslator:
        key = (files.folder, target)
        if key not in self._translators:
            files.target_token(target)  # an unknown target fails before seconds of loading
            if files.folder not in self._engines:
                self._engines[files.folder] = _load(self.engine, files, self._decoding)
            engine = self._engines[files.folder]
            self._translators[key] = ModelTranslator(files, target, engine, self._decoding.repair)
        return self._translators[key]


def _load(name: EngineName, files: ModelFiles, decoding: Decoding) -> Engine:
    if name == "transformers":
        from mt.translate.marian import MarianEngine

        return MarianEngine(files, decoding)
    from mt.translate.ctranslate import CTranslateEngine

    return CTranslateEngine(files, decoding)


def _version(name: EngineName) -> str:
    from importlib.metadata import version

    return version(name)


def _pick_device(engine: EngineName, device: str) -> str:
    if device == "cpu":
        return device
    if engine == "transformers":
        import torch

        gpu = torch.cuda.is_available()
    else:
        import ctranslate2

        gpu = ctranslate2.get_cuda_device_count() > 0
    if device == "cuda" and not gpu:
        raise ModelError(f"device 'cuda': {engine} sees no GPU; use 'cpu' or 'auto'")
    return "cuda" if gpu else "cpu"


def translate_texts(
    texts: Sequence[str],
    *,
    target: str,
    models: Sequence[str] = ("builtin",),
    via: Sequence[str] = (),
    engine: EngineName = "ctranslate2",
    beam_size: int = 5,
    device: str = "auto",
) -> list[Translation]:
    """Translate texts, one translation each, in order; blank stays blank.

    ``via`` names the language after each model but the last: ``models=["builtin", "builtin"],
    via=["en"], target="vi"`` goes through English.

    Raises:
        ModelError: a model cannot be found or loaded, or does not know its target.
    """
    targets = (*via, target)
    for language in targets:
        find_language(language)
    workshop = Workshop(engine=engine, beam_size=beam_size, device=device)
    return workshop.build(models, targets).translate(texts)
