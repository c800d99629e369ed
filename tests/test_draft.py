"""``awda init``: what it writes is a job, and says where it knows languages from."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from mt.draft import draft_job, identify, render_draft
from mt.errors import CorpusError
from mt.job import load_job

TEXTS = {
    "ar": "اختتم المؤتمر أعماله يوم الأحد بحضور ممثلي المحافظات.",
    "en": "The conference ended on Sunday, with delegates of all provinces.",
    "vi": "Hội nghị đã kết thúc vào Chủ nhật với đại biểu của các tỉnh.",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for code, text in TEXTS.items():
        (tmp_path / f"{code} text").write_text(f"{text}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("code", TEXTS)
def test_languages_are_seen_said_or_in_the_name(folder: Path, code: str) -> None:
    (folder / f"speech.{code}.txt").write_text(TEXTS[code], encoding="utf-8")
    assert identify(f"{code} text").known == "by its letters"
    assert identify(f"{code}={code} text").known == "as you said"
    assert identify(f"speech.{code}.txt").known == "by its name"
    for given in (f"{code} text", f"{code}={code} text", f"speech.{code}.txt"):
        assert identify(given).language == code


def test_a_page_says_its_language_itself(folder: Path) -> None:
    page = folder / "page.html"
    page.write_text('<html lang="fr-CA"><p>Le congrès est fini.</p></html>', encoding="utf-8")
    assert (identify("page.html").language, identify("page.html").known) == (
        "fr",
        "as the file says",
    )


def test_what_is_written_is_a_job_for_the_languages_of_the_references(folder: Path) -> None:
    jobs = folder / "my jobs"
    jobs.mkdir()
    given = [identify(f"{code} text") for code in ("ar", "vi", "en")]
    draft = draft_job(given[0], given[1:], [identify("en=en text")], "a b")
    (jobs / "job.yaml").write_text(render_draft(draft, jobs), encoding="utf-8")
    job = load_job(jobs / "job.yaml")
    assert job.name == "a-b"
    assert job.source.language == "ar"
    assert job.source.path.samefile(folder / "ar text")
    assert list(job.references) == ["vi", "en"]
    assert [(system.target, bool(system.models)) for system in job.systems] == [
        ("vi", True),
        ("en", True),
        ("en", False),
    ]


def test_without_references_it_translates_into_what_the_built_in_model_can(folder: Path) -> None:
    assert draft_job(identify("ar text"), (), ()).targets == ("en", "vi")
    assert draft_job(identify("en text"), (), ()).targets == ("vi",)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.txt"], "none.txt: no such file"),
        (["vi=ar text"], "expected Vietnamese"),
        (["xx=ar text"], "unknown language 'xx'"),
        (["ar text", "ar text"], "is Arabic (by its letters), as is the source"),
        (["ar text", "en text", "--hyp", "vi text"], "no reference is"),
        (["ar text", "--out", "nowhere/job.yaml"], "nowhere: no such folder"),
        (["ar text", "--out", "en text"], "en text: is there already"),
        ([], "name the document to translate"),
    ],
)
def test_bad_requests_write_nothing(folder: Path, arguments: list[str], message: str) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    done = subprocess.run(
        [sys.executable, "-m", "mt.cli", "init", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_who_names_no_file_is_asked(folder: Path) -> None:
    here, there = pty.openpty()
    os.write(here, b"ar text\nvi text\n\n")
    done = subprocess.run(
        [sys.executable, "-m", "mt.cli", "init", "--out", "job.yaml"],
        stdin=there,
        capture_output=True,
        timeout=60,
    )
    os.close(here)
    os.close(there)
    assert done.returncode == 0, done.stderr
    assert list(load_job(folder / "job.yaml").references) == ["vi"]


def test_an_empty_document_is_refused(folder: Path) -> None:
    (folder / "empty.txt").write_text(" \n")
    with pytest.raises(CorpusError, match=r"empty\.txt: empty"):
        identify("empty.txt")
