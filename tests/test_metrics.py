"""Scores must be those of sacreBLEU's command line, which runs here as another program."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from eval.metrics import METRICS, find_metric, score_corpus, score_sentences
from mt.errors import ScoreError

CORPUS = Path(__file__).parent.parent / "corpora" / "nghean"


def read(name: str) -> list[str]:
    return (CORPUS / name).read_text(encoding="utf-8").splitlines()


def damage(lines: list[str], seed: int = 1) -> list[str]:
    """Drop and swap words: a translation that is neither right nor hopeless."""
    rng = random.Random(seed)
    damaged = []
    for line in lines:
        words = [word for word in line.split() if rng.random() > 0.2]
        for i in range(len(words) - 1):
            if rng.random() < 0.1:
                words[i], words[i + 1] = words[i + 1], words[i]
        damaged.append(" ".join(words))
    return damaged


def sacrebleu(
    folder: Path, hypotheses: list[str], references: list[list[str]], *options: str, seed: int
) -> dict[str, dict[str, Any]]:
    """What ``python -m sacrebleu`` prints as JSON, by metric name."""
    paths = []
    for number, lines in enumerate([hypotheses, *references]):
        path = folder / f"{number}.txt"
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        paths.append(str(path))
    command = [sys.executable, "-m", "sacrebleu", *paths[1:], "-i", paths[0], "-f", "json", "-q"]
    result = subprocess.run(
        [*command, "-w", "6", *options],
        capture_output=True,
        check=True,
        encoding="utf-8",
        env={**os.environ, "SACREBLEU_SEED": str(seed)},
    )
    rows = json.loads(result.stdout)
    return {row["name"]: row for row in (rows if isinstance(rows, list) else [rows])}


@pytest.mark.parametrize(
    ("language", "name", "count"),
    [("en", "reference.en.sentences.txt", 1), ("vi", "reference.vi.sentences.txt", 2)],
)
def test_intervals_scores_and_signatures_equal_the_command_line(
    tmp_path: Path, language: str, name: str, count: int
) -> None:
    lines = read(name)
    references = [lines, damage(lines, seed=9)][:count]
    hypotheses = damage(lines)
    expected = sacrebleu(
        tmp_path, hypotheses, references, "-m", "bleu", "chrf", "ter", "--chrf-word-order", "2",
        "--confidence", "--confidence-n", "100", "-l", f"ar-{language}", seed=77,
    )  # fmt: skip
    found = score_corpus(
        ["bleu", "chrf2++", "ter"], hypotheses, references, language, bootstrap=100, seed=77
    )
    assert {score.name for score in found} == set(expected)
    for score in found:
        row = expected[score.name]
        assert f"{score.score:.6f}" == f"{row['score']:.6f}"
        assert f"{score.mean:.6f}" == f"{row['confidence_mean']:.6f}"
        assert f"{score.half_width:.6f}" == f"{row['confidence_var']:.6f}"
        assert score.signature == row["signature"]
        assert score.recipe == f"{row['signature']}|unicode:nfc"
        assert score.detail == row.get("verbose_score", "")


def test_scores_without_intervals_equal_the_command_line(tmp_path: Path) -> None:
    lines = read("source.ar.sentences.txt")  # Arabic as a target is scored raw
    expected = sacrebleu(tmp_path, damage(lines), [lines], "-m", "bleu", "chrf", "ter", seed=1)
    for score in score_corpus(["bleu", "chrf", "ter"], damage(lines), [lines], "ar"):
        assert f"{score.score:.6f}" == f"{expected[score.name]['score']:.6f}"
        assert score.signature == expected[score.name]["signature"]
        assert (score.low, score.high) == (None, None)


def test_the_language_picks_the_tokenizer() -> None:
    (chinese,) = score_corpus(["bleu"], ["你好世界"], [["你好世界"]], "zh")
    (none,) = score_corpus(["bleu"], ["你好世界"], [["你好世界"]])
    assert "tok:zh" in chinese.signature
    assert "tok:13a" in none.signature


def test_a_reference_against_itself_is_perfect() -> None:
    lines = read("reference.vi.sentences.txt")
    scores = score_corpus(list(METRICS), lines, [lines], "vi", bootstrap=20)
    assert [round(score.score, 6) for score in scores] == [100, 100, 100, 0]
    assert all(score.low == score.score == score.high for score in scores[3:])


def test_decomposed_text_scores_as_composed_text() -> None:
    lines = read("reference.vi.sentences.txt")
    decomposed = [unicodedata.normalize("NFD", line) for line in damage(lines)]
    assert decomposed != damage(lines)
    assert score_corpus(["bleu"], decomposed, [lines]) == score_corpus(
        ["bleu"], damage(lines), [lines]
    )


def test_a_line_that_one_reference_lacks_is_scored_against_the_others() -> None:
    """By hand: TER 0 edits over 2 words, then 1 edit over the one reference of 2 words."""
    (score,) = score_corpus(["ter"], ["a b", "c d"], [["a b", "c x"], ["a b", ""]])
    assert score.score == 25.0
    assert "nrefs:var" in score.signature


def test_a_line_that_is_empty_everywhere_counts_as_empty() -> None:
    (score,) = score_corpus(["ter"], ["a b", "c"], [["a b", ""]])
    assert score.score == 50.0  # one insertion over two reference words
    assert "nrefs:1" in score.signature


@pytest.mark.parametrize(
    ("hypotheses", "references", "message"),
    [
        (["a", "b"], [["a"]], "2 hypothesis lines, but 1 lines in the reference"),
        (["a"], [["a"], ["a", "b"]], "1 hypothesis lines, but 2 lines in reference 2"),
        ([], [[]], "0 hypothesis lines and 0 reference lines"),
        (["a"], [], "no references"),
    ],
)
def test_lists_that_cannot_be_scored_are_refused(
    hypotheses: list[str], references: list[list[str]], message: str
) -> None:
    with pytest.raises(ScoreError, match=message):
        score_corpus(["bleu"], hypotheses, references)


def test_metric_names() -> None:
    assert find_metric("chrF++") == find_metric("chrf2++") == "chrf2++"
    assert find_metric("BLEU") == "bleu"
    with pytest.raises(ScoreError, match="unknown metric 'blue'; did you mean 'bleu'"):
        find_metric("blue")


def test_the_seed_is_handed_over_and_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SACREBLEU_SEED", "5")
    lines = read("reference.en.sentences.txt")
    first, again, other = (
        score_corpus(["bleu"], damage(lines), [lines], bootstrap=50, seed=seed)[0].half_width
        for seed in (1, 1, 2)
    )
    assert first == again != other
    assert os.environ["SACREBLEU_SEED"] == "5"
    with pytest.raises(ScoreError, match="seed 0"):
        score_corpus(["bleu"], lines, [lines], seed=0)


def test_resamples_without_any_match_do_not_stop_the_bootstrap() -> None:
    """sacreBLEU 2.6 by itself raises a TypeError here under numpy 2."""
    for score in score_corpus(list(METRICS), ["a b c d", "", ""], [["a b c d"] * 3], bootstrap=50):
        assert score.half_width is not None
        assert score.half_width > 0


def test_sentence_scores() -> None:
    perfect, nothing, best = score_sentences(
        ["the same words", "", "the second one"],
        [["the same words", "something", "quite another"], ["", "", "the second one"]],
    )
    assert (perfect, nothing, best) == (100.0, 0.0, 100.0)
