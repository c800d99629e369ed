"""Translators: a model with a target language, and routes of several through pivots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal, get_args

from mt.digest import digest
from mt.errors import ModelError
from mt.languages import find_language
from mt.text.glossary import Term, Terminology
from mt.text.normalize import normalize
from mt.text.protection import has_words
from mt.translate.clauses import split_clauses
from mt.translate.engine import ComputeType, Decoding, Engine, Hypothesis
from mt.translate.matches import ExactFirst, Matches
from mt.translate.memory import Maker, Memory
from mt.translate.models import ModelFiles, find_model
from mt.translate.repair import CUT_OFF, FIRST, MISSING, Fallback, attempt
from mt.translate.translation import REPAIRED, Attempt, Progress, Translation, Translator

VERSION = 3  # of what happens around the model; raise it when results change

EngineName = Literal["ctranslate2", "transformers"]

WINDOW = 2048  # segments sorted by length together; larger ones gain 2 % of padding
KEPT = 8192  # segments a translator remembers, so that systems and windows share its work

BATCH_TOKENS = {"cpu": 2048, "cuda": 8192}  # beyond 2048, a core waits for its memory


class ModelTranslator:
    """One model asked for one target language; remembers what it translated last.

    ``load`` is asked for the engine when there is a text to translate.
    With a ``memory``, also what was translated elsewhere by the same: ``made_by`` is the digest of
    all that decides the output. ``remembered`` counts the segments that came from there.
    """

    def __init__(
        self,
        files: ModelFiles,
        target: str,
        load: Callable[[], Engine],
        repair: bool,
        memory: Memory | None = None,
        made_by: str = "",
        *,
        terms: Terminology | None = None,
        fallback: Fallback | None = None,
    ) -> None:
        self.name = files.citation
        self._load = load
        self._repair = repair
        self._target, self._terms, self._fallback = target, terms, fallback
        self._token = files.target_token(target)
        self._limit = files.max_tokens - 2  # the target token and </s>
        self._known: dict[str, Translation] = {}
        self._recalled: set[str] = set()  # those of them that came from the memory
        self._memory = memory
        self._made_by = made_by
        self.remembered = 0

    def translate(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> list[Translation]:
        results: list[Translation] = []
        for start in range(0, len(texts), WINDOW):
            window = [normalize(text)[0] for text in texts[start : start + WINDOW]]
            results += self._translate(window, _Meter(progress, len(window)))
        return results

    def _translate(self, window: Sequence[str], meter: _Meter) -> list[Translation]:
        new = dict.fromkeys(text for text in window if text not in self._known)
        self._recall(new)
        self.remembered += sum(text in self._recalled for text in window)
        unknown = [text for text in new if text not in self._known]
        meter.tell(sum(text in self._known for text in window))
        if unknown:
            made = self._make(unknown, meter)
            self._known |= made
            if self._memory:
                self._memory.keep(self._made_by, made)
        results = [self._known[text] for text in window]
        for text in list(islice(self._known, max(0, len(self._known) - KEPT))):
            del self._known[text]
            self._recalled.discard(text)
        meter.finish()
        return results

    def _recall(self, texts: Iterable[str]) -> None:
        """Make known what needs no model."""
        foreign = []
        for text in texts:
            if not text:
                self._known[text] = Translation("", notes=("blank",))
            elif not any(c.isalpha() for c in text):
                self._known[text] = Translation(text, notes=("no letters: copied",))
            else:
                foreign.append(text)
        found = self._memory.find(self._made_by, foreign) if self._memory else {}
        self._known |= found
        self._recalled.update(found)
        for text in foreign:
            if text not in found and not has_words(text):  # which takes longer than to find it
                self._known[text] = Translation(text, notes=("no words: copied",))

    def _make(self, texts: Sequence[str], meter: _Meter) -> dict[str, Translation]:
        engine = self._load()
        parts = {text: split_clauses(text, self._limit, engine.count_tokens) for text in texts}
        flat = [part for pieces in parts.values() for part in pieces]
        progress = meter.spread(len(flat))
        attempts = attempt(
            flat,
            engine,
            self._token,
            repair=self._repair,
            target=self._target,
            terms=self._terms,
            fallback=self._fallback,
            progress=progress,
        )
        made = iter(attempts)
        return {text: _join([next(made) for _ in pieces]) for text, pieces in parts.items()}


class _Meter:
    """Progress of a window: engines tell of parts, people are told of segments."""

    def __init__(self, progress: Progress | None, segments: int) -> None:
        self._progress = progress
        self._left = segments

    def tell(self, segments: int) -> None:
        self._left -= segments
        if self._progress and segments:
            self._progress(segments)

    def spread(self, parts: int) -> Progress:
        """A progress to be told of so many parts, which are all that is left."""
        segments, done = self._left, 0

        def tell(more: int) -> None:
            nonlocal done
            before, done = done, done + more
            self.tell(segments * done // parts - segments * before // parts)

        return tell

    def finish(self) -> None:
        self.tell(self._left)


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
        cured = [fault for fault in attempts[0].faults if fault not in chosen.faults]
        wrong = any(not fault.startswith(MISSING) for fault in attempts[0].faults)
        yield f"{REPAIRED if wrong else 'preferred'} ({chosen.way}): {', '.join(cured)}"
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
        made = [self.legs[0].translate(texts, progress)]
        for leg in self.legs[1:]:
            made.append(leg.translate([result.text for result in made[-1]], progress))
        return [_chain(legs) for legs in zip(*made, strict=True)]


def _chain(legs: Sequence[Translation]) -> Translation:
    scores = [leg.score for leg in legs if leg.score is not None]
    return Translation(
        legs[-1].text,
        sum(scores) if scores else None,
        tuple(leg.text for leg in legs[:-1]),
        tuple(dict.fromkeys(note for leg in legs for note in leg.notes)),
        tuple(attempt for leg in legs for attempt in leg.attempts),
        tuple(leg.score for leg in legs[:-1]),
    )


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

    def falls_back(self, models: Sequence[str], targets: Sequence[str]) -> bool:
        """Whether the second model can stand in for one of ``models``."""
        pairs = zip(self.find(models), targets, strict=True)
        return any(self._find_fallback(files, target) for files, target in pairs)

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


def stream(
    translator: Translator, texts: Iterable[str], progress: Progress | None = None
) -> Iterator[Translation]:
    """Translate texts of any number as they come, in constant memory: one for one, in order.

    Raises:
        TranslationError: the engine failed; all before the window at hand has been given out.
    """
    remaining = iter(texts)
    while window := list(islice(remaining, WINDOW)):
        yield from translator.translate(window, progress)


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
