"""Scores over time: in order, set against the run before, and never mixed between jobs."""

from __future__ import annotations

import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from plain_run import BEADS, MIXED, REFERENCE, SOURCE, WORSE, call_awda, make_plain_run
from tiny_run import make_run

from eval.history import History, read_history
from eval.render import write_reports
from eval.render.history import draw_charts, render_history_html, render_history_markdown
from mt.align.alignment import Bead
from mt.errors import RunError
from mt.store import RunDirectory

NEARLY = (*REFERENCE[:19], WORSE[19])


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Three runs, out of order: worse, hardly better, then much better with another model."""
    first = make_plain_run(
        tmp_path / "one",
        {"a": MIXED, "b": REFERENCE},
        started="2026-01-02T03:04:05+0000",
        versions={"awda": "0.1.0", "sacrebleu": "2.5.0"},
    )
    second = make_plain_run(
        tmp_path / "two",
        {"a": WORSE, "b": NEARLY},
        started="2026-01-02T02:30:00-0300",  # 05:30 in the zone of the others
        versions={"awda": "0.1.0", "sacrebleu": "2.6.0"},
    )
    third = make_plain_run(
        tmp_path / "three",
        {"a": REFERENCE, "b": NEARLY},
        started="2026-01-03T00:00:00+0000",
        models=["builtin@fedcba987654"],
        versions={"awda": "0.1.0", "sacrebleu": "2.6.0"},
    )
    return [third, first, second]


def test_runs_in_the_order_of_time(runs: list[Path]) -> None:
    (track,) = read_history([*runs, runs[0]]).tracks
    assert [run.name for run in track.runs] == ["one", "two", "three"]
    a, b = track.courses
    assert (a.system, b.system) == ("a", "b")
    assert [point.scores[0].score for point in a.points][2] == pytest.approx(100)
    assert [point.pairs for point in a.points] == [20, 20, 20]


def test_only_changes_beyond_the_intervals_are_marked(runs: list[Path]) -> None:
    (track,) = read_history(runs).tracks
    a, b = track.courses
    assert [point.mark for point in a.points] == ["", "worse", "better"]
    assert [point.mark for point in b.points] == ["", "", ""]
    second = b.points[1]
    before, after = b.points[0].scores[0], second.scores[0]
    assert second.difference == after.score - before.score
    assert 0 < abs(second.difference or 0) < (after.half_width or 0)


def test_lower_is_better_for_ter(runs: list[Path]) -> None:
    for run in runs:
        directory = RunDirectory(run)
        manifest = directory.read_manifest()
        manifest["score"]["metrics"] = ["ter"]
        directory.write_manifest(manifest)
    (track,) = read_history(runs).tracks
    assert [point.mark for point in track.courses[0].points] == ["", "worse", "better"]
    assert (track.courses[0].points[1].difference or 0) > 0


def test_what_else_changed(runs: list[Path], tmp_path: Path) -> None:
    text = render_history_markdown(read_history(runs))
    assert "- 2026-01-02 02:30 " in text
    assert "two: sacrebleu 2.5.0 → 2.6.0\n" in text
    assert "three: builtin@0123456789ab → builtin@fedcba987654\n" in text
    beads = [Bead((0,), (), 0.0), Bead((), (0,), 0.0), *BEADS[1:]]
    later = make_plain_run(
        tmp_path / "four", {"b": NEARLY}, beads=beads, started="2027-01-01T00:00:00+0000"
    )
    text = render_history_markdown(read_history([*runs, later]))
    assert "b: other alignment: 20 → 19 pairs" in text


def test_other_texts_are_shown_apart(runs: list[Path], tmp_path: Path) -> None:
    changed = (*SOURCE[:19], "جملة أخرى")
    source = make_plain_run(tmp_path / "source", {"a": WORSE}, source=changed)
    changed = (*REFERENCE[:19], "another last line")
    reference = make_plain_run(tmp_path / "reference", {"a": WORSE}, reference=changed)
    found = read_history([reference, *runs, source])
    assert [len(track.runs) for track in found.tracks] == [3, 1, 1]
    assert {re.sub(r"\S*/", "", note) for note in found.notes} == {
        "source: another source than one; shown apart.",
        "reference: other references than one; shown apart.",
    }
    assert all(point.difference is None for _, point in found.tracks[1].rows)


def test_languages_are_tracks_of_their_own(tmp_path: Path) -> None:
    found = read_history([make_run(tmp_path / "tiny")])
    assert [track.language for track in found.tracks] == ["en"]
    assert [note.split(": ", 1)[1] for note in found.notes] == ["no reference for 'vi': not shown."]
    assert found.tracks[0].rows[0][1].started is None
    assert "| unknown |" in render_history_markdown(found)


def test_scores_are_read_only_while_they_are_newer_than_the_files(runs: list[Path]) -> None:
    run = runs[0]
    made = read_history([run])
    write_reports(run, [])
    path = run / "scores.json"
    read = read_history([run])
    assert [round(s.score, 6) for _, p in made.tracks[0].rows for s in p.scores] == [
        s.score for _, p in read.tracks[0].rows for s in p.scores
    ]
    assert _recipes(made) == _recipes(read)

    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["targets"][0]["systems"][0]["scores"][0]["score"] = 12.5
    path.write_text(json.dumps(stored), encoding="utf-8")
    assert read_history([run]).tracks[0].rows[0][1].scores[0].score == 12.5
    later = path.stat().st_mtime + 10
    os.utime(run / "alignments" / "en.1.jsonl", (later, later))  # as after a correction
    assert read_history([run]).tracks[0].rows[0][1].scores[0].score == pytest.approx(100)
    path.write_text("{}", encoding="utf-8")
    os.utime(path, (later + 10, later + 10))
    assert read_history([run]).tracks[0].rows[0][1].scores[0].score == pytest.approx(100)


def _recipes(history: History) -> list[str]:
    return [score.recipe for _, point in history.tracks[0].rows for score in point.scores]


def test_charts_put_higher_scores_higher(runs: list[Path]) -> None:
    (track,) = read_history(runs).tracks
    a, b = draw_charts(track)
    down, lowest, top = a.dots
    assert lowest.y > down.y > top.y  # SVG counts from above
    assert [dot.x for dot in a.dots] == [dot.x for dot in b.dots] == sorted(d.x for d in a.dots)
    for dot in (*a.dots, *b.dots):
        assert dot.high is not None
        assert dot.low is not None
        assert dot.high - 0.01 <= dot.low
    assert a.ticks == b.ticks
    marks = [float(label) for _, label in a.ticks]
    assert marks[0] <= min(p.scores[0].low or 0 for _, p in track.rows)
    assert marks[-1] >= 100


class _Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else(runs: list[Path], tmp_path: Path) -> None:
    hostile = make_plain_run(
        tmp_path / "<script>alert(1)<" / "script>", {"a": WORSE}, models=["<b>&"]
    )
    text = render_history_html(read_history([*runs, hostile]))
    page = _Tags(text)
    assert page.open == []
    names = {tag for tag, _ in page.tags}
    assert not {"script", "link", "img", "iframe", "b"} & names
    assert sum(tag == "svg" for tag, _ in page.tags) == 2
    for _, attributes in page.tags:
        assert not {"src", "style", "href", "onclick"} & set(attributes)
    assert "&lt;script&gt;alert(1)" in text
    policy = next(a["content"] for tag, a in page.tags if tag == "meta" and "http-equiv" in a)
    assert (policy or "").startswith("default-src 'none'")
    assert "script-src" not in (policy or "")


def test_the_command(
    runs: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "pages" / "history.html"
    code, out, err = call_awda(monkeypatch, capsys, "history", *runs, "--html", file)
    assert code == 0
    assert out.startswith("# History\n\n## plain: Arabic to English\n")
    assert out.count("| 20 |") == 6
    assert f"wrote {file}" in err
    assert "<title>History of plain" in file.read_text(encoding="utf-8")
    code, _, err = call_awda(monkeypatch, capsys, "history", runs[0], tmp_path)
    assert code == 2
    assert "not a run directory of awda" in err


def test_nothing_to_show(tmp_path: Path) -> None:
    nulls = [bead for i in range(20) for bead in (Bead((i,), (), 0.0), Bead((), (i,), 0.0))]
    run = make_plain_run(tmp_path / "run", {"a": WORSE}, beads=nulls)
    with pytest.raises(RunError, match="none of these runs has a scored translation"):
        read_history([run])
