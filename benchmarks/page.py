"""The report of a large run: seconds to build, megabytes, and seconds until a browser can use it.

    python benchmarks/page.py --segments 5000

No model is loaded: the run directory is made of rows of ``corpora/vneco``, Arabic to Vietnamese,
and three systems whose translations are the reference with words dropped, swapped and repeated
and numbers changed; one goes through English. ``awda report`` then runs as a user runs it.

Seconds in the browser (Debian's chromium) count from the moment it sets out to open the file,
medians of three; those of finding include the tenth of a second for which it waits for more
letters. Scrolling is 200 steps of most of a screen, and its figures the time between frames.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mt.align.alignment import Alignment, Bead
from mt.store import RunDirectory
from mt.text.document import Document, Segment
from mt.translate.translation import Translation

ROOT = Path(__file__).parent.parent
SYSTEMS = {"careful": 0.05, "hasty": 0.2, "pivot": 0.3}  # share of words that are damaged
READY = "performance.getEntriesByName('ready')[0].startTime"
FILTER = """async () => {
  const box = document.querySelector("[name=only][value=lost]");
  box.click();
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  if (!/of/.test(document.querySelector("output").textContent)) throw Error("not ready");
  const now = performance.now();
  box.click();
  return now;
}"""

ACTION = """async () => {
  const form = document.querySelector("form.tools").elements;
  const counted = () => new Promise((done) => {
    new MutationObserver(done).observe(document.querySelector("output"), { childList: true });
  });
  const [change, input] = [new Event("change"), new Event("input")];
  const start = performance.now();
  ACTION;
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  return (performance.now() - start) / 1000;
}"""


def main() -> int:
    arguments = _parse()
    with tempfile.TemporaryDirectory() as folder:
        run = arguments.keep or Path(folder) / "run"
        _make_run(run, arguments.segments)
        start = time.perf_counter()
        command = [sys.executable, "-m", "mt.cli", "report", str(run), "--format", "html"]
        subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
        print(f"{arguments.segments} segments, {len(SYSTEMS)} systems")
        print(f"awda report          {time.perf_counter() - start:8.2f} s")
        _time_parts(run)
        page = run / "report.html"
        print(f"page                 {page.stat().st_size / 1e6:8.2f} MB")
        if not arguments.no_browser:
            _time_browser(page)
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--segments", type=int, default=5000)
    parser.add_argument("--keep", type=Path, help="make the run directory here and leave it there")
    parser.add_argument("--no-browser", action="store_true")
    return parser.parse_args()


def _make_run(path: Path, count: int) -> None:
    with (ROOT / "corpora/vneco/segments.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line) for line, _ in zip(file, range(count), strict=False)]
    rng = random.Random(1)
    directory = RunDirectory(path)
    directory.create(fresh=True)
    directory.write_document("segments.jsonl", _document("ar", [row["ar"] for row in rows]))
    beads, references = _align(rows, rng)
    directory.write_document("references/vi.1.jsonl", _document("vi", references))
    directory.write_alignment("alignments/vi.1.jsonl", Alignment(tuple(beads)))
    for name, share in SYSTEMS.items():
        directory.write_translations(
            f"translations/{name}.jsonl",
            [
                Translation(
                    _damage(row["vi"], share, rng), -0.5, (row["en"],) if name == "pivot" else ()
                )
                for row in rows
            ],
        )
    directory.write_manifest(
        {
            "name": "large",
            "source": {"language": "ar", "path": "large.ar.txt"},
            "references": {"vi": ["vi.1"]},
            "systems": [
                {"name": name, "target": "vi", "models": ["a@1", "b@1"], "via": ["en"]}
                if name == "pivot"
                else {"name": name, "target": "vi", "models": ["a@1"]}
                for name in SYSTEMS
            ],
            "score": {"metrics": ["bleu", "chrf2++", "ter"], "bootstrap": 1000, "seed": 12345},
        }
    )


def _document(language: str, texts: list[str]) -> Document:
    return Document("", language, tuple(Segment(i, i + 1, text) for i, text in enumerate(texts)))


def _align(rows: list[dict[str, Any]], rng: random.Random) -> tuple[list[Bead], list[str]]:
    """Mostly 1-1; some segments have nothing opposite, some two source segments one reference."""
    beads: list[Bead] = []
    references: list[str] = []
    for i, row in enumerate(rows):
        if rng.random() < 0.01:
            beads.append(Bead((i,), (), 0.0))
        elif beads and len(beads[-1].source) == 1 and beads[-1].target and rng.random() < 0.05:
            last = beads.pop()
            references[-1] += " " + row["vi"]
            beads.append(Bead((*last.source, i), last.target, last.score))
        else:
            beads.append(Bead((i,), (len(references),), round(rng.betavariate(8, 2), 4)))
            references.append(row["vi"])
    return beads, references


def _damage(text: str, share: float, rng: random.Random) -> str:
    words: list[str] = []
    for word in text.split():
        lot = rng.random() / share
        if lot >= 1:
            words.append(word)
        elif word.isdigit():
            words.append(str(int(word) + 1))
        elif lot < 0.3 and words:
            words.insert(-1, word)
        elif lot < 0.6:
            words += [word, word]
    return " ".join(words)


def _time_parts(run: Path) -> None:
    from eval.render.html import render_html
    from eval.report import build_report

    start = time.perf_counter()
    report = build_report(run)
    middle = time.perf_counter()
    render_html(report)
    print(f"  scores and analysis{middle - start:8.2f} s")
    print(f"  the page alone     {time.perf_counter() - middle:8.2f} s")


def _time_browser(page: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM") or shutil.which("chromium"),
            chromium_sandbox=False,
        )

        loads = []
        for _ in range(3):
            view = browser.new_page(viewport={"width": 1400, "height": 900})
            view.goto(page.as_uri(), wait_until="domcontentloaded")
            answered = view.evaluate(FILTER) / 1000
            loads.append((view.evaluate(READY) / 1000, answered))
        print(f"script ready         {statistics.median(r for r, _ in loads):8.2f} s")
        print(f"  first filter shown {statistics.median(a for _, a in loads):8.2f} s")
        _time_actions(view.evaluate)
        browser.close()


def _time_actions(evaluate: Callable[[str], Any]) -> None:
    for label, action in (
        ("order by weakest", "form.order.value = 'chrf', form.order.dispatchEvent(change)"),
        ("find a word", "form.find.value = 'năm', form.find.dispatchEvent(input), await counted()"),
        ("find another", "form.find.value = 'xã', form.find.dispatchEvent(input), await counted()"),
        ("show all", "form.find.value = '', form.find.dispatchEvent(input), await counted()"),
    ):
        print(f"  {label:19}{evaluate(ACTION.replace('ACTION', action)):8.2f} s")
    frames = evaluate(
        """async () => {
          document.documentElement.style.scrollBehavior = "auto";
          document.querySelector("table.segments").scrollIntoView();
          const frames = [];
          let last = performance.now();
          for (let step = 0; step < 200; step += 1) {
            scrollBy(0, 700);
            await new Promise(requestAnimationFrame);
            frames.push(performance.now() - last);
            last = performance.now();
          }
          return frames.sort((a, b) => a - b);
        }"""
    )
    print(f"frame, median        {frames[100]:8.0f} ms")
    print(f"  95th of 100        {frames[190]:8.0f} ms")


if __name__ == "__main__":
    sys.exit(main())
