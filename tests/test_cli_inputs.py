"""Files as people have them, given to the command line: what is read, mended, told or refused."""

from __future__ import annotations

import codecs
import subprocess
import unicodedata
from pathlib import Path

import pytest
from conftest import ROOT
from test_cli import Answer, Awda, awda

__all__ = ["awda"]  # the fixture

FORMATS = ROOT / "tests" / "data" / "formats"
AR = "عقدت اللجنة اجتماعا في المدينة.\nزار الوفد القرية صباح اليوم.\n"
EN = "The committee met in the city.\nThe delegation visited the village this morning.\n"
VI = "Ủy ban họp tại thành phố.\nĐoàn thăm làng sáng nay.\n" * 3
TONES = "\u0300\u0301\u0303\u0309\u0323"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("a.ar.txt", AR), ("a.en.txt", EN), ("a.vi.txt", VI)):
        Path(name).write_text(text, encoding="utf-8")
    Path("folder").mkdir()


@pytest.fixture
def translate(awda: Awda, tiny_model: Path) -> Awda:
    def call(*arguments: object, stdin: bytes = b"") -> Answer:
        options = ("--to", "en", "-m", tiny_model, "--beam-size", 1)
        return awda("translate", *options, *arguments, stdin=stdin)

    return call


ALIGN = ("align", "--source-lang", "ar", "--target-lang", "en", "--similarity", "length")
SCORE = ("score", "--bootstrap", 0, "--metrics", "bleu", "--lang")


# Outputs


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a.ar.txt", "-o", "a.ar.txt"), "a.ar.txt: is what is to be translated; name another"),
        (("a.ar.txt", "-o", "./folder/../a.ar.txt"), "is what is to be translated"),
        (("a.ar.txt", "-o", "folder"), "folder: is a folder; name a file"),
        (("a.ar.txt", "-o", "x.docx"), "is Plain text too; end its name in .txt"),
        ((FORMATS / "letter.ar.docx", "-o", "x.srt"), "is Word too; end its name in .docx"),
        ((FORMATS / "letter.ar.docx", "-o", "-"), "Word is no text for stdout; name a file"),
        ((FORMATS / "talk.ar.srt", "-o", "x.vtt"), "end its name in .srt"),
        (("a.ar.txt", "-o", "hf://datasets/a/b"), "nothing is written to the Hub; name a file"),
    ],
)
def test_an_output_that_cannot_be_is_told_before_the_work(
    translate: Awda, arguments: tuple[object, ...], message: str
) -> None:
    before = sorted(Path().iterdir())
    answer = translate(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
    assert len(answer.err.splitlines()) == 1
    assert sorted(Path().iterdir()) == before
    assert Path("a.ar.txt").read_text(encoding="utf-8") == AR


def test_the_folder_of_an_output_is_made(translate: Awda, awda: Awda) -> None:
    assert translate("a.ar.txt", "-o", "new/deep/x.txt").code == 0
    assert Path("new/deep/x.txt").read_text(encoding="utf-8").count("\n") == 2
    assert awda(*ALIGN, "a.ar.txt", "a.en.txt", "--out", "other/x").code == 0
    answer = awda("init", "a.ar.txt", "--out", "nowhere/x.yaml")
    assert (answer.code, answer.err) == (2, "awda: nowhere: no such folder\n")


@pytest.mark.parametrize("name", ["a.ar.txt", "a.en.txt", "b.en.txt", "anchors"])
def test_an_alignment_is_not_written_over_its_inputs(awda: Awda, name: str) -> None:
    Path("b.en.txt").write_text(EN, encoding="utf-8")
    Path("anchors").write_text("[0]:[0]\n", encoding="utf-8")
    before = Path(name).read_bytes()
    given = ("a.ar.txt", "a.en.txt", "--hyp", "b.en.txt", "--anchors", "anchors")
    answer = awda(*ALIGN, *given, "--out", name)
    assert (answer.code, answer.out) == (2, "")
    assert f"{name}: is one of the inputs; name another file with --out" in answer.err
    assert Path(name).read_bytes() == before


# Inputs


def test_a_dash_is_the_standard_stream(translate: Awda, awda: Awda) -> None:
    plain = translate("a.ar.txt").out
    assert translate("-", "-o", "-", stdin=AR.encode()).out == plain
    assert awda(*ALIGN, "a.ar.txt", "a.en.txt", "--out", "-").out.startswith("[0]:[0]")
    assert not Path("-").exists()
    for command in ((*ALIGN, "-", "a.en.txt"), (*SCORE, "en", "--hyp", "-", "--ref", "a.en.txt")):
        answer = awda(*command, stdin=EN.encode())
        assert (answer.code, answer.out) == (2, "")
        assert "-: standard input is read by awda translate only; name a file" in answer.err


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("nothing.txt", None, "nothing.txt: no such file"),
        ("folder", None, "folder: is a folder; name a file in it"),
        ("speech.pdf", b"%PDF-1.7\n", "a PDF; save the document it was made from as .docx"),
        ("speech.rtf", b"{\\rtf1 x}", "an RTF document; save it as .docx"),
        ("speech.doc", codecs.BOM_UTF8 * 0 + b"\xd0\xcf\x11\xe0x", "an old Word document (.doc)"),
        ("speech.fodt", b'<?xml version="1.0"?><o/>', "XML of a kind that its name does not tell"),
    ],
)
def test_what_is_no_document_is_told(
    translate: Awda, awda: Awda, name: str, content: bytes | None, message: str
) -> None:
    if content:
        Path(name).write_bytes(content)
    for answer in (
        translate(name),
        awda(*ALIGN, "a.ar.txt", name),
        awda(*SCORE, "en", "--hyp", name, "--ref", "a.en.txt"),
        awda("init", f"ar={name}"),
    ):
        assert (answer.code, answer.out) == (2, "")
        assert message in answer.err


def test_a_name_without_a_known_ending_is_text(translate: Awda) -> None:
    Path("speech.ar").write_text(AR, encoding="utf-8")
    assert translate("speech.ar").out == translate("a.ar.txt").out


@pytest.mark.parametrize("name", ["my speech.txt", "خطاب الوزير.txt", "two\nlines.txt", "%s{}.txt"])
def test_any_name_will_do(translate: Awda, awda: Awda, name: str) -> None:
    Path(name).write_text(AR, encoding="utf-8")
    assert translate(name, "-o", f"en {name}").code == 0
    assert Path(f"en {name}").read_text(encoding="utf-8") == translate("a.ar.txt").out
    assert awda(*ALIGN, name, "a.en.txt").code == 0
    assert awda("init", name, "en=a.en.txt", "--out", "job.yaml").code == 0
    assert awda(*SCORE, "ar", "--hyp", name, "--ref", "a.ar.txt").out.startswith("BLEU 100.0")


@pytest.mark.parametrize(
    "data",
    [
        codecs.BOM_UTF8 + AR.encode(),
        AR.replace("\n", "\r\n").encode(),
        AR.removesuffix("\n").encode(),
        codecs.BOM_UTF8 + AR.replace("\n", "\r\n").removesuffix("\r\n").encode(),
        codecs.BOM_UTF16_LE + AR.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + AR.replace("\n", "\r\n").encode("utf-16-be"),
    ],
    ids=["mark", "crlf", "no end", "all three", "utf-16", "utf-16-be crlf"],
)
def test_marks_and_line_ends_change_nothing(translate: Awda, awda: Awda, data: bytes) -> None:
    Path("x.txt").write_bytes(data)
    assert translate("x.txt").out == translate("a.ar.txt").out
    aligned = awda(*ALIGN, "a.ar.txt", "a.en.txt").out
    assert awda(*ALIGN, "x.txt", "a.en.txt").out == aligned
    score = awda(*SCORE, "ar", "--hyp", "x.txt", "--ref", "a.ar.txt")
    assert score.out.startswith("BLEU 100.0 ")


def test_empty_files_are_told_where_they_can_be_of_no_use(translate: Awda, awda: Awda) -> None:
    Path("empty.txt").touch()
    Path("blank.txt").write_text("\n \n", encoding="utf-8")
    assert (translate("empty.txt").code, translate("empty.txt").out) == (0, "")
    assert (translate("blank.txt").code, translate("blank.txt").out) == (0, "\n\n")
    for name in ("empty.txt", "blank.txt"):
        assert f"{name}: empty; expected Arabic" in awda(*ALIGN, name, "a.en.txt").err
        assert f"{name}: empty; expected a document" in awda("init", name).err
    answer = awda(*SCORE, "en", "--hyp", "empty.txt", "--ref", "empty.txt")
    assert (answer.code, "nothing to score" in answer.err) == (2, True)


# Languages


def test_a_language_that_is_needed_is_asked_for(awda: Awda) -> None:
    asked = awda("align", "a.ar.txt", "a.en.txt")
    assert (asked.code, asked.err) == (
        2,
        "awda: --source-lang: say which language it is, for example --source-lang ar\n",
    )
    assert "Missing option '--to'" in awda("translate", "a.ar.txt").err
    assert "Missing option '--lang'" in awda("score", "--hyp", "a.en.txt", "--ref", "a.en.txt").err


def test_a_language_that_the_text_is_not_in_is_told(translate: Awda, awda: Awda) -> None:
    script = "a.en.txt: expected Arabic, but most letters are in Latin script"
    letters = "a.vi.txt: expected English, but it has many letters of Vietnamese"
    for answer, message in (
        (translate("a.en.txt", "--from", "ar"), script),
        (awda(*ALIGN, "a.en.txt", "a.en.txt"), script),
        (awda(*ALIGN, "a.ar.txt", "a.vi.txt"), letters),
        (awda("init", "ar=a.en.txt"), script),
    ):
        assert (answer.code, answer.out) == (2, "")
        assert message in answer.err
    scored = awda(*SCORE, "en", "--hyp", "a.ar.txt", "--ref", "a.en.txt")
    assert scored.code == 0
    assert "a.ar.txt: expected English, but most letters are in Arabic script; is" in scored.err


def test_a_language_that_is_guessed_is_told(translate: Awda) -> None:
    Path("x.html").write_text(f"<p>{AR}</p>", encoding="utf-8")
    assert "x.html: taken for Arabic by its letters; --from LANG says it" in translate("x.html").err
    assert "taken for" not in translate("x.html", "--from", "ar").err
    Path("x.html").write_text(f"<html lang=ar><p>{AR}</p>", encoding="utf-8")
    assert "taken for" not in translate("x.html").err
    Path("x.html").write_text(f"<html lang=en><p>{AR}</p>", encoding="utf-8")
    assert "taken for Arabic by its letters, though it says 'en'" in translate("x.html").err


# Encodings


def encode_1258(text: str) -> bytes:
    """Windows-1258 as Vietnamese keyboards make it: tone marks stand behind their letters."""
    pieces = []
    for letter in text:
        parts = unicodedata.normalize("NFD", letter)
        bare = "".join(part for part in parts if part not in TONES)
        tones = "".join(part for part in parts if part in TONES)
        pieces.append(unicodedata.normalize("NFC", bare) + tones)
    return "".join(pieces).encode("windows-1258")


LINE = AR.splitlines()[0]
LEGACY = {
    "x.txt": AR,
    "x.html": f"<p>{LINE}</p>",
    "x.srt": f"1\n00:00:01,000 --> 00:00:02,000\n{LINE}\n",
    "x.vtt": f"WEBVTT\n\n00:01.000 --> 00:02.000\n{LINE}\n",
    "x.tsv": f"ar\n{LINE}\n",
    "x.csv": f"ar\n{LINE}\n",
    "x.jsonl": f'{{"ar": "{LINE}"}}\n',
    "x.po": f'msgid "{LINE}"\nmsgstr ""\n',
}


@pytest.mark.parametrize("name", LEGACY)
def test_an_encoding_is_named_and_never_guessed(translate: Awda, awda: Awda, name: str) -> None:
    Path(name).write_bytes(LEGACY[name].encode("windows-1256"))
    commands = (
        (*ALIGN, name, "a.en.txt"),
        (*SCORE, "ar", "--hyp", name, "--ref", name),
        ("init", f"ar={name}", "en=a.en.txt", "--out", "job.yaml"),
    )
    for answer in (translate(name), *(awda(*command) for command in commands)):
        assert (answer.code, answer.out) == (2, "")
        assert "not UTF-8 (byte 0x" in answer.err
        assert "--encoding" in answer.err
    named = ("--encoding", "windows-1256")
    assert translate(name, "-o", f"en-{name}", *named, "--from", "ar").code == 0
    for command in commands:
        assert awda(*command, *named).code == 0
    assert "encoding: windows-1256" in Path("job.yaml").read_text(encoding="utf-8")


def test_xml_is_asked_to_say_its_encoding(translate: Awda) -> None:
    unit = f'<trans-unit id="1"><source>{LINE}</source></trans-unit>'
    body = (
        '<xliff version="1.2"><file source-language="ar" target-language="en" original="x" '
        f'datatype="plaintext"><body>{unit}</body></file></xliff>'
    )
    Path("x.xlf").write_bytes(body.encode("windows-1256"))
    answer = translate("x.xlf")
    assert answer.code == 2
    assert '; its first line should say what it is: <?xml version="1.0" encoding=' in answer.err
    said = f'<?xml version="1.0" encoding="windows-1256"?>{body}'
    Path("x.xlf").write_bytes(said.encode("windows-1256"))
    assert translate("x.xlf", "-o", "en.xlf").code == 0


@pytest.mark.parametrize("code", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_named(translate: Awda, awda: Awda, code: str) -> None:
    Path("wide.txt").write_bytes(AR.encode(code))
    Path("wide.tsv").write_bytes(f"id\tar\n1\t{LINE}\n".encode(code))
    for answer in (
        translate("wide.txt"),
        translate(stdin=AR.encode(code)),
        translate(stdin="كتاب\n".encode(code)),
        translate("wide.tsv", "--from", "ar"),
        awda(*ALIGN, "wide.txt", "a.en.txt"),
        awda(*SCORE, "ar", "--hyp", "wide.txt", "--ref", "a.ar.txt"),
    ):
        assert (answer.code, answer.out) == (2, "")
        assert f"looks like UTF-16; save it as UTF-8 (iconv -f {code} -t UTF-8) or" in answer.err
    named = ("--encoding", code)  # of those files that are not UTF-8
    assert translate("wide.txt", *named).out == translate("a.ar.txt").out
    assert awda(*ALIGN, "wide.txt", "a.en.txt", *named).code == 0
    scored = awda(*SCORE, "ar", "--hyp", "wide.txt", "--ref", "a.ar.txt", *named)
    assert scored.out.startswith("BLEU 100.0 ")


def test_vietnamese_in_windows_1258_is_composed(awda: Awda) -> None:
    Path("x.txt").write_bytes(encode_1258(VI))
    command = (*SCORE, "vi", "--hyp", "x.txt", "--ref", "a.vi.txt")
    assert awda(*command).code == 2
    assert awda(*command, "--encoding", "windows-1258").out.startswith("BLEU 100.0 ")


@pytest.mark.parametrize("code", ["VISCII", "TCVN"])
def test_old_vietnamese_encodings_are_refused(translate: Awda, awda: Awda, code: str) -> None:
    command = ["iconv", "-f", "UTF-8", "-t", code]
    Path("x.txt").write_bytes(
        subprocess.run(command, input=VI.encode(), capture_output=True).stdout
    )
    refused = translate("x.txt", "--encoding", code)
    assert (refused.code, refused.out) == (2, "")
    assert f"not read; save the file as UTF-8, for example by: iconv -f {code} -t" in refused.err
    align = ("align", "--source-lang", "vi", "--target-lang", "en", "x.txt", "a.en.txt")
    assert "not UTF-8 (byte 0x" in awda(*align).err
    wrong = awda(*align, "--encoding", "windows-1252")
    assert wrong.code == 2
    assert "is it in an old encoding (TCVN3, VISCII, VNI)? Save it as UTF-8" in wrong.err


# One segment of each side


def test_one_segment_is_aligned_from_every_format(awda: Awda) -> None:
    """Written as the same document in every format, by a reader's own writer or by hand."""
    texts = {"ar": LINE, "en": EN.splitlines()[0]}
    unit = "".join(
        f'<tuv xml:lang="{code}"><seg>{text}</seg></tuv>' for code, text in texts.items()
    )
    header = (
        '<header creationtool="x" creationtoolversion="1" segtype="sentence" o-tmf="x" '
        'adminlang="en" srclang="ar" datatype="plaintext"/>'
    )
    Path("x.tmx").write_text(
        f'<tmx version="1.4">{header}<body><tu>{unit}</tu></body></tmx>', encoding="utf-8"
    )
    Path("x.tsv").write_text("\t".join(texts) + "\n" + "\t".join(texts.values()) + "\n", "utf-8")
    Path("x.jsonl").write_text(f'{{"ar": "{texts["ar"]}", "en": "{texts["en"]}"}}\n', "utf-8")
    pairs = [(name, name) for name in ("x.tmx", "x.tsv", "x.jsonl")]
    for code, text in texts.items():
        Path(f"x.{code}.txt").write_text(f"{text}\n", encoding="utf-8")
        Path(f"x.{code}.html").write_text(f"<p>{text}</p>", encoding="utf-8")
        cue = f"00:00:01,000 --> 00:00:02,000\n{text}\n"
        Path(f"x.{code}.srt").write_text(f"1\n{cue}", encoding="utf-8")
        Path(f"x.{code}.vtt").write_text(f"WEBVTT\n\n{cue.replace(',', '.')}", encoding="utf-8")
    pairs += [(f"x.ar.{end}", f"x.en.{end}") for end in ("txt", "html", "srt", "vtt")]
    for pair in pairs:
        answer = awda(*ALIGN, *pair)
        assert (answer.code, answer.out[:8]) == (0, "[0]:[0]:"), pair


def test_a_memory_of_one_unit_is_aligned_or_doubted(awda: Awda) -> None:
    languages = ("--source-lang", "ar", "--target-lang", "en")
    answer = awda("align", *languages, FORMATS / "desk.tmx", FORMATS / "desk.tmx")
    assert answer.code == 0
    assert answer.out.startswith("[0]:[0]:") or "are these texts translations of" in answer.err
