"""A job from end to end with a random-weight model: what is written, and what a rerun redoes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mt.errors import AlignmentError, CorpusError, ModelError, RunError
from mt.job import load_job
from mt.pipeline import run
from mt.store import RunDirectory
from mt.translate.translation import Progress

ARABIC = "زار الوفد القرية صباح اليوم.\n\nعقدت اللجنة اجتماعا في المدينة. هذا كتاب جديد.\n"
ENGLISH = "The delegation visited the village this morning.\nA new book. The committee met.\n"


@dataclass
class Diary:
    outcomes: dict[str, str] = field(default_factory=dict)
    done: int = 0

    def start(self, stage: str, segments: int) -> Progress:
        def count(done: int) -> None:
            self.done += done

        return count

    def finish(self, stage: str, outcome: str) -> None:
        self.outcomes[stage] = outcome


@pytest.fixture
def job_file(tiny_model: Path, tmp_path: Path) -> Path:
    (tmp_path / "source.txt").write_text(ARABIC, encoding="utf-8")
    (tmp_path / "ref.txt").write_text(ENGLISH, encoding="utf-8")
    (tmp_path / "vendor.txt").write_text("A visit.\nA meeting.\nA book.\n", encoding="utf-8")
    path = tmp_path / "job.yaml"
    path.write_text(
        f"""
name: small
source: {{language: ar, path: source.txt}}
references: {{en: [ref.txt]}}
systems:
  - {{name: direct, target: en, models: [{tiny_model}]}}
  - {{name: pivot, target: vi, models: [{tiny_model}, {tiny_model}], via: [en]}}
  - {{name: vendor, target: en, hypothesis: vendor.txt}}
translate: {{beam_size: 1}}
align: {{similarity: length}}
score: {{bootstrap: 10}}
""",
        encoding="utf-8",
    )
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("manifest.json", ".lock")
    }


def test_a_run_and_its_reruns(job_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    first, second, third = Diary(), Diary(), Diary()
    run(load_job(job_file), out, monitor=first)
    before = files(out)
    assert set(before) == {
        "segments.jsonl",
        "references/en.1.jsonl",
        "translations/direct.jsonl",
        "translations/pivot.jsonl",
        "translations/vendor.jsonl",
        "alignments/en.1.jsonl",
    }
    assert set(first.outcomes.values()) == {"made"}
    directory = RunDirectory(out)
    assert len(directory.read_document("segments.jsonl", "ar").segments) == 3
    assert [t.text for t in directory.read_translations("translations/vendor.jsonl")] == [
        "A visit.",
        "A meeting.",
        "A book.",
    ]
    assert all(t.pivots for t in directory.read_translations("translations/pivot.jsonl"))

    run(load_job(job_file), out, monitor=second)
    assert set(second.outcomes.values()) == {"reused"}
    assert second.done == 0
    assert files(out) == before

    run(load_job(job_file), out, fresh=True, monitor=third)
    assert set(third.outcomes.values()) == {"made"}
    assert files(out) == before


def test_only_what_changed_is_redone(job_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    run(load_job(job_file), out)
    diary = Diary()
    (tmp_path / "ref.txt").write_text(ENGLISH + "One more line.\n", encoding="utf-8")
    run(load_job(job_file), out, monitor=diary)
    assert diary.outcomes == {
        "direct": "reused",
        "pivot": "reused",
        "vendor": "reused",
        "alignment en.1": "made",
    }
    run(load_job(job_file, ["translate.beam_size=2"]), out, monitor=diary)
    assert diary.outcomes["direct"] == "made"


def test_an_alignment_corrected_by_hand_is_kept_and_checked(job_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    run(load_job(job_file), out)
    path = out / "alignments" / "en.1.jsonl"
    corrected = (
        '{"source": [0], "target": [0]}\n{"source": [1], "target": [2]}\n'
        '{"source": [2], "target": [1]}\n'
    )
    path.write_text(corrected, encoding="utf-8")
    diary = Diary()
    run(load_job(job_file), out, monitor=diary)
    assert diary.outcomes["alignment en.1"] == "edited"
    assert path.read_text(encoding="utf-8") == corrected
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["alignment"]["method"] == {"en.1": "corrected by hand"}
    path.write_text('{"source": [0], "target": [0]}\n', encoding="utf-8")
    with pytest.raises(AlignmentError, match="stands in no bead"):
        run(load_job(job_file), out)


def test_a_correction_survives_a_change_of_systems(job_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    run(load_job(job_file), out)
    path = out / "alignments" / "en.1.jsonl"
    corrected = '{"source": [0, 1, 2], "target": [0, 1, 2]}\n'
    path.write_text(corrected, encoding="utf-8")
    diary = Diary()
    run(load_job(job_file, ["translate.beam_size=2"]), out, monitor=diary)
    assert diary.outcomes["direct"] == "made"
    assert diary.outcomes["alignment en.1"] == "edited"
    assert path.read_text(encoding="utf-8") == corrected


def test_a_wrong_input_writes_nothing(job_file: Path, tmp_path: Path) -> None:
    (tmp_path / "vendor.txt").write_text("one line\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"vendor\.txt: 1 lines, but .* has 3 segments"):
        run(load_job(job_file), tmp_path / "run")
    (tmp_path / "vendor.txt").write_text(ARABIC.replace(". ", ".\n"), encoding="utf-8")
    with pytest.raises(CorpusError, match=r"vendor\.txt"):
        run(load_job(job_file), tmp_path / "run")
    (tmp_path / "vendor.txt").write_text("1\n2\n3\n", encoding="utf-8")
    with pytest.raises(ModelError, match="unknown model 'nothing'"):
        run(load_job(job_file, ["systems.0.models=[nothing]"]), tmp_path / "run")
    (tmp_path / "ref.txt").write_text(ARABIC, encoding="utf-8")
    with pytest.raises(CorpusError, match=r"ref\.txt: expected English"):
        run(load_job(job_file), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_run_stopped_half_way_goes_on(
    job_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "run"
    wanted = tmp_path / "wanted"
    run(load_job(job_file), wanted)

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("mt.align.aligner.align_texts", fail)
        with pytest.raises(KeyboardInterrupt):
            run(load_job(job_file), out)
    diary = Diary()
    run(load_job(job_file), out, monitor=diary)
    assert diary.outcomes == {
        "direct": "reused",
        "pivot": "reused",
        "vendor": "reused",
        "alignment en.1": "made",
    }
    assert files(out) == files(wanted)


def test_the_run_directory_of_somebody_else_is_left_alone(job_file: Path, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not empty, and not a run"):
        run(load_job(job_file), tmp_path)
