"""The run directory: written whole or not at all, reused only when nothing changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mt.align.alignment import Alignment, Bead
from mt.errors import AlignmentError, RunError
from mt.store import RunDirectory, Stages, write_text
from mt.text.document import Document, Segment
from mt.translate.translation import Translation


@pytest.fixture
def directory(tmp_path: Path) -> RunDirectory:
    made = RunDirectory(tmp_path / "run")
    made.create()
    made.write_manifest({"name": "x"})
    return made


def test_values_come_back_as_they_were(directory: RunDirectory) -> None:
    document = Document("x", "ar", (Segment(0, 2, "نص\u2028آخر", "raw\u200f", ("nfc",)),))
    directory.write_document("segments.jsonl", document)
    assert directory.read_document("segments.jsonl", "ar").segments == document.segments
    translations = [Translation("a", -0.25, ("p",), ("n",)), Translation("")]
    directory.write_translations("translations/s.jsonl", translations)
    assert directory.read_translations("translations/s.jsonl") == translations
    alignment = Alignment((Bead((0,), (0, 1), 0.5), Bead((1,), (), 0.0)))
    directory.write_alignment("alignments/en.1.jsonl", alignment)
    assert directory.read_alignment("alignments/en.1.jsonl", 2, 2).beads == alignment.beads


@given(st.lists(st.text()))
def test_any_text_survives_a_row(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    texts = [t.encode("utf-8", "ignore").decode() for t in texts]
    made = RunDirectory(tmp_path_factory.mktemp("run"))
    made.write_translations("t.jsonl", [Translation(text) for text in texts])
    assert [t.text for t in made.read_translations("t.jsonl")] == texts


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    write_text(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('{"index": 0', r"t\.jsonl:1: not a JSON object"),
        ("[1]", r"t\.jsonl:1: not a JSON object"),
        ('{"index": 0}', "lacks or misspells 'text'"),
    ],
)
def test_damaged_rows_are_told(directory: RunDirectory, row: str, message: str) -> None:
    (directory.path / "t.jsonl").write_text(row + "\n", encoding="utf-8")
    with pytest.raises(RunError, match=message):
        directory.read_translations("t.jsonl")


def test_places_that_cannot_be_a_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("x")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "manifest.json").write_text('{"schema": 0}')
    with pytest.raises(RunError, match="is a file"):
        RunDirectory(tmp_path / "file").create()
    with pytest.raises(RunError, match="not empty, and not a run"):
        RunDirectory(tmp_path / "full").create()
    with pytest.raises(RunError, match="another version"):
        RunDirectory(tmp_path / "old").create()
    with pytest.raises(RunError, match="not a run directory"):
        RunDirectory(tmp_path / "none").read_manifest()


def test_one_job_at_a_time(directory: RunDirectory) -> None:
    other = RunDirectory(directory.path)
    with directory.lock(), pytest.raises(RunError, match="another awda"), other.lock():
        pass


def test_stages_are_reused_by_digest(directory: RunDirectory) -> None:
    def stage(made_from: str, *, fresh: bool = False, corrects: str = "") -> str:
        stages = Stages(directory, {"name": "x"}, fresh=fresh)
        outcome = stages.run(
            "a.jsonl",
            made_from,
            lambda: directory.write_rows("a.jsonl", [{"from": made_from}]),
            corrects=corrects,
        )
        stages.finish()
        return outcome

    assert stage("1") == "made"
    assert stage("1") == "reused"
    assert stage("2") == "made"
    assert directory.read_rows("a.jsonl") == [{"from": "2"}]
    assert stage("2", fresh=True) == "made"
    (directory.path / "a.jsonl").write_text('{"from": "hand"}\n')
    assert stage("2") == "made"
    (directory.path / "a.jsonl").unlink()
    assert stage("2") == "made"


def test_a_correction_by_hand_outlives_all_but_what_it_corrects(directory: RunDirectory) -> None:
    path = directory.path / "a.jsonl"

    def stage(made_from: str, corrects: str, *, fresh: bool = False) -> str:
        stages = Stages(directory, {"name": "x"}, fresh=fresh)
        outcome = stages.run(
            "a.jsonl",
            made_from,
            lambda: directory.write_rows("a.jsonl", [{"from": made_from}]),
            corrects=corrects,
        )
        stages.finish()
        return outcome

    assert stage("1", "documents") == "made"
    path.write_text('{"from": "hand"}\n')
    assert directory.corrected("a.jsonl")
    assert stage("1", "documents") == "edited"
    assert stage("2", "documents") == "edited"
    assert directory.read_rows("a.jsonl") == [{"from": "hand"}]
    assert stage("2", "other documents") == "made"
    assert path.with_name("a.jsonl.bak").read_text() == '{"from": "hand"}\n'
    path.write_text('{"from": "hand again"}\n')
    assert stage("2", "other documents", fresh=True) == "made"
    assert path.with_name("a.jsonl.bak").read_text() == '{"from": "hand"}\n'
    assert path.with_name("a.jsonl.bak2").read_text() == '{"from": "hand again"}\n'


@pytest.mark.parametrize(
    ("row", "error", "message"),
    [
        ('{"source": "0", "target": [0]}', RunError, r"a\.jsonl:1: not a bead"),
        ('{"source": [0.5], "target": [0]}', RunError, "not a bead"),
        ('{"source": 0, "target": [0]}', RunError, "not a bead"),
        ('{"source": [0]}', RunError, "not a bead"),
        ('{"source": [0], "target": [0], "score": NaN}', RunError, "1: the score nan is not"),
        ('{"source": [0], "target": [0], "score": -Infinity}', RunError, "1: the score -inf is"),
        ('{"source": [0], "target": [0], "score": 1.01}', RunError, r"1: the score 1\.01 is not"),
        ('{"source": [0], "target": [0], "score": true}', RunError, "1: the score True is not"),
        ('{"source": [-1], "target": [0]}', RunError, "1: not a bead"),
        (
            '{"source": [0], "target": []}\n{"source": [0], "target": [0]}',
            AlignmentError,
            r"a\.jsonl:2: source segment 0 stands here and on line 1",
        ),
        (
            '{"source": [0], "target": [0]}\n{"source": [], "target": [99999999999999999999]}',
            AlignmentError,
            r"a\.jsonl:2: target segment 99999999999999999999 does not exist: there are 1",
        ),
        ('{"source": [0], "target": [1]}', AlignmentError, r"a\.jsonl:1: target segment 1 does"),
    ],
)
def test_beads_that_are_none(
    directory: RunDirectory, row: str, error: type[Exception], message: str
) -> None:
    (directory.path / "a.jsonl").write_text(row + "\n", encoding="utf-8")
    with pytest.raises(error, match=message):
        directory.read_alignment("a.jsonl", 1, 1)


def test_a_run_killed_before_its_first_stage_can_be_taken_up(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path / "run")
    directory.create()
    Stages(directory, {"name": "x"}, fresh=False)
    (directory.path / "segments.jsonl").write_text("")
    RunDirectory(tmp_path / "run").create()


def test_a_file_in_place_of_a_run_directory_is_named(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("")
    with pytest.raises(RunError, match=r"report\.md: is a file; name the run directory"):
        RunDirectory(path).read_manifest()


def test_notes_of_beads_are_kept_and_older_files_have_none(tmp_path: Path) -> None:
    directory = RunDirectory(tmp_path)
    noted = Bead((0,), (0,), 0.5, "order: source 0 looks like target 1")
    alignment = Alignment((noted, Bead((1,), (1,), 0.25)))
    directory.write_alignment("a.jsonl", alignment)
    lines = (tmp_path / "a.jsonl").read_text(encoding="utf-8").splitlines()
    assert ['"note"' in line for line in lines] == [True, False]
    assert directory.read_alignment("a.jsonl", 2, 2).beads == alignment.beads
    directory.write_rows("b.jsonl", [{"source": [0], "target": [0], "score": 0.5, "note": 3}])
    with pytest.raises(RunError, match="not a bead"):
        directory.read_alignment("b.jsonl", 1, 1)
