"""Verdicts travel from the page to the report: read, refused, kept, and shown in their place."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_run import BAD, GOOD, make_run

from eval.render.html import render_html
from eval.render.markdown import render_markdown
from eval.render.scores import render_json
from eval.render.terminal import render_terminal
from eval.report import build_report
from eval.verdicts import (
    COLUMNS,
    SEVERITIES,
    Row,
    Verdict,
    identify_text,
    keep_verdicts,
    read_verdicts,
    render_verdicts,
)
from mt.cli import main
from mt.errors import RunError, VerdictError

HEADER = "\t".join(COLUMNS)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "tiny")


def make_row(path: Path, **changes: object) -> Row:
    """On segments 3 and 4 of the system "good", as it translates them now."""
    fields: dict[str, object] = {
        "where": "",
        "system": "good",
        "sources": (2, 3),
        "verdict": Verdict("minor", "stiff"),
        "text": identify_text(f"{GOOD[2]} {GOOD[3]}"),
        "run": build_report(path).identity,
    }
    return Row(**{**fields, **changes})  # type: ignore[arg-type]


def write(path: Path, *lines: str, header: str = HEADER) -> Path:
    path.write_text("".join(f"{line}\n" for line in (header, *lines)), encoding="utf-8")
    return path


words = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Z"]), min_size=1)
comments = st.lists(words).map(" ".join)


@given(words, st.lists(st.integers(0, 99), min_size=1), st.sampled_from(list(SEVERITIES)), comments)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    system: str,
    sources: list[int],
    severity: str,
    comment: str,
) -> None:
    path = tmp_path_factory.mktemp("verdicts") / "verdicts.tsv"
    row = Row(f"{path}:2", system, tuple(sources), Verdict(severity, comment), "t", "r")
    path.write_text(render_verdicts([row]), encoding="utf-8", newline="")
    assert read_verdicts(path) == (row,)


def test_a_file_that_a_spreadsheet_has_saved(tmp_path: Path) -> None:
    path = tmp_path / "v.tsv"
    text = f'{HEADER}\tmine\r\ngood\t1\tMajor\t"says ""no""\nthen yes"\tt\tr\tx\r\n\t\t\t\t\t\t\r\n'
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    (row,) = read_verdicts(path)
    assert row.verdict == Verdict("major", 'says "no" then yes')
    assert row.key == ("good", (0,))


def test_rows_that_say_nothing_are_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "v.tsv", "good\t1\t\t\tt\tr", "good\t2\t\tonly a comment\tt\tr")
    assert [row.sources for row in read_verdicts(path)] == [(1,)]


def test_every_wrong_row_is_named_by_its_line(tmp_path: Path) -> None:
    path = write(
        tmp_path / "v.tsv",
        "good\t1\tgood\t\tt\tr",
        "good\t2\tmayor\t\tt\tr",
        "good\t3-4\tgood\t\tt\tr",
        "good\t0\tgood\t\tt\tr",
        "good\t5",
        f"good\t{'9' * 5000}\tgood\t\tt\tr",  # more digits than Python converts
    )
    with pytest.raises(VerdictError) as caught:
        read_verdicts(path)
    assert str(caught.value).splitlines() == [
        f"{path}:3: unknown verdict 'mayor'; did you mean 'major'?",
        f"{path}:4: segments '3-4' are not numbers joined by '+', as in 4+5",
        f"{path}:5: segments '0' are not numbers joined by '+', as in 4+5",
        f"{path}:6: 2 fields, expected 6",
        f"{path}:7: segments '{'9' * 40}' are not numbers joined by '+', as in 4+5",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ":1: no column system, segments, verdict, comment, text, run"),
        (b"system,segments,verdict,comment,text,run\n", ":1: no column"),
        (f"{HEADER}\n".encode("utf-16"), "not UTF-8"),
        (f'{HEADER}\na\t1\tgood\t"left open\tt\tr\n'.encode(), ":2: "),
    ],
)
def test_files_that_are_no_verdicts(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "v.tsv"
    path.write_bytes(content)
    with pytest.raises(VerdictError, match=re.escape(f"{path}") + ".*" + re.escape(message)):
        read_verdicts(path)
    with pytest.raises(VerdictError, match="No such file"):
        read_verdicts(tmp_path / "none.tsv")


def test_every_report_shows_a_verdict_beside_its_segment(run: Path, tmp_path: Path) -> None:
    other = make_row(
        run,
        system="bad",
        sources=(0,),
        verdict=Verdict("critical", "<b>19</b> for 18 July"),
        text=identify_text(BAD[0]),
    )
    given = tmp_path / "given.tsv"
    given.write_text(render_verdicts([make_row(run), other]), encoding="utf-8")
    assert keep_verdicts(run, [given]) == []
    assert (run / "verdicts.tsv").exists()
    report = build_report(run)
    good, bad = report.targets[0].systems
    assert good.verdicts == {"good": 0, "minor": 1, "major": 0, "critical": 0}
    assert bad.verdicts == {"good": 0, "minor": 0, "major": 0, "critical": 1}
    assert [j.pair.sources for j in good.judgements if j.verdict] == [(2, 3)]
    assert report.targets[1].systems[0].verdicts == {}
    page = render_html(report)
    assert '<p class="said"><b>minor</b> <bdi>stiff</bdi></p>' in page
    assert "&lt;b&gt;19&lt;/b&gt; for 18 July" in page
    scores = json.loads(render_json(report))["targets"][0]["systems"]
    assert scores[0]["verdicts"] == {"good": 0, "minor": 1, "major": 0, "critical": 0}
    judged = scores[1]["segments"][0]
    assert (judged["verdict"], judged["comment"]) == ("critical", "<b>19</b> for 18 July")
    text = render_markdown(report)
    assert "good: 1 minor; 3 without a verdict" in text
    assert "good: 1 minor; 3 without a verdict" in render_terminal(report)
    assert "bad: 1 critical" in text
    assert "critical: &lt;b&gt;19&lt;/b&gt; for 18 July" in text


def test_verdicts_on_another_run_are_refused(run: Path, tmp_path: Path) -> None:
    given = tmp_path / "given.tsv"
    given.write_text(render_verdicts([make_row(run, run="run-0")]), encoding="utf-8")
    with pytest.raises(VerdictError, match=r"given\.tsv:2: a verdict on another run.*\(1 of 1 "):
        keep_verdicts(run, [given])
    assert not (run / "verdicts.tsv").exists()
    with pytest.raises(RunError, match="not a run directory"):
        keep_verdicts(tmp_path, [given])


def test_a_verdict_on_a_text_that_has_changed_is_listed_not_shown(
    run: Path, tmp_path: Path
) -> None:
    given = tmp_path / "given.tsv"
    rows = [
        make_row(run),
        make_row(run, sources=(0,), text="text-00000000"),  # translated otherwise now
        make_row(run, system="gone"),
        make_row(run, sources=(2,)),  # aligned otherwise now
    ]
    given.write_text(render_verdicts(rows), encoding="utf-8")
    keep_verdicts(run, [given])
    report = build_report(run)
    assert sum(report.targets[0].systems[0].verdicts.values()) == 1
    (note,) = [note for note in report.notes if "verdict" in note]
    assert note.startswith("3 verdicts are not shown")
    assert note.endswith("good 1, gone 3+4, good 3.")


def test_of_several_files_the_last_word_counts(run: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.tsv", tmp_path / "b.tsv"
    alone = make_row(run, sources=(1,), text=identify_text(GOOD[1]))
    first.write_text(render_verdicts([make_row(run), alone]), encoding="utf-8")
    changed = make_row(run, verdict=Verdict("major"))
    second.write_text(render_verdicts([changed]), encoding="utf-8")
    (conflict,) = keep_verdicts(run, [first, second])
    assert conflict == f"two verdicts on good 3+4: {second}:2 counts, not {first}:2"
    assert build_report(run).targets[0].systems[0].verdicts["major"] == 1
    assert build_report(run).targets[0].systems[0].verdicts["minor"] == 1
    before = (run / "verdicts.tsv").read_bytes()
    (note,) = keep_verdicts(run, [second])  # takes the place of what was kept
    assert "of 2 earlier verdicts, 0 changed and 1 left out" in note
    assert build_report(run).targets[0].systems[0].verdicts["minor"] == 0
    assert keep_verdicts(run, [second]) == []  # nothing new, so the earlier file stays
    assert (run / "verdicts.tsv.bak").read_bytes() == before
    (note,) = keep_verdicts(run, [first])
    assert "of 1 earlier verdicts, 1 changed and 0 left out" in note


def test_a_file_without_a_verdict_empties_nothing(run: Path, tmp_path: Path) -> None:
    given = tmp_path / "given.tsv"
    given.write_text(render_verdicts([make_row(run)]), encoding="utf-8")
    keep_verdicts(run, [given])
    empty = write(tmp_path / "empty.tsv")
    with pytest.raises(VerdictError, match=r"empty\.tsv: no verdict in it"):
        keep_verdicts(run, [given, empty])
    assert len(read_verdicts(run / "verdicts.tsv")) == 1


def test_a_damaged_earlier_file_can_be_replaced(run: Path, tmp_path: Path) -> None:
    given = tmp_path / "given.tsv"
    given.write_text(render_verdicts([make_row(run)]), encoding="utf-8")
    (run / "verdicts.tsv").write_bytes(b"\xff")
    (note,) = keep_verdicts(run, [given])
    assert "could not be read" in note
    assert (run / "verdicts.tsv.bak").read_bytes() == b"\xff"


def test_a_verdict_on_another_translation_does_not_oust_the_one_that_fits(
    run: Path, tmp_path: Path
) -> None:
    given = tmp_path / "given.tsv"
    other = make_row(run, text="text-00000000", verdict=Verdict("critical"))
    given.write_text(render_verdicts([make_row(run), other]), encoding="utf-8")
    assert keep_verdicts(run, [given]) == []
    assert build_report(run).targets[0].systems[0].verdicts["minor"] == 1


def test_the_command_line_keeps_verdicts(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def awda(*arguments: object) -> object:
        monkeypatch.setattr("sys.argv", ["awda", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        return caught.value.code

    given = tmp_path / "given.tsv"
    given.write_text(render_verdicts([make_row(run)]), encoding="utf-8")
    assert awda("report", run, "--format", "foo", "--verdicts", given) == 2
    assert "wrote" not in capsys.readouterr().err
    assert not (run / "verdicts.tsv").exists()
    assert awda("report", run, "--format", "html", "--verdicts", given) == 0
    assert "good: 1 minor" in capsys.readouterr().out
    assert awda("report", run, "--format", "html") == 0  # they were kept
    assert "good: 1 minor" in capsys.readouterr().out
    given.write_text("nothing of use\n", encoding="utf-8")
    assert awda("report", run, "--verdicts", given) == 2
    assert f"awda: {given}:1: no column" in capsys.readouterr().err
