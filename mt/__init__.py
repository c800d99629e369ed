"""Awda (عودة, "return"): back-translate an Arabic document, align it, and say how good it is.

The way a text goes::

    Job file -> Job                                                            mt.job
    path     -> Document -> Segments                                           mt.text
             -> Translations, one per segment, same order, empty stays empty   mt.translate
             -> Alignment of source (and hypothesis) with each reference       mt.align
    run dir  -> Pairs -> Scores -> Report, without loading a model             eval

The same steps, for notebooks: ``mt.load_job``, ``mt.run``, ``mt.translate_texts``,
``mt.align_texts``, ``mt.link_words``; then ``eval.report.build_report`` on the run directory.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mt.align.aligner import align_texts as align_texts
    from mt.align.words import link_words as link_words
    from mt.job import load_job as load_job
    from mt.pipeline import run as run
    from mt.translate.workshop import translate_texts as translate_texts

__version__ = "0.1.0"

_LAZY = {
    "load_job": "mt.job",
    "run": "mt.pipeline",
    "translate_texts": "mt.translate.workshop",
    "align_texts": "mt.align.aligner",
    "link_words": "mt.align.words",
}


def __getattr__(name: str) -> Any:
    """Import on first use: ``import mt`` must not cost the second that numpy and friends do."""
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'mt' has no attribute '{name}'")
