"""Train a Marian model from a recipe: resumable to the bit, one log row per report interval.

Everything lives in the recipe's output folder: ``corpus.json`` (what went in, with hashes),
``vocabulary/``, ``checkpoint.pt`` (replaced atomically), ``log.jsonl``, its picture ``curve.svg``
and, at every checkpoint, the finished ``model/`` in Hugging Face's Marian format (fp16 safetensors
of the exponentially averaged weights).
"""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from sacrebleu.metrics import BLEU, CHRF
from torch import Tensor, nn
from torch.nn import functional

from mt.digest import digest
from mt.errors import CorpusError, RunError
from mt.store import write_text
from mt.train.curve import draw_curve
from mt.train.embedder import find_embedder, inherit_encoder, read_embedder
from mt.train.examples import (
    Batch,
    Corpus,
    Direction,
    Examples,
    Row,
    draw_batches,
    encode_direction,
    read_corpus,
)
from mt.train.journal import Journal
from mt.train.lexicon import estimate_lexicon
from mt.train.network import build_network, clear_pad
from mt.train.preparation import prepare_vocabulary
from mt.train.recipe import E5_SMALL, Optimisation, Recipe
from mt.train.vocabulary import EOS, Codec, load_tokenizer, target_token
from mt.translate.models import find_model

Log = Callable[[str], None]

_FREE = {"output", "data", "threads", "device", "reporting"}  # may change on resume


@dataclass
class Position:
    """Where in the stream of batches the run stands."""

    update: int = 0
    chunk: int = 0
    batch: int = 0  # next one inside the chunk
    longest: int = 0  # length limit of the chunk
    seconds: float = 0.0  # spent training, over all sessions


@dataclass
class _Stop:
    """Set by SIGINT or SIGTERM: finish the update, save, leave."""

    asked: bool = False
    previous: dict[int, Any] = field(default_factory=dict)

    def __enter__(self) -> _Stop:
        def ask(_signal: int, _frame: FrameType | None) -> None:
            self.asked = True

        self.previous = {s: signal.signal(s, ask) for s in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self.previous.items():
            signal.signal(number, handler)


def train(recipe: Recipe, log: Log = print) -> Path:
    """Run (or go on with) the training that ``recipe`` describes; returns the model folder.

    Raises:
        CorpusError: a source is missing or malformed.
        ModelError: the model to adapt cannot be found or read, or lacks a target language.
        RunError: the output folder holds a run of other data or another recipe.
        KeyboardInterrupt: SIGINT or SIGTERM asked to stop; everything is saved.
    """
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    recipe.output.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(recipe, read_corpus(recipe), log)
    trainer.resume()
    trainer.fit()
    return recipe.output / "model"


class Trainer:
    """The state of one run."""

    def __init__(self, recipe: Recipe, corpus: Corpus, log: Log) -> None:
        self.recipe, self.corpus, self.log = recipe, corpus, log
        self._check_dev()
        self.device = _device(recipe.device)
        self.vocabulary = recipe.output / "vocabulary"
        self.identity = _identity(recipe, corpus)
        _claim(recipe.output / "identity", self.identity)
        described = json.dumps(corpus.describe(), ensure_ascii=False, indent=1)
        write_text(recipe.output / "corpus.json", described + "\n")
        prepare_vocabulary(recipe, corpus, self.vocabulary)
        self.tokenizer = load_tokenizer(self.vocabulary, recipe.optimisation.max_length)
        self.codec = Codec(self.vocabulary)
        self.tokens = {target: self._find_token(target) for target in recipe.targets}
        torch.manual_seed(recipe.seed)
        self.model = build_network(recipe, self.codec.source).to(self.device)
        self.average = build_network(recipe, self.codec.source).to(self.device).eval()
        self.pad: int = self.model.config.pad_token_id
        if recipe.start_from == E5_SMALL and not (recipe.output / "checkpoint.pt").exists():
            inherit_encoder(self.model, read_embedder(find_embedder()), self.codec.source)
        clear_pad(self.model)
        positions: int = self.model.config.max_position_embeddings
        self.longest = min(recipe.optimisation.max_length, positions)
        self.examples = self._encode()
        self.shares = share_batches(recipe, self.examples)
        self.average.load_state_dict(self.model.state_dict())
        self.optimizer = torch.optim.AdamW(
            _group(self.model, recipe),
            lr=0.0,
            betas=(0.9, 0.98),
            eps=1e-9,
            weight_decay=0.0,
            fused=True,
        )
        self.lexicon = (
            estimate_lexicon(self.examples, len(self.codec.source), recipe.seed)
            if recipe.optimisation.guidance
            else None
        )
        self.position = Position()
        self.journal = Journal(recipe.output / "log.jsonl")

    def _check_dev(self) -> None:
        """Patience looks at every direction, so that each needs rows to score."""
        for source, target in self.recipe.directions:
            scored = any({source, target} <= set(row.texts) for row in self.corpus.dev)
            if self.recipe.reporting.patience and not scored:
                raise CorpusError(
                    f"patience needs {source}-{target} rows to score: set held_out in a source"
                )

    def _find_token(self, target: str) -> str | None:
        """The piece that asks for a language: our own model's, or that of the one to adapt."""
        base = self.recipe.base_model
        return find_model(base).target_token(target) if base else target_token(target)

    def _encode(self) -> dict[Direction, Examples]:
        rows = self.corpus.train
        texts = {code: [r.texts.get(code, "") for r in rows] for code in self.recipe.languages}
        sources, targets = self.codec.encode(texts, self.recipe.directions)
        examples = {}
        for direction in self.recipe.directions:
            source, target = direction
            token = self.tokens[target]
            examples[direction] = encode_direction(
                [row.weight for row in rows],
                sources[source],
                targets[target],
                front=(self.codec.source[token],) if token else (),
                ends=(self.codec.source[EOS], self.codec.target[EOS]),
                longest=self.longest,
                name="-".join(direction),
            )
        return examples

    def resume(self) -> None:
        """Load ``checkpoint.pt`` where there is one."""
        path = self.recipe.output / "checkpoint.pt"
        if not path.exists():
            self.journal.resume(-1)  # whatever a run left that was killed before its checkpoint
            pairs = {"-".join(d): len(e.source) for d, e in self.examples.items()}
            size = sum(p.numel() for p in self.model.parameters()) / 1e6
            self.log(f"starting: {size:.1f}M parameters, pairs {pairs}")
            self.log(f"dropped rows: {dict(self.corpus.dropped)}")
            if self.device.type == "cpu" and "jemalloc" not in os.environ.get("LD_PRELOAD", ""):
                self.log(
                    "hint: on a CPU, preloading jemalloc (LD_PRELOAD=libjemalloc.so.2 "
                    "MALLOC_CONF=thp:always,dirty_decay_ms:10000,muzzy_decay_ms:10000) "
                    "can double the speed"
                )
            return
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["rng"].cpu())
        if self.device.type == "cuda" and state["cuda_rng"] is not None:
            torch.cuda.set_rng_state(state["cuda_rng"].cpu())
        self.position = Position(**state["position"])
        self.journal.resume(self.position.update)
        self.log(f"resuming at update {self.position.update}")

    def save(self) -> None:
        """Write the checkpoint and the finished model, each in one step."""
        state = {
            "model": self.model.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rng": torch.get_rng_state(),
            "cuda_rng": torch.cuda.get_rng_state() if self.device.type == "cuda" else None,
            "position": vars(self.position),
        }
        path = self.recipe.output / "checkpoint.pt"
        temporary = path.with_suffix(".tmp")
        torch.save(state, temporary)
        temporary.replace(path)
        if not self.recipe.reporting.patience:
            self._export()

    def _export(self) -> None:
        folder, temporary = self.recipe.output / "model", self.recipe.output / ".model.tmp"
        shutil.rmtree(temporary, ignore_errors=True)
        with torch.random.fork_rng():  # building draws numbers, which a resumed run would not
            half = build_network(self.recipe, self.codec.source).half()
        half.load_state_dict(self.average.state_dict())
        half.save_pretrained(temporary)
        self.tokenizer.save_pretrained(temporary)
        shutil.rmtree(folder, ignore_errors=True)
        temporary.replace(folder)

    def fit(self) -> None:
        """Train up to the recipe's number of updates, or until a signal asks to stop."""
        reporting = self.recipe.reporting
        losses: list[float] = []
        if self.recipe.base_model and self.position.update == 0:
            self.log("before:")
            self._validate()
        tokens, clock = 0, time.perf_counter()
        with _Stop() as stop:
            for batch in self._batches():
                loss, count = self._update(batch)
                losses.append(loss)
                tokens += count
                update = self.position.update
                if update % reporting.log_every == 0:
                    elapsed = time.perf_counter() - clock
                    self.position.seconds += elapsed
                    self._report(losses, tokens, elapsed)
                    losses, tokens, clock = [], 0, time.perf_counter()
                if update % reporting.dev_every == 0:
                    self._validate()
                    clock = time.perf_counter()
                done = self._is_done()
                if done or stop.asked or update % reporting.checkpoint_every == 0:
                    self.save()
                if stop.asked and not done:
                    self.log(f"stopped at update {update}; the same command goes on from there")
                    raise KeyboardInterrupt
            self._conclude()

    def _is_done(self) -> bool:
        patience = self.recipe.reporting.patience
        if patience and self.journal.count_stale() >= patience:
            return True
        return self.position.update >= self.recipe.optimisation.updates

    def _conclude(self) -> None:
        """Say where the run ended, and what adapting a model has changed."""
        update, reporting = self.position.update, self.recipe.reporting
        if not self.journal.has_dev(update):
            self._validate()
        best = self.journal.find_best()
        chosen = best if reporting.patience and best is not None else update
        self.log(f"done at update {update}" + (f"; kept {chosen}" if reporting.patience else ""))
        if self.recipe.base_model and self.journal.has_dev(chosen):
            for line in self.journal.compare(0, chosen):
                self.log(line)

    def _batches(self) -> Iterator[Batch]:
        settings, place = self.recipe.optimisation, self.position
        while not self._is_done():
            if place.batch == 0:
                place.longest = _longest(settings, place.update)
            batches = draw_batches(
                self.examples,
                self.shares,
                chunk=place.chunk,
                longest=place.longest,
                batch_tokens=settings.batch_tokens,
                pad=self.pad,
                seed=self.recipe.seed,
            )
            for batch in batches[place.batch :]:
                if self._is_done():
                    return
                place.batch += 1
                yield batch
            place.chunk += 1
            place.batch = 0

    def _update(self, batch: Batch) -> tuple[float, int]:
        settings = self.recipe.optimisation
        source = torch.from_numpy(batch.source).to(self.device)
        target = torch.from_numpy(batch.target).to(self.device)
        self.model.train()
        loss, attention, count = self._loss(source, target)
        total = loss / count
        if self.lexicon and attention is not None:
            wanted = torch.from_numpy(self.lexicon.align(batch, self.pad)).to(self.device)
            total = total + settings.guidance * _misalignment(attention, wanted)
        torch.autograd.backward(total)
        nn.utils.clip_grad_norm_(self.model.parameters(), settings.clip_norm)
        self.position.update += 1
        for group in self.optimizer.param_groups:
            group["lr"] = group["share"] * learning_rate(settings, self.position.update)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self._smooth(settings.smoothing)
        for model in (self.model, self.average):
            clear_pad(model)
        return float(loss.detach()) / count, count

    def _loss(self, source: Tensor, target: Tensor) -> tuple[Tensor, Tensor | None, int]:
        """Summed cross-entropy, last cross-attention (where it is guided), and target pieces."""
        settings, pad = self.recipe.optimisation, self.pad
        start = self.model.config.decoder_start_token_id
        shifted = functional.pad(target[:, :-1], (1, 0), value=start)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=settings.bf16):
            output = self.model.model(
                input_ids=source,
                attention_mask=source != pad,
                decoder_input_ids=shifted,
                output_attentions=self.lexicon is not None,
            )
            kept = target != pad  # project only real positions: padding costs as much as words
            logits = self.model.lm_head(output.last_hidden_state[kept])
        loss = functional.cross_entropy(
            logits.float() + self.model.final_logits_bias,
            target[kept],
            label_smoothing=settings.label_smoothing,
            reduction="sum",
        )
        attention = output.cross_attentions[-1] if self.lexicon else None
        return loss, attention, int(kept.sum())

    @torch.no_grad()
    def _smooth(self, decay: float) -> None:
        decay = min(decay, self.position.update / (self.position.update + 10))
        averages = [p.data for p in self.average.parameters()]
        torch._foreach_lerp_(averages, [p.data for p in self.model.parameters()], 1 - decay)

    def _report(self, losses: list[float], tokens: int, elapsed: float) -> None:
        place = self.position
        left = (self.recipe.optimisation.updates - place.update) * elapsed / len(losses)
        row = {
            "update": place.update,
            "loss": round(float(np.mean(losses)), 4),
            "learning_rate": learning_rate(self.recipe.optimisation, place.update),
            "tokens_per_second": round(tokens / elapsed),
            "longest": place.longest,
            "seconds": round(place.seconds, 1),
        }
        self.journal.append(row)
        self.log(
            f"update {place.update}: loss {row['loss']:.3f}, "
            f"{row['tokens_per_second']} tokens/s, ETA {left / 60:.0f} min"
        )

    @torch.no_grad()
    def _validate(self) -> None:
        for direction in self.recipe.directions:
            rows = [r for r in self.corpus.dev if set(direction) <= set(r.texts)]
            rows = rows[: self.recipe.reporting.dev_segments]
            if rows:
                self._score(direction, rows)
        write_text(self.recipe.output / "curve.svg", draw_curve(self.journal.rows))
        if self.recipe.reporting.patience and self.journal.find_best() == self.position.update:
            self._export()
            self.save()  # so that a resumed run knows of the best model

    def _score(self, direction: Direction, rows: list[Row]) -> None:
        source, target = direction
        token = self.tokens[target]
        texts = [f"{token} {row.texts[source]}" if token else row.texts[source] for row in rows]
        references = [row.texts[target] for row in rows]
        encoded = self.tokenizer(
            texts, padding=True, truncation=True, max_length=self.longest, return_tensors="pt"
        ).to(self.device)
        output = self.average.generate(**encoded, num_beams=1, max_length=self.longest)
        hypotheses = self.tokenizer.batch_decode(output, skip_special_tokens=True)
        bleu = BLEU().corpus_score(hypotheses, [references]).score
        chrf = CHRF(word_order=2).corpus_score(hypotheses, [references]).score
        row = {
            "update": self.position.update,
            "dev": "-".join(direction),
            "bleu": round(bleu, 2),
            "chrf2++": round(chrf, 2),
        }
        self.journal.append(row)
        self.log(f"dev {row['dev']}: BLEU {bleu:.1f}, chrF++ {chrf:.1f}")
        for index in range(0, len(rows), max(1, len(rows) // 2)):
            self.log(f"  {rows[index].texts[source]}\n  -> {hypotheses[index]}")


def _group(model: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    """The parameters with the share of the learning rate that each takes."""
    if recipe.start_from != E5_SMALL:
        return [{"params": list(model.parameters()), "share": 1.0}]
    named = list(model.named_parameters())
    inherited = [p for name, p in named if "encoder.layers" in name or "shared" in name]
    taken = {id(p) for p in inherited}
    new = [p for _, p in named if id(p) not in taken]
    share = recipe.optimisation.inherited_rate
    return [{"params": new, "share": 1.0}, {"params": inherited, "share": share}]


def share_batches(recipe: Recipe, examples: Mapping[Direction, Examples]) -> dict[Direction, float]:
    """How often a batch is of each direction, next to the others; see ``Recipe.temperature``."""
    if recipe.temperature is None:
        return dict(recipe.directions)
    return {
        direction: recipe.directions[direction]
        * float(pool.cumulative[-1]) ** (1 / recipe.temperature)
        for direction, pool in examples.items()
    }


def _misalignment(attention: Tensor, wanted: Tensor) -> Tensor:
    """Cross-entropy of the mean head (sentences, heads, target, source) to the soft alignments."""
    mean = attention.float().mean(dim=1)
    return -(wanted * torch.log(mean + 1e-6)).sum() / wanted.sum()


def learning_rate(settings: Optimisation, update: int) -> float:
    """Linear warm-up to the peak, then a decay.

    "inverse-square-root" (Vaswani et al., 2017) needs no end; "cosine" (Loshchilov and Hutter,
    2017) ends at nothing after ``settings.updates``.
    """
    if update < settings.warmup:
        return settings.learning_rate * update / settings.warmup
    if settings.schedule == "cosine":
        left = max(1, settings.updates - settings.warmup)
        angle = math.pi * min(1.0, (update - settings.warmup) / left)
        return settings.learning_rate * (1 + math.cos(angle)) / 2
    return settings.learning_rate * math.sqrt(settings.warmup / update)


def _longest(settings: Optimisation, update: int) -> int:
    """The length limit grows: short pairs first teach the decoder to read the source."""
    share = min(1.0, update / settings.length_updates)
    return round(settings.first_length + share * (settings.max_length - settings.first_length))


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def _identity(recipe: Recipe, corpus: Corpus) -> str:
    settings = recipe.model_dump(mode="json", exclude=_FREE | {"sources"})
    if recipe.optimisation.schedule != "cosine":  # else the end shapes the whole way
        settings["optimisation"].pop("updates")
    if recipe.reporting.patience:  # else it has no say in what is learnt
        settings["patience"] = [recipe.reporting.patience, recipe.reporting.dev_segments]
    settings["sources"] = [
        {**source.model_dump(mode="json"), "path": source.path.name} for source in recipe.sources
    ]
    start = find_model(recipe.base_model).digest if recipe.base_model else ""
    return digest(settings, corpus.digests, start)


def _claim(path: Path, identity: str) -> None:
    """Mark the output folder as this recipe's; refuse one that is another's."""
    if not path.exists():
        write_text(path, identity + "\n")
    elif path.read_text(encoding="utf-8").strip() != identity:
        raise RunError(
            f"{path.parent}: holds a run of other data or another recipe; "
            "name a new output, or put the old files back"
        )
