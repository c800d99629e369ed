"""Anchors are respected, or refused with a reason; and bad input ends in a word to the user."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from mt.align.aligner import align_texts
from mt.align.alignment import Bead
from mt.align.anchors import Anchor, divide, read_anchors
from mt.align.monotone import Region
from mt.errors import AlignmentError, AwdaWarning, JobError
from mt.job import load_job
from mt.pipeline import run
from mt.store import RunDirectory

SOURCES = [f"{'x' * (20 + 7 * i % 50)}" for i in range(12)]
TARGETS = [f"{'y' * (20 + 7 * i % 50)}" for i in range(12)]

SOURCES_AR = [
    "حضر 12 رجلا.",
    "ثم ذهبوا إلى المدينة في الصباح.",
    "لماذا؟",
    "لم يعرف أحد ذلك يوم 7 مايو.",
]
TARGETS_EN = [
    "12 men came.",
    "Then they went to the city at dawn.",
    "Why?",
    "On 7 May no one knew.",
]
JOB = """
name: small
source: {{language: ar, path: a.ar, split: line}}
references: {{en: [a.en]}}
systems: [{{name: vendor, target: en, hypothesis: vendor.en}}]
align: {{similarity: length, anchors: {anchors}}}
"""


def align(*anchors: Anchor) -> dict[tuple[tuple[int, ...], tuple[int, ...]], float]:
    found = align_texts(SOURCES, TARGETS, similarity="length", anchors=anchors)
    found.check(len(SOURCES), len(TARGETS))
    return {(bead.source, bead.target): bead.score for bead in found.beads}


@pytest.mark.parametrize(
    "pin",
    [
        Bead((2,), (6,)),
        Bead((3, 4), (3,)),
        Bead((0, 1, 2, 3, 4, 5), (0,)),  # larger than any bead the search makes
        Bead((11,), (0,)),
        Bead((5,), ()),
        Bead((), (4, 5)),
    ],
)
def test_a_pinned_bead_stands_as_it_is(pin: Bead) -> None:
    assert align(pin)[pin.source, pin.target] == 1.0


@pytest.mark.parametrize("border", [(0, 5), (3, 5), (6, 6), (12, 4), (12, 12)])
def test_no_bead_crosses_a_boundary(border: tuple[int, int]) -> None:
    for source, target in align(border):
        before = {i < border[0] for i in source} | {j < border[1] for j in target}
        assert len(before) == 1


def test_what_lies_between_anchors() -> None:
    parts, alone = divide([(4, 5), Bead((1,), (1, 2)), Bead((7,), ())], 9, 8)
    assert parts == [
        Region(0, 0, 1, 1),
        Bead((1,), (1, 2), 1.0),
        Region(2, 3, 4, 5),
        Region(4, 5, 9, 8),
    ]
    assert alone == [Bead((7,), (), 1.0)]


@pytest.mark.parametrize(
    ("anchors", "message"),
    [
        ([Bead((2,), (6,)), Bead((3,), (4,))], r"\[2\]:\[6\] and \[3\]:\[4\] contradict"),
        ([Bead((2, 3), (2,)), (3, 3)], r"\[2, 3\]:\[2\] and 3:3 contradict"),
        ([(3, 5), (4, 4)], "3:5 and 4:4 contradict"),
        ([Bead((2,), ()), Bead((2,), (1,))], "source segment 2 stands in both"),
        ([Bead((12,), (1,))], "lies outside: source segments are 0 to 11"),
        ([(3, 13)], "3:13 lies outside"),
        ([Bead((1, 3), (1,))], "source segments do not follow each other"),
        ([Bead((), ())], "pins nothing"),
    ],
)
def test_anchors_that_cannot_be_are_refused(anchors: list[Anchor], message: str) -> None:
    with pytest.raises(AlignmentError, match=message):
        align(*anchors)


def test_a_file_of_anchors(tmp_path: Path) -> None:
    path = tmp_path / "anchors"
    path.write_text("# pages\n12:14\n\n[3]:[4, 5]:0.2\n[7]:[]\n", encoding="utf-8")
    assert read_anchors(path, 20, 20) == ((12, 14), Bead((3,), (4, 5)), Bead((7,), ()))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("12:14\n12-14\n", "anchors:2: expected a bead such as"),
        ("# page 2\n3:3\n\n[3]:[12]\n", r"anchors:4: anchor \[3\]:\[12\] lies outside: target"),
        ("4:4\n[1, 3]:[1]\n", r"anchors:2: .* do not follow each other"),
        ("[]:[]\n", "anchors:1: .* pins nothing"),
        ("4:4\n\n5:3\n", r"anchors:3: anchors 4:4 and 5:3 contradict each other \(line 1\)"),
        ("[2]:[]\n[2]:[1]\n", r"anchors:2: .*source segment 2 stands in both \(line 1\)"),
        ("[5]:[5]\n[4]:[6]\n", r"anchors:2: .* contradict each other \(line 1\)"),
    ],
)
def test_a_file_of_anchors_that_cannot_be_is_refused_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "anchors"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AlignmentError, match=message):
        read_anchors(path, 12, 12)


def test_anchors_of_a_job(tmp_path: Path) -> None:
    """The search itself sets 1-1; the pin leaves a target alone, and a changed pin is noticed."""
    for name, lines in (("a.ar", SOURCES_AR), ("a.en", TARGETS_EN), ("vendor.en", TARGETS_EN)):
        (tmp_path / name).write_text("\n".join(lines) + "\n", "utf-8")
    job, pins = tmp_path / "job.yaml", tmp_path / "pins.txt"
    job.write_text(JOB.format(anchors="{en.1: pins.txt}"))
    pins.write_text("# the second line of each\n[1]:[1]\n[2]:[]\n")

    def read() -> dict[tuple[tuple[int, ...], tuple[int, ...]], float]:
        directory = RunDirectory(run(load_job(job), tmp_path / "run"))
        beads = directory.read_alignment("alignments/en.1.jsonl", 4, 4).beads
        return {(bead.source, bead.target): bead.score for bead in beads}

    found = read()
    assert found[(1,), (1,)] == 1.0
    assert ((2,), ()) in found
    manifest = RunDirectory(tmp_path / "run").read_manifest()
    assert manifest["alignment"]["method"]["en.1"].endswith("; anchors: 2")
    pins.write_text("[1]:[1]\n")
    assert ((2,), ()) not in read()
    pins.write_text("[1]:[1]\n[0]:[2]\n")
    with pytest.raises(AlignmentError, match=r"pins\.txt:2: .* contradict each other \(line 1\)"):
        read()


@pytest.mark.parametrize(
    ("anchors", "message"),
    [
        (
            "{en.2: a.en}",
            r"job\.yaml:6: align: anchors: no reference 'en\.2'; did you mean 'en\.1'",
        ),
        ("{en.1: gone.txt}", r"job\.yaml:6: align\.anchors\.en\.1: no such file"),
        ("{en.1: a.en}, parallel: true", r"job\.yaml:6: align: 'parallel' .* no use for 'anchors'"),
        ("pins.txt", r"job\.yaml:6: align\.anchors: expected keys and values"),
    ],
)
def test_anchors_of_a_job_that_cannot_be(tmp_path: Path, anchors: str, message: str) -> None:
    for name in ("a.ar", "a.en", "vendor.en"):
        (tmp_path / name).write_text("x\n", "utf-8")
    job = tmp_path / "job.yaml"
    job.write_text(JOB.format(anchors=anchors))
    with pytest.raises(JobError, match=message):
        load_job(job)


def test_the_same_document_twice_is_noticed() -> None:
    with pytest.warns(AwdaWarning, match="both sides are the same text"):
        align_texts(SOURCES, SOURCES, similarity="length")


def test_a_giant_segment_is_noticed() -> None:
    with pytest.warns(AwdaWarning, match="source segment 1 has 1000000 characters"):
        found = align_texts(["a b", "c" * 10**6], ["a b", "d e"], similarity="length")
    found.check(2, 2)


def test_nothing_is_said_of_good_input() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        align_texts(SOURCES, TARGETS, similarity="length")


def test_blank_and_identical_segments() -> None:
    blank = align_texts(["", " "] * 40, ["", "a"] * 40, similarity="length")
    blank.check(80, 80)
    assert all(not (bead.source and bead.target) for bead in blank.beads)
    same = align_texts(["word"] * 50, ["từ a"] * 50, similarity="length")
    assert [bead.shape for bead in same.beads] == ["1-1"] * 50


def test_pins_on_blank_segments_warn_of_nothing() -> None:
    """What such a bead costs is infinite, and so may be what would stand in its place."""
    sources = ["Hello there my friend", "", "The river is 12 metres", "A school"] * 3
    targets = ["", "Hello there my friend", "A school", "The river is 12 metres"] * 3
    pins = [Bead((1,), (1,)), Bead((4, 5), (4,))]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = align_texts(sources, targets, similarity="length", anchors=pins)
    assert {(pin.source, pin.target) for pin in pins} <= {(b.source, b.target) for b in found.beads}


@pytest.mark.slow
def test_unequal_sides_need_little_memory() -> None:
    """19,000 against 1,000 is just let through; a full table of costs would take 2.4 GB."""
    code = (
        "from mt.align.aligner import align_texts;"
        "a = align_texts(['word'] * 19_000, ['tu moi'] * 1_000, similarity='length');"
        "a.check(19_000, 1_000);"  # ru_maxrss of a child begins with what its parent had
        "status = open('/proc/self/status').read();"
        "print(int(status.split('VmHWM:')[1].split()[0]) // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120
    )
    assert int(done.stdout) < 600


def test_texts_of_which_nothing_is_the_same_are_noticed() -> None:
    """Lengths alone: what is twenty times as long as anything opposite is no translation."""
    with pytest.warns(AwdaWarning, match="0 of 3 source segments were found in the target"):
        align_texts(["x" * 4000] * 3, ["y"] * 12, similarity="length")


@pytest.mark.parametrize(("sources", "targets"), [(["a"], []), (["", " "], ["a"]), ([], [])])
def test_a_side_without_text_is_noticed(sources: list[str], targets: list[str]) -> None:
    with pytest.warns(AwdaWarning, match="a side has no text: nothing could be aligned"):
        align_texts(sources, targets).check(len(sources), len(targets))


@pytest.mark.parametrize("sizes", [(100_000, 10), (10, 100_000)])
def test_sizes_that_cannot_be_translations_are_refused_at_once(sizes: tuple[int, int]) -> None:
    with pytest.raises(AlignmentError, match=f"{sizes[0]} source segments against {sizes[1]}"):
        align_texts(["word"] * sizes[0], ["từ"] * sizes[1])
