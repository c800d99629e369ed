"""The history of a job as Markdown, and as one HTML page that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eval.history import Course, History, Point, Track
from eval.render.markdown import escape
from eval.render.page import fill_page
from eval.render.wording import format_score, name_language
from eval.scores.metrics import MetricScore

MARKS = {"better": "▲", "worse": "▼", "": ""}
EXPLAIN_MARKS = (
    "▲ better, ▼ worse than in the run before by the first metric, by more than the half-width of "
    "either interval. Smaller changes may be real too: `awda compare OLD NEW` tests the same pairs."
)


def render_history_markdown(history: History) -> str:
    """A table of runs and systems per track, by time, and what else changed from run to run."""
    lines = ["# History", ""]
    for track in history.tracks:
        lines += [f"## {escape(name_track(track))}", "", *_table(track), "", f"- {EXPLAIN_MARKS}"]
        lines += [f"- {escape(line)}" for line in list_changes(track)]
        lines += [f"- {label}: `{recipe}`" for label, recipe in list_recipes(track)]
        lines += [f"- Versions in the last run: {escape(describe_versions(track))}", ""]
    if history.notes:
        lines += ["## Notes", "", *(f"- {escape(note)}" for note in history.notes)]
    return "\n".join(lines).rstrip() + "\n"


def _table(track: Track) -> Iterator[str]:
    labels = track.labels
    yield _row(["Started", "Run", "System", *labels, "Pairs", "Change", "Made by"])
    yield _row(["---", "---", "---", *("---:" for _ in labels), "---:", "---:", "---"])
    for system, point in track.rows:
        scores = {score.label: format_score(score) for score in point.scores}
        figures = [scores.get(label, "") for label in labels]
        cells = [format_time(point), escape(str(point.run)), escape(system), *figures]
        yield _row([*cells, str(point.pairs), format_change(point), escape(point.origin)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def name_track(track: Track) -> str:
    """``speech: Arabic to English``."""
    languages = f"{name_language(track.source_language)} to {name_language(track.language)}"
    return f"{track.name}: {languages}"


def format_time(point: Point) -> str:
    """``2026-11-23 15:51``, in the zone that the run was made in."""
    return point.started.strftime("%Y-%m-%d %H:%M") if point.started else "unknown"


def format_change(point: Point) -> str:
    """``▲ +1.2``; nothing for the first run of a system."""
    if point.difference is None:
        return ""
    return f"{MARKS[point.mark]} {point.difference:+.1f}".strip()


def list_changes(track: Track) -> Iterator[str]:
    """What else is different from the run before, a line a run; systems are named where need be."""
    for run in track.runs:
        points = [(system, point) for system, point in track.rows if point.run == run]
        found: dict[str, list[str]] = {}
        for system, point in points:
            for change in point.changes:
                found.setdefault(change, []).append(system)
        if found:
            whole = len(points) if len(points) > 1 or len(track.courses) == 1 else 0
            changes = (
                change if len(systems) == whole else f"{', '.join(systems)}: {change}"
                for change, systems in found.items()
            )
            yield f"{format_time(points[0][1])} {run}: {'; '.join(changes)}"


def list_recipes(track: Track) -> list[tuple[str, str]]:
    """Label and signature of the last run that has the metric."""
    recipes = {score.label: score.recipe for _, point in track.rows for score in point.scores}
    return list(recipes.items())


def describe_versions(track: Track) -> str:
    """``awda 0.1.0, ctranslate2 4.8.5`` of the last run."""
    versions = track.rows[-1][1].versions
    return ", ".join(f"{name} {version}" for name, version in versions.items()) or "unknown"


def render_history_html(history: History) -> str:
    """The page: :func:`eval.render.page.fill_page`."""
    return fill_page(
        "history.html.j2",
        ["report.css", "history.css"],
        history=history,
        views=[_View(track) for track in history.tracks],
        explain_marks=EXPLAIN_MARKS.replace("`", ""),
        marks=MARKS,
        format_time=format_time,
        format_change=format_change,
        format_score=format_score,
    )


class _View:
    """A track, and what the page says of it."""

    def __init__(self, track: Track) -> None:
        self.track = track
        self.title = name_track(track)
        self.changes = list(list_changes(track))
        self.recipes = list_recipes(track)
        self.versions = describe_versions(track)
        self.charts = list(draw_charts(track))


@dataclass(frozen=True)
class Dot:
    """A point of a chart, in units of its view box."""

    x: float
    y: float
    low: float | None  # y of the ends of the interval
    high: float | None
    mark: str
    date: str  # "" where there is no room for all
    text: str  # "2026-11-23 15:51 runs/b: BLEU 13.2 ±1.1"


@dataclass(frozen=True)
class Chart:
    """The first metric of a system over its runs."""

    system: str
    label: str
    last: str  # "13.2 ±1.1"
    words: str  # the same for those who do not see it
    ticks: Sequence[tuple[float, str]]  # y and what stands there
    dots: Sequence[Dot]

    @property
    def path(self) -> str:
        """``points`` of the line."""
        return " ".join(f"{dot.x:.1f},{dot.y:.1f}" for dot in self.dots)


WIDTH, HEIGHT = 480, 170  # of the view box, as in the template
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 6, 18, 26  # margins
_DATES = 6  # runs that are all dated; of more, the first and the last


def draw_charts(track: Track) -> Iterator[Chart]:
    """One a system; all have the same runs from left to right, and one scale for a metric."""
    scales = {
        label: _scale([s for course in track.courses for s in _firsts(course) if s.label == label])
        for label in {s.label for course in track.courses for s in _firsts(course)}
    }
    for course in track.courses:
        label = course.points[-1].scores[0].label
        points = [point for point in course.points if point.scores[0].label == label]
        low, high, step = scales[label]
        yield Chart(
            course.system,
            label,
            format_score(points[-1].scores[0]),
            "; ".join(map(_describe, points)),
            [(_place(tick, low, high), f"{tick:g}") for tick in _count_up(low, high, step)],
            [_draw(track.runs.index(p.run), len(track.runs), p, low, high) for p in points],
        )


def _firsts(course: Course) -> list[MetricScore]:
    return [point.scores[0] for point in course.points]


def _scale(scores: Sequence[MetricScore]) -> tuple[float, float, float]:
    """Lowest and highest value drawn, and the step between grid lines."""
    low = min(s.score if s.low is None else s.low for s in scores)
    high = max(s.score if s.high is None else s.high for s in scores)
    span = max(high - low, 1.0)
    power = 10 ** math.floor(math.log10(span / 4))
    step = next(power * n for n in (1, 2, 5, 10) if power * n * 4 >= span)
    bottom = math.floor(low / step)
    return bottom * step, max(math.ceil(high / step), bottom + 1) * step, step


def _count_up(low: float, high: float, step: float) -> list[float]:
    return [low + step * n for n in range(round((high - low) / step) + 1)]


def _place(value: float, low: float, high: float) -> float:
    return _TOP + (HEIGHT - _TOP - _BOTTOM) * (high - value) / (high - low)


def _draw(index: int, count: int, point: Point, low: float, high: float) -> Dot:
    score = point.scores[0]
    room = WIDTH - _LEFT - _RIGHT
    dated = count <= _DATES or index in (0, count - 1)
    return Dot(
        x=_LEFT + room * (index + 0.5) / count,
        y=_place(score.score, low, high),
        low=None if score.low is None else _place(score.low, low, high),
        high=None if score.high is None else _place(score.high, low, high),
        mark=point.mark,
        date=format_time(point)[:10] if dated else "",
        text=_describe(point),
    )


def _describe(point: Point) -> str:
    score = point.scores[0]
    return f"{format_time(point)} {point.run}: {score.label} {format_score(score)}"
