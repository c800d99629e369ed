"""The training file: what ``awda train CONFIG`` reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    field_validator,
    model_validator,
)

from mt.config import FilePath, Section, load, place_data
from mt.job import LanguageCode, ModelName

E5_SMALL = "e5-small"


def _direction(value: Any) -> Any:
    return tuple(value.split("-")) if isinstance(value, str) else value


E5 = (384, 12, 1536)  # d_model, heads, ffn_dim of multilingual e5-small

Direction = Annotated[tuple[LanguageCode, LanguageCode], BeforeValidator(_direction)]
Weight = Annotated[float, Field(gt=0)]


class Source(Section):
    """A file of parallel text: TMX, TSV (also .xz), or JSONL, Parquet or CSV with named columns.

    With ``generate`` it is a glossary instead, from whose terms sentences are written.
    """

    path: FilePath  # "{data}" stands for the recipe's `data`
    columns: tuple[str, ...] = ()  # of a TSV, in order: language codes and, at most once, "set"
    weight: float = Field(1.0, gt=0)  # how often a pair is drawn, next to a pair of weight 1
    set_weights: dict[str, Weight] = {}  # the same, for the sets named in the "set" column
    generate: int | None = Field(None, ge=1)  # sentences to write (mt/train/grammar.py)
    held_out: int = Field(0, ge=0)  # rows drawn at random to be scored, not learnt from
    split: str | None = None  # JSON {"dev": [doc, ...], ...}; beside `path`; those are held out


class Vocabulary(Section):
    """SentencePiece, one joint unigram model for all languages."""

    size: int = Field(
        10_000, ge=200, le=65_535
    )  # pieces, with </s>, <unk>, the target tokens and <pad>
    sentences: int = Field(400_000, ge=1)  # sampled for training the pieces


class Network(Section):
    """Marian's shape: a post-norm Transformer with tied embeddings."""

    d_model: int = Field(256, ge=16)
    encoder_layers: int = Field(6, ge=1)
    decoder_layers: int = Field(2, ge=1)
    heads: int = Field(4, ge=1)
    ffn_dim: int = Field(1024, ge=16)
    dropout: float = Field(0.1, ge=0, lt=1)


class Optimisation(Section):
    """Adam with label smoothing, a warm-up and a decay (Vaswani et al., 2017)."""

    updates: int = Field(20_000, ge=1)
    batch_tokens: int = Field(1200, ge=16)  # padded pieces on the longer side of a batch
    learning_rate: float = Field(8e-4, gt=0)  # the peak
    warmup: int = Field(1500, ge=1)  # updates
    schedule: Literal["inverse-square-root", "cosine"] = "inverse-square-root"  # of the decay
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    guidance: float = Field(0.0, ge=0)  # weight of the alignment loss (mt/train/lexicon.py)
    clip_norm: float = Field(1.0, gt=0)
    inherited_rate: float = Field(1.0, gt=0)  # of the weights of e5-small, next to new ones
    smoothing: float = Field(0.999, ge=0, lt=1)  # of the exponential average of the weights
    first_length: int = Field(12, ge=2)  # longest side, in pieces, of the first batches ...
    max_length: int = Field(96, ge=2)  # ... growing to this one ...
    length_updates: int = Field(3000, ge=1)  # ... over this many updates
    bf16: bool = True  # mixed precision; the master weights stay fp32


class Reporting(Section):
    log_every: int = Field(100, ge=1)  # updates
    checkpoint_every: int = Field(500, ge=1)  # updates
    dev_every: int = Field(1000, ge=1)  # updates
    dev_segments: int = Field(64, ge=1)  # per direction
    # stop after so many dev scores without a better chrF++, and keep the best model, not the last
    patience: int | None = Field(None, ge=1)


class Recipe(Section):
    """A whole training run. Paths are relative to the training file."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    output: FilePath  # checkpoints, log and the finished model
    data: str = "."  # what "{data}" stands for in the paths of sources
    sources: tuple[Source, ...] = Field(min_length=1)
    directions: dict[Direction, Weight] = Field(min_length=1)  # share of the batches ...
    # ... times, where this is set, (summed weight of the direction's pairs) ** (1/temperature):
    # 1 draws them by size, 5 nearly evenly (Arivazhagan et al., 2019)
    temperature: float | None = Field(None, ge=1)
    # instead of random weights: a model to adapt (builtin, a folder, or a Hub id), or the encoder
    # e5-small (mt/train/embedder.py)
    start_from: ModelName | None = None
    vocabulary: Vocabulary = Vocabulary()
    network: Network = Network()
    optimisation: Optimisation = Optimisation()
    reporting: Reporting = Reporting()
    seed: int = 1
    threads: int | None = Field(None, ge=1)
    device: Literal["auto", "cpu", "cuda"] = "auto"

    @model_validator(mode="before")
    @classmethod
    def _place_sources(cls, tree: Any) -> Any:
        if not isinstance(tree, dict) or "sources" not in tree:
            return tree
        return {**tree, "sources": place_data(tree["sources"], str(tree.get("data", ".")))}

    @property
    def base_model(self) -> str | None:
        """The model to adapt, if any."""
        return None if self.start_from == E5_SMALL else self.start_from

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted({language for pair in self.directions for language in pair}))

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(sorted({target for _, target in self.directions}))

    @field_validator("directions")
    @classmethod
    def _check_directions(cls, shares: dict[Direction, float]) -> dict[Direction, float]:
        if same := [source for source, target in shares if source == target]:
            raise ValueError(f"{same[0]}-{same[0]} is no direction")
        return shares

    @model_validator(mode="after")
    def _check_shape(self) -> Recipe:
        network = self.network
        if network.d_model % network.heads:
            raise ValueError("network: d_model must be a multiple of heads")
        shape = (network.d_model, network.heads, network.ffn_dim)
        if self.start_from == E5_SMALL and (shape != E5 or network.encoder_layers > 12):
            raise ValueError(
                "network: e5-small has d_model 384, heads 12, ffn_dim 1536 and up to 12 layers"
            )
        if self.base_model and self.optimisation.guidance:
            raise ValueError("optimisation: guidance is for training, not for adapting a model")
        return self


def load_recipe(path: Path, overrides: tuple[str, ...] = ()) -> Recipe:
    """Read a training file; raises ``JobError`` with every problem."""
    return load(path, Recipe, overrides)
