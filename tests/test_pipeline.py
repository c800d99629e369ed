"""A job from end to end with a random-weight model: what is written, and what a rerun redoes."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mt.errors import AlignmentError, CorpusError, ModelError, RunError
from mt.job import load_job
from mt.pipeline import run
from mt.store import RunDirectory
from mt.translate.translation import Progress, Translation

ARABIC = "زار الوفد القرية صباح اليوم.\n\nعقدت اللجنة اجتماعا في المدينة. هذا كتاب جديد.\n"
ENGLISH = "The delegation visited the village this morning.\nA new book. The committee met.\n"


@dataclass
class Diary:
    outcomes: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    done: int = 0

    def start(self, stage: str, segments: int) -> Progress:
        def count(done: int) -> None:
            self.done += done

        return count

    def finish(self, stage: str, outcome: str, note: str = "") -> None:
        self.outcomes[stage] = outcome
        self.notes[stage] = note


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


def read_stage(out: Path, name: str) -> dict[str, object]:
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    record: dict[str, object] = manifest["stages"][f"translations/{name}.jsonl"]
    return record


def test_another_run_takes_from_the_memory_what_is_the_same(job_file: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    run(load_job(job_file), first)
    assert read_stage(first, "direct")["from_memory"] == 0
    diary = Diary()
    run(load_job(job_file), second, monitor=diary)
    assert files(second) == files(first)
    assert diary.notes["direct"].startswith("of 3 segments, 3 from memory")
    assert diary.notes["pivot"].startswith("of 6 segments, 6 from memory")
    record = read_stage(second, "direct")
    assert (record["segments"], record["from_memory"], record["matches"]) == (3, 3, 0)
    run(load_job(job_file), second, fresh=True)
    assert files(second) == files(first)
    assert read_stage(second, "direct")["from_memory"] == 0
    third = tmp_path / "third"
    run(load_job(job_file, ["translate.memory=false"]), third)
    assert files(third) == files(first)
    assert read_stage(third, "direct")["from_memory"] == 0


def test_translations_of_ones_own_go_before_models(job_file: Path, tmp_path: Path) -> None:
    own, out = tmp_path / "own.tsv", tmp_path / "run"
    own.write_text("ar\ten\tvi\nهذا كتاب جديد.\tA new book.\tSách mới.\n", encoding="utf-8")
    asked = [f"translate.translation_memory=[{own}]"]
    diary = Diary()
    run(load_job(job_file, asked), out, monitor=diary)
    directory = RunDirectory(out)
    note = ("from own.tsv",)
    direct = directory.read_translations("translations/direct.jsonl")
    assert direct[2] == Translation("A new book.", notes=note)
    pivot = directory.read_translations("translations/pivot.jsonl")
    assert pivot[2] == Translation("Sách mới.", notes=note)
    assert pivot[1].pivots
    assert diary.notes["pivot"].endswith("2 from translation memories")  # one, of two legs
    assert read_stage(out, "direct")["matches"] == 1
    manifest = directory.read_manifest()
    digest = hashlib.sha256(own.read_bytes()).hexdigest()
    assert manifest["translation_memories"] == {str(own): digest}

    own.write_text("ar\ten\nهذا كتاب جديد.\tThis is new.\n", encoding="utf-8")
    run(load_job(job_file, asked), out, monitor=diary)
    assert diary.outcomes["direct"] == "made"
    direct = directory.read_translations("translations/direct.jsonl")
    assert direct[2].text == "This is new."
    renamed = own.rename(tmp_path / "renamed.tsv")
    run(load_job(job_file, [f"translate.translation_memory=[{renamed}]"]), out)
    direct = directory.read_translations("translations/direct.jsonl")
    assert direct[2].notes == ("from renamed.tsv",)
    own.write_text("fr\ten\nlivre\tbook\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"own\.tsv: has no translations from 'ar'"):
        run(load_job(job_file, asked), out)


def test_a_run_tells_how_much_of_what_is_protected_arrived(job_file: Path, tmp_path: Path) -> None:
    out, diary = tmp_path / "run", Diary()
    source = tmp_path / "source.txt"
    source.write_text("زار <b>الوفد</b> x@y.vn\n\n39-NQ/TW {0}\nهذا كتاب.\n", encoding="utf-8")
    run(load_job(job_file, ["translate.repair=false"]), out, monitor=diary)
    assert diary.notes["direct"].endswith("protected: 2 of 5 kept")  # random weights know no tag
    record = read_stage(out, "direct")
    assert (record["kept"], record["protected"]) == (2, 5)
    visit, code, _ = RunDirectory(out).read_translations("translations/direct.jsonl")
    assert {"lost <b>", "lost </b>", "lost x@y.vn"} <= set(visit.notes)
    assert code == Translation("39-NQ/TW {0}", notes=("no words: copied",))


def test_a_second_model_that_is_of_no_use_is_refused(job_file: Path, tmp_path: Path) -> None:
    model = load_job(job_file).systems[0].models[0]
    with pytest.raises(ModelError, match=r"fallback '.*': cannot stand in"):
        run(load_job(job_file, [f"translate.fallback={model}"]), tmp_path / "run")


def test_a_glossary_of_a_job(job_file: Path, tmp_path: Path) -> None:
    terms, out, diary = tmp_path / "terms.tsv", tmp_path / "run", Diary()
    asked = [f"translate.glossary={terms}"]
    terms.write_text("ar\ten\nالوفد\tdelegation\n", encoding="utf-8")
    run(load_job(job_file), out)
    run(load_job(job_file, asked), out, monitor=diary)
    assert (diary.outcomes["direct"], diary.outcomes["vendor"]) == ("made", "reused")
    row = RunDirectory(out).read_translations("translations/direct.jsonl")[0]
    assert "missing term delegation" in row.notes
    terms.write_text("fr\ten\nlivre\tbook\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"terms\.tsv: must have terms in 'ar'"):
        run(load_job(job_file, asked), out)


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


def test_the_manifest_has_the_hashes_of_the_models(
    job_file: Path, tiny_model: Path, tmp_path: Path
) -> None:
    run(load_job(job_file), tmp_path / "run")
    manifest = RunDirectory(tmp_path / "run").read_manifest()
    direct, pivot, vendor = manifest["systems"]
    weights = (tiny_model / "model.safetensors").read_bytes()
    (files,) = direct["model_files"]
    assert files["files"]["model.safetensors"] == hashlib.sha256(weights).hexdigest()
    assert files["citation"] in direct["models"]
    assert (files["name"], files["revision"]) == (str(tiny_model), None)
    assert len(pivot["model_files"]) == 2
    assert "model_files" not in vendor
    assert direct["compute_type"] == "int8" or direct["device"] == "cuda"


def test_a_hypothesis_may_be_of_another_format(job_file: Path, tmp_path: Path) -> None:
    rows = ("id\ten", "1\tA visit.", "2\tA meeting.", "3\tA book.")
    (tmp_path / "vendor.tsv.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    text = job_file.read_text("utf-8")
    run(load_job(job_file), tmp_path / "plain")
    job_file.write_text(text.replace("vendor.txt", "vendor.tsv.gz"), "utf-8")
    run(load_job(job_file), tmp_path / "packed")
    name = "translations/vendor.jsonl"
    assert files(tmp_path / "packed")[name] == files(tmp_path / "plain")[name]


def test_a_hypothesis_in_its_own_sentences_is_aligned_and_scored(
    job_file: Path, tmp_path: Path
) -> None:
    """A line for two source segments is refused as one per segment, and taken as a document."""
    from eval.report import build_report

    text = "The delegation came to the village this morning. The committee met. This is new.\n"
    (tmp_path / "vendor.txt").write_text(text.replace("met. This", "met and this"), "utf-8")
    with pytest.raises(CorpusError, match="split: sentence"):
        run(load_job(job_file), tmp_path / "refused")
    job_file.write_text(
        job_file.read_text("utf-8").replace("vendor.txt}", "vendor.txt, split: sentence}"), "utf-8"
    )
    out, diary = tmp_path / "own_sentences", Diary()
    run(load_job(job_file), out, monitor=diary)
    assert diary.outcomes["alignment vendor"] == "made"
    directory = RunDirectory(out)
    document = directory.read_document("hypotheses/vendor.jsonl", "en")
    assert len(document.segments) == 2
    file = "alignments/hypothesis.vendor.jsonl"
    directory.read_alignment(file, 3, 2)

    directory.write_rows(  # a correction by hand is kept, and honoured
        file, [{"source": [0], "target": [0]}, {"source": [1, 2], "target": [1]}]
    )
    again = Diary()
    run(load_job(job_file), out, monitor=again)
    assert again.outcomes["alignment vendor"] == "edited"
    english = next(target for target in build_report(out).targets if target.language == "en")
    direct, vendor = english.systems
    assert [j.pair.sources for j in direct.judgements] == [
        j.pair.sources for j in vendor.judgements
    ]
    assert any({1, 2} <= set(pair.sources) for pair in english.pairs)
    written = " ".join(judgement.pair.hypothesis for judgement in vendor.judgements)
    assert written == " ".join(document.texts)
    assert vendor.scores
    assert any("in sentences of its own" in note for note in build_report(out).notes)
