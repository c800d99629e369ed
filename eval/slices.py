"""The same translations scored in other ways, so that alignment error shows apart.

- *Confident beads* are pairs of which the aligner thinks every bead more likely right than wrong.
  What they score above all beads is partly no error of the alignment: plain sentences are aligned
  surely, and translated well.
- *Whole document* is hypothesis and references as one segment each. Nothing can be aligned
  wrongly, but a word also matches far from its place, so the level is higher; what the systems
  are apart is worth reading.
- *Resegmented* is the hypothesis cut to the segments of the first reference by edit distance
  (:mod:`eval.resegmentation`). It uses no alignment of ours, and counts all of the reference, also
  what the alignment left over. Above the score of all beads, it shows an error of the alignment.
  Below, it shows nothing: segments are shorter than beads, and where few words match, cuts go
  wrong too. Four outputs of 4 to 7 BLEU, over 568 lines whose true opposites are known, came out
  2 to 5 per cent too low; two of 9 and 13 BLEU in a document of 34 sentences, 11 and 28 per cent
  below its beads.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eval.pairs import Pair
from eval.resegmentation import resegment
from eval.scores.metrics import MetricScore, score_corpus
from mt.metric import parse_metric

# Of Bead.score: where the aligner thinks a bead as likely wrong as right. In the hand-made
# alignments of corpora/vneco/gold, 907 of 980 beads from there on are exactly right, 1 of 7 below.
CONFIDENT = 0.5
CONFIDENT_BEADS, WHOLE_DOCUMENT, RESEGMENTED = "confident beads", "whole document", "resegmented"
ONE_REFERENCE = "against one reference"  # cannot be set against scores over several
METRICS = ("bleu", "chrf", "chrf2++")  # TER takes half a minute for 12,000 words as one segment
LONG = 2000  # pairs; of longer documents, the first metric must do, or this took most of a report


@dataclass(frozen=True)
class Slice:
    """One way to score a system."""

    name: str  # "confident beads", "whole document", "resegmented"
    segments: int  # that were scored
    scores: tuple[MetricScore, ...]
    note: str = ""  # ONE_REFERENCE, or nothing


def build_slices(
    metrics: Sequence[str],
    pairs: Sequence[Pair],
    hypothesis: Sequence[str],
    references: Sequence[Sequence[str]],
    language: str = "",
) -> tuple[Slice, ...]:
    """Score a system in every way that can be: those above, in that order, without intervals.

    ``hypothesis`` has a text per source segment, each of ``references`` one per segment of that
    reference, in document order. Of ``metrics``, only :data:`METRICS` are computed, and for
    :data:`LONG` documents only the first of those. A slice with nothing to score is left out.

    Raises:
        ScoreError: an unknown metric.
    """
    keys = [metric for metric in metrics if parse_metric(metric).base in METRICS]
    keys = keys[:1] if len(pairs) > LONG else keys
    if not keys or not any(pair.scored for pair in pairs):
        return ()
    confident = [pair for pair in pairs if pair.scored and pair.score >= CONFIDENT]
    whole = [" ".join(filter(None, texts)) for texts in (hypothesis, *references)]
    first = next(texts for texts in references if "".join(texts).strip())
    cut = resegment(hypothesis, first)
    ways: list[tuple[str, Sequence[str], Sequence[Sequence[str]], str]] = [
        (CONFIDENT_BEADS, [pair.hypothesis for pair in confident], _streams(confident), ""),
        (WHOLE_DOCUMENT, whole[:1], [[text] for text in whole[1:]], ""),
        (RESEGMENTED, cut, [first], ONE_REFERENCE if len(references) > 1 else ""),
    ]
    return tuple(
        Slice(name, len(lines), score_corpus(keys, lines, streams, language), note)
        for name, lines, streams, note in ways
        if lines
    )


def _streams(pairs: Sequence[Pair]) -> list[list[str]]:
    return [list(texts) for texts in zip(*(pair.references for pair in pairs), strict=True)]
