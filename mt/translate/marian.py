"""The reference engine: transformers' MarianMTModel in fp32, slower and closest to the paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from mt.errors import ModelError
from mt.translate.batching import Batcher
from mt.translate.engine import Decoding, Hypothesis
from mt.translate.models import ModelFiles
from mt.translate.translation import Progress
from mt.translate.weights import UNREADABLE, first_sentence, load_network, quiet_transformers

if TYPE_CHECKING:
    from torch import Tensor

_ENCODED = 4096  # texts whose pieces are kept, from the counting of them to the translating
_SCORED = 8  # sequences scored at a time
_INPUTS = ("input_ids", "attention_mask")


class MarianEngine:
    """A Marian model in transformers, tokenised by transformers' own MarianTokenizer."""

    def __init__(self, files: ModelFiles, decoding: Decoding) -> None:
        quiet_transformers()
        import torch
        import transformers

        self.name = f"transformers {transformers.__version__}"
        self._decoding = decoding
        self._positions = files.positions
        self._torch = torch
        try:
            self._tokenizer = transformers.MarianTokenizer.from_pretrained(files.folder)
        except UNREADABLE as error:
            reason = first_sentence(error)
            raise ModelError(f"model '{files.name}': cannot be loaded: {reason}") from None
        self._model = load_network(files).to(decoding.device).eval()
        self._encode = lru_cache(_ENCODED)(self._tokenizer.tokenize)
        self._batcher = Batcher(decoding, "transformers")

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
        prefix, end = [token] if token else [], [self._tokenizer.eos_token]
        number = self._tokenizer.convert_tokens_to_ids
        lines = [number([*prefix, *self._encode(text), *end]) for text in texts]

        def start(batch: Sequence[int]) -> Callable[[], list[list[Hypothesis]]]:
            return partial(
                self._translate,
                [lines[index] for index in batch],
                size=self._decoding.beam_size if whole_beam else 1,
                no_repeat=no_repeat,
            )

        return self._batcher.run([len(line) for line in lines], start, progress)

    def _translate(
        self, lines: list[list[int]], *, size: int, no_repeat: int
    ) -> list[list[Hypothesis]]:
        pad, eos = self._model.config.pad_token_id, self._model.config.eos_token_id
        encoded = self._tokenizer.pad({"input_ids": lines}, return_tensors="pt")
        encoded = encoded.to(self._model.device)
        with self._torch.inference_mode():
            sequences = self._model.generate(
                **encoded,
                num_beams=self._decoding.beam_size,
                num_return_sequences=size,
                # as CTranslate2 ends: with as many whole hypotheses as there are beams
                early_stopping=self._decoding.beam_size > 1,
                no_repeat_ngram_size=no_repeat,
                max_length=self._decoding.max_length(max(map(len, lines)), self._positions) + 1,
                bad_words_ids=[[pad]],
                forced_eos_token_id=None,
            )
            inputs, mask = (encoded[key].repeat_interleave(size, 0) for key in _INPUTS)
            scores = self._score(inputs, mask, sequences)
        # Left out here, since the tokenizer knows only the source's where the sides differ.
        rows = [[i for i in row if i not in (pad, eos)] for row in sequences.tolist()]
        decoded = self._tokenizer.batch_decode(rows, skip_special_tokens=True)
        finished = (sequences == eos).any(dim=1).tolist()
        made = [
            Hypothesis(text.strip(), score, ended)
            for text, score, ended in zip(decoded, scores, finished, strict=True)
        ]
        return [made[start : start + size] for start in range(0, len(made), size)]

    def _score(self, inputs: Tensor, mask: Tensor, sequences: Tensor) -> list[float]:
        """Mean log-probabilities of sequences already found, a few at a time.

        The search could keep what it saw, but that is a vocabulary for each step of each beam.
        """
        scores: list[float] = []
        for start in range(0, len(sequences), _SCORED):
            rows = slice(start, start + _SCORED)
            wanted = sequences[rows, 1:]
            output = self._model(
                input_ids=inputs[rows],
                attention_mask=mask[rows],
                decoder_input_ids=sequences[rows, :-1],
            )
            logs = output.logits.log_softmax(-1).gather(-1, wanted.unsqueeze(-1)).squeeze(-1)
            real = wanted != self._model.config.pad_token_id
            total = logs.masked_fill(~real, 0.0).sum(dim=1)
            scores += (total / real.sum(dim=1).clamp(min=1)).tolist()
        return scores
