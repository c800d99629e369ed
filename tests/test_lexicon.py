"""IBM Model 1 on the textbook's example, and the alignments made from it."""

from __future__ import annotations

import numpy as np

from mt.train.examples import Batch, Examples
from mt.train.lexicon import Lexicon, estimate_lexicon

PAD, EOS, TOKEN = 0, 1, 2
HOUSE, BOOK, THE, A = 3, 4, 5, 6  # source
HAUS, BUCH, DAS, EIN = 7, 8, 9, 10  # target
PAIRS = [  # the toy corpus of Koehn, Statistical Machine Translation (2010), section 4.2
    ([THE, HOUSE], [DAS, HAUS]),
    ([THE, BOOK], [DAS, BUCH]),
    ([A, BOOK], [EIN, BUCH]),
]


def learn() -> Lexicon:
    source = [np.array([TOKEN, *s, EOS], dtype=np.uint16) for s, _ in PAIRS]
    target = [np.array([*t, EOS], dtype=np.uint16) for _, t in PAIRS]
    pool = Examples(source, target, np.array([4, 4, 4]), np.array([1.0, 2.0, 3.0]))
    return estimate_lexicon({("en", "de"): pool}, 16, seed=1)


def probability(lexicon: Lexicon, source: int, target: int) -> float:
    (place,) = np.flatnonzero(lexicon.keys == source * 16 + target)
    return float(lexicon.probabilities[place])


def test_the_textbook_example_converges_as_printed() -> None:
    """Koehn's figure 4.4, after three iterations: 0.7479, 0.1208... and on towards certainty."""
    lexicon = learn()
    assert probability(lexicon, BOOK, BUCH) > 0.7479
    assert probability(lexicon, THE, DAS) > 0.7479
    assert probability(lexicon, THE, HAUS) < 0.1313
    totals = np.bincount(lexicon.keys // 16, lexicon.probabilities)
    np.testing.assert_allclose(totals[totals > 0], 1, atol=1e-5)


def test_alignments_are_distributions_over_real_words() -> None:
    batch = Batch(
        np.array([[TOKEN, THE, BOOK, EOS, PAD], [TOKEN, A, BOOK, HOUSE, EOS]]),
        np.array([[BUCH, DAS, EOS, PAD], [EIN, BUCH, 15, EOS]]),
    )
    soft = learn().align(batch, PAD)
    assert soft.shape == (2, 4, 5)
    assert soft[0, 0].argmax() == 2  # Buch is book, though it stands first
    assert soft[1, 1].argmax() == 2
    assert soft[0, 2, 3] == soft[1, 3, 4] == 1  # the two </s>
    assert not soft[:, :, 0].any()  # nothing points at the target token
    sums = soft.sum(axis=2)
    np.testing.assert_allclose(sums, [[1, 1, 1, 0], [1, 1, 0, 1]], atol=1e-5)  # 15 is unknown
