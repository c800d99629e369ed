"""Pictures that say the right thing, in the page's colours, without filling the page."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree
from tiny_run import make_run

from eval.fidelity.items import Fidelity, Tally
from eval.pairs import Pair
from eval.render.html import render_html
from eval.render.pictures import Picture, draw_pictures
from eval.report import build_report
from eval.results import Judgement, ReferenceReport, SystemReport, Target
from eval.scores.metrics import MetricScore


def make_target(scores: dict[str, list[float]], lengths: list[int] | None = None) -> Target:
    """Pairs opposite each other, with these chrF++; references of so many words."""
    count = len(next(iter(scores.values())))
    texts = [" ".join(["word"] * n) for n in lengths or [3] * count]
    pairs = [Pair(i, (i,), ((i,),), "", "", (), (texts[i],), 0.9) for i in range(count)]
    return Target(
        language="en",
        references=(ReferenceReport("en.1", "", count, 0, ""),),
        systems=tuple(
            SystemReport(
                name=name,
                models=(),
                via=(),
                hypothesis="",
                scores=(MetricScore("bleu", "BLEU", 20.0, "", 20.5, 2.0),),
                numbers=Tally(),
                judgements=tuple(
                    Judgement(pair, Fidelity(), value)
                    for pair, value in zip(pairs, values, strict=True)
                ),
            )
            for name, values in scores.items()
        ),
        comparisons=(),
        reference_numbers=Tally(),
        power="",
    )


def read_label(picture: Picture) -> str:
    return str(etree.fromstring(str(picture.svg)).get("aria-label"))


def test_each_picture_says_in_words_what_it_shows() -> None:
    scores = {"a": [10.0] * 8 + [50.0] * 8, "b": [20.0] * 16}
    pictures = draw_pictures(make_target(scores, [5] * 8 + [40] * 8))
    assert {name: read_label(picture) for name, picture in pictures.items()} == {
        "intervals": "a: BLEU 20.0, 18.5 to 22.5; b: BLEU 20.0, 18.5 to 22.5",
        "lengths": "a: middle 10 at 5 words, 50 at 40 words; b: middle 20 at 5 words, "
        "20 at 40 words",
        "spread": "a: median 30.0, 50% of pairs under 25; b: median 20.0, 100% of pairs under 25",
        "alignment": "en.1: 0 source segments and 0 reference segments stand alone",
    }


def test_segments_that_stand_alone_are_counted(tmp_path: Path) -> None:
    target = build_report(make_run(tmp_path / "tiny")).targets[0]
    label = read_label(draw_pictures(target)["alignment"])
    assert label == "en.1: 1 source segments and 1 reference segments stand alone"


def test_what_cannot_be_drawn_is_left_out() -> None:
    target = make_target({"a": [10.0]})
    bare = replace(target.systems[0], scores=(MetricScore("bleu", "BLEU", 20.0, ""),))
    assert "intervals" not in draw_pictures(replace(target, systems=(bare,)))  # no bootstrap
    pair = replace(target.pairs[0], reason="no reference", references=())
    nothing = replace(bare, scores=(), judgements=(Judgement(pair, Fidelity()),))
    assert draw_pictures(replace(target, systems=(nothing,), references=())) == {}


def test_the_same_target_gives_the_same_bytes() -> None:
    target = make_target({"a": [1.0, 99.0], "b": [50.0, 50.0]})
    assert draw_pictures(target) == draw_pictures(target)


def test_pictures_obey_the_policy_of_the_page_and_take_its_colours() -> None:
    for picture in draw_pictures(make_target({"a": [1.0, 99.0]})).values():
        root = etree.fromstring(str(picture.svg))
        tags = {etree.QName(element).localname for element in root.iter()}
        assert tags <= {"svg", "g", "path", "use", "text", "defs", "clipPath", "rect"}
        for element in root.iter():
            assert "style" not in element.attrib
            assert element.get("href", "#").startswith("#")
            for name in ("fill", "stroke"):
                assert re.match(r"var\(--\w+\)$|none$", element.get(name, "none"))


def test_ids_of_a_page_are_unique_and_nothing_refers_to_none(tmp_path: Path) -> None:
    report = build_report(make_run(tmp_path / "tiny"))
    twice = replace(report.targets[0], language="vi")
    page = render_html(replace(report, targets=(report.targets[0], twice)))
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    referred = re.findall(r'(?:href="|url\()#([^")]+)', page)
    assert set(referred) <= set(ids)
    assert any("vi-spread" in name for name in referred)


def test_names_are_text_in_pictures() -> None:
    name = "<b>$x^2$</b>&\\frac12\u202e"
    for picture in draw_pictures(make_target({name: [1.0, 99.0]})).values():
        texts = [element.text for element in etree.fromstring(str(picture.svg)).iter("{*}text")]
        assert name in texts or picture.name == "alignment"
    long = "a name that would run into the next picture"
    (shown,) = {
        element.text
        for element in etree.fromstring(
            str(draw_pictures(make_target({long: [1.0]}))["spread"].svg)
        ).iter("{*}text")
        if (element.text or "").startswith("a name")
    }
    assert shown == "a name that would run i…"


@pytest.mark.slow
def test_five_thousand_pairs_take_little_room() -> None:
    scores = [float(i * 37 % 101) for i in range(5000)]
    target = make_target({"a": scores, "b": scores, "c": scores}, [1 + i % 90 for i in range(5000)])
    sizes = {name: len(picture.svg) for name, picture in draw_pictures(target).items()}
    assert sum(sizes.values()) < 150_000
