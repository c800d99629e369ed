"""The default engine: CTranslate2 (int8 on a CPU, fp16 on a GPU)."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path

import ctranslate2

from mt.errors import ModelError
from mt.translate.batching import Batcher
from mt.translate.conversion import convert
from mt.translate.engine import Decoding, Hypothesis
from mt.translate.models import ModelFiles, load_pieces
from mt.translate.translation import Progress

EOS = "</s>"
_ENCODED = 4096  # texts whose pieces are kept, from the counting of them to the translating


class CTranslateEngine:
    """A Marian model in CTranslate2; tokenised by its own SentencePiece models."""

    def __init__(self, files: ModelFiles, decoding: Decoding, cache: Path | None = None) -> None:
        self.name = f"ctranslate2 {ctranslate2.__version__}"
        self._decoding = decoding
        self._max_length = partial(decoding.max_length, positions=files.positions)
        self._source = load_pieces(files, "source.spm")
        self._target = load_pieces(files, "target.spm")
        self._encode = lru_cache(_ENCODED)(partial(self._source.encode, out_type=str))
        replicas = 1 if decoding.device == "cuda" else count_cores()
        self._batcher = Batcher(decoding, "ctranslate2", replicas)
        folder = convert(files, decoding.compute_type, cache)
        try:
            self._model = ctranslate2.Translator(
                str(folder),
                device=decoding.device,
                compute_type=decoding.compute_type,
                inter_threads=replicas,
                intra_threads=1,  # a batch for each core is faster than all cores for a batch
            )
        except (ValueError, RuntimeError) as error:
            raise ModelError(
                f"model '{files.name}': {folder} cannot be loaded ({error}); "
                "remove that folder to convert the model again"
            ) from None

    def count_tokens(self, text: str) -> int:
        return len(self._encode(text))

    def generate(
        self,
        texts: Sequence[str],
        token: str | None,
        *,
        whole_beam: bool = False,
        no_repeat: int = 0,
        progress: Progress | None = None,
    ) -> list[list[Hypothesis]]:
        prefix = [token] if token else []
        lines = [[*prefix, *self._encode(text), EOS] for text in texts]
        size = self._decoding.beam_size

        def start(batch: Sequence[int]) -> Callable[[], list[list[Hypothesis]]]:
            results = self._model.translate_batch(
                [lines[index] for index in batch],
                beam_size=size,
                num_hypotheses=size if whole_beam else 1,
                no_repeat_ngram_size=no_repeat,
                max_input_length=0,
                max_decoding_length=self._max_length(len(lines[batch[0]])),
                return_scores=True,
                return_end_token=True,
                asynchronous=True,
            )
            return lambda: [self._read(result.result()) for result in results]

        return self._batcher.run([len(line) for line in lines], start, progress)

    def _read(self, result: ctranslate2.TranslationResult) -> list[Hypothesis]:
        return [
            self._decode(hypothesis, score)
            for hypothesis, score in zip(result.hypotheses, result.scores, strict=True)
        ]

    def _decode(self, pieces: list[str], score: float) -> Hypothesis:
        finished = pieces[-1:] == [EOS]
        return Hypothesis(self._target.decode(pieces[:-1] if finished else pieces), score, finished)


def count_cores() -> int:
    """The cores that this process may use: ``AWDA_THREADS``, or else all that it was given."""
    if (asked := os.environ.get("AWDA_THREADS", "")).isdecimal():
        return max(1, int(asked))
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1
