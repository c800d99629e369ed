"""Documents of other programs: what is read of them, and what is left after a translation."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from mt.errors import CorpusError
from mt.text.formats import DOCUMENTS, FORMATS, Content, decode_content, read_content
from mt.text.formats.content import Inline, Span
from mt.text.formats.inline import weave
from mt.text.formats.limits import LIMITS
from mt.text.formats.rendering import render_translation
from mt.text.furniture import classify
from mt.text.reader import read_document

DATA = ROOT / "tests" / "data" / "formats"
FILES = [DATA / name for name in ("letter.ar.docx", "letter.ar.html", "talk.ar.srt", "talk.ar.vtt")]
SENTENCE = "افتتحت القرية سوقا جديدا قرب الجسر."


def translate(content: Content, texts: dict[str, str]) -> bytes:
    return content.render([texts.get(text, text) for text in content.texts], "en")


def part(data: bytes, name: str) -> str:
    return zipfile.ZipFile(io.BytesIO(data)).read(name).decode()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.suffix)
def test_unchanged_texts_give_the_file_as_it_was(path: Path) -> None:
    content = read_content(path, language="ar")
    assert content.render(content.texts, "ar") == path.read_bytes()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.suffix)
def test_what_is_written_is_read_back(path: Path) -> None:
    content = read_content(path, language="ar")
    texts = [f"Text {n} & <{n}> of it" for n in range(len(content.blocks))]
    made = content.render(texts, "en")
    assert list(decode_content(made, path, language="en").texts) == texts


def test_a_word_document_is_read_as_a_person_reads_it() -> None:
    blocks = read_content(FILES[0], language="ar").blocks
    kinds = {block.text: block.kind for block in blocks}
    assert kinds["السوق الجديد"] == "heading"
    assert kinds["خضر طازجة"] == "list item"
    assert kinds["السلعة"] == "cell"
    assert kinds["يغلق السوق في الأعياد."] == "footnote"
    assert kinds["نشرة القرية"] == "header"
    assert kinds["إعلان في إطار."] == "text"  # in a text box, once
    assert "الطريق إلى السوق معبد وقصير." in kinds  # tracked changes as if accepted
    assert len(kinds) == len(blocks)


def test_a_translated_word_document_runs_from_left_to_right() -> None:
    content = read_content(FILES[0], language="ar")
    made = translate(content, {"السوق الجديد": "The new market"})
    for name in ("word/document.xml", "word/styles.xml", "word/header1.xml"):
        assert not re.search(r"<w:(bidi|rtl|bidiVisual)\b(?! *w:val=\"0)", part(made, name)), name
    assert 'w:val="en-US"' in part(made, "word/styles.xml")


def test_bold_words_notes_and_links_keep_their_places() -> None:
    content = read_content(FILES[0], language="ar")
    (block,) = [block for block in content.blocks if block.text.startswith(SENTENCE)]
    bold, note, italic = [inline.span for inline in block.inlines]
    assert block.text[slice(*bold)] == "سوقا جديدا"
    assert block.text[: note[0]].endswith("جمعة")
    assert block.text[slice(*italic)] == "الخضر والفواكه"

    english = "A new market opened. It opens on Fridays, selling greens."

    def project(_source: str, target: str, spans: Sequence[Span]) -> list[Span]:
        words = dict(zip(spans, ("A new market", "Fridays", "greens"), strict=True))
        return [(target.index(w), target.index(w) + len(w)) for w in (words[s] for s in spans)]

    texts = [english if text == block.text else text for text in content.texts]
    made = decode_content(content.render(texts, "en", project), FILES[0], language="en")
    (block,) = [block for block in made.blocks if block.text == english]
    bold, note, italic = [inline.span for inline in block.inlines]
    assert english[slice(*bold)] == "A new market"
    assert english[: note[0]].endswith("Fridays")
    assert english[slice(*italic)] == "greens"


def test_markup_is_projected_sentence_by_sentence() -> None:
    page = Path("x.html")
    content = decode_content(b"<p>One two. <b>Three</b> four.</p>", page, language="en")
    rows = [[("One two.", "Eins zwei drei vier."), ("Three four.", "Drei vier.")]]

    def project(_source: str, _target: str, spans: Sequence[Span]) -> list[Span]:
        assert list(spans) == [(0, 5)]
        return [(0, 4)]

    made = render_translation(content, rows, "de", project)
    assert made == b"<p>Eins zwei drei vier. <b>Drei</b> vier.</p>"


def test_html_keeps_all_that_is_not_text() -> None:
    page = (
        '<!doctype html>\n<html lang="ar" dir=rtl><!-- حفظ --><script>var x = "<p>";</script>'
        "<body><p>كتاب <code>x = 1</code> <a href='a?b&c'>جديد</a>&nbsp;!<br>سطر"
        '<p translate="no">لا تترجم</p></body>'
    ).encode()
    content = decode_content(page, Path("x.html"), language="ar")
    assert content.texts == ("كتاب جديد\xa0!", "سطر")
    made = translate(content, {"سطر": "a < b"}).decode()
    assert made == page.decode().replace('lang="ar" dir=rtl', 'lang="en" dir=ltr').replace(
        "سطر", "a &lt; b"
    )


def test_a_declared_encoding_holds_and_others_are_asked_for() -> None:
    text = "كتاب جديد في المدينة " * 5
    page = f'<meta charset="windows-1256"><p>{text}</p>'.encode("windows-1256")
    content = decode_content(page, Path("x.html"))
    assert content.encoding == "cp1256"
    assert content.texts == (text.strip(),)
    assert "ă".encode() not in content.render(["một ă"], "vi")
    plain = text.encode("windows-1256")
    with pytest.raises(CorpusError, match=r"not UTF-8 .* --encoding windows-1256"):
        decode_content(plain, Path("x.txt"))
    assert decode_content(plain, Path("x.txt"), encoding="windows-1256").texts == (text,)
    assert decode_content(text.encode("utf-16"), Path("x.txt")).texts == (text,)


def test_cues_keep_times_tags_and_the_number_of_lines() -> None:
    content = read_content(DATA / "talk.ar.srt", language="ar")
    assert [block.where for block in content.blocks] == ["00:00:01,000", *["00:00:05,000"] * 2]
    made = content.render(["Good morning, people of the fair village", "Who?", "I."], "en")
    assert made.decode().splitlines()[:8] == [
        *("1", "00:00:01,000 --> 00:00:04,000"),
        *made.decode().splitlines()[2:4],  # two lines, as before
        *("", "2", "00:00:05,000 --> 00:00:06,500", "- Who?"),
    ]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("x.docx", b"\xd0\xcf\x11\xe0" + b"\0" * 600, "an old Word document"),
        ("x.txt", b"PK\x03\x04" + b"\0" * 60, "its name says Plain text, but it is a ZIP"),
        ("x.html", b"%PDF-1.7", "a PDF"),
        ("x.docx", b"PK\x03\x04 and no more", "damaged"),
        ("x.srt", b"no times here", "no cue"),
        ("x.html", b"<p>" + b"<b>" * 3000 + b"x", "nested too deeply"),
        ("x.tmx", b"<tmx><body><tu><tuv><seg><tu/></seg></tuv></tu></body></tmx>", "another unit"),
        ("x.xlf", b"<xliff><unit><source><unit/></source></unit></xliff>", "another unit"),
        (
            "x.xlf",
            b"<xliff><trans-unit><source/><seg-source><mrk mtype='seg' mid='0'>"
            b"<mrk mtype='seg' mid='1'/></mrk></seg-source></trans-unit></xliff>",
            "cut into segments twice",
        ),
        ("x.html", b"<p>\n<a href=\"x>Book</a><p>'", "x.html:2: a quote in a tag is not closed"),
        ("x.txt", b"x" * 1_000_001, "line 1: more than 1000000 characters"),
    ],
)
def test_files_that_lie_are_refused_in_one_sentence(name: str, data: bytes, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        decode_content(data, Path(name))


def pack(parts: dict[str, bytes]) -> bytes:
    """letter.ar.docx with other parts in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(FILES[0]) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, data in parts.items():
            new.writestr(name, data)
    return out.getvalue()


BOMB = (
    b'<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    b"<w:body><w:p><w:r><w:t>&b;</w:t></w:r></w:p></w:body></w:document>"
)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"word/document.xml": BOMB}, "document type declaration"),
        ({"word/document.xml": BOMB.decode().encode("utf-16")}, "document type declaration"),
        ({"word/document.xml": b"\0" * 30_000_000}, "unpacks to too much"),
        ({"word/media/x.png": b"\0" * 30_000_000}, "unpacks to too much"),
        ({"../../etc/passwd": b"x"}, "leads out of the archive"),
        ({"word/document.xml": b"<w:document>"}, "not well-formed"),
        ({"[Content_Types].xml": b"<Types/>"}, "not a Word document"),
    ],
)
def test_hostile_word_documents(parts: dict[str, bytes], message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        decode_content(pack(parts), Path("x.docx"))


def test_what_stands_before_the_root_is_kept_or_refused() -> None:
    body = "<tmx><body><tu><tuv lang='ar'><seg>كتاب</seg></tuv></tu></body></tmx>"
    prolog = '<!DOCTYPE tmx SYSTEM "a>b.dtd">\n'
    content = decode_content(f"{prolog}{body}".encode(), Path("x.tmx"), side="ar")
    assert content.render(["Book"], "en").decode().startswith(f"{prolog}<tmx>")
    with pytest.raises(CorpusError, match="what stands before <tmx> is not understood"):
        decode_content(f"<!DOCTYPE tmx [<!-- ] -->]>{body}".encode(), Path("x.tmx"), side="ar")


def test_only_the_page_gets_a_language_and_a_direction() -> None:
    page = "<html><html-view>Sách</html-view></html>".encode()
    made = decode_content(page, Path("x.html"), language="vi").render(["كتب"], "ar").decode()
    assert made == '<html dir="rtl" lang="ar"><html-view>كتب</html-view></html>'


@pytest.mark.parametrize("name", ["picture.png", "\0icture.png"])
def test_a_damaged_part_is_found_when_read(name: str) -> None:
    """Not when a translation is to be written, and all the work is lost. NUL ends a name."""
    data = pack({"picture.png": b"kept"}).replace(b"picture.png", name.encode())
    at = data.rindex(b"PK\3\4")
    with pytest.raises(CorpusError, match=f"x.docx: '{name.split(chr(0))[0]}': damaged"):
        decode_content(data[:at] + b"PK\3\3" + data[at + 4 :], Path("x.docx"))


def test_limits_can_be_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"x" * 1_000_001
    monkeypatch.setenv("AWDA_MAX_CHARACTERS", "2000000")
    assert decode_content(data, Path("x.txt")).texts == (data.decode(),)
    monkeypatch.setenv("AWDA_MAX_CHARACTERS", "many")
    with pytest.raises(CorpusError, match="expected a whole number"):
        decode_content(data, Path("x.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.suffix)
@settings(deadline=5000, max_examples=150)
@given(data=st.data())
def test_mutated_files_are_read_or_refused(path: Path, data: st.DataObject) -> None:
    mutated = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mutated) - 1))
        length = data.draw(st.integers(0, 20))
        mutated[at : at + length] = data.draw(st.binary(max_size=20))
        if not mutated:
            return
    try:
        content = decode_content(bytes(mutated), path, language="ar")
    except CorpusError:
        return
    again = decode_content(content.render(content.texts, "ar"), path, language="ar")
    assert again.texts == content.texts


@settings(deadline=5000, max_examples=150)
@given(
    text=st.text(alphabet="ab <>/='\"!-&;pbi\n?كت", max_size=80),
    suffix=st.sampled_from([".html", ".srt", ".vtt"]),
)
def test_any_text_is_read_or_refused_and_kept(text: str, suffix: str) -> None:
    head = "" if suffix == ".html" else "1\n00:00:01,000 --> 00:00:02,000\n"
    page = f"{head}{text}".encode()
    try:
        content = decode_content(page, Path(f"x{suffix}"), language="en")
    except CorpusError as error:
        if "a quote in a tag is not closed" not in str(error):
            raise
        return
    assert content.render(content.texts, content.language or "en") == page
    content.render(["new" for _ in content.blocks], "vi")


@given(
    starts=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=5),
    target=st.text(alphabet="xy ", max_size=12),
)
def test_weaving_opens_and_closes_each_mark_once_and_nested(
    starts: list[tuple[int, int]], target: str
) -> None:
    spans = sorted((min(pair), max(pair)) for pair in starts)
    apart = [spans[0]] if spans else []
    for span in spans[1:]:
        if span[0] >= apart[-1][1]:
            apart.append(span)
    inlines = [Inline(*span) for span in apart]
    pieces = list(weave("abc defghi", target, inlines, lambda _s, _t, some: [None] * len(some)))
    assert "".join(piece for piece in pieces if isinstance(piece, str)) == target
    stack: list[int] = []
    seen = []
    for piece in pieces:
        if isinstance(piece, str):
            continue
        number, opens = piece
        if opens:
            stack.append(number)
            seen.append(number)
        else:
            assert stack.pop() == number
    assert sorted(seen) == list(range(len(inlines)))


def test_the_furniture_of_a_page_is_known_by_visible_rules() -> None:
    document = read_document(ROOT / "corpora" / "nghean" / "source.ar.txt", "ar")
    found = list(zip(classify(document.segments), document.texts, strict=True))
    assert [text for kind, text in found if kind == "furniture"] == ["مصدر", "تعليق (0)"]
    assert [kind for kind, _ in found].count("heading") == 2  # as ORIGIN.md's page has them
    letter = read_document(FILES[0], "ar")
    kinds = dict(zip(letter.texts, classify(letter.segments), strict=True))
    assert kinds["نشرة القرية"] == "furniture"  # a page header
    assert kinds["عسل"] == "cell"


def test_the_table_of_the_documentation_is_that_of_the_program() -> None:
    page = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| .*: (.*) \| (.*) \| (yes|no) \| (.*) \|$", page, re.MULTILINE)
    assert [
        (name, files, read, writes == "yes", lost) for name, files, read, writes, lost in rows
    ] == [
        (f.name, ", ".join(f"`{s}`" for s in f.suffixes), f.read, f.writes, f.lost)
        for f in FORMATS.values()
    ]
    for limit in LIMITS:
        assert f"| `{limit.variable}` | {limit.default} {limit.unit} |" in page
    assert set(DOCUMENTS) <= set(FORMATS)
