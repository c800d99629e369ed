"""The default engine: CTranslate2 (int8 on a CPU, fp16 on a GPU)."""

from __future__ import annotations

import os
from collections.abc import Sequence

import ctranslate2
import sentencepiece

from mt.errors import ModelError, TranslationError
from mt.translate.conversion import convert
from mt.translate.engine import Decoding, Hypothesis
from mt.translate.models import ModelFiles

EOS = "</s>"


class CTranslateEngine:
    """A Marian model in CTranslate2; tokenised by its own SentencePiece models."""

    def __init__(self, files: ModelFiles, decoding: Decoding) -> None:
        self.name = f"ctranslate2 {ctranslate2.__version__}"
        self._decoding = decoding
        self._positions = files.positions
        self._source = _load_pieces(files, "source.spm")
        self._target = _load_pieces(files, "target.spm")
        kind = "float16" if decoding.device == "cuda" else "int8"
        folder = convert(files, kind)
        try:
            self._model = ctranslate2.Translator(
                str(folder),
                device=decoding.device,
                compute_type=kind,
                intra_threads=os.cpu_count() or 1,
            )
        except (ValueError, RuntimeError) as error:
            raise ModelError(
                f"model '{files.name}': {folder} cannot be loaded ({error}); "
                "remove that folder to convert the model again"
            ) from None

    def count_tokens(self, text: str) -> int:
        return len(self._source.encode(text))

    def generate(
        self,
        texts: Sequence[str],
        token: str | None,
        *,
        whole_beam: bool = False,
        no_repeat: int = 0,
    ) -> list[list[Hypothesis]]:
        prefix = [token] if token else []
        pieces = [[*prefix, *line, EOS] for line in self._source.encode(list(texts), out_type=str)]
        longest = max(map(len, pieces))
        try:
            results = self._model.translate_batch(
                pieces,
                beam_size=self._decoding.beam_size,
                num_hypotheses=self._decoding.beam_size if whole_beam else 1,
                no_repeat_ngram_size=no_repeat,
                max_batch_size=max(self._decoding.batch_tokens, longest),
                batch_type="tokens",
                max_input_length=0,
                max_decoding_length=self._decoding.max_length(longest, self._positions),
                return_scores=True,
            )
        except RuntimeError as error:
            raise TranslationError(f"ctranslate2: {error}") from None
        return [
            [
                (self._target.decode(hypothesis), float(score))
                for hypothesis, score in zip(result.hypotheses, result.scores, strict=True)
            ]
            for result in results
        ]


def _load_pieces(files: ModelFiles, name: str) -> sentencepiece.SentencePieceProcessor:
    try:
        return sentencepiece.SentencePieceProcessor(str(files.folder / name))
    except (RuntimeError, OSError):
        raise ModelError(
            f"model '{files.name}': {files.folder / name} is not a SentencePiece model"
        ) from None
