"""The page in a browser: what a reviewer clicks and types, and what comes of it.

Debian's chromium, or the browser that CHROMIUM names; skipped where there is none, unless
AWDA_NEEDS_BROWSER is set, as it is in CI.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from tiny_run import BAD, GOOD, document, make_manifest, make_run

from eval.analysis import Analysis, Fault
from eval.render import write_reports
from eval.render.html import render_html
from eval.report import build_report
from eval.results import Report
from eval.verdicts import (
    Row,
    Verdict,
    identify_text,
    keep_verdicts,
    read_verdicts,
    render_verdicts,
)
from mt.align.alignment import Alignment, Bead
from mt.store import RunDirectory
from mt.translate.translation import Translation

pytestmark = pytest.mark.slow

NEEDED = "AWDA_NEEDS_BROWSER" in os.environ
if NEEDED:
    from playwright import sync_api
else:
    sync_api = pytest.importorskip("playwright.sync_api")

Open = Callable[..., Any]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not path:
        if NEEDED:
            pytest.fail("no chromium on PATH: apt-get install chromium, or set CHROMIUM")
        pytest.skip("no chromium on PATH, and CHROMIUM is not set")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, chromium_sandbox=False, args=["--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Open]:
    """Open a file in a new profile; in the end, nothing may have been complained of or fetched."""
    problems: list[str] = []
    contexts = []

    def open_file(path: Path, setup: str = "", **options: Any) -> Any:
        context = browser.new_context(viewport={"width": 1400, "height": 900}, **options)
        contexts.append(context)
        if setup:
            context.add_init_script(setup)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: problems.append(message.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("dialog", lambda dialog: (problems.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda r: None if r.url.startswith(("file:", "blob:")) else
                problems.append(r.url))  # fmt: skip
        page.goto(path.as_uri())
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture
def run(tmp_path: Path) -> Path:
    run = make_run(tmp_path / "tiny")
    write_reports(run, ["html"])
    return run


def segments(page: Any, language: str = "en") -> list[str]:
    """What stands under "#" of the rows that are shown, in their order."""
    ids: list[str] = page.locator(f"#{language} tbody:not([hidden]) .ids").all_text_contents()
    return ids


def tools(page: Any) -> Any:
    return page.locator("#en form.tools")


def cell(page: Any, index: int, system: str) -> Any:
    return page.locator(f"#en-{index} td[data-label='{system}']")


def field(page: Any, kind: str, system: str, number: str) -> Any:
    """The verdict or comment on a segment; they are there once it is about to come into view."""
    page.locator(f"tr[data-segments='{number}']").first.scroll_into_view_if_needed()
    return page.get_by_label(f"{kind}: {system}, segment {number}", exact=True)


def test_a_page_from_disk_is_ready_without_a_network(open_page: Open, run: Path) -> None:
    page = open_page(run / "report.html", offline=True)
    assert page.title() == "tiny · Awda"
    assert tools(page).is_visible()
    assert segments(page) == ["1", "2", "3–4", "–", "5"]


def test_without_javascript_the_page_can_be_read(open_page: Open, run: Path) -> None:
    page = open_page(run / "report.html", java_script_enabled=False)
    assert not tools(page).is_visible()
    assert page.get_by_text(GOOD[1]).first.is_visible()
    assert segments(page) == ["1", "2", "3–4", "–", "5"]


def test_order(open_page: Open, run: Path) -> None:
    page = open_page(run / "report.html")
    order, system = tools(page).get_by_label("Order"), tools(page).get_by_label("by")
    order.select_option("weakest translation first")
    assert segments(page) == ["3–4", "2", "1", "–", "5"]  # "bad": empty, a script, some words
    system.select_option("good")  # which has all of them right
    assert segments(page) == ["1", "2", "3–4", "–", "5"]
    order.select_option("least certain alignment first")
    assert segments(page) == ["2", "3–4", "1", "–", "5"]  # 0.4, 0.7, 0.9
    order.select_option("where systems differ most")
    assert segments(page)[2:] == ["1", "–", "5"]
    order.select_option("most numbers lost first")
    system.select_option("bad")
    assert segments(page)[0] == "1"
    order.select_option("as in the document")
    assert segments(page) == ["1", "2", "3–4", "–", "5"]


def test_filters(open_page: Open, run: Path) -> None:
    page = open_page(run / "report.html")
    for label, expected in (
        ("number lost", ["1"]),
        ("uncertain alignment", ["2"]),  # 0.4
        ("nothing opposite", ["–", "5"]),
        ("without verdict", ["1", "2", "3–4", "5"]),
    ):
        box = tools(page).get_by_label(label)
        box.check()
        assert segments(page) == expected
        assert tools(page).get_by_text(f"{len(expected)} of 5 shown").is_visible()
        box.uncheck()
    assert tools(page).get_by_label("with verdict", exact=False).first.is_disabled()
    tools(page).get_by_label("by").select_option("good")
    assert tools(page).get_by_label("number lost").is_disabled()  # "good" has lost none
    assert len(segments(page)) == 5


def test_find_takes_any_case_and_composition(open_page: Open, run: Path) -> None:
    page = open_page(run / "report.html")
    find = tools(page).get_by_label("Find")
    find.fill("DIALOGUE with")
    tools(page).get_by_text("1 of 5 shown").wait_for()
    assert segments(page) == ["2"]
    find.fill("الشعب")
    tools(page).get_by_text("1 of 5 shown").wait_for()
    assert segments(page) == ["2"]
    page.locator("#vi form.tools").get_by_label("Find").fill("ca\u0302u 3")  # NFD; the text is NFC
    page.locator("#vi form.tools").get_by_text("1 of 5 shown").wait_for()
    assert segments(page, "vi") == ["4"]


def test_a_link_leads_to_a_segment_that_was_filtered_out(open_page: Open, run: Path) -> None:
    page = open_page(run / "report.html")
    tools(page).get_by_label("number lost").check()
    page.locator(".answers a[href='#en-1']").first.click()
    assert segments(page) == ["1", "2", "3–4", "–", "5"]
    assert page.locator("#en-1").evaluate(
        "e => e.getBoundingClientRect().top >= 0 && e.getBoundingClientRect().top < innerHeight"
    )


def test_a_verdict_outlives_a_reload_and_comes_back_as_a_file(
    open_page: Open, run: Path, tmp_path: Path
) -> None:
    page = open_page(run / "report.html")
    field(page, "Verdict", "bad", "1").select_option("critical")
    field(page, "Comment", "bad", "1").fill('"19" for 18,\tno code')
    field(page, "Verdict", "good", "3+4").select_option("good")
    page.reload()
    assert field(page, "Verdict", "bad", "1").input_value() == "critical"
    counts = page.locator("#en .verdicts tbody tr").all_inner_texts()
    assert [line.split() for line in counts] == [
        ["good", "1", "0", "0", "0", "3"],
        ["bad", "0", "0", "0", "1", "3"],
    ]
    tools(page).get_by_label("with verdict").first.check()
    assert segments(page) == ["1", "3–4"]
    with page.expect_download() as download:
        tools(page).get_by_role("button", name="Save verdicts").click()
    assert download.value.suggested_filename == "tiny.verdicts.tsv"
    saved = tmp_path / "saved.tsv"
    download.value.save_as(saved)
    rows = {row.key: row.verdict for row in read_verdicts(saved)}
    assert rows == {
        ("good", (2, 3)): Verdict("good"),
        ("bad", (0,)): Verdict("critical", '"19" for 18, no code'),
    }
    keep_verdicts(run, [saved])
    write_reports(run, ["html"])
    report = build_report(run)
    assert not [note for note in report.notes if "verdict" in note]
    assert report.targets[0].systems[1].judgements[0].verdict == rows["bad", (0,)]
    elsewhere = open_page(run / "report.html")  # another profile, the verdicts from the report
    assert field(elsewhere, "Verdict", "bad", "1").input_value() == "critical"
    assert elsewhere.locator("#en .judged").is_visible()
    field(elsewhere, "Verdict", "bad", "1").select_option("")  # what is taken back stays so
    elsewhere.reload()
    assert field(elsewhere, "Verdict", "bad", "1").input_value() == ""


COUNT_WRITES = """
const write = Storage.prototype.setItem;
Storage.prototype.setItem = function (...item) {
  window.writes = (window.writes ?? 0) + 1;
  write.apply(this, item);
};
"""


def test_runs_of_one_job_keep_their_verdicts_apart(
    open_page: Open, run: Path, tmp_path: Path
) -> None:
    report = (run / "report.html").read_text(encoding="utf-8")
    other = report.replace(identify_text(BAD[0]), "text-00000000")  # translated otherwise
    assert other != report
    page = open_page(run / "report.html")
    field(page, "Verdict", "bad", "1").select_option("major")
    for text, before in ((other, ""), (report, "major"), (other, "good")):
        (run / "report.html").write_text(text, encoding="utf-8")
        page.reload()
        assert field(page, "Verdict", "bad", "1").input_value() == before
        if text is other:
            field(page, "Verdict", "bad", "1").select_option("good")


def test_a_verdict_given_since_takes_the_place_of_an_edit(
    open_page: Open, run: Path, tmp_path: Path
) -> None:
    page = open_page(run / "report.html")
    field(page, "Verdict", "bad", "1").select_option("critical")
    field(page, "Verdict", "good", "1").select_option("minor")
    saved = tmp_path / "saved.tsv"
    identity, text = build_report(run).identity, identify_text(BAD[0])
    row = Row("", "bad", (0,), Verdict("major", "corrected"), text, identity)
    saved.write_text(render_verdicts([row]), encoding="utf-8")
    keep_verdicts(run, [saved])
    write_reports(run, ["html"])
    page.reload()
    assert "newer ones of the report replace: 1." in page.locator("#status").inner_text()
    assert field(page, "Verdict", "bad", "1").input_value() == "major"
    assert field(page, "Comment", "bad", "1").input_value() == "corrected"
    assert field(page, "Verdict", "good", "1").input_value() == "minor"  # nothing given on it
    field(page, "Verdict", "bad", "1").select_option("good")
    page.reload()
    assert field(page, "Verdict", "bad", "1").input_value() == "good"


@pytest.mark.parametrize("kept", ['{"x":null}', "null", "[1]", "{", '{"x":{"severity":"good"}}'])
def test_damaged_storage_is_ignored(open_page: Open, run: Path, kept: str) -> None:
    name = f"awda/verdicts/{build_report(run).identity}"
    page = open_page(run / "report.html", setup=f"localStorage[{name!r}] = {kept!r}")
    assert tools(page).is_visible()
    field(page, "Verdict", "bad", "1").select_option("major")
    assert "bad" in page.evaluate("name => localStorage[name]", name)


def test_files_of_verdicts_are_read_in_the_browser_too(
    open_page: Open, run: Path, tmp_path: Path
) -> None:
    identity = build_report(run).identity
    header = "system\tsegments\tverdict\tcomment\ttext\trun"
    rows = [
        f'bad\t1\tmajor\t"He said ""no"""\t{identify_text(BAD[0])}\t{identity}',
        f"bad\t2\tmajor\t\ttext-00000000\t{identity}",  # translated otherwise now
        f" good\t01 \t Minor\t\t{identify_text(GOOD[0])} \t{identity}",
    ]
    given = tmp_path / "given.tsv"
    given.write_text("\r\n".join(["\ufeff" + header, *rows, ""]), encoding="utf-8", newline="")
    other = tmp_path / "other.tsv"
    other.write_text(f"{header}\nbad\t1\tgood\t\tt\trun-0\n", encoding="utf-8")
    mistaken = tmp_path / "mistaken.tsv"
    mistaken.write_text(f"{header}\nbad\t1\tmayor\t\tt\t{identity}\n", encoding="utf-8")
    empty = tmp_path / "empty.tsv"
    empty.write_text(f"{header}\nbad\t1\t\t\tt\t{identity}\n", encoding="utf-8")
    page = open_page(run / "report.html", setup=COUNT_WRITES)

    def load(path: Path) -> str:
        with page.expect_file_chooser() as chooser:
            tools(page).get_by_role("button", name="Load verdicts").click()
        page.locator("#status").evaluate("e => { e.textContent = '' }")
        chooser.value.set_files(path)
        page.locator("#status:not(:empty)").wait_for()
        text: str = page.locator("#status").inner_text()
        return text

    assert "another run" in load(other)
    assert "Not a file of verdicts" in load(run / "manifest.json")
    assert "Unknown verdict “mayor”" in load(mistaken)
    assert "no verdict in this file" in load(empty)
    assert page.evaluate("window.writes ?? 0") == 0
    assert load(given).startswith("2 verdicts taken. 1 left out")
    assert page.evaluate("window.writes") == 1
    assert field(page, "Verdict", "good", "1").input_value() == "minor"
    assert field(page, "Verdict", "bad", "1").input_value() == "major"
    assert field(page, "Comment", "bad", "1").input_value() == 'He said "no"'


def test_a_browser_that_keeps_nothing_is_no_secret(open_page: Open, run: Path) -> None:
    refuse = "Storage.prototype.setItem = () => { throw new DOMException('no', 'SecurityError') }"
    page = open_page(run / "report.html", setup=refuse)
    field(page, "Verdict", "bad", "1").select_option("minor")
    assert "keeps nothing" in page.locator("#status").inner_text()
    with page.expect_download():
        tools(page).get_by_role("button", name="Save verdicts").click()


def test_keys(open_page: Open, run: Path) -> None:
    page = open_page(run / "report.html")
    page.evaluate("document.querySelector('#en table.segments').scrollIntoView()")
    field(page, "Verdict", "bad", "2").wait_for()  # the rows in view are known
    at = "document.activeElement.id"
    press = page.keyboard.press
    for key, where in (("j", "en-0"), ("j", "en-1"), ("ArrowDown", "en-2"), ("k", "en-1")):
        press(key)
        assert page.evaluate(at) == where
    press("l")  # on to the system "bad"
    press("3")
    assert field(page, "Verdict", "bad", "2").input_value() == "major"
    press("c")
    page.keyboard.type("j is a letter here")
    press("Escape")
    assert page.evaluate(at) == "en-1"
    comment = field(page, "Comment", "bad", "2")
    assert comment.input_value() == "j is a letter here"
    press("ArrowLeft")
    press("1")
    assert field(page, "Verdict", "good", "2").input_value() == "good"
    press("0")
    assert field(page, "Verdict", "good", "2").input_value() == ""
    press("/")
    assert page.evaluate("document.activeElement.name") == "find"
    press("Escape")
    press("?")
    assert page.get_by_role("dialog", name="Keys").is_visible()
    press("Escape")
    press("j")
    assert page.evaluate(at) == "en-2"
    for _ in range(3):
        press("j")
    assert page.evaluate(at) == "vi-0"  # on to the next language


def make_pairs(path: Path, pairs: list[tuple[str, str, str]], system: str = "system") -> Path:
    """A run of pairs of source, reference and hypothesis that stand opposite each other."""
    directory = RunDirectory(path)
    directory.create()
    sources, references, hypotheses = zip(*pairs, strict=True)
    directory.write_document("segments.jsonl", document("ar", sources))
    directory.write_document("references/en.1.jsonl", document("en", references))
    beads = tuple(Bead((i,), (i,), 0.9) for i in range(len(pairs)))
    directory.write_alignment("alignments/en.1.jsonl", Alignment(beads))
    name = f"translations/{system}.jsonl"
    directory.write_translations(name, [Translation(text) for text in hypotheses])
    manifest = make_manifest() | {"name": "pairs", "references": {"en": ["en.1"]}}
    manifest["systems"] = [{"name": system, "target": "en", "models": []}]
    directory.write_manifest(manifest)
    write_reports(path, ["html"])
    return path / "report.html"


def test_differences_are_marked_by_more_than_colour(open_page: Open, tmp_path: Path) -> None:
    page = open_page(
        make_pairs(
            tmp_path / "run",
            [
                ("a", "The dog sat down.", "the cat sat."),
                ("b", "Same words, same order.", "Same words, same order."),
                ("c", "18 July", "<b>18</b> July"),
            ],
        )
    )
    texts = [cell(page, i, "system").locator(".text") for i in range(3)]
    before = [text.inner_html() for text in texts]
    box = tools(page).get_by_label("show added and missing words")
    box.check()
    texts[0].locator("ins").wait_for()  # the browser has said which rows are in view
    found = [
        [(e.evaluate("e => e.tagName"), e.inner_text()) for e in text.locator("ins, del").all()]
        for text in texts
    ]
    assert sorted(found[0]) == [("DEL", "dog"), ("DEL", "down"), ("INS", "cat")]
    assert found[1] == []
    assert {kind for kind, _ in found[2]} == {"INS"}
    assert texts[2].inner_text() == "<b>18</b> July"
    lines = [
        texts[0].locator(tag).first.evaluate("e => getComputedStyle(e).textDecorationLine")
        for tag in ("ins", "del")
    ]
    assert lines == ["underline", "line-through"]
    box.uncheck()
    assert [text.inner_html() for text in texts] == before


def test_arabic_runs_from_the_right_and_codes_within_it_from_the_left(
    open_page: Open, run: Path
) -> None:
    page = open_page(run / "report.html")

    def style(selector: str) -> list[str]:
        found: list[str] = page.locator(selector).first.evaluate(
            "e => { const s = getComputedStyle(e); return [s.direction, s.unicodeBidi, e.lang] }"
        )
        return found

    assert style("#en-0 [data-label='Source'] .text") == ["rtl", "isolate", "ar"]
    assert style("#en-0 [data-label='good'] .text") == ["ltr", "isolate", "en"]
    assert style("#vi-0 [data-label='viet'] .text") == ["ltr", "isolate", "vi"]
    assert style("#en-0 [data-label='Source'] bdi")[:2] == ["ltr", "isolate"]
    assert page.locator("#en-0 [data-label='Source'] bdi").text_content() == "39-NQ/TW"


HOSTILE_NAME = 'a"b<i>$x^2$</i>\u202e'
HOSTILE = (
    "<script>alert(1)</script>",
    "</script></style></template><script>alert(2)</script>",
    "\"'><img src=x onerror=alert(3)> {{ 7 * 7 }} ${7 * 7}",
    "\u202egnp.exe \u2066 $x^2$ \\n &amp;",
    "<!-- --> <![CDATA[ ]]> <td></tr></table>",
)


def test_hostile_text_is_text(open_page: Open, tmp_path: Path) -> None:
    path = make_pairs(tmp_path / "run", [(text, text, text) for text in HOSTILE], HOSTILE_NAME)
    page = open_page(path)
    page.wait_for_timeout(300)
    for i, text in enumerate(HOSTILE):
        shown = page.locator(f"#en-{i} .text").all_text_contents()
        assert shown == [text] * 3
    assert page.locator("script").count() == 1
    assert page.locator("img, i:not(.bar)").count() == 0
    tools(page).get_by_label("show added and missing words").check()
    field(page, "Comment", HOSTILE_NAME, "1").fill("<img src=x onerror=alert(4)>")
    page.reload()
    assert field(page, "Comment", HOSTILE_NAME, "1").input_value() == "<img src=x onerror=alert(4)>"
    assert page.locator("img").count() == 0


def test_a_row_of_a_spreadsheet_formula_or_markup_survives_a_round(
    open_page: Open, tmp_path: Path
) -> None:
    path = make_pairs(tmp_path / "run", [(text, text, text) for text in HOSTILE])
    page = open_page(path)
    field(page, "Comment", "system", "2").fill("=1+1 </script>")
    with page.expect_download() as download:
        tools(page).get_by_role("button", name="Save verdicts").click()
    download.value.save_as(tmp_path / "v.tsv")
    keep_verdicts(tmp_path / "run", [tmp_path / "v.tsv"])
    write_reports(tmp_path / "run", ["html"])
    page = open_page(path)
    assert field(page, "Comment", "system", "2").input_value() == "=1+1 </script>"


def test_light_dark_and_print(open_page: Open, run: Path) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        page = open_page(run / "report.html", color_scheme=scheme)
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        ink = page.locator("figure svg text").first.evaluate("e => getComputedStyle(e).fill")
        assert ink not in ("rgb(0, 0, 0)", grounds[-1])  # the page's own colours reach pictures
    assert grounds[0] != grounds[1]
    field(page, "Verdict", "bad", "1").select_option("critical")
    assert not cell(page, 0, "bad").get_by_text("critical", exact=True).last.is_visible()
    page.emulate_media(media="print")
    assert not tools(page).is_visible()
    assert not page.locator(".review").first.is_visible()
    assert cell(page, 0, "bad").locator(".said").inner_text() == "critical"


def test_faults_can_be_chosen(open_page: Open, tmp_path: Path) -> None:
    report = build_report(make_run(tmp_path / "run"))
    page = open_page(write(tmp_path, with_fault(report)))
    tools(page).get_by_label("plain fault").check()
    assert segments(page) == ["2"]
    assert "loop: 3 times: x" in cell(page, 1, "bad").inner_text()


def with_fault(report: Report) -> Report:
    target = report.targets[0]
    good, bad = target.systems
    faults = Analysis(faults=(Fault("loop", 1, "3 times: x"),))
    systems = (replace(good, analysis=Analysis()), replace(bad, analysis=faults))
    return replace(report, targets=(replace(target, systems=systems), *report.targets[1:]))


def write(folder: Path, report: Report) -> Path:
    path = folder / "page.html"
    path.write_text(render_html(report), encoding="utf-8")
    return path


def test_many_segments_come_in_parts_and_stay_in_order(open_page: Open, tmp_path: Path) -> None:
    pairs = [(f"مصدر {i}", f"line {i}", f"line {i % 7}") for i in range(130)]
    page = open_page(make_pairs(tmp_path / "run", pairs))
    assert page.locator("table.segments tbody:not([hidden])").count() > 5
    everything = [str(i + 1) for i in range(130)]
    assert segments(page) == everything
    tools(page).get_by_label("Find").fill("line 6")
    wanted = [str(i + 1) for i in range(130) if str(i).startswith("6") or i % 7 == 6]
    tools(page).get_by_text(f"{len(wanted)} of 130 shown").wait_for()
    assert segments(page) == wanted
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    tools(page).get_by_label("Find").fill("")
    tools(page).get_by_text("of 130 shown").wait_for(state="detached")
    assert segments(page) == everything


def test_a_screenshot_is_kept(open_page: Open, run: Path) -> None:
    page = open_page(run / "report.html")
    (ROOT / "build").mkdir(exist_ok=True)
    page.screenshot(path=ROOT / "build" / "report.png", full_page=True)
    assert (ROOT / "build" / "report.png").stat().st_size > 10_000


WORDS_SHOWN = """() => Object.fromEntries([...CSS.highlights].map(
    ([name, marked]) => [name, [...marked].map((range) => range.toString())]))"""
PLACE = """(text, word) => {
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const at = walker.currentNode.data.indexOf(word);
    if (at < 0) continue;
    const range = new Range();
    range.setStart(walker.currentNode, at);
    range.setEnd(walker.currentNode, at + word.length);
    const box = range.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
  }
}"""


def point(page: Any, index: int, column: str, word: str) -> dict[str, set[str]]:
    """Hover a word; what is marked then, by how likely it is."""
    field(page, "Verdict", "good", "2")  # the segments are laid out
    text = cell(page, index, column).locator("> .text")
    text.scroll_into_view_if_needed()
    page.mouse.move(*text.evaluate(PLACE, word))
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    return shown_words(page)


def shown_words(page: Any) -> dict[str, set[str]]:
    return {name: set(words) for name, words in page.evaluate(WORDS_SHOWN).items()}


@pytest.mark.parametrize(
    ("column", "word", "others"),
    [
        ("Source", "الحوار", {"Dialogue"}),
        ("Reference", "Dialogue", {"الحوار", "Dialogue"}),
        ("good", "Dialogue", {"الحوار", "Dialogue"}),
    ],
)
def test_a_word_shows_its_counterparts(
    open_page: Open, run: Path, column: str, word: str, others: set[str]
) -> None:
    page = open_page(run / "report.html")
    before = cell(page, 1, column).locator("> .text").inner_html()
    shown = point(page, 1, column, word)
    assert shown["word"] == {word}
    assert shown["sure"] == others
    assert cell(page, 1, column).locator("> .text").inner_html() == before  # painted over
    page.mouse.move(2, 2)
    page.wait_for_function("() => CSS.highlights.size === 0")


def test_a_word_in_shown_differences_is_the_same_word(open_page: Open, run: Path) -> None:
    page = open_page(run / "report.html")
    tools(page).get_by_label("words").check()
    shown = point(page, 0, "bad", "decision")  # stands in <ins>; in <del>, words of the reference
    assert shown["word"] == {"decision"}
    assert {"القرار", "Resolution"} <= shown["sure"]


def test_words_by_keys_and_by_clicks(open_page: Open, run: Path) -> None:
    page = open_page(run / "report.html")
    point(page, 0, "good", "Resolution")
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(2, 2)
    assert shown_words(page)["word"] == {"Resolution"}  # it stays
    page.keyboard.press("b")
    assert shown_words(page)["word"] == {"issued"}
    said = page.locator("#counterparts").text_content()
    assert said.startswith("issued. Source: أصدر; Reference: issued; bad: issued")
    page.keyboard.press("s")
    assert shown_words(page)["word"] == {"issued"}  # of "bad"
    page.keyboard.press("s")  # the first column comes after the last
    assert shown_words(page)["word"] == {"أصدر"}
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")  # paper shows none of it
    assert shown_words(page) == {}
    page.keyboard.press("w")
    assert len(shown_words(page)["word"]) == 1
    page.keyboard.press("Escape")
    assert shown_words(page) == {}


def test_a_browser_without_highlights_shows_the_page_all_the_same(
    open_page: Open, run: Path
) -> None:
    page = open_page(run / "report.html", "delete CSS.highlights")
    assert page.evaluate("() => CSS.highlights === undefined")
    assert segments(page) == ["1", "2", "3–4", "–", "5"]
    page.keyboard.press("j")
    page.keyboard.press("w")
    assert page.locator("#counterparts").text_content() == ""
