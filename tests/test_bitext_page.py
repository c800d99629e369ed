"""The page of an alignment: what a reader sees of beads, doubts and empty sides."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from lxml import html
from tiny_run import document

from eval.render.bitext import render_page
from mt.align.alignment import Alignment, Bead
from mt.align.formats import Bitext, pair_up, set_side_by_side
from mt.align.threeway import ThreeWay, Triple

SOURCE = document("ar", ("القرار رقم 39-NQ/TW", "جملة", "<script>alert(1)</script> نص", "آخر"))
TARGET = document("en", ("Resolution 39-NQ/TW", "A sentence", "text", "more & more"))
BITEXT = pair_up(
    Alignment(
        (
            Bead((0,), (0,), 0.97),
            Bead((1,), (1, 2), 0.31),
            Bead((2,), (), 0.0),
            Bead((3,), (3,), 0.8, "order: source 3 looks like target 1"),
        )
    ),
    SOURCE,
    TARGET,
)


def rows(bitext: Bitext) -> list[html.HtmlElement]:
    return html.fromstring(render_page(bitext)).xpath("//tbody/tr")


def words(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def test_every_bead_is_a_row_with_its_segments() -> None:
    found = rows(BITEXT)
    assert [row.get("id") for row in found] == ["b1", "b2", "b3", "b4"]
    assert [words(index) for index in found[1].xpath("td[2]//*[@class='index']")] == ["1", "2"]
    assert [words(text) for text in found[1].xpath("td[2]//*[@class='text']")] == [
        "A sentence",
        "text",
    ]


def test_confidence_and_doubt_are_in_words() -> None:
    """Not by colour alone: a number, a bar, a word."""
    sure, unsure, null, flagged = (words(row.find("th")) for row in rows(BITEXT))
    assert "confidence 0.97" in sure
    assert "unsure" not in sure
    assert "confidence 0.31" in unsure
    assert "unsure" in unsure
    assert "confidence" not in null
    assert "order: source 3 looks like target 1" in flagged


def test_the_head_leads_to_what_is_in_doubt() -> None:
    page = html.fromstring(render_page(BITEXT))
    lists = dict(
        zip(
            map(words, page.xpath("//dl/dt")),
            ([a.get("href") for a in dd.xpath("a")] for dd in page.xpath("//dl/dd")),
            strict=True,
        )
    )
    assert lists == {
        "Unsure": ["#b2"],
        "In another order": ["#b4"],
        "With an empty side": ["#b3"],
    }


def test_an_empty_side_says_so() -> None:
    assert words(rows(BITEXT)[2].xpath("td[2]")[0]) == "∅ no target"
    three = set_side_by_side(
        ThreeWay((Triple((0, 1, 2, 3), (0,), (), 0.7, ("", "", "omitted in the reference")),)),
        SOURCE,
        document("en", ("x",)),
        document("en", ()),
    )
    cells = rows(three)[0].xpath("td")
    assert len(cells) == 3
    assert words(cells[2]) == "∅ omitted in the reference"


def test_arabic_runs_from_the_right_and_text_is_text() -> None:
    page = render_page(BITEXT)
    assert "<script>alert" not in page
    text = html.fromstring(page).xpath("//tbody/tr[1]/td[1]//*[@class='segment']")[0]
    assert text.get("dir") == "rtl"
    assert text.xpath(".//*[@lang='ar']")


def test_nothing_runs_or_is_fetched() -> None:
    page = render_page(BITEXT)
    policy = html.fromstring(page).xpath("//meta[@http-equiv]/@content")[0]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert not re.findall(r"(?:src|href)=\"(?!#)", page)


def test_paper_is_white_though_the_screen_is_dark() -> None:
    """Colours of a dark screen are too pale for paper, and browsers keep them when they print."""
    queries = re.findall(r"@media ([^{]*prefers-color-scheme: dark[^{]*)\{", render_page(BITEXT))
    assert queries
    assert all(query.startswith("screen and ") for query in queries)


@pytest.mark.slow
def test_it_prints_on_a4_with_its_head_on_every_page(tmp_path: Path) -> None:
    """A bead is on one page only, and columns are named on each."""
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not (browser and shutil.which("pdftotext") and shutil.which("pdfinfo")):
        pytest.skip("no chromium, or no pdftotext (poppler-utils)")
    count = 60
    texts = tuple(f"begin{i} " + "word " * 60 + f"end{i}" for i in range(count))
    beads = tuple(Bead((i,), (i,), 0.9) for i in range(count))
    path = tmp_path / "page.html"
    sides = document("ar", tuple(f"جملة {i}" for i in range(count))), document("en", texts)
    path.write_text(render_page(pair_up(Alignment(beads), *sides)), "utf-8")
    pdf = tmp_path / "page.pdf"
    subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
            *("--no-first-run", "--disable-background-networking", "--disable-sync"),
            *("--disable-component-update", f"--user-data-dir={tmp_path / 'profile'}"),
            *("--no-pdf-header-footer", f"--print-to-pdf={pdf}", path.as_uri()),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    info = subprocess.run(["pdfinfo", pdf], check=True, capture_output=True, text=True).stdout
    assert "(A4)" in info
    text = subprocess.run(["pdftotext", pdf, "-"], check=True, capture_output=True, text=True)
    pages = text.stdout.split("\f")[:-1]
    assert len(pages) > 3
    assert all("Target" in page for page in pages)
    for i in range(count):
        (where,) = (n for n, page in enumerate(pages) if re.search(rf"\bbegin{i}\b", page))
        assert re.search(rf"\bend{i}\b", pages[where]), i
