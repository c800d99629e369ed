"""Where a job's translators are made: models found and loaded once each, and set up as asked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal, get_args

from mt.digest import digest
from mt.errors import ModelError
from mt.languages import find_language
from mt.text.glossary import Term, Terminology
from mt.translate.engine import ComputeType, Decoding, Engine, Hypothesis
from mt.translate.matches import ExactFirst, Matches
from mt.translate.memory import Maker, Memory
from mt.translate.models import ModelFiles, find_model
from mt.translate.repair import CUT_OFF, Fallback
from mt.translate.translation import Translation, Translator
from mt.translate.translator import VERSION, ModelTranslator, Route

EngineName = Literal["ctranslate2", "transformers"]

BATCH_TOKENS = {"cpu": 1024, "cuda": 8192}


class Workshop:
    """Loads engines on demand, once each, so that the systems of a job share them."""

    def __init__(
        self,
        *,
        engine: EngineName = "ctranslate2",
        beam_size: int = 5,
        batch_tokens: int | None = None,
        device: str = "auto",
        repair: bool = True,
        deterministic: bool = False,
        memory: Memory | None = None,
        compute_type: ComputeType | Literal["auto"] = "auto",
        glossary: Sequence[Term] = (),
        fallback: str = "",
    ) -> None:
        self.engine: EngineName = engine
        self._glossary, self._fallback = glossary, fallback
        self._memory = memory
        device = _pick_device(engine, device)
        self._decoding = Decoding(
            beam_size,
            batch_tokens or BATCH_TOKENS[device],
            device,
            repair,
            deterministic,
            _pick_compute_type(engine, device, compute_type),
        )
        self._files: dict[str, ModelFiles] = {}
        self._engines: dict[Path, Engine] = {}
        self._translators: dict[tuple[Path, str], ModelTranslator] = {}

    @property
    def device(self) -> str:
        return self._decoding.device

    @property
    def compute_type(self) -> ComputeType:
        return self._decoding.compute_type

    @property
    def remembered(self) -> int:
        """Segments that came from the memory so far, counted for each leg of a route."""
        return sum(translator.remembered for translator in self._translators.values())

    def find(self, models: Sequence[str]) -> tuple[ModelFiles, ...]:
        """The files of the models of a system; loads nothing, and looks for each once."""
        for name in models:
            if name not in self._files:
                self._files[name] = find_model(name)
        return tuple(self._files[name] for name in models)

    def fingerprint(self, models: Sequence[str], targets: Sequence[str]) -> str:
        """Digest of all that decides a system's output, without loading its models."""
        pairs = zip(self.find(models), targets, strict=True)
        return digest([self._fingerprint_leg(files, target) for files, target in pairs])

    def _fingerprint_leg(self, files: ModelFiles, target: str) -> str:
        return digest(
            (files.digest, files.target_token(target), target),
            (self.engine, _version(self.engine), str(self._decoding), VERSION),
            [dict(term.texts) for term in self._glossary if target in term.texts],
            second.digest if (second := self._find_fallback(files, target)) else "",
        )

    def find_fallbacks(self, models: Sequence[str], targets: Sequence[str]) -> dict[str, str]:
        """The second model's name, by each of ``targets`` where it can stand in for the first."""
        pairs = zip(self.find(models), targets, strict=True)
        return {
            target: self._fallback for files, target in pairs if self._find_fallback(files, target)
        }

    def _find_fallback(self, files: ModelFiles, target: str) -> ModelFiles | None:
        """The files of the second model, where it can stand in for the first."""
        if not self._fallback or not self._decoding.repair:
            return None
        (second,) = self.find([self._fallback])
        try:
            second.target_token(target)
        except ModelError:
            return None
        return None if second.folder == files.folder else second

    def build(
        self, models: Sequence[str], targets: Sequence[str], matches: Matches | None = None
    ) -> Translator:
        """A translator through ``models``, each into the language at its place in ``targets``.

        It takes ``matches`` of the whole route before it asks a model. With a memory, a model is
        loaded by the first text that the memory does not know, and may fail as late as that.

        Raises:
            ModelError: a model cannot be found or loaded, or does not know its target.
        """
        legs = tuple(
            self._translator(files, target)
            for files, target in zip(self.find(models), targets, strict=True)
        )
        translator = legs[0] if len(legs) == 1 else Route(legs)
        return ExactFirst(matches, translator, len(legs)) if matches else translator

    def load(self, models: Sequence[str]) -> None:
        """Load models now, whatever the memory knows; raises ``ModelError`` for one that fails."""
        for files in self.find(models):
            self._engine(files)

    def _translator(self, files: ModelFiles, target: str) -> ModelTranslator:
        key = (files.folder, target)
        if key not in self._translators:
            files.target_token(target)  # an unknown target fails before seconds of loading
            made_by = self._fingerprint_leg(files, target)
            if self._memory:
                engine = f"{self.engine} {_version(self.engine)}"
                self._memory.introduce(made_by, Maker(files.citation, target, engine))
            else:
                self._engine(files)
            self._translators[key] = ModelTranslator(
                files,
                target,
                partial(self._engine, files),
                self._decoding.repair,
                self._memory,
                made_by,
                terms=self._find_terms(target),
                fallback=self._make_fallback(files, target),
            )
        return self._translators[key]

    def _engine(self, files: ModelFiles) -> Engine:
        if files.folder not in self._engines:
            self._engines[files.folder] = _load(self.engine, files, self._decoding)
        return self._engines[files.folder]

    def _find_terms(self, target: str) -> Terminology | None:
        if any(target in term.texts for term in self._glossary):
            return Terminology(self._glossary, target)
        return None

    def _make_fallback(self, files: ModelFiles, target: str) -> Fallback | None:
        """The first answer of the second model, which is loaded when it is first asked."""
        second = self._find_fallback(files, target)
        if second is None:
            return None

        def translate(texts: Sequence[str]) -> list[Hypothesis]:
            load = partial(self._engine, second)
            translator = ModelTranslator(second, target, load, repair=False)
            return [
                Hypothesis(made.text, made.score or 0.0, CUT_OFF not in made.notes)
                for made in translator.translate(texts)
            ]

        return translate


def _load(name: EngineName, files: ModelFiles, decoding: Decoding) -> Engine:
    if name == "transformers":
        from mt.translate.marian import MarianEngine

        return MarianEngine(files, decoding)
    from mt.translate.ctranslate import CTranslateEngine

    return CTranslateEngine(files, decoding)


def _version(name: EngineName) -> str:
    from importlib.metadata import version

    return version(name)


def _pick_compute_type(
    engine: EngineName, device: str, asked: ComputeType | Literal["auto"]
) -> ComputeType:
    """What is asked for, or by default what is fast: int8 on a CPU, float16 on a GPU."""
    if engine == "transformers":
        if asked not in ("auto", "float32"):
            raise ModelError(f"compute_type '{asked}': transformers runs in float32 only")
        return "float32"
    if asked == "auto":
        return "float16" if device == "cuda" else "int8"
    import ctranslate2

    if asked not in (known := ctranslate2.get_supported_compute_types(device)):
        able = " or ".join(name for name in get_args(ComputeType) if name in known)
        raise ModelError(f"compute_type '{asked}': not on this {device}; use {able}")
    return asked


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
