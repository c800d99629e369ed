"""The two engines: what they share, and what a search may not depend on."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import SENTENCES

from mt.errors import TranslationError
from mt.translate.ctranslate import CTranslateEngine
from mt.translate.engine import Decoding, Engine, Hypothesis
from mt.translate.marian import MarianEngine
from mt.translate.models import find_model

ENGINES = {"ctranslate2": CTranslateEngine, "transformers": MarianEngine}
WORDS = " ".join(SENTENCES["ar"]).split()


class Brief(Decoding):
    """Random weights never end a sentence: a few words show as much as a hundred."""

    def max_length(self, pieces: int, positions: int) -> int:
        return 6 + self.length_class(pieces)


def make_texts(count: int, longest: int) -> list[str]:
    rng = random.Random(3)
    return [" ".join(rng.choices(WORDS, k=rng.randint(1, longest))) for _ in range(count)]


@pytest.fixture(scope="module", params=ENGINES)
def deterministic(request: pytest.FixtureRequest, tiny_model: Path) -> Engine:
    """In full precision, where the company of a text does change its score otherwise."""
    decoding = Brief(beam_size=3, deterministic=True, compute_type="float32")
    engine: Engine = ENGINES[request.param](find_model(str(tiny_model)), decoding)
    return engine


def test_the_bytes_of_a_deterministic_search_do_not_depend_on_the_company(
    deterministic: Engine,
) -> None:
    texts = make_texts(9, 12)
    together = dict(zip(texts, deterministic.generate(texts, ">>en<<"), strict=True))
    rng = random.Random(5)
    for size in (1, 2, 4):
        rng.shuffle(texts)
        for start in range(0, len(texts), size):
            group = texts[start : start + size]
            made = deterministic.generate(group, ">>en<<")
            assert made == [together[text] for text in group]


@pytest.mark.parametrize("name", ENGINES)
def test_results_stand_where_their_texts_stood(tiny_model: Path, name: str) -> None:
    """Batches of a few tokens and one of all give the same in every place."""
    texts = make_texts(12, 6)
    files = find_model(str(tiny_model))
    small = ENGINES[name](files, Brief(beam_size=1, batch_tokens=16))
    told: list[int] = []
    made = small.generate(texts, ">>vi<<", progress=told.append)
    alone = [small.generate([text], ">>vi<<")[0] for text in texts]
    assert [best.text for (best,) in made] == [best.text for (best,) in alone]
    assert sum(told) == len(texts)
    assert len(told) > 1


def test_scores_are_those_of_transformers_search(tiny_model: Path) -> None:
    """Scoring afterwards gives what the search would have kept, a vocabulary a step."""
    engine = MarianEngine(find_model(str(tiny_model)), Brief(beam_size=4))
    (beam,) = engine.generate(["زار الوفد القرية"], ">>en<<", whole_beam=True)
    encoded = engine._tokenizer([">>en<< زار الوفد القرية"], return_tensors="pt")
    output = engine._model.generate(
        **encoded,
        num_beams=4,
        num_return_sequences=4,
        early_stopping=True,
        max_length=engine._decoding.max_length(encoded["input_ids"].shape[1], 512) + 1,
        bad_words_ids=[[engine._model.config.pad_token_id]],
        forced_eos_token_id=None,
        output_scores=True,
        return_dict_in_generate=True,
    )
    assert len(beam) == 4
    kept = engine._model.compute_transition_scores(
        output.sequences, output.scores, output.beam_indices
    )
    lengths = (output.beam_indices >= 0).sum(dim=1)
    assert [each.score for each in beam] == pytest.approx(
        (kept.sum(dim=1) / lengths).tolist(), 1e-4
    )


class Crowded:
    """A model that has memory for so many lines at a time, and then raises as the real one."""

    def __init__(self, model: Any, room: int, error: Exception) -> None:
        self._model, self._room, self._error = model, room, error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __call__(self, **inputs: Any) -> Any:
        return self._model(**inputs)

    def generate(self, **options: Any) -> Any:
        if len(options["input_ids"]) > self._room:
            raise self._error
        return self._model.generate(**options)

    def translate_batch(self, lines: Sequence[Sequence[str]], **options: Any) -> Any:
        results = self._model.translate_batch(lines, **options)
        return [self if len(lines) > self._room else result for result in results]

    def result(self) -> Any:
        raise self._error


@pytest.mark.parametrize("name", ENGINES)
def test_an_engine_short_of_memory_goes_on_with_less(tiny_model: Path, name: str) -> None:
    import torch

    error: Exception = torch.OutOfMemoryError("CUDA out of memory.")
    if name == "ctranslate2":
        error = RuntimeError("CUDA failed with error out of memory")
    texts = make_texts(10, 5)
    engine = ENGINES[name](find_model(str(tiny_model)), Brief(beam_size=1))
    wanted = [best.text for (best,) in engine.generate(texts, ">>en<<")]
    engine._model = Crowded(engine._model, 2, error)
    assert [best.text for (best,) in engine.generate(texts, ">>en<<")] == wanted
    engine._model._room = 0
    with pytest.raises(TranslationError, match=rf"{name}: no memory for a text of \d+ tokens"):
        engine.generate(texts, ">>en<<")


@pytest.mark.slow
@pytest.mark.parametrize("name", ENGINES)
def test_a_deterministic_search_with_the_builtin_model(name: str) -> None:
    texts = [" ".join(words) for words in itertools.combinations(WORDS[:6], 4)]
    decoding = Decoding(beam_size=4, deterministic=True, compute_type="float32")
    engine: Engine = ENGINES[name](find_model("builtin"), decoding)
    alone: list[list[Hypothesis]] = [engine.generate([text], ">>vi<<")[0] for text in texts]
    assert engine.generate(texts, ">>vi<<") == alone
    backwards = engine.generate(texts[::-1], ">>vi<<")
    assert backwards[::-1] == alone
