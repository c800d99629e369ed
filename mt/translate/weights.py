"""A Marian network from its files: weights are read as data, and nothing in them can run."""

from __future__ import annotations

import logging
import pickle
import struct
import warnings
from typing import Any

from mt.errors import ModelError
from mt.translate.models import ModelFiles

# What transformers, torch and safetensors raise for model files of odd content.
UNREADABLE = (
    ValueError,
    OSError,
    RuntimeError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    ImportError,
    struct.error,
)

_TOKENS = ("decoder_start_token_id", "eos_token_id", "pad_token_id")


def quiet_transformers() -> None:
    """Keep the progress bars and advice of transformers and torch off the user's terminal."""
    warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
    warnings.filterwarnings("ignore", message="Detected pickle protocol")
    warnings.filterwarnings("ignore", message="'torch.load' received a zip file")
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    transformers_logging.set_verbosity_error()
    logging.getLogger("transformers").setLevel(logging.ERROR)


def load_network(files: ModelFiles, attention: str = "sdpa") -> Any:
    """transformers' ``MarianMTModel`` in float32, on the CPU.

    The weights come from ``model.safetensors``, or from ``pytorch_model.bin`` by torch's reader for
    weights only (``weights_only=True``), which refuses a pickle that asks for anything else.

    Raises:
        ModelError: the weights are damaged, incomplete, of another network, or refused.
    """
    import torch
    from safetensors import SafetensorError
    from transformers import MarianConfig, MarianMTModel

    try:
        config = MarianConfig.from_pretrained(files.folder, local_files_only=True)
        config.transformers_weights = None  # it could name another file than the one in the digest
        network, loading = MarianMTModel.from_pretrained(
            files.folder,
            config=config,
            dtype=torch.float32,
            attn_implementation=attention,  # a config may name code of the Hub
            use_safetensors=files.weights.suffix == ".safetensors",
            weights_only=True,
            local_files_only=True,
            output_loading_info=True,
        )
    except pickle.UnpicklingError:
        raise ModelError(
            f"model '{files.name}': {files.weights} is refused: it is more or other than a table "
            "of weights, and reading it could run code. Ask its makers for model.safetensors"
        ) from None
    except (*UNREADABLE, SafetensorError) as error:
        raise ModelError(
            f"model '{files.name}': {files.weights} cannot be loaded: {first_sentence(error)}"
        ) from None
    if missing := sorted(loading["missing_keys"]):
        raise ModelError(
            f"model '{files.name}': {files.weights} lacks {len(missing)} of the network's weights, "
            f"such as {missing[0]}"
        )
    for token in _TOKENS:  # generation_config.json need not repeat what config.json says
        if getattr(network.generation_config, token) is None:
            setattr(network.generation_config, token, getattr(config, token))
    return network


def first_sentence(error: Exception) -> str:
    """What an error says first, or of what type it is where it says nothing."""
    line = str(error).strip().partition("\n")[0]
    return line.partition(". ")[0] or type(error).__name__
