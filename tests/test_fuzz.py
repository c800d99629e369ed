"""Mutated files for every reader: read or refused with ``AwdaError``, in time and in memory.

``AWDA_FUZZ_CASES`` moves the number of cases for each reader, ``AWDA_FUZZ_SEED`` where they start.
Without it, atheris begins alike each time too; but how far it comes depends on the machine.
``AWDA_FUZZ_SECONDS`` is how long atheris has for all of them; ``fuzz/target.py`` runs it alone.
"""

from __future__ import annotations

import io
import os
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from pathlib import Path
from types import FrameType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import ROOT
from lxml import etree
from test_config import GOOD
from test_glossary import DCA, OLD
from tiny_run import document

from mt.align.alignment import Alignment, Bead
from mt.align.formats import FORMATS as ALIGNMENTS
from mt.align.formats import pair_up, read_alignment, render_bitext
from mt.errors import AwdaError, AwdaWarning, CorpusError
from mt.job import load_job
from mt.text.formats import DOCUMENTS, FORMATS, Content, decode_content, find_format
from mt.text.formats.compressed import SUFFIXES, pack
from mt.text.glossary import read_glossary
from mt.translate.matches import read_matches

DATA = ROOT / "tests" / "data" / "formats"
CASES = int(os.environ.get("AWDA_FUZZ_CASES", "500"))
FIRST = int(os.environ.get("AWDA_FUZZ_SEED", "0"))
SECONDS = 5
MEMORY = 1_000_000_000  # bytes that a case may take

# What parsers trip over, put in anywhere.
ODD = [
    *(
        b"\0",
        b"\r",
        b"\n\n",
        b"\x85",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
        b"\xe2\x80\xae",
    ),
    *(b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x", b"<!DOCTYPE x>", b"&#0;", b"&#xd800;", b"&a;"),
    *(
        b"<",
        b">",
        b"</",
        b"/>",
        b"&amp;",
        b'"',
        b"'",
        b"\\",
        b"\t",
        b",",
        b"{",
        b"[",
        b"null",
        b"=0",
    ),
    *(b"<p>", b"<b>", b"</b>", b"<pre>", b"<br>", b"00:00:09.000 --> 00:00:10.000\n", b"1e999"),
    *(
        b"\\ud800",
        b"\\u0000",
        b"msgid",
        b"msgstr",
        b"msgctxt ",
        b"#~ ",
        b"nplurals=999;",
        b"WEBVTT",
    ),
    *(
        b"&x ",
        b"*x",
        b"<<: ",
        b"!!python/object:os.system ",
        b"!!binary |",
        b"- ",
        b": ",
        b"[0]:[0]",
    ),
    *("كتاب".encode(), "ب\u202e‏".encode(), "e\u0301".encode(), b"-1", b"4294967296", b"A" * 300),
]
NAMES = [
    "g",
    "x",
    "ph",
    "bpt",
    "ept",
    "mrk",
    "pc",
    "sc",
    "ec",
    "hi",
    "note",
    "target",
    "seg-source",
]

SRT = "1\n00:00:01,000 --> 00:00:04,000\n- <i>كتاب</i> جديد\n- {\\an8}نعم؟\n\n2\nx\n"
HTML = (
    "<!doctype html><html lang=ar dir=rtl><title>عنوان</title><ul><li>كتاب <b>جديد <i>جدا</i></b>"
    "<li>قلم<pre>x</pre><table><tr><td>خلية<td>أخرى<code>y</code></table><script>1<2</script>"
)
PARTS = (
    '<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file original="a" '
    'source-language="ar" target-language="en" datatype="plaintext"><body><trans-unit id="1">'
    '<source>كتاب <g id="1">جديد. <x id="2"/></g> قلم <bpt id="3"/>أزرق<ept id="3"/></source>'
    '<seg-source><mrk mtype="seg" mid="0">كتاب</mrk> <g id="1"><mrk mtype="seg" mid="1">جديد.'
    '</mrk></g></seg-source><target><mrk mtype="seg" mid="0">Book</mrk></target></trans-unit>'
    '<trans-unit id="2"><source>باب</source><target state="new"/></trans-unit></body></file>'
    "</xliff>"
)
PLURALS = (
    'msgid ""\nmsgstr ""\n"Language: en\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1)\\n"\n\n'
    '#, fuzzy\n#| msgid "x"\nmsgctxt "a"\nmsgid "كتاب"\nmsgid_plural "%d كتب\\n"\n'
    'msgstr[0] ""\nmsgstr[1] ""\n\nmsgid "قلم"\nmsgstr "Pen"\n\n#~ msgid "y"\n#~ msgstr "z"\n'
)
TABLE = 'id;ar;en-US\n1;كتاب;\n2;"قلم\nباب";Pen\n\n3;"a ""b""";\n'
LINES = '{"ar": "كتاب\\nقلم", "n": [1, {"en": 2}]}\n\n{"ar": "باب", "en": "Door"}\n{"en": null}\n'


def make_parquet() -> bytes:
    """Two row groups, a dictionary, nulls."""
    texts = pa.array(["كتاب", None, "قلم", "كتاب"])
    table = pa.table(
        {"ar": texts.dictionary_encode(), "en": ["Book", "", None, None], "n": range(4)}
    )
    out = io.BytesIO()
    pq.write_table(table, out, row_group_size=2, compression="zstd")
    return out.getvalue()


def load(*names: str) -> list[bytes]:
    return [(DATA / name).read_bytes() for name in names]


SEEDS: dict[str, Callable[[], list[bytes]]] = {  # file name -> files to be mutated
    "a.txt": lambda: ["كتاب\r\n\nقلم\n".encode(), "كتاب\n".encode("utf-16"), b"one\ntwo"],
    "a.docx": lambda: load("letter.ar.docx"),
    "a.html": lambda: [*load("letter.ar.html"), HTML.encode(), HTML.encode("utf-16")],
    "a.srt": lambda: [*load("talk.ar.srt"), SRT.encode(), SRT.replace("\n", "\r\n").encode()],
    "a.vtt": lambda: load("talk.ar.vtt"),
    "a.xlf": lambda: [*load("angular.xlf", "angular-2.0.xlf", "js-2.0.xlf"), PARTS.encode()],
    "a.tmx": lambda: load("desk.tmx"),
    "a.po": lambda: [*load("desk.en.po", "desk.pot", "desk.cp1256.po"), PLURALS.encode()],
    "a.csv": lambda: [*load("desk.csv"), TABLE.encode()],
    "a.tsv": lambda: ['id\tar\ten\n1\tكتاب\t\n\n2\t"قلم\tPen\n'.encode()],
    "a.jsonl": lambda: [LINES.encode()],
    "a.parquet": lambda: [make_parquet()],
    **{
        f"a.srt{suffix}": lambda suffix=suffix: [  # type: ignore[misc]
            pack(SRT.encode() * count, Path(f"a{suffix}")) for count in (1, 50)
        ]
        for suffix in SUFFIXES
    },
}

SOURCE = document("ar", ("مهام رئيسية", "الأولى <مهمة> & أخرى", "مصدر"))
TARGET = document("en", ("Key tasks", "First one\tand", "the other"))
BEADS = (Bead((0,), (0,), 0.875), Bead((1,), (1, 2), 0.5, "a note"), Bead((2,), (), 0.0))


def render_beads(name: str) -> bytes:
    made = render_bitext(pair_up(Alignment(BEADS), SOURCE, TARGET), name)
    return (list(made.values())[-1] if isinstance(made, Mapping) else made).encode()


Other = tuple[Callable[[], list[bytes]], Callable[[Path], object]]

# What else is read that people get from others: file name -> files to be mutated, and the reader.
OTHERS: dict[str, Other] = {
    "job.yaml": (
        lambda: [GOOD.encode(), *(path.read_bytes() for path in (ROOT / "configs").glob("*.yaml"))],
        load_job,
    ),
    "terms.tbx": (lambda: [DCA.encode(), OLD.encode(), DCA.encode("utf-16")], read_glossary),
    "terms.tsv": (lambda: ["category\tar\ten\nx\tكتاب\tbook\n".encode()], read_glossary),
    "memory.tmx": (lambda: load("desk.tmx"), lambda path: read_matches([path], "ar", ["en"])),
    "memory.tsv": (
        lambda: ["ar\ten\nكتاب\tbook\n\nقلم\tpen\n".encode()],
        lambda path: read_matches([path], "ar", ["en"]),
    ),
    **{
        f"beads.{name}": (
            lambda name=name: [render_beads(name)],  # type: ignore[misc]
            lambda path: read_alignment(path, SOURCE, TARGET),
        )
        for name in ALIGNMENTS
    },
}
NAMES_OF_ALL = (*SEEDS, *OTHERS)


def mutate(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """Bytes flipped, cut out, doubled, put in, or spliced with another file."""
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3, 8))):
        at, size = rng.randrange(len(found) + 1), rng.choice((0, 1, 2, 8, 60))
        piece = bytes(found[at : at + size])
        kind = rng.randrange(7)
        if kind == 0 and at < len(found):
            found[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del found[at : at + size]
        elif kind == 2:
            found[at:at] = piece * rng.choice((1, 2, 50))
        elif kind in (3, 4):
            found[at : at + (size if kind == 3 else 0)] = rng.choice(ODD)
        elif kind == 5:
            other = rng.choice(others)
            start = rng.randrange(len(other) + 1)
            found[at : at + size] = other[start : start + rng.choice((5, 50, 500))]
        elif rng.randrange(4) == 0:
            del found[at:]
    return bytes(found)


def mutate_tree(rng: random.Random, data: bytes) -> bytes:
    """Elements cut out, doubled, moved, renamed, attributes and texts changed: well-formed yet."""
    try:
        root = etree.fromstring(data)
    except (etree.XMLSyntaxError, ValueError):
        return data
    for _ in range(rng.choice((1, 2, 5))):
        mutate_element(rng, [each for each in root.iter() if isinstance(each.tag, str)])
    return etree.tostring(root, xml_declaration=bool(rng.randrange(2)), encoding="UTF-8")


def mutate_element(rng: random.Random, every: Sequence[etree._Element]) -> None:
    one, other = rng.choice(every), rng.choice(every)
    parent = one.getparent()
    kind = rng.randrange(7)
    if kind == 3:
        space = one.tag[: one.tag.index("}") + 1] if "}" in one.tag else ""
        one.tag = rng.choice([other.tag, space + rng.choice(NAMES)])
    elif kind == 4 and one.attrib:
        values = [value for each in every for value in each.attrib.values()]
        key = rng.choice(list(one.attrib))
        del one.attrib[key]
        if rng.randrange(2):
            one.set(key, rng.choice([*values, "", "9" * 30, "no", "ا b"]))
    elif kind == 5:
        one.text = rng.choice([None, "", " ", "\n  ", "كتاب.", "a b", "\u202e\u2028", "%d {x}"])
    elif kind == 2 and other not in one.iter():
        other.insert(rng.randrange(len(other) + 1), one)
    elif parent is not None and kind == 0:
        parent.remove(one)
    elif parent is not None and kind == 1:
        parent.insert(rng.randrange(len(parent) + 1), deepcopy(one))
    elif parent is not None:
        one.tail = rng.choice([None, " ", "\n", "قلم", "x "])


def mutate_zip(rng: random.Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """A part of an archive changed, doubled, renamed or left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        chosen = rng.choice([name for name in names if name.endswith(".xml")])
        for name in names:
            part = old.read(name)
            if name in (chosen, "word/document.xml"):
                kind = rng.randrange(8)
                if kind == 0:
                    continue
                part = mutate(rng, part, others) if kind == 1 else mutate_tree(rng, part)
                part = old.read(rng.choice(names)) if kind == 2 else part
            new.writestr(name, part)
    return out.getvalue()


def make_case(rng: random.Random, name: str, seeds: Sequence[bytes]) -> bytes:
    data = rng.choice(seeds)
    if name.endswith(".docx") and rng.randrange(4):
        return mutate_zip(rng, data, seeds)
    if name.endswith((".xlf", ".tmx", ".tbx", ".intertext")) and rng.randrange(2):
        return mutate_tree(rng, data)
    return mutate(rng, data, seeds)


class TooSlowError(BaseException):
    """No ``Exception``, which a reader may catch."""


@contextmanager
def bounds(seconds: float = 0) -> Iterator[None]:
    """No more than so much memory in all, and so much time; 0 for a clock that is set later."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TooSlowError

    old = signal.signal(signal.SIGALRM, stop)
    limits = resource.getrlimit(resource.RLIMIT_DATA)
    taken = re.search(r"VmData:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert taken
    resource.setrlimit(resource.RLIMIT_DATA, (int(taken[1]) * 1024 + MEMORY, limits[1]))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        resource.setrlimit(resource.RLIMIT_DATA, limits)
        signal.signal(signal.SIGALRM, old)


def check(data: bytes, name: str, rng: random.Random) -> None:
    """A file is refused when it is read, or: one in, one out, and what is written is read back."""
    if name in OTHERS:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, name)
            file.write_bytes(data)
            with suppress(AwdaError):
                OTHERS[name][1](file)
        return
    path = Path(name)
    bitext = not name.startswith(("a.txt", *(f"a.{each}" for each in DOCUMENTS)))
    options = rng.choice(
        [{"side": "ar", "target": "en"}, {"side": "ar", "target": "vi"}, {"side": "ar"}]
        if bitext
        else [{"language": "ar"}, {"language": "ar", "encoding": "windows-1256"}]
    )
    if bitext and rng.randrange(4) == 0:
        options["encoding"] = "windows-1256"

    def read(data: bytes, **options: str) -> Content:
        return decode_content(data, path, **options)  # type: ignore[arg-type]

    def check_back(made: bytes, texts: Sequence[str]) -> None:
        try:
            assert list(read(pack(made, path), **options).texts) == list(texts)
        except CorpusError as error:
            # Moved by a byte, or among fewer letters, control characters may look like this.
            if "looks like UTF-16" not in str(error) or sum(byte < 9 for byte in made) <= 3:
                raise

    try:
        content = read(data, **options)
    except CorpusError:
        return
    assert not any("\n" in text for text in content.texts)
    texts = [f"{number} & <{number}> ă" for number, _ in enumerate(content.texts)]
    if "target" in options:
        check_back(content.render(texts, options["target"]), [])
    elif not bitext:
        check_back(content.render(content.texts, "ar"), content.texts)
        check_back(content.render(texts, "vi"), texts)


def make_seeds(name: str) -> list[bytes]:
    return SEEDS[name]() if name in SEEDS else OTHERS[name][0]()


def test_no_format_is_forgotten() -> None:
    """Whoever adds a format to a table adds files of it here; a dataset is no file."""
    files = {name for name, form in FORMATS.items() if form.suffixes[0].startswith(".")}
    assert files == {find_format(Path(name)).name for name in SEEDS}
    assert {Path(name).suffix for name in SEEDS} >= set(SUFFIXES)


@pytest.mark.slow
@pytest.mark.filterwarnings(f"ignore::{AwdaWarning.__module__}.{AwdaWarning.__name__}")
@pytest.mark.parametrize("name", NAMES_OF_ALL)
def test_mutated_files_are_read_or_refused(name: str, tmp_path: Path) -> None:
    seeds = make_seeds(name)
    for seed in seeds:
        check(seed, name, random.Random(0))
    with bounds():
        for number in range(FIRST, FIRST + CASES):
            rng = random.Random(f"{name} {number}")
            data = make_case(rng, name, seeds)
            signal.setitimer(signal.ITIMER_REAL, SECONDS)
            try:
                check(data, name, rng)
            except (Exception, TooSlowError) as error:
                kept = tmp_path / name
                kept.write_bytes(data)
                pytest.fail(f"case {number}, kept in {kept}: {type(error).__name__}: {error}")
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)


@pytest.mark.slow
def test_what_atheris_makes_of_files_is_read_or_refused(tmp_path: Path) -> None:
    """As above, but new files are made of those that reach new lines of the readers."""
    pytest.importorskip("atheris", reason="pip install 'awda[fuzz]'")
    seconds = float(os.environ.get("AWDA_FUZZ_SECONDS", "60")) / len(NAMES_OF_ALL)
    target = ROOT / "tests" / "fuzz" / "target.py"
    for name in NAMES_OF_ALL:
        limits = [f"-max_total_time={max(1, round(seconds))}", f"-timeout={SECONDS}"]
        limits.append(f"-seed={FIRST + 1}")  # 0 would be another each time
        command = [sys.executable, str(target), name, *limits, f"-artifact_prefix={tmp_path}/"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600 + seconds)
        said = re.split(r"(?m)^(?:INFO|#\d).*\n", done.stderr)
        assert done.returncode == 0, f"{name}: {''.join(said)}"
