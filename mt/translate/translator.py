"""Translators: a model with a target language, and routes of several through pivots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from mt.text.glossary import Terminology
from mt.text.normalize import normalize
from mt.text.protection import has_words
from mt.translate.clauses import split_clauses
from mt.translate.engine import Engine
from mt.translate.memory import Memory
from mt.translate.models import ModelFiles
from mt.translate.repair import FIRST, MISSING, Fallback, attempt, copy_marks, find_faults
from mt.translate.translation import REPAIRED, Attempt, Progress, Translation, Translator

VERSION = 4  # of what happens around the model; raise it when results change

WINDOW = 2048  # segments sorted by length together; larger ones gain 2 % of padding
KEPT = 8192  # segments a translator remembers, so that systems and windows share its work


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
                copied = copy_marks(text, self._target)
                self._known[text] = Translation(copied, notes=("no letters: copied",))
            else:
                foreign.append(text)
        found = self._memory.find(self._made_by, foreign) if self._memory else {}
        self._known |= found
        self._recalled.update(found)
        for text in foreign:
            if text not in found and not has_words(text):  # which takes longer than to find it
                copied = copy_marks(text, self._target)
                self._known[text] = Translation(copied, notes=("no words: copied",))

    def _make(self, texts: Sequence[str], meter: _Meter) -> dict[str, Translation]:
        engine = self._load()
        parts = {text: split_clauses(text, self._limit, engine.count_tokens) for text in texts}
        distinct = list(dict.fromkeys(part for pieces in parts.values() for part in pieces))
        attempts = attempt(
            distinct,
            engine,
            self._token,
            repair=self._repair,
            target=self._target,
            terms=self._terms,
            fallback=self._fallback,
            limit=self._limit,
            progress=meter.spread(len(distinct)),
        )
        made = dict(zip(distinct, attempts, strict=True))
        return {
            text: self._join(text, [made[part] for part in pieces])
            for text, pieces in parts.items()
        }

    def _join(self, source: str, made: Sequence[tuple[Attempt, ...]]) -> Translation:
        """One translation of those of the parts; the whole is judged again, as it may loop."""
        chosen = [attempts[-1] for attempts in made]
        distinct = dict.fromkeys(made)
        text = normalize(" ".join(taken.text for taken in chosen))[0]
        notes = [note for attempts in distinct for note in _describe(attempts)]
        if len(made) > 1:
            whole = find_faults(source, text, self._target, terms=self._terms)
            notes = [f"split into {len(made)} parts", *notes, *whole]
        return Translation(
            text,
            sum(taken.score for taken in chosen) / len(chosen),
            notes=tuple(dict.fromkeys(notes)),
            attempts=tuple(each for tried in distinct if len(tried) > 1 for each in tried),
        )


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
