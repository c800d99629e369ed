"""``awda align`` and ``awda report --alignment``: files in and out, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from plain_run import call_awda
from tiny_run import ALIGNMENT, ENGLISH, SOURCE, make_run

from mt.align.formats import FORMATS
from mt.store import RunDirectory

LANGUAGES = ("--source-lang", "ar", "--target-lang", "en", "--similarity", "length")


class Shell:
    """The command line in a folder that has ``a.ar`` and ``a.en``, three lines each."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.folder, self._patch, self._capture = folder, monkeypatch, capsys
        monkeypatch.chdir(folder)
        (folder / "a.ar").write_text("\n".join(SOURCE[:3]) + "\n", "utf-8")
        (folder / "a.en").write_text("\n".join(ENGLISH[:3]) + "\n", "utf-8")

    def __call__(self, *words: object) -> str:
        code, out, err = call_awda(self._patch, self._capture, *words)
        assert code == 0, err
        return out

    def refuse(self, *words: object) -> str:
        code, out, err = call_awda(self._patch, self._capture, *words)
        assert (code, out) == (2, ""), err
        return err


@pytest.fixture
def awda(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Shell:
    return Shell(tmp_path, monkeypatch, capsys)


def test_out_has_what_else_goes_to_stdout(awda: Shell) -> None:
    printed = awda("align", "a.ar", "a.en", *LANGUAGES, "--format", "tsv")
    assert awda("align", "a.ar", "a.en", *LANGUAGES, "--format", "tsv", "--out", "b.tsv") == ""
    assert (awda.folder / "b.tsv").read_text("utf-8") == printed


def test_intertext_fills_a_folder(awda: Shell) -> None:
    awda("align", "a.ar", "a.en", *LANGUAGES, "--format", "intertext", "--out", "edit")
    names = sorted(path.name for path in (awda.folder / "edit").iterdir())
    assert names == ["a.ar.en.xml", "a.ar.xml", "a.en.xml"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--format", "ladde"], "unknown format 'ladde'; did you mean 'ladder'?"),
        (["--format", "intertext"], "has 3 files; name a folder for them with --out"),
        (["--format", "intertext", "--out", "a.ar"], "a.ar: a file; format 'intertext' wants"),
        (["--out", "."], ".: a folder; name a file in it"),
        (["--gold", "a.ar", "--out", "x"], "--gold prints scores and writes no alignment"),
        (["--three-way"], "--three-way goes with one --hyp"),
        (["--three-way", "--hyp", "a.en"], "format 'pairs' has two sides"),
        (["--hyp", "none.txt"], "none.txt: no such file"),
        (["--gold", "a.en"], "a.en: not an alignment in a format that is known"),
    ],
)
def test_requests_that_cannot_be_met(awda: Shell, words: list[str], message: str) -> None:
    assert message in awda.refuse("align", "a.ar", "a.en", *LANGUAGES, *words)


def test_a_hypothesis_of_another_length_is_not_taken_for_lines(awda: Shell) -> None:
    (awda.folder / "hyp").write_text("one\n", "utf-8")
    message = awda.refuse("align", "a.ar", "a.en", *LANGUAGES, "--hyp", "hyp")
    assert "hyp: 1 lines, but a.ar has 3 segments" in message
    assert "--three-way" in message


def test_languages_are_asked_for(awda: Shell) -> None:
    message = awda.refuse("align", "a.ar", "a.en", "--source-lang", "ar")
    assert "--target-lang: say which language it is" in message


@pytest.mark.parametrize("name", FORMATS)
def test_gold_may_have_any_format(awda: Shell, name: str) -> None:
    """What was written scores 1 against itself."""
    out = Path("gold") if FORMATS[name].files > 1 else Path(f"gold.{name}")
    awda("align", "a.ar", "a.en", *LANGUAGES, "--format", name, "--out", out)
    gold = out / "a.ar.en.xml" if FORMATS[name].files > 1 else out
    scores = awda("align", "a.ar", "a.en", *LANGUAGES, "--gold", gold)
    assert scores.splitlines()[1].split() == ["strict", "1.000", "1.000", "1.000"]


def test_three_sides_of_a_hypothesis_with_a_line_per_segment(awda: Shell) -> None:
    (awda.folder / "hyp").write_text("one\ntwo\nthree\n", "utf-8")
    words = ("--hyp", "hyp", "--three-way", "--format", "jsonl")
    lines = awda("align", "a.ar", "a.en", *LANGUAGES, *words).splitlines()
    entries = [json.loads(line) for line in lines]
    assert [i for entry in entries for i in entry["hypothesis_ids"]] == [0, 1, 2]
    assert all(entry["source_ids"] == entry["hypothesis_ids"] for entry in entries)


def test_three_sides_of_a_hypothesis_with_lines_of_its_own(awda: Shell) -> None:
    (awda.folder / "hyp").write_text(f"{ENGLISH[0]}\n{ENGLISH[1]} {ENGLISH[2]}\n", "utf-8")
    words = ("--hyp", "hyp", "--three-way", "--format", "jsonl")
    lines = awda("align", "a.ar", "a.en", *LANGUAGES, *words).splitlines()
    entries = [json.loads(line) for line in lines]
    for side, count in (("source", 3), ("hypothesis", 2), ("reference", 3)):
        assert [i for entry in entries for i in entry[f"{side}_ids"]] == list(range(count))


def test_what_is_pinned_stays(awda: Shell) -> None:
    (awda.folder / "pins").write_text("[0, 1]:[0]\n", "utf-8")
    lines = awda("align", "a.ar", "a.en", *LANGUAGES, "--anchors", "pins").splitlines()
    assert lines[0].startswith("[0, 1]:[0]:")


def test_documents_may_be_pages(awda: Shell) -> None:
    for language, texts in (("ar", SOURCE[:3]), ("en", ENGLISH[:3])):
        page = f"<!doctype html><html><body>{''.join(f'<p>{text}</p>' for text in texts)}"
        (awda.folder / f"b.{language}.html").write_text(f"{page}</body></html>", "utf-8")
    pairs = awda("align", "b.ar.html", "b.en.html", *LANGUAGES)
    assert pairs == awda("align", "a.ar", "a.en", *LANGUAGES)


def test_the_alignment_of_a_run_is_written_as_it_is(awda: Shell) -> None:
    make_run(awda.folder / "tiny")
    pairs = awda("align", "tiny", "en.1").splitlines()
    assert [line.rsplit(":", 1)[0] for line in pairs] == [
        f"{list(bead.source)}:{list(bead.target)}" for bead in ALIGNMENT.beads
    ]
    assert "no alignment 'en.2'; did you mean 'en.1'?" in awda.refuse("align", "tiny", "en.2")
    assert "a run, whose alignment is there already" in awda.refuse(
        "align", "tiny", "en.1", "--split", "line"
    )


@pytest.mark.parametrize("name", FORMATS)
def test_a_run_takes_back_what_was_corrected(awda: Shell, name: str) -> None:
    """Written, corrected, read: the two null beads become one, and the report says by whom."""
    run = RunDirectory(make_run(awda.folder / "tiny"))
    path = run.path / "alignments" / "en.1.jsonl"
    before = path.read_text("utf-8")
    corrected = before.replace('{"source": [], "target": [3], "score": 0.0}\n', "").replace(
        '"source": [4], "target": []', '"source": [4], "target": [3]'
    )
    assert corrected.count("\n") == 4
    path.write_text(corrected, "utf-8")
    out = Path("out") if FORMATS[name].files > 1 else Path("out.file")
    awda("align", "tiny", "en.1", "--format", name, "--out", out)
    path.write_text(before, "utf-8")
    file = next(out.glob("*.ar.en.xml")) if out.is_dir() else out
    awda("report", "tiny", "--alignment", f"en.1={file}")
    found = run.read_alignment("alignments/en.1.jsonl", 5, 4)
    assert sorted((bead.source, bead.target) for bead in found.beads) == [
        ((0,), (0,)),
        ((1,), (1,)),
        ((2, 3), (2,)),
        ((4,), (3,)),
    ]
    assert path.with_name("en.1.jsonl.bak").read_text("utf-8") == before
    scores = json.loads((run.path / "scores.json").read_text("utf-8"))
    english = next(each for each in scores["targets"] if each["language"] == "en")
    assert english["pairs"] == {"scored": 4, "not_scored": {}}


def test_a_rerun_of_the_job_keeps_the_correction(awda: Shell) -> None:
    (awda.folder / "job.yaml").write_text(
        "name: job\nsource: {language: ar, path: a.ar, split: line}\n"
        "references: {en: [a.en]}\nalign: {similarity: length}\nscore: {bootstrap: 0}\n"
        "systems: [{name: given, target: en, hypothesis: a.en}]\n",
        "utf-8",
    )
    awda("run", "job.yaml", "--out", "job")
    (awda.folder / "good").write_text("[0, 1, 2]:[0, 1, 2]\n", "utf-8")
    awda("report", "job", "--alignment", "good")
    awda("run", "job.yaml", "--out", "job")
    assert awda("align", "job", "en.1").startswith("[0, 1, 2]:[0, 1, 2]:")
    manifest = json.loads((awda.folder / "job" / "manifest.json").read_text("utf-8"))
    assert manifest["alignment"]["method"] == {"en.1": "corrected by hand"}


def test_a_hypothesis_in_sentences_of_its_own_can_be_corrected_too(awda: Shell) -> None:
    (awda.folder / "mt.en").write_text(f"{ENGLISH[0]} {ENGLISH[1]}\n{ENGLISH[2]}\n", "utf-8")
    (awda.folder / "job.yaml").write_text(
        "name: job\nsource: {language: ar, path: a.ar, split: line}\n"
        "references: {en: [a.en]}\nalign: {similarity: length}\nscore: {bootstrap: 0}\n"
        "systems: [{name: given, target: en, hypothesis: mt.en, split: sentence}]\n",
        "utf-8",
    )
    awda("run", "job.yaml", "--out", "job")
    (awda.folder / "good").write_text("[0, 1]:[0, 1]\n[2]:[2]\n", "utf-8")
    assert "say which one it is" in awda.refuse("report", "job", "--alignment", "good")
    awda("report", "job", "--alignment", "hypothesis.given=good")
    awda("run", "job.yaml", "--out", "job")
    assert awda("align", "job", "hypothesis.given").count("\n") == 2


def test_a_correction_that_does_not_fit_changes_nothing(awda: Shell) -> None:
    run = make_run(awda.folder / "tiny")
    path = run / "alignments" / "en.1.jsonl"
    before = path.read_bytes()
    (awda.folder / "bad").write_text("[0]:[0]\n[1]:[1]\n[2, 3]:[2, 3]\n", "utf-8")
    message = awda.refuse("report", "tiny", "--alignment", "en.1=bad")
    assert "bad: source segment 4 ('مصدر') stands in no bead" in message
    assert "after line 3" in message
    assert path.read_bytes() == before
    assert not path.with_name("en.1.jsonl.bak").exists()
    assert "no alignment 'fr.1'" in awda.refuse("report", "tiny", "--alignment", "fr.1=bad")


def test_every_correction_leaves_the_one_before_it(awda: Shell) -> None:
    path = make_run(awda.folder / "tiny") / "alignments" / "en.1.jsonl"
    before = [path.read_text("utf-8")]
    for pairs in ("[0]:[0]\n[1]:[1]\n[2, 3, 4]:[2, 3]\n", "[0, 1]:[0]\n[2, 3, 4]:[1, 2, 3]\n"):
        (awda.folder / "good").write_text(pairs, "utf-8")
        awda("report", "tiny", "--alignment", "en.1=good")
        before.append(path.read_text("utf-8"))
    assert len(set(before)) == 3
    kept = [path.with_name(f"en.1.jsonl.{end}").read_text("utf-8") for end in ("bak", "bak2")]
    assert kept == before[:2]


def test_the_name_may_be_left_out_where_there_is_one(awda: Shell) -> None:
    run = make_run(awda.folder / "tiny")
    (awda.folder / "good").write_text("[0, 1]:[0, 1]\n[2, 3]:[2, 3]\n[4]:[]\n", "utf-8")
    awda("report", "tiny", "--alignment", "good")
    rows = [json.loads(line) for line in (run / "alignments/en.1.jsonl").read_text().splitlines()]
    assert [row["source"] for row in rows] == [[0, 1], [2, 3], [4]]


def test_a_damaged_alignment_can_be_replaced(awda: Shell) -> None:
    run = make_run(awda.folder / "tiny")
    (run / "alignments" / "en.1.jsonl").write_text("damaged\n", "utf-8")
    (awda.folder / "good").write_text("[0, 1]:[0, 1]\n[2, 3]:[2, 3]\n[4]:[]\n", "utf-8")
    awda("report", "tiny", "--alignment", "en.1=good")


def test_a_page_is_one_file(awda: Shell) -> None:
    page = awda("align", "a.ar", "a.en", *LANGUAGES, "--format", "html")
    assert page.startswith("<!doctype html>")
    assert "http://" not in page
    assert "https://" not in page
