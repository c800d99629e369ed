"""Metrics by name, as jobs and ``--metrics`` ask for them: ``bleu``, ``bleu:intl:lc``.

Options follow the name after colons, in any order, at most one of a kind:

===========  ===========================================================================
tokenizer    ``bleu`` only; any that sacreBLEU ships; without one, the language's own
case         ``lc``: lower-cased (``bleu``, ``chrf``, ``chrf2++``); ``mixed``: as written
             (``ter``, which sacreBLEU lower-cases else)
``folded``   the language's spelling is folded before (:mod:`eval.scores.normalization`)
model        ``comet`` only, and needed: a Hub id, a folder or a checkpoint
===========  ===========================================================================

What the names stand for is in :mod:`eval.scores.metrics`.
"""

from __future__ import annotations

from dataclasses import dataclass

from mt.errors import ScoreError, suggest

TOKENIZERS = (
    "13a",
    "intl",
    "char",
    "none",
    "zh",
    "ja-mecab",
    "ko-mecab",
    "spm",
    "flores101",
    "flores200",
    "spBLEU-1K",
)

_KINDS = {
    "bleu": (TOKENIZERS, ("lc",), ("folded",)),
    "chrf": (("lc",), ("folded",)),
    "chrf2++": (("lc",), ("folded",)),
    "ter": (("mixed",), ("folded",)),
    "comet": (),
    "e5": (),
}
METRICS = tuple(_KINDS)
ALIASES = {"chrf++": "chrf2++", "chrf2": "chrf"}


@dataclass(frozen=True)
class MetricName:
    """A metric and its options; as text, options stand in the order of the table above."""

    base: str  # one of METRICS
    options: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ":".join((self.base, *self.options))


def parse_metric(text: str) -> MetricName:
    """Raises ``ScoreError`` that names what is unknown, superfluous or missing, and its choices."""
    name, *given = text.strip().split(":")
    base = ALIASES.get(name.lower(), name.lower())
    if base not in _KINDS:
        raise ScoreError(f"unknown metric '{name}'{suggest(base, [*METRICS, *ALIASES])}")
    if base == "comet":
        return _parse_comet(text, given)
    known = {option.lower(): option for kind in _KINDS[base] for option in kind}
    for option in given:
        if option.lower() not in known:
            choices = suggest(option, known.values()) or "; it takes none"
            raise ScoreError(f"'{text}': {base} has no option '{option}'{choices}")
    asked = [known[option.lower()] for option in given]
    chosen = [[option for option in asked if option in kind] for kind in _KINDS[base]]
    for options in chosen:
        if len(options) > 1:
            raise ScoreError(f"'{text}': only one of '{options[0]}' and '{options[1]}'")
    return MetricName(base, tuple(option for options in chosen for option in options))


def _parse_comet(text: str, given: list[str]) -> MetricName:
    model = ":".join(given)
    if not model:
        raise ScoreError(f"'{text}': name a model, as in comet:Unbabel/wmt22-comet-da")
    return MetricName("comet", (model,))
