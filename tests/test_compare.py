"""Comparisons: every system on the same pairs, and exit codes that a pipeline can rely on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import sacrebleu
from plain_run import BEADS, MIXED, REFERENCE, SOURCE, WORSE, call_awda, make_plain_run
from tiny_run import make_run

from eval.comparison import compare_run, compare_runs
from eval.scores.significance import compare_systems
from mt.align.alignment import Bead
from mt.errors import RunError, ScoreError
from mt.store import RunDirectory

Awda = Callable[..., tuple[int, str, str]]


@pytest.fixture
def awda(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Awda:
    return lambda *arguments: call_awda(monkeypatch, capsys, "compare", *arguments)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return make_plain_run(tmp_path / "old", {"a": REFERENCE, "b": MIXED, "c": WORSE})


def test_every_system_against_every_other(old: Path) -> None:
    contests = compare_run(old).contests
    assert [(each.baseline, each.system) for each in contests] == [
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
    ]
    last = contests[2]
    assert (last.language, last.pairs) == ("en", 20)
    assert [score.metric for score in last.before] == ["bleu", "ter"]
    assert last.before[0].score == sacrebleu.corpus_bleu(MIXED, [REFERENCE]).score
    assert last.after[0].score == sacrebleu.corpus_bleu(WORSE, [REFERENCE]).score
    alone = compare_systems(
        ["bleu", "ter"], [("b", MIXED), ("c", WORSE)], [list(REFERENCE)], "en", bootstrap=1000
    )
    assert [(c.metric, c.difference, c.p_value, c.signature) for c in last.comparisons] == [
        (c.metric, c.difference, c.p_value, c.signature) for c in alone
    ]


def test_p_values_are_corrected_for_all_that_is_compared(old: Path, tmp_path: Path) -> None:
    """Holm: of three, the smallest times 3; of one, as it is."""
    for found, number in (
        (compare_run(old), 3),
        (compare_run(old, baseline="a"), 2),
        (compare_runs(old, make_plain_run(tmp_path / "new", dict.fromkeys("abc", WORSE))), 3),
    ):
        first = [contest.comparisons[0] for contest in found.contests]
        assert len(first) == number
        least = min(comparison.p_value for comparison in first)
        assert min(c.corrected or 0.0 for c in first) == pytest.approx(number * least)
    assert compare_run(make_run(tmp_path / "tiny")).contests[0].comparisons[0].corrected is None


def test_one_baseline(old: Path) -> None:
    contests = compare_run(old, baseline="b", metrics=["ter"], bootstrap=20).contests
    assert [(each.baseline, each.system) for each in contests] == [("b", "a"), ("b", "c")]
    assert [[c.metric for c in each.comparisons] for each in contests] == [["ter"]] * 2
    assert "bs:1000|" in contests[0].comparisons[0].signature  # no test takes fewer


def set_score(run: Path, **keys: object) -> None:
    """Change what the job says about scores."""
    directory = RunDirectory(run)
    manifest = directory.read_manifest()
    directory.write_manifest({**manifest, "score": {**manifest["score"], **keys}})


@pytest.mark.parametrize("bootstrap", [0, 10, 50, 100])
def test_a_collapse_of_one_system_in_many_is_found(tmp_path: Path, bootstrap: int) -> None:
    names = "abcdefghij"
    old = make_plain_run(tmp_path / "old", dict.fromkeys(names, REFERENCE))
    set_score(old, bootstrap=bootstrap)
    lost = ("nothing",) * 20
    new = make_plain_run(tmp_path / "new", {**dict.fromkeys(names, REFERENCE), "d": lost})
    assert [each.system for each in compare_runs(old, new).regressions] == ["d"]
    assert [each.system for each in compare_runs(old, new, bootstrap=50).regressions] == ["d"]


def test_the_test_is_that_of_the_job(old: Path) -> None:
    set_score(old, test="randomization", trials=1500)
    found = [c for each in compare_run(old).contests for c in each.comparisons]
    assert {c.test for c in found} == {"randomization"}
    assert all("|ar:1500|" in c.signature for c in found)
    asked = [c for each in compare_run(old, bootstrap=2000).contests for c in each.comparisons]
    assert all("|bs:2000|" in c.signature for c in asked)


def test_systems_of_one_language_only_are_compared(tmp_path: Path) -> None:
    found = compare_run(make_run(tmp_path / "tiny"))
    assert [(each.baseline, each.system) for each in found.contests] == [("good", "bad")]
    assert found.notes == ("3 pairs: too little to say how far chance reaches.",)
    with pytest.raises(RunError, match="nothing to compare"):
        compare_run(tmp_path / "tiny", baseline="viet")


def test_the_table_fits_80_columns(awda: Awda, old: Path) -> None:
    code, out, _ = awda(old)
    assert code == 0
    assert all(len(line) <= 80 for line in out.splitlines())
    assert "plain: Arabic to English, 20 pairs" in out
    assert next(line.split()[:4] for line in out.splitlines() if "BLEU " in line) == [
        "b", "BLEU", "100.0", f"{sacrebleu.corpus_bleu(MIXED, [REFERENCE]).score:.1f}",
    ]  # fmt: skip
    assert "against a" in out
    assert "Significantly worse" not in out
    assert out.count("tok:13a") == 1


@pytest.mark.parametrize(
    ("before", "after", "options", "code"),
    [
        (REFERENCE, WORSE, (), 1),
        (WORSE, REFERENCE, (), 0),  # better
        (MIXED, MIXED, (), 0),
        (REFERENCE, (*REFERENCE[:19], WORSE[19]), (), 0),  # one line of twenty may be chance
        (REFERENCE, WORSE, ("--tolerance", 99), 0),
        (REFERENCE, WORSE, ("--tolerance", 1), 1),
        (REFERENCE, WORSE, ("--metrics", "ter"), 1),  # higher, which is worse
        (WORSE, REFERENCE, ("--metrics", "ter"), 0),
    ],
)
def test_exit_codes_of_a_regression_check(
    awda: Awda,
    tmp_path: Path,
    before: tuple[str, ...],
    after: tuple[str, ...],
    options: tuple[object, ...],
    code: int,
) -> None:
    old = make_plain_run(tmp_path / "old", {"a": before})
    new = make_plain_run(tmp_path / "new", {"a": after})
    answer = awda(old, new, "--format", "json", *options)
    assert answer[0] == code
    found = json.loads(answer[1])
    assert found["worse"] == ["a"] * code
    assert found["runs"] == [str(old), str(new)]
    (contest,) = found["contests"]
    first = contest["metrics"][0]
    assert first["difference"] == pytest.approx(first["after"] - first["before"], abs=1e-5)


def test_the_verdict_of_a_regression_check(awda: Awda, old: Path, tmp_path: Path) -> None:
    new = make_plain_run(tmp_path / "new", {"a": WORSE, "b": MIXED, "d": MIXED})
    code, out, _ = awda(old, new)
    assert code == 1
    assert "Significantly worse by BLEU: a." in out
    assert "Note: 'c' is not in" in out
    assert "Note: 'd' is not in" in out
    assert "Significantly worse by BLEU: none." in awda(old, old)[1]


def test_systems_that_changed_their_names(old: Path, tmp_path: Path) -> None:
    new = make_plain_run(tmp_path / "new", {"x": WORSE, "y": WORSE})
    found = compare_runs(old, new, {"a": "x", "c": "y"})
    assert [(each.baseline, each.system) for each in found.contests] == [("a", "x"), ("c", "y")]
    assert [each.system for each in found.regressions] == ["x"]
    assert [note.split()[0] for note in found.notes] == ["'b'"]
    for renamed, name in (({"a": "z"}, "z"), ({"z": "x"}, "z")):
        with pytest.raises(RunError, match=f"no system '{name}'"):
            compare_runs(old, new, renamed)


def test_runs_that_cannot_be_compared(old: Path, tmp_path: Path) -> None:
    systems = {"a": REFERENCE}
    changed = (*SOURCE[:3], "جملة أخرى", *SOURCE[4:])
    other = make_plain_run(tmp_path / "source", systems, source=changed)
    with pytest.raises(RunError, match=r"source/segments.jsonl:4: not the text that .*old has"):
        compare_runs(old, other)
    changed = (*REFERENCE[:19], "another last line")
    other = make_plain_run(tmp_path / "reference", systems, reference=changed)
    with pytest.raises(RunError, match=r"references/en.1.jsonl:20: not the text"):
        compare_runs(old, other)
    other = make_plain_run(tmp_path / "names", {"x": REFERENCE})
    with pytest.raises(RunError, match=r"no system in common; .* --map OLD=NEW"):
        compare_runs(old, other)
    other = make_plain_run(tmp_path / "vi", systems, target="vi")
    with pytest.raises(RunError, match="no system in common"):
        compare_runs(old, other)
    with pytest.raises(ScoreError, match="unknown metric 'blue'"):
        compare_runs(old, old, metrics=["blue"])


def test_both_runs_are_scored_on_the_pairs_of_the_old_one(old: Path, tmp_path: Path) -> None:
    """The new run aligns nothing with its first ten lines, where its translation got worse."""
    lost = [bead for i in range(10) for bead in (Bead((i,), (), 0.0), Bead((), (i,), 0.0))]
    texts = (*WORSE[:10], *REFERENCE[10:])
    new = make_plain_run(tmp_path / "new", {"a": texts}, beads=[*lost, *BEADS[10:]])
    found = compare_runs(old, new)
    (contest,) = found.contests
    assert contest.pairs == 20
    assert contest.before[0].score == pytest.approx(100)
    assert contest.after[0].score == sacrebleu.corpus_bleu(texts, [REFERENCE]).score
    assert found.regressions == (contest,)
    assert "On its own pairs, a has BLEU +0.0 (p=1.000)." in found.notes[-1]

    turned = compare_runs(new, old)  # now the pairs without those lines are the old ones
    assert turned.contests[0].pairs == 10
    assert turned.contests[0].comparisons[0].difference == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("OLD", "--tolerance", 1), "--map and --tolerance are for two runs"),
        (("OLD", "--map", "a=b"), "--map and --tolerance are for two runs"),
        (("OLD", "OLD", "--baseline", "a"), "--baseline is for one run"),
        (("OLD", "OLD", "--map", "a"), "--map a: expected OLD=NEW"),
        (("OLD", "--baseline", "aa"), "no system 'aa'"),
        (("nothere",), "not a run directory of awda"),
        (("OLD", "nothere"), "not a run directory of awda"),
    ],
)
def test_wrong_requests_exit_with_2(
    awda: Awda, old: Path, arguments: tuple[object, ...], message: str
) -> None:
    code, out, err = awda(*(old if each == "OLD" else each for each in arguments))
    assert (code, out) == (2, "")
    assert message in err
    assert len(err.splitlines()) == 1
