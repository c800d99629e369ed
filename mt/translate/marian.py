"""The reference engine: transformers' MarianMTModel in fp32, slower and closest to the paper."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence

from mt.errors import ModelError, TranslationError
from mt.translate.engine import Decoding, Hypothesis
from mt.translate.models import ModelFiles


def quiet_transformers() -> None:
    """Keep transformers' progress bars and advice off the user's terminal."""
    warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    logging.getLogger("transformers").setLevel(logging.ERROR)


class MarianEngine:
    """A Marian model in transformers, tokenised by transformers' own MarianTokenizer."""

    def __init__(self, files: ModelFiles, decoding: Decoding) -> None:
        quiet_transformers()
        import torch
        import transformers
        from safetensors import SafetensorError

        self.name = f"transformers {transformers.__version__}"
        self._decoding = decoding
        self._positions = files.positions
        self._torch = torch
        try:
            self._tokenizer = transformers.MarianTokenizer.from_pretrained(files.folder)
            self._model = transformers.MarianMTModel.from_pretrained(
                files.folder, dtype=torch.float32
            )
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ModelError(f"model '{files.name}': cannot be loaded: {reason}") from None
        self._model.to(decoding.device).eval()

    def count_tokens(self, text: str) -> int:
        return len(self._tokenizer.tokenize(text))

    def generate(
        self,
        texts: Sequence[str],
        token: str | None,
        *,
        whole_beam: bool = False,
        no_repeat: int = 0,
    ) -> list[list[Hypothesis]]:
        prefix = f"{token} " if token else ""
        order = sorted(range(len(texts)), key=lambda i: self.count_tokens(texts[i]))
        results: list[list[Hypothesis]] = [[] for _ in texts]
        for batch in self._batches(texts, order):
            lines = [prefix + texts[i] for i in batch]
            made = self._translate(lines, whole_beam=whole_beam, no_repeat=no_repeat)
            for index, result in zip(batch, made, strict=True):
                results[index] = result
        return results

    def _batches(self, texts: Sequence[str], order: Sequence[int]) -> Iterator[list[int]]:
        batch: list[int] = []
        for index in order:
            longest = self.count_tokens(texts[index]) + 2
            if batch and longest * (len(batch) + 1) > self._decoding.batch_tokens:
                yield batch
                batch = []
            batch.append(index)
        if batch:
            yield batch

    def _translate(
        self, texts: list[str], *, whole_beam: bool, no_repeat: int
    ) -> list[list[Hypothesis]]:
        torch, pad = self._torch, self._model.config.pad_token_id
        encoded = self._tokenizer(texts, padding=True, return_tensors="pt")
        encoded = encoded.to(self._model.device)
        pieces = int(encoded["input_ids"].shape[1])
        try:
            with torch.inference_mode():
                output = self._model.generate(
                    **encoded,
                    num_beams=self._decoding.beam_size,
                    num_return_sequences=self._decoding.beam_size if whole_beam else 1,
                    no_repeat_ngram_size=no_repeat,
                    max_length=self._decoding.max_length(pieces, self._positions),
                    bad_words_ids=[[pad]],
                    forced_eos_token_id=None,
                    output_scores=True,
                    return_dict_in_generate=True,
                )
        except RuntimeError as error:
            raise TranslationError(f"transformers: {error}") from None
        decoded = self._tokenizer.batch_decode(output.sequences, skip_special_tokens=True)
        flat = [
            (text.strip(), score) for text, score in zip(decoded, self._scores(output), strict=True)
        ]
        size = len(flat) // len(texts)
        return [flat[start : start + size] for start in range(0, len(flat), size)]

    def _scores(self, output) -> list[float]:  # type: ignore[no-untyped-def]
        if output.get("sequences_scores") is not None:
            return [float(score) for score in output.sequences_scores]
        chosen = self._model.compute_transition_scores(
            output.sequences, output.scores, normalize_logits=True
        )
        finite = chosen.masked_fill(~chosen.isfinite(), 0.0)
        lengths = (output.sequences[:, 1:] != self._model.config.pad_token_id).sum(dim=1)
        return [float(s) for s in finite.sum(dim=1) / lengths.clamp(min=1)]
