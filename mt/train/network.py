"""The network that is trained: Marian's shape, from scratch or from a model at hand."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from transformers import GenerationConfig, MarianConfig, MarianMTModel

from mt.train.recipe import E5_SMALL, Recipe
from mt.train.vocabulary import EOS, PAD
from mt.translate.models import find_model
from mt.translate.weights import load_network


def build_network(recipe: Recipe, ids: Mapping[str, int]) -> MarianMTModel:
    """The recipe's network over the pieces ``ids``, initialised, in fp32."""
    kernel = "eager" if recipe.optimisation.guidance else "sdpa"  # only eager shows its attention
    if recipe.base_model:
        return load_network(find_model(recipe.base_model), kernel)
    network, pad, eos = recipe.network, ids[PAD], ids[EOS]
    config = MarianConfig(
        vocab_size=len(ids),
        d_model=network.d_model,
        encoder_layers=network.encoder_layers,
        decoder_layers=network.decoder_layers,
        encoder_attention_heads=network.heads,
        decoder_attention_heads=network.heads,
        encoder_ffn_dim=network.ffn_dim,
        decoder_ffn_dim=network.ffn_dim,
        dropout=network.dropout,
        attention_dropout=0.0,
        activation_dropout=0.0,
        activation_function="gelu" if recipe.start_from == E5_SMALL else "swish",
        scale_embedding=True,
        share_encoder_decoder_embeddings=True,
        tie_word_embeddings=True,
        max_position_embeddings=512,
        pad_token_id=pad,
        eos_token_id=eos,
        decoder_start_token_id=pad,
        forced_eos_token_id=eos,
        attn_implementation=kernel,
    )
    model = MarianMTModel(config)
    model.generation_config = GenerationConfig(
        pad_token_id=pad,
        eos_token_id=eos,
        decoder_start_token_id=pad,
        forced_eos_token_id=eos,
        bad_words_ids=[[pad]],
        max_length=512,
        num_beams=5,
    )
    _initialise(model)
    return model


def _initialise(model: MarianMTModel) -> None:
    """Xavier for matrices, width^-0.5 for embeddings: Marian's own defaults learn far slower."""
    for module in model.modules():
        if isinstance(module, nn.Linear) and module is not model.lm_head:
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    shared = model.get_input_embeddings().weight
    nn.init.normal_(shared, std=model.config.d_model**-0.5)
    clear_pad(model)


@torch.no_grad()
def clear_pad(model: MarianMTModel) -> None:
    """Keep the embeddings of ``<pad>`` at zero: Marian's decoder starts from a zero vector.

    Hugging Face's port feeds ``<pad>`` for it and CTranslate2 a literal zero, so that the two
    agree only while this row is zero; the tied output layer would train it otherwise.
    """
    for side in (model.model.encoder, model.model.decoder):
        side.embed_tokens.weight[model.config.pad_token_id] = 0.0
