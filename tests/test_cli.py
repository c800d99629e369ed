"""The command line as a person meets it: output, messages, exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT

NGHEAN = ROOT / "corpora" / "nghean"


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


Awda = Callable[..., Answer]


@pytest.fixture
def awda(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Awda:
    """Run the command in this process, with ``stdin`` as bytes."""

    def call(*arguments: object, stdin: bytes = b"") -> Answer:
        from io import BytesIO, TextIOWrapper

        from mt.cli import main

        monkeypatch.setattr(sys, "argv", ["awda", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin)))
        capfd.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        seen = capfd.readouterr()
        assert isinstance(code, int)
        assert "Traceback" not in seen.err
        return Answer(code, seen.out, seen.err)

    return call


def test_help_names_every_command(awda: Awda) -> None:
    answer = awda("--help")
    assert answer.code == 0
    for command in (
        *("run", "translate", "align", "score", "report"),
        *("compare", "history", "check", "train", "memory", "models"),
    ):
        assert command in answer.out
        assert awda(command, "--help").code == 0


def test_help_is_quick_because_nothing_heavy_is_imported() -> None:
    code = (
        "import sys; from mt.cli import app; "
        "print([m for m in ('torch','transformers','ctranslate2','numpy','sacrebleu','datasets')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_file_that_is_not_utf_8_is_refused_before_anything_is_written(
    awda: Awda, tiny_model: Path, tmp_path: Path
) -> None:
    path = tmp_path / "x.txt"
    path.write_bytes("كتاب\n".encode() * 3000 + "كتاب\n".encode("windows-1256"))
    for arguments, stdin in (([path], b""), ([], path.read_bytes())):
        answer = awda("translate", "-m", tiny_model, "--to", "en", *arguments, stdin=stdin)
        assert (answer.code, answer.out) == (2, "")
        assert ":3001: not UTF-8" in answer.err


@pytest.mark.parametrize(
    "text",
    [
        "واحد\nاثنان\n",
        "واحد\nاثنان",
        "واحد\r\n\r\nاثنان\r\n",
        "\n\n\n",
        "   \n***\n123\n🙂\n",
        "Đoàn thăm la\u0300ng\n\u200fمرحبا\u202c\n",
        "و" * 5000 + "\n",
        "a\u2028b\x85c\x0bd\n",
        "",
    ],
)
def test_translate_gives_a_line_per_line(awda: Awda, tiny_model: Path, text: str) -> None:
    answer = awda(
        "translate", "-m", tiny_model, "--to", "en", "--beam-size", 1, stdin=text.encode()
    )
    assert answer.code == 0
    wanted = len(text.split("\n")) - text.endswith("\n") if text else 0
    assert answer.out.count("\n") == wanted
    assert len(answer.out.splitlines()) == wanted


def test_translate_reads_a_file_and_checks_what_it_is_told(
    awda: Awda, tiny_model: Path, tmp_path: Path
) -> None:
    path = NGHEAN / "reference.en.txt"
    wrong = awda("translate", "-m", tiny_model, "--to", "vi", "--from", "ar", path)
    assert wrong.code == 2
    assert "expected Arabic, but most letters are in Latin script" in wrong.err
    (tmp_path / "x.txt").write_text("كتاب\n", encoding="utf-8")
    assert awda("translate", "-m", tiny_model, "--to", "vi", tmp_path / "x.txt").code == 0


def test_translate_refuses_aids_that_are_of_no_use(
    awda: Awda, tiny_model: Path, tmp_path: Path
) -> None:
    terms, text = tmp_path / "terms.tsv", tmp_path / "x.txt"
    terms.write_text("ar\tvi\nكتاب\tsách\n", encoding="utf-8")
    text.write_text("كتاب\n", encoding="utf-8")
    asked = ("translate", "-m", tiny_model, "--to", "en", text)
    refused = awda(*asked, "--glossary", terms)
    assert (refused.code, refused.out) == (2, "")
    assert "terms.tsv: must have terms in 'en'" in refused.err
    refused = awda(*asked, "--fallback", tiny_model)
    assert (refused.code, refused.out) == (2, "")
    assert f"fallback '{tiny_model}': cannot stand in" in refused.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("translate", "--to", "en", "-m", ""), "unknown model ''"),
        (("translate", "--to", "xx"), "unknown language 'xx'"),
        (("translate", "--to", "en", "-m", "buitlin"), "unknown model 'buitlin'"),
        (("translate", "--to", "en", "nothere.txt"), "nothere.txt: no such file"),
        (("translate", "--to", "vi", "--via", "en"), "1 models need 0 --via languages"),
        (("run", "nothere.yaml"), "nothere.yaml: no such file"),
        (("report", "nothere"), "not a run directory of awda"),
        (("score", "--hyp", "a", "--ref", "b", "--lang", "en"), "a: no such file"),
        (("train", "nothere.yaml"), "nothere.yaml: no such file"),
    ],
)
def test_wrong_requests_exit_with_2_and_one_line(
    awda: Awda, arguments: tuple[str, ...], message: str
) -> None:
    answer = awda(*arguments)
    assert answer.code == 2
    assert message in answer.err
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty; expected Arabic text"),
        (b"\xff\xfe\x00", "source.txt:1: not UTF-8"),
        (b"An English text in place of an Arabic one.", "expected Arabic"),
    ],
)
def test_bad_sources_leave_no_run_behind(
    awda: Awda, tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "source.txt").write_bytes(content)
    job = tmp_path / "job.yaml"
    job.write_text(
        "name: x\nsource: {language: ar, path: source.txt}\n"
        "systems: [{name: s, target: en, models: [builtin]}]\n"
    )
    answer = awda("run", job, "--out", tmp_path / "run")
    assert answer.code == 2
    assert message in answer.err
    assert not (tmp_path / "run").exists()


def test_all_problems_of_a_job_are_told_at_once(awda: Awda, tmp_path: Path) -> None:
    job = tmp_path / "job.yaml"
    job.write_text(
        "name: x\nsource: {language: ar, path: none.txt}\ncolour: red\n"
        "systems: [{name: s, target: xx, models: [builtin]}]\n"
    )
    answer = awda("check", job)
    assert answer.code == 2
    found = [re.search(r"job\.yaml:(\d+)", line) for line in answer.err.splitlines()]
    assert [m[1] for m in found if m] == ["2", "4", "3"]


def test_score_prints_the_numbers_of_sacrebleu(awda: Awda, tmp_path: Path) -> None:
    reference = (NGHEAN / "reference.en.sentences.txt").read_text(encoding="utf-8")
    hypothesis = reference.replace(" the ", " a ").replace("Committee", "Commission")
    (tmp_path / "hyp").write_text(hypothesis, encoding="utf-8")
    (tmp_path / "ref").write_text(reference, encoding="utf-8")
    command = [sys.executable, "-m", "sacrebleu", tmp_path / "ref", "-i", tmp_path / "hyp"]
    command += ["-m", "bleu", "chrf", "ter", "--chrf-word-order", "2"]
    theirs = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    ours = awda("score", "--hyp", tmp_path / "hyp", "--ref", tmp_path / "ref", "--lang", "en")
    assert ours.code == 0
    printed = [line.split()[1] for line in ours.out.splitlines()]
    assert printed == [f"{score['score']:.1f}" for score in theirs]


def test_score_refuses_files_of_unequal_length(awda: Awda, tmp_path: Path) -> None:
    (tmp_path / "hyp").write_text("a\nb\n")
    (tmp_path / "ref").write_text("a\n")
    answer = awda("score", "--hyp", tmp_path / "hyp", "--ref", tmp_path / "ref", "--lang", "en")
    assert answer.code == 2
    assert "2" in answer.err
    assert "1" in answer.err


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "vi"])
def test_align_reaches_the_gold_of_the_nghe_an_document(awda: Awda, language: str) -> None:
    answer = awda(
        "align",
        NGHEAN / "source.ar.txt",
        NGHEAN / f"reference.{language}.txt",
        "--source-lang",
        "ar",
        "--target-lang",
        language,
        "--gold",
        NGHEAN / f"gold.ar-{language}.txt",
    )
    assert answer.code == 0
    strict = next(line for line in answer.out.splitlines() if line.startswith("strict"))
    assert float(strict.split()[-1]) >= 0.90


def test_align_says_when_the_gold_counts_something_else(awda: Awda) -> None:
    answer = awda(
        "align",
        NGHEAN / "source.ar.txt",
        NGHEAN / "reference.en.txt",
        *("--source-lang", "ar", "--target-lang", "en", "--split", "line"),
        *("--gold", NGHEAN / "gold.ar-en.txt"),
    )
    assert answer.code == 2
    assert "does it count segments by --split line?" in answer.err


def test_what_was_translated_before_comes_from_the_memory(awda: Awda, tiny_model: Path) -> None:
    command = ("translate", "-m", tiny_model, "--to", "en", "--beam-size", 1)
    text = "كتاب جديد\n\nزار الوفد القرية\n".encode()
    first = awda(*command, stdin=text)
    assert re.search(r"^translate: made in .* segments/s$", first.err, re.MULTILINE)
    again = awda(*command, stdin=text + "مدينة\n".encode())
    assert "; 2 segments from memory" in again.err
    assert again.out.startswith(first.out)
    assert "memory" not in awda(*command, "--no-memory", stdin=text).err


def test_the_memory_is_shown_and_pruned(awda: Awda, tiny_model: Path, tmp_path: Path) -> None:
    path = tmp_path / "memory.sqlite"
    assert awda("memory", "stats").out == f"{path}: 0.0 MB, 0 translations\n"
    assert not path.exists()
    text = "كتاب جديد\nزار الوفد القرية\n".encode()
    awda("translate", "-m", tiny_model, "--to", "en", "--beam-size", 1, stdin=text)
    summary, header, row = awda("memory", "stats").out.splitlines()
    assert summary.endswith("MB, 2 translations")
    assert re.split("  +", header)[-3:] == ["translations", "oldest use", "newest use"]
    assert row.startswith(f"{tiny_model}@")
    assert re.search(r"  en  +ctranslate2 [\d.]+  +2  +(20\d\d-\d\d-\d\d)  +\1$", row)
    unsaid = awda("memory", "prune")
    assert (unsaid.code, "--older-than DAYS, --max-size MB or --all" in unsaid.err) == (2, True)
    assert "forgot 0 translations" in awda("memory", "prune", "--older-than", 1).err
    assert "forgot 2 translations" in awda("memory", "prune", "--max-size", 0).err
    path.write_bytes(b"damaged" * 1000)
    assert awda("memory", "stats").code == 2
    assert awda("memory", "prune", "--older-than", 1).code == 2
    assert awda("memory", "prune", "--all").code == 0
    assert awda("memory", "stats").out.endswith("0 translations\n")


def test_a_damaged_memory_costs_a_line(awda: Awda, tiny_model: Path, tmp_path: Path) -> None:
    command = ("translate", "-m", tiny_model, "--to", "en", "--beam-size", 1)
    text = "كتاب جديد\nزار الوفد القرية\n".encode()
    wanted = awda(*command, "--no-memory", stdin=text).out
    (tmp_path / "memory.sqlite").write_bytes(b"damaged" * 1000)
    answer = awda(*command, stdin=text)
    assert (answer.code, answer.out) == (0, wanted)
    (line,) = [line for line in answer.err.splitlines() if "memory" in line]
    assert line.startswith(f"awda: {tmp_path / 'memory.sqlite'}: damaged; ")


def test_translations_of_ones_own_go_first(awda: Awda, tiny_model: Path, tmp_path: Path) -> None:
    (tmp_path / "own.tsv").write_text("ar\ten\nكتاب جديد\tA new book\n", encoding="utf-8")
    command = ("translate", "-m", tiny_model, "--to", "en", "--tm", tmp_path / "own.tsv")
    answer = awda(*command, "--from", "ar", stdin="كتاب  جديد\n".encode())
    assert (answer.code, answer.out) == (0, "A new book\n")
    unsaid = awda(*command, stdin="كتاب\n".encode())
    assert (unsaid.code, unsaid.err) == (
        2,
        "awda: --tm needs to know the source language: name it with --from\n",
    )


@pytest.mark.slow
def test_the_demo_from_check_to_report(awda: Awda, tmp_path: Path) -> None:
    """configs/nghean.yaml: check, run, run again without work, report from the files alone."""
    job, out = ROOT / "configs" / "nghean.yaml", tmp_path / "run"
    checked = awda("check", job)
    assert checked.code == 0
    assert checked.out.count("segments/s") == 3
    first = awda("run", job, "--out", out)
    assert first.code == 0
    for name in ("builtin-en", "builtin-vi", "pivot-vi", "BLEU", "chrF++", "TER"):
        assert name in first.out
    again = awda("run", job, "--out", out)
    assert again.out == first.out
    assert "made" not in again.err
    page = (out / "report.html").read_text(encoding="utf-8")
    assert 'dir="rtl"' in page
    (out / "report.html").unlink()
    assert awda("report", out).out == first.out
    assert (out / "report.html").read_text(encoding="utf-8") == page
    assert awda("run", job, "--out", out, "--fresh").out == first.out


def test_a_word_document_in_a_word_document_out(
    awda: Awda, tiny_model: Path, tmp_path: Path
) -> None:
    from mt.text.formats import read_content

    letter, out = ROOT / "tests" / "data" / "formats" / "letter.ar.docx", tmp_path / "out.docx"
    command = ("translate", "-m", tiny_model, "--to", "en", "--beam-size", 1, letter)
    answer = awda(*command, "-o", out)
    assert (answer.code, answer.out) == (0, "")
    made = read_content(out)
    assert made.blocks
    assert made.language == "en"
    unnamed, other = awda(*command), awda(*command, "-o", tmp_path / "out.html")
    assert (unnamed.code, "name a file with --out" in unnamed.err) == (2, True)
    assert (other.code, "end its name in .docx" in other.err) == (2, True)


def test_two_commands_from_documents_to_a_report(
    awda: Awda, tiny_model: Path, tmp_path: Path
) -> None:
    """The second shows that nothing is made again, also the translated document."""
    letter = ROOT / "tests" / "data" / "formats" / "letter.ar.docx"
    (tmp_path / "ref.en.txt").write_text("A new market\nIt is near the bridge.\n")
    job = tmp_path / "job.yaml"
    job.write_text(
        f"name: x\nsource: {{language: ar, path: {letter}}}\nreferences: {{en: [ref.en.txt]}}\n"
        f"systems: [{{name: s, target: en, models: [{tiny_model}]}}]\n"
        "translate: {beam_size: 1, repair: false}\nalign: {similarity: length}\n"
    )
    assert awda("run", job, "--out", tmp_path / "run").code == 0
    made = tmp_path / "run" / "documents" / "s.docx"
    before = made.stat().st_mtime_ns
    assert (tmp_path / "run" / "report.html").exists()
    assert awda("run", job, "--out", tmp_path / "run").code == 0
    assert made.stat().st_mtime_ns == before


def test_formats_are_listed(awda: Awda) -> None:
    answer = awda("formats")
    assert answer.code == 0
    assert "Word (.docx), written in the same format" in answer.out
