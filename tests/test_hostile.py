"""Files made to hurt: refused with one clear message, in time and in memory, or read and kept."""

from __future__ import annotations

import io
import re
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT
from lxml import etree
from test_config import GOOD
from test_fuzz import TooSlowError, bounds

from mt.errors import CorpusError, JobError, ModelError
from mt.job import load_job
from mt.text.formats import Content, decode_content
from mt.text.glossary import read_glossary
from mt.text.normalize import normalize
from mt.translate.models import find_model

LETTER = ROOT / "tests" / "data" / "formats" / "letter.ar.docx"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MANY = 300_000  # inline codes
TIMES = b"1\n00:00:01,000 --> 00:00:04,000\n"


def make_docx(body: str, styles: str = "") -> bytes:
    """letter.ar.docx with another body and styles, and nothing in its notes and headers."""
    out = io.BytesIO()
    parts = {"word/document.xml": f"<w:body>{body}</w:body>", "word/styles.xml": styles}
    with zipfile.ZipFile(LETTER) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            inside, tag = parts.get(name), Path(name).stem
            made = f'<w:{tag} xmlns:w="{WORD}">{inside}</w:{tag}>' if inside else old.read(name)
            made = f'<w:x xmlns:w="{WORD}"/>' if re.search("header|footer|notes", name) else made
            new.writestr(name, made)
    return out.getvalue()


def read_part(data: bytes, name: str = "document") -> str:
    text = zipfile.ZipFile(io.BytesIO(data)).read(f"word/{name}.xml").decode()
    return re.sub(r" xml(ns:w|:space)=\"[^\"]*\"", "", text)


def make_xliff(source: bytes, segments: bytes = b"") -> bytes:
    head = b'<xliff version="1.2"><file source-language="ar" target-language="en"><body>'
    unit = b"<trans-unit><source>" + source + b"</source>" + segments + b"</trans-unit>"
    return head + unit + b"</body></file></xliff>"


def make_segments(count: int) -> bytes:
    marks = b"".join(b'<mrk mtype="seg" mid="%d">a</mrk>' % each for each in range(count))
    return b"<seg-source>" + marks + b"</seg-source>"


def decode(data: bytes, name: str) -> Content:
    if name.endswith((".docx", ".html", ".srt", ".vtt", ".txt")):
        return decode_content(data, Path(name), language="en")
    return decode_content(data, Path(name), side="ar", target="en")


TMX = b'<tmx><body><tu><tuv xml:lang="ar"><seg>a%s</seg></tuv></tu></body></tmx>'
BOLD = "<w:r><w:t>a</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>b</w:t></w:r>"
CODES: dict[str, Callable[[int], bytes]] = {  # so many codes in one segment
    "pairs.html": lambda n: b"<p>a" + b"<b>a</b>" * n,
    "ends.html": lambda n: b"<p>a" + b"</b>" * n,
    "pictures.html": lambda n: b"<p>a" + b"<img>" * n,
    "empty.html": lambda n: b"<p>a<b>" + b"<i></i>" * n + b"</b>",
    "a.srt": lambda n: TIMES + b"<i>a</i>" * n,
    "a.vtt": lambda n: b"WEBVTT\n\n" + TIMES[2:] + b"<c>a</c>" * n,
    "pairs.xlf": lambda n: make_xliff(b'<bpt id="1"/>a<ept id="1"/>' * n),
    "nested.xlf": lambda n: make_xliff(b'<bpt id="1"/>a' * n + b'<ept id="1"/>' * n),
    "segments.xlf": lambda n: make_xliff(b"a", make_segments(n)),
    "a.tmx": lambda n: TMX.replace(b"%s", b"<ph>x</ph>" * n),
    "runs.docx": lambda n: make_docx(f"<w:p>{BOLD * (n // 2)}</w:p>"),
    "fields.docx": lambda n: make_docx(
        "<w:p>" + '<w:r><w:fldChar w:fldCharType="begin"/></w:r>' * n + "</w:p>"
    ),
    "field.docx": lambda n: make_docx(
        "<w:p><w:r>" + '<w:fldChar w:fldCharType="begin"/>' * n + "</w:r></w:p>"
    ),
}


@pytest.mark.parametrize("name", CODES)
def test_too_many_codes_are_refused(name: str) -> None:
    with pytest.raises(CorpusError, match=r"more than 2000 tags; AWDA_MAX_INLINES="):
        decode(CODES[name](10_000), name)


@pytest.mark.slow
@pytest.mark.parametrize("name", CODES)
def test_the_limit_of_codes_bites_while_reading(name: str) -> None:
    """What looks at all that stands before each code is not done within hours."""
    data = CODES[name](MANY)
    with bounds(seconds=60), pytest.raises(CorpusError, match="more than 2000 tags"):
        decode(data, name)


TINY: dict[str, Callable[[], bytes]] = {  # as many as the limit of a file that is read whole lets
    "a.txt": lambda: b"a\n" * 1_000_000,
    "a.html": lambda: b"<p>a" * 1_000_000,
    "a.srt": lambda: (TIMES + b"a\n\n") * 800_000,
    "a.docx": lambda: make_docx("<w:p><w:r><w:t>a</w:t></w:r></w:p>" * 500_000),
    "a.csv": lambda: b"ar,en\n" + b"a,\n" * 1_000_000,
    "a.jsonl": lambda: b'{"ar":"a"}\n' * 1_000_000,
    "a.po": lambda: b"".join(b'msgid "%d"\nmsgstr ""\n\n' % n for n in range(500_000)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TINY)
def test_a_million_tiny_segments_are_read_in_a_gigabyte(name: str) -> None:
    data = TINY[name]()
    with bounds(seconds=200):
        assert len(decode(data, name).blocks) >= 500_000


@pytest.mark.parametrize("name", ["a.srt", "a.po"])
def test_writing_takes_time_in_proportion(name: str) -> None:
    """A cue of many lines, and a catalogue of many messages, each without what stands above it."""
    cue = TIMES + b"a b\n" * 10_000
    data = cue if name == "a.srt" else b'msgid "a"\nmsgstr ""\n\n' * 10_000
    with bounds(seconds=10):
        content = decode(data, name)
        made = content.render([f"B {text}" for text in content.texts], "en")
    assert made.count(b"\n") >= 10_000


# Word


@pytest.mark.parametrize("holder", ["t", "del", "moveFrom", "delText", "noBreakHyphen", "sdtPr"])
def test_no_paragraph_is_read_where_none_can_be_written(holder: str) -> None:
    """What a rewritten paragraph drops, or reads as text, has no paragraphs of its own."""
    inner = "<w:p><w:r><w:t>inner</w:t></w:r></w:p>"
    odd = f"<w:r><w:{holder}>{inner}</w:{holder}></w:r>"
    if holder in ("del", "moveFrom"):
        odd = f"<w:{holder}><w:r><w:pict>{inner}</w:pict></w:r></w:{holder}>"
    content = decode(make_docx(f"<w:p><w:r><w:t>outer </w:t></w:r>{odd}</w:p>"), "a.docx")
    texts = [f"new {number}" for number, _ in enumerate(content.blocks)]
    assert list(decode(content.render(texts, "en"), "a.docx").texts) == texts


def test_a_text_box_is_translated_within_its_paragraph() -> None:
    box = "<w:pict><w:txbxContent><w:p><w:r><w:t>inner</w:t></w:r></w:p></w:txbxContent></w:pict>"
    body = f"<w:p><w:r><w:t>outer</w:t></w:r><w:r>{box}</w:r></w:p>"
    content = decode(make_docx(body), "a.docx")
    made = decode(content.render([f"{text} new" for text in content.texts], "vi"), "a.docx")
    assert {"outer new", "inner new"} <= set(made.texts)


def test_what_describes_a_smart_tag_goes_with_it() -> None:
    """Word refuses a paragraph with w:smartTagPr right in it (ECMA-376 part 1, 17.5.1)."""
    tag = "<w:smartTag><w:smartTagPr/><w:r><w:t>Hue</w:t></w:r></w:smartTag>"
    content = decode(make_docx(f"<w:p>{tag}<w:r><w:t> is old</w:t></w:r></w:p>"), "a.docx")
    assert content.texts[0] == "Hue is old"
    made = content.render(["Hue", *content.texts[1:]], "en")
    assert "smartTag" not in read_part(made)


RUNS = (
    '<w:p><w:pPr><w:jc w:val="both"/></w:pPr>'
    "<w:r><w:t>The </w:t></w:r>"
    '<w:r><w:rPr><w:b/><w:sz w:val="30"/></w:rPr><w:t>old market</w:t></w:r>'
    "<w:r><w:t> of </w:t></w:r>"
    "<w:r><w:rPr><w:i/></w:rPr><w:t>Hue </w:t></w:r>"
    "<w:r><w:rPr><w:i/><w:b/></w:rPr><w:t>opens</w:t></w:r>"
    "<w:r><w:t> on Friday</w:t></w:r>"
    '<w:r><w:footnoteReference w:id="2"/></w:r>'
    "<w:r><w:t>.</w:t></w:r></w:p>"
)
SAID = {"old market": "السوق القديم", "Hue": "هوي", "opens": "يفتح", "Friday": "الجمعة"}
ARABIC = "السوق القديم في هوي يفتح يوم الجمعة."


def test_every_look_of_several_runs_arrives_once() -> None:
    content = decode(make_docx(RUNS), "a.docx")
    assert content.texts[0] == "The old market of Hue opens on Friday."

    def project(source: str, target: str, spans: object) -> list[tuple[int, int] | None]:
        found: list[tuple[int, int] | None] = []
        for start, end in spans:  # type: ignore[attr-defined]
            words = SAID.get(source[start:end].strip(), "")
            at = target.find(words) if words else -1
            found.append((at, at + len(words)) if at >= 0 else None)
        return found

    made = content.render([ARABIC, *content.texts[1:]], "ar", project)
    root = etree.fromstring(zipfile.ZipFile(io.BytesIO(made)).read("word/document.xml"))
    runs = [
        ("".join(run.itertext()), {etree.QName(e).localname for e in run.iterfind("{*}rPr/{*}*")})
        for run in root.iter("{*}r")
    ]
    assert "".join(text for text, _ in runs) == ARABIC
    looks = {text.strip(): look & {"b", "bCs", "i", "iCs"} for text, look in runs}
    assert looks["السوق القديم"] == {"b", "bCs"}
    assert looks["هوي"] == {"i", "iCs"}
    assert looks["يفتح"] == {"b", "bCs", "i", "iCs"}
    assert looks["."] == set()
    assert read_part(made).count("<w:footnoteReference") == 1


def test_a_document_turns_to_the_right_and_back() -> None:
    """Paragraphs, tables, sections, and the letter forms of complex scripts in runs and styles."""
    styles = (
        '<w:style w:styleId="Heading1"><w:name w:val="heading 1"/>'
        '<w:rPr><w:b/><w:sz w:val="36"/></w:rPr></w:style>'
    )
    cells = "".join(
        f"<w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>" for text in ("Goods", "25")
    )
    body = (
        f'{RUNS}<w:tbl><w:tblPr><w:tblW w:w="0"/><w:jc w:val="left"/></w:tblPr><w:tr>{cells}'
        '</w:tr></w:tbl><w:sectPr><w:pgSz w:w="9"/></w:sectPr>'
    )
    content = decode(make_docx(body, styles), "a.docx")
    texts = [ARABIC, "السلعة", *content.texts[2:]]
    made = content.render(texts, "ar")
    document = read_part(made)
    assert document.count("<w:p>") == document.count("<w:bidi/>") - 1  # and the section
    assert '<w:pPr><w:bidi/><w:jc w:val="both"/></w:pPr>' in document
    assert '<w:tblPr><w:bidiVisual/><w:tblW w:w="0"/></w:tblPr>' in document
    assert '<w:sectPr><w:pgSz w:w="9"/><w:bidi/></w:sectPr>' in document
    assert "<w:r><w:rPr><w:rtl/></w:rPr><w:t>السلعة</w:t></w:r>" in document
    assert "<w:r><w:t>25</w:t></w:r>" in document
    assert '<w:b/><w:bCs/><w:sz w:val="36"/><w:szCs w:val="36"/>' in read_part(made, "styles")
    again = decode_content(made, Path("a.docx"), language="ar")
    back = again.render(["The market", "Goods", *content.texts[2:]], "en")
    assert not re.search("<w:(bidi|bidiVisual|rtl)/>", read_part(back))


# Others


def test_a_catalogue_without_a_header_is_read_and_written() -> None:
    content = decode('msgid "كتاب"\nmsgstr ""\n'.encode(), "a.po")
    assert content.texts == ("كتاب",)
    made = content.render(["Book"], "en").decode()
    assert made == '#, fuzzy\nmsgid "كتاب"\nmsgstr "Book"\n'


BOMB = "a0: &a0 [x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD + BOMB, r"more than 100000 values when every \*name is written out"),
        (BOMB + GOOD.replace("[builtin]", "*a11"), "more than 100000 values"),
        ("&a\n" + GOOD + "score: *a\n", "more than 100000 values"),  # in itself
        (GOOD.replace("demo", "!!python/object/apply:os.system [touch owned]"), "name: input"),
        (GOOD.replace("demo", "!!python/name:os.system x"), "name: input"),
        (GOOD.replace("demo", "2026-99-99"), "not valid YAML: month"),
        (GOOD.replace("demo", "9" * 5000), "not valid YAML"),
        (GOOD.replace("demo", "de\0mo"), "not valid YAML"),
        (GOOD.replace("demo", '"\\ud800"'), "name: input"),
        (GOOD.replace("builtin", "x" * 300), "name too long"),
        (GOOD.replace("demo", "../../x"), "name: string should match"),
    ],
)
def test_jobs_that_lie(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.txt", "b.txt"):
        Path(name).write_text("text\n", encoding="utf-8")
    Path("job.yaml").write_text(text, encoding="utf-8")
    with bounds(seconds=5), pytest.raises(JobError, match=message):
        load_job(Path("job.yaml"))
    assert not Path("owned").exists()


def test_a_concept_of_many_terms_is_no_bomb(tmp_path: Path) -> None:
    """A term for each language can be chosen in 40 ** 3 ways."""
    sections = "".join(
        f'<langSec xml:lang="{code}">'
        + "".join(f"<termSec><term>{code} {n}</term></termSec>" for n in range(40))
        + "</langSec>"
        for code in ("ar", "en", "vi")
    )
    path = tmp_path / "terms.tbx"
    path.write_text(f'<tbx><conceptEntry id="c1">{sections}</conceptEntry></tbx>', encoding="utf-8")
    with pytest.raises(CorpusError, match=r"concept c1: .* 64000 ways"):
        read_glossary(path)


def test_links_out_of_a_models_folder_are_not_followed(tiny_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    secret = tmp_path / "secret.json"
    (folder / "vocab.json").rename(secret)
    (folder / "vocab.json").symlink_to(secret)
    with pytest.raises(ModelError, match=r"vocab\.json is a link out of the folder"):
        find_model(str(folder))
    secret.rename(folder / "there.json")  # a link within it leads nowhere else
    (folder / "vocab.json").unlink()
    (folder / "vocab.json").symlink_to("there.json")
    assert find_model(str(folder)).vocabulary


def test_a_snapshot_of_the_hubs_cache_is_links_within_it(tiny_model: Path, tmp_path: Path) -> None:
    snapshot, blobs = tmp_path / "models--a--b" / "snapshots" / "123", tmp_path / "models--a--b"
    shutil.copytree(tiny_model, blobs / "blobs")
    snapshot.mkdir(parents=True)
    for path in (blobs / "blobs").iterdir():
        (snapshot / path.name).symlink_to(Path("../../blobs") / path.name)
    assert find_model(str(snapshot)).vocabulary


def test_marks_of_direction_are_kept_in_the_file_and_told() -> None:
    """A right-to-left override could make a reader see another text than the one scored."""
    text = "عدد \u202e123\u202c \u2066abc\u2069"
    content = decode(f"{text}\n".encode(), "a.txt")
    assert content.texts == (text,)
    assert content.render(content.texts, "ar") == f"{text}\n".encode()
    normal, changes = normalize(text)
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", normal)
    assert any("direction" in change for change in changes)


@pytest.mark.parametrize("data", [b"a\0b\n", "a\u0000b ب\n".encode()])
def test_nul_bytes_do_not_reach_a_model(data: bytes) -> None:
    text = decode(data, "a.txt").texts[0]
    assert "\0" not in normalize(text)[0]


def test_lone_surrogates_are_not_utf_8() -> None:
    with pytest.raises(CorpusError, match=r"a\.txt:2: not UTF-8"):
        decode(b"a\n\xed\xa0\x80\n", "a.txt")


def test_bounds_bite() -> None:
    """What the tests above rely on."""
    with pytest.raises(TooSlowError), bounds(seconds=0.1):
        time.sleep(5)
    with pytest.raises(MemoryError), bounds(seconds=5):
        bytearray(1_500_000_000)
