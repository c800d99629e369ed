"""The pictures of the HTML page: drawn by matplotlib, cleaned into SVG that the page can hold.

Colours become the page's own, so that a picture follows light, dark and print; fonts are the
page's; styles become attributes, which its Content-Security-Policy allows. What a picture has
too many points for is thinned, so that 5,000 pairs take no more room than 500.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from eval.render import wording
from eval.results import Target

if TYPE_CHECKING:
    from lxml.etree import _Element
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 5.4  # inches at 72 units each; before the page enlarges it
POINTS = 300  # drawn of one system; the rest are left out evenly
CELLS = 240  # along either side of the alignment
_ENLARGED = 1.6  # pixels of the page for one unit
_FEWEST = 8  # pairs behind a point of the middle line
_NAME = 24  # letters that fit over a panel
_COLUMNS = 3  # panels side by side

# Stand-ins that matplotlib can draw with -> what the page calls the colour
_INK, _SOFT, _LINE, _ACCENT, _SHEET, _BAD = (f"#0000{i:02x}" for i in range(1, 7))
_COLOURS = {
    _INK: "var(--ink)",
    _SOFT: "var(--soft)",
    _LINE: "var(--line)",
    _ACCENT: "var(--accent)",
    _SHEET: "var(--page)",
    _BAD: "var(--bad)",
}
_RULES: dict[Any, Any] = {  # matplotlib's types know its keys one by one
    "svg.fonttype": "none",
    "svg.hashsalt": "awda",
    "text.parse_math": False,
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _SOFT,
    "axes.labelsize": 8.5,
    "axes.titlesize": 8.5,
    "axes.titlelocation": "left",
    "axes.linewidth": 0.8,
    "text.color": _INK,
    "xtick.color": _LINE,
    "ytick.color": _LINE,
    "xtick.labelcolor": _SOFT,
    "ytick.labelcolor": _SOFT,
    "axes.facecolor": "none",
    "figure.facecolor": "none",
}


@dataclass(frozen=True)
class Picture:
    """A drawing, and the same in words."""

    name: str  # "intervals", unique within a language
    title: str
    caption: str  # what is drawn, and how to read it
    svg: Markup  # labelled with what it shows, for those who do not see it


def draw_pictures(target: Target) -> dict[str, Picture]:
    """``intervals``, ``lengths``, ``spread`` and ``alignment``, those there is something for.

    The same target gives the same bytes.
    """
    drawers: tuple[Callable[[Target], Picture | None], ...] = (
        _draw_intervals,
        _draw_lengths,
        _draw_spread,
        _draw_alignment,
    )
    if not target.scored:
        return {}
    import matplotlib

    with matplotlib.rc_context(_RULES), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the page has the glyphs that may be missing
        drawn = [draw(target) for draw in drawers]
    return {picture.name: picture for picture in drawn if picture}


def _draw_intervals(target: Target) -> Picture | None:
    labels = list(wording.list_recipes(target))
    systems = target.systems
    if not labels or any(s.low is None for system in systems for s in system.scores):
        return None
    figure = _start(0.62 + 0.24 * len(systems))
    panels = figure.subplots(1, len(labels), sharey=True, squeeze=False)[0]
    rows = range(len(systems))
    for axes, label in zip(panels, labels, strict=True):
        scores = [next(s for s in system.scores if s.label == label) for system in systems]
        axes.hlines(rows, [s.low for s in scores], [s.high for s in scores], _ACCENT, lw=2)
        axes.plot([s.score for s in scores], rows, "o", ms=5, c=_ACCENT, mec=_SHEET)
        axes.set(title=label, ylim=(len(systems) - 0.5, -0.5))
        axes.set_yticks(rows, [_shorten(system.name) for system in systems], color=_INK)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", c=_LINE, lw=0.6)
        axes.margins(x=0.08)
        axes.locator_params(axis="x", nbins=4)
    words = "; ".join(
        f"{system.name}: "
        + ", ".join(f"{s.label} {s.score:.1f}, {s.low:.1f} to {s.high:.1f}" for s in system.scores)
        for system in systems
    )
    return Picture(
        "intervals",
        "Scores and their 95% intervals",
        "The point is the score, the line its 95% interval. Where the lines of two systems "
        "overlap, look at the comparison: it knows that both translated the same text.",
        _finish(figure, f"{target.language}-intervals", words),
    )


def _draw_lengths(target: Target) -> Picture:
    lengths = _count_words(target)
    figure, panels = _start_panels(len(target.systems), 1.75)
    limits = (0.9, max(lengths) * 1.15)
    words = []
    for axes, system in zip(panels, target.systems, strict=True):
        scores = [j.chrf or 0.0 for j in system.judgements if j.pair.scored]
        points = _thin(list(zip(lengths, scores, strict=True)))
        axes.plot(*_columns(points), "o", ms=2.2, mew=0, c=_ACCENT, alpha=0.35)
        middle = _find_middle(lengths, scores)
        if len(middle) > 1:
            axes.plot(*_columns(middle), c=_INK, lw=1.4)
        axes.set(title=_shorten(system.name), xscale="log", xlim=limits, ylim=(0, 100))
        ticks = [n for n in (1, 3, 10, 30, 100, 300, 1000) if n <= limits[1]]
        axes.set_xticks(ticks, [str(n) for n in ticks])
        axes.set_xticks([], minor=True)
        axes.set_yticks([0, 50, 100])
        axes.grid(axis="y", c=_LINE, lw=0.6)
        ends = ", ".join(f"{score:.0f} at {length:.0f} words" for length, score in middle)
        words.append(f"{system.name}: middle {ends}" if ends else f"{system.name}: few pairs")
    _label(figure, panels, "reference words", "chrF++")
    return Picture(
        "lengths",
        "chrF++ against length",
        "A point is a pair; the line is the middle (median) of pairs of about the same length.",
        _finish(figure, f"{target.language}-lengths", "; ".join(words)),
    )


def _draw_spread(target: Target) -> Picture:
    figure, panels = _start_panels(len(target.systems), 1.45)
    words = []
    edges = list(range(0, 101, 5))
    tallest = 0.0
    for axes, system in zip(panels, target.systems, strict=True):
        scores = [j.chrf or 0.0 for j in system.judgements if j.pair.scored]
        shares = _count_shares(scores, edges)
        tallest = max(tallest, *shares)
        axes.stairs(shares, edges, fill=True, color=_ACCENT, alpha=0.3, lw=0)
        axes.stairs(shares, edges, color=_ACCENT, lw=1.2)
        axes.axvline(median(scores), c=_INK, lw=1.2)
        axes.set(title=_shorten(system.name), xlim=(0, 100))
        axes.set_xticks([0, 25, 50, 75, 100])
        low = sum(score < 25 for score in scores) / len(scores)
        words.append(f"{system.name}: median {median(scores):.1f}, {low:.0%} of pairs under 25")
    for axes in panels:
        axes.set_ylim(0, tallest * 1.08)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.locator_params(axis="y", nbins=3)
    _label(figure, panels, "chrF++ of a pair", "pairs")
    return Picture(
        "spread",
        "How chrF++ is distributed",
        "The share of pairs in steps of 5 points; the upright line is the median.",
        _finish(figure, f"{target.language}-spread", "; ".join(words)),
    )


def _draw_alignment(target: Target) -> Picture:
    count = len(target.references)
    figure = _start(2.9, 3.2) if count == 1 else _start(2.2)
    panels = figure.subplots(1, count, squeeze=False)[0]
    words = []
    for number, (axes, reference) in enumerate(zip(panels, target.references, strict=True)):
        links = [
            (i, j) for pair in target.pairs for i in pair.sources for j in pair.targets[number]
        ]
        sources = 1 + max((i for pair in target.pairs for i in pair.sources), default=0)
        alone = [i for p in target.pairs if not p.targets[number] for i in p.sources]
        extra = [j for p in target.pairs if not p.sources for j in p.targets[number]]
        _fill_cells(axes, links, sources, reference.segments, _ACCENT)
        _fill_cells(axes, [(i, 0) for i in alone], sources, 0, _BAD)
        _fill_cells(axes, [(0, j) for j in extra], 0, reference.segments, _BAD)
        axes.set(xlim=(0.5, sources + 0.5), ylim=(max(reference.segments, 1) + 0.5, 0.5))
        axes.set(xlabel="source segment", ylabel="reference segment", box_aspect=1)
        axes.set_title(reference.name if count > 1 else "")
        axes.locator_params(nbins=5)
        words.append(
            f"{reference.name}: {len(alone)} source segments and {len(extra)} reference segments "
            "stand alone"
        )
    return Picture(
        "alignment",
        "Which source segment stands opposite which of the reference",
        "Gaps and jumps away from the diagonal are where the alignment, or the reference, may be "
        "at fault. Ticks along the edges are segments that stand alone.",
        _finish(figure, f"{target.language}-alignment", "; ".join(words)),
    )


def _start(height: float, width: float = WIDTH) -> Figure:
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    return Figure(figsize=(width, height), layout=ConstrainedLayoutEngine(wspace=0.06))


def _start_panels(count: int, height: float) -> tuple[Figure, list[Axes]]:
    """As many panels as systems, with the same axes."""
    columns = min(count, _COLUMNS)
    rows = math.ceil(count / columns)
    figure = _start(height * rows + 0.15)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    panels: list[Axes] = list(grid.flat)
    for axes in panels[count:]:
        axes.set_visible(False)
    return figure, panels[:count]


def _shorten(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"


def _label(figure: Figure, panels: Sequence[Axes], x: str, y: str) -> None:
    figure.supxlabel(x, size=8.5, color=_SOFT)
    figure.supylabel(y, size=8.5, color=_SOFT)
    for axes in panels:
        axes.tick_params(length=2.5)


def _count_words(target: Target) -> list[int]:
    """Words of the first reference that says something, per scored pair."""
    return [
        len(next(text for text in pair.references if text).split())
        for pair in target.pairs
        if pair.scored
    ]


def _thin(points: Sequence[tuple[float, float]]) -> Sequence[tuple[float, float]]:
    """About ``POINTS`` of them, evenly along the text."""
    return points[:: math.ceil(len(points) / POINTS)]


def _find_middle(lengths: Sequence[int], scores: Sequence[float]) -> list[tuple[float, float]]:
    """Median length and score of pairs in order of length, in at most eight equal groups."""
    ordered = sorted(zip(lengths, scores, strict=True))
    groups = min(8, len(ordered) // _FEWEST)
    cuts = [round(len(ordered) * i / groups) for i in range(groups + 1)] if groups else []
    parts = [ordered[start:end] for start, end in pairwise(cuts)]
    return [(median(n for n, _ in part), median(s for _, s in part)) for part in parts]


def _count_shares(scores: Sequence[float], edges: Sequence[int]) -> list[float]:
    counts = [0] * (len(edges) - 1)
    for score in scores:
        step = edges[1] - edges[0]
        counts[min(int(max(score, 0) // step), len(counts) - 1)] += 1
    return [count / len(scores) for count in counts]


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _fill_cells(
    axes: Axes, links: Iterable[tuple[int, int]], width: int, height: int, colour: str
) -> None:
    """Squares at these places, as one path; along an edge where one side is 0."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    x_step, y_step = (max(1.0, side / CELLS) for side in (width, height))
    cells = sorted({(int(i / x_step), int(j / y_step)) for i, j in links})
    if not cells:
        return
    squares = []
    for column, row in cells:
        x, y = 0.5 + column * x_step, 0.5 + row * y_step
        squares.append([(x, y), (x + x_step, y), (x + x_step, y + y_step), (x, y + y_step), (x, y)])
    transform = axes.transData
    if not width:
        squares = [[(-0.03 * (x == square[0][0]), y) for x, y in square] for square in squares]
        transform = axes.get_yaxis_transform()
    elif not height:
        squares = [[(x, 1 + 0.03 * (y == square[0][1])) for x, y in square] for square in squares]
        transform = axes.get_xaxis_transform()
    path = Path.make_compound_path(*(Path(square, closed=True) for square in squares))
    axes.add_patch(PathPatch(path, fc=colour, lw=0, transform=transform, clip_on=False))


def _finish(figure: Figure, name: str, words: str) -> Markup:
    """The figure as SVG to stand in a page; ``name`` keeps its ids apart from other pictures'."""
    from lxml import etree

    out = StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None})
    root = etree.fromstring(out.getvalue().encode())
    for element in (root.find(f"{_SVG}metadata"), root.find(f"{_SVG}defs")):
        if element is not None:
            root.remove(element)  # who drew it, and a style that would reach the whole page
    _shorten_ids(root, name)
    for element in list(root.iter()):
        _clean(element)
    for group in reversed(list(root.iter(f"{_SVG}g"))):
        _hoist(group)
        parent = group.getparent()
        if parent is not None and not len(group):
            parent.remove(group)
    etree.cleanup_namespaces(root)
    root.attrib.clear()
    width, height = (side * 72 for side in figure.get_size_inches())
    root.attrib.update(
        {
            "viewBox": f"0 0 {width:g} {height:g}",
            "width": f"{width * _ENLARGED:.0f}",
            "font-size": str(_RULES["font.size"]),
            "stroke-linejoin": "round",
            "role": "img",
            "aria-label": words,
        }
    )
    return Markup(etree.tostring(root, encoding="unicode"))  # noqa: S704  # lxml has escaped it


_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_PLACE = ("href", "x", "y")
_KEPT = re.compile(r"fill|stroke|opacity|text-anchor|font-size")
_REFERENCE = re.compile(r"#([mp][0-9a-f]{10})\b")
_NUMBER = re.compile(r"-?[0-9]+\.[0-9]+")


def _shorten_ids(root: _Element, name: str) -> None:
    """Ids that something refers to become ``name-1``...; the others go."""
    used = _REFERENCE.findall(" ".join(v for e in root.iter() for v in e.attrib.values()))
    short = {old: f"{name}-{number}" for number, old in enumerate(dict.fromkeys(used), 1)}
    for element in root.iter():
        old = element.attrib.pop("id", "")
        if old in short:
            element.set("id", short[old])
        if _HREF in element.attrib:
            element.set("href", element.attrib.pop(_HREF))
        for key in ("href", "clip-path"):
            if key in element.attrib:
                element.set(key, _REFERENCE.sub(lambda m: "#" + short[m[1]], element.attrib[key]))


def _clean(element: _Element) -> None:
    """Style as attributes, in the page's colours; short numbers; no empty or unseen elements."""
    for declaration in element.attrib.pop("style", "").split(";"):
        key, _, value = (part.strip() for part in declaration.partition(":"))
        if _KEPT.match(key) and (key, value) != ("font-size", f"{_RULES['font.size']}px"):
            element.set(key, _COLOURS.get(value, value))
    if element.get("transform", "").startswith("rotate(-0 "):
        del element.attrib["transform"]
    for key in ("d", "x", "y", "transform", "width", "height"):
        if key in element.attrib:
            short = _NUMBER.sub(
                lambda m: f"{float(m[0]):.1f}", " ".join(element.attrib[key].split())
            )
            element.set(key, re.sub(r" ?([A-Za-z]) ?", r"\1", short) if key == "d" else short)
    if element.text and not element.text.strip():
        element.text = None
    element.tail = None
    parent = element.getparent()
    if parent is not None and element.get("fill") == "none" and "stroke" not in element.attrib:
        parent.remove(element)


def _hoist(group: _Element) -> None:
    """Move what all the marks of a group look like onto the group."""
    marks = list(group)
    looks = [{k: v for k, v in mark.attrib.items() if k not in _PLACE} for mark in marks]
    if len(marks) > 2 and all(
        m.tag == f"{_SVG}use" and a == looks[0] for m, a in zip(marks, looks, strict=True)
    ):
        group.attrib.update(looks[0])
        for mark in marks:
            for key in looks[0]:
                del mark.attrib[key]
