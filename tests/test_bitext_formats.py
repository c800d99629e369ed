"""XLIFF, TMX, PO and tables: what is read from other programs' files, filled in, and left alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import warnings
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from mt.errors import AwdaWarning, CorpusError
from mt.text.formats import Content, decode_content, read_content
from mt.text.formats.codes import read_segment
from mt.text.formats.compressed import SUFFIXES, pack, unpack

DATA = Path(__file__).parent / "data" / "formats"
# Debian's php-symfony-translation has the schemas of OASIS.
SCHEMAS = Path(
    os.environ.get("XLIFF_SCHEMAS")
    or "/usr/share/php/Symfony/Component/Translation/Resources/schemas"
)
SOURCES = {  # file -> target language
    "angular.xlf": "en",
    "angular-2.0.xlf": "en",
    "js-2.0.xlf": "en",
    "odf.xlf": "en",
    "desk.pot": "vi",
    "desk.en.po": "en",
    "desk.cp1256.po": "vi",
    "desk.csv": "en",
    "desk.tmx": "vi",
}
VIETNAMESE = "Thư viện mở cửa lúc tám giờ"


def read(name: str, language: str = "ar", **options: str) -> Content:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AwdaWarning)
        return read_content(DATA / name, side=language, **options)


def decode(text: str, name: str, **options: str) -> Content:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AwdaWarning)
        return decode_content(text.encode(), Path(name), **options)


def validate(data: bytes) -> None:
    """Against the schema of OASIS for its version, where that is installed; raises if invalid."""
    root = etree.fromstring(data)
    names = {"1.2": "xliff-core-1.2-strict.xsd", "2.0": "xliff-core-2.0.xsd"}
    path = SCHEMAS / names[root.get("version")]
    if not path.exists():
        pytest.skip("no XLIFF schemas: apt-get install php-symfony-translation")
    text = path.read_bytes()
    for place in (
        b"http://www.w3.org/2001/xml.xsd",
        b"informativeCopiesOf3rdPartySchemas/w3c/xml.xsd",
    ):
        text = text.replace(place, (SCHEMAS / "xml.xsd").as_uri().encode())
    etree.XMLSchema(etree.fromstring(text)).assertValid(root)


@pytest.mark.parametrize(("name", "target"), SOURCES.items())
def test_what_is_filled_in_is_read_back(name: str, target: str) -> None:
    """One in, one out; nothing is left to do; sources are as before."""
    content = read(name, target=target)
    assert content.blocks
    assert all(block.text.strip() and "\n" not in block.text for block in content.blocks)
    made = content.render(
        [f"{number} {VIETNAMESE}" for number, _ in enumerate(content.blocks)], target
    )
    path = Path(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AwdaWarning)
        again = decode_content(made, path, side="ar", target=target)
        assert not again.blocks
        whole = decode_content(made, path, side="ar").texts if name != "desk.csv" else ()
    assert not whole or whole == read(name).texts
    assert again.render([], target) == made


@pytest.mark.parametrize("name", [name for name in SOURCES if name.endswith(".xlf")])
def test_xliff_keeps_all_but_its_targets(name: str) -> None:
    """Without targets and what marks them, the tree is the same as before."""

    def strip(data: bytes) -> bytes:
        root = etree.fromstring(data, etree.XMLParser(remove_blank_text=True))
        for target in root.findall(".//{*}target"):
            target.getparent().remove(target)
        for unit in root.iter("{*}trans-unit"):
            unit.text = None  # indentation, which is kept where a unit says xml:space="preserve"
            for each in unit:
                each.tail = None
        for each in root.iter("{*}segment", "{*}file", "{*}xliff"):
            for key in ("state", "subState", "target-language", "trgLang"):
                each.attrib.pop(key, None)
        return etree.tostring(root, method="c14n")

    content = read(name, target="en")
    made = content.render([f"A b c d e f {n}" for n, _ in enumerate(content.blocks)], "en")
    assert strip(made) == strip((DATA / name).read_bytes())
    assert made.startswith((DATA / name).read_bytes()[:20])  # its own declaration, or none


@pytest.mark.parametrize("name", ["angular.xlf", "angular-2.0.xlf", "js-2.0.xlf"])
def test_filled_xliff_is_valid(name: str) -> None:
    content = read(name, target="en")
    made = content.render(["One two three four five"] * len(content.blocks), "en")
    if name == "js-2.0.xlf":  # its maker refers to data that it has not written
        made = made.replace(b' dataRefStart="d1" dataRefEnd="d2"', b"")
    validate(made)


def test_codes_arrive_in_their_places_and_once() -> None:
    content = read("angular-2.0.xlf", target="en")
    assert content.texts[2] == "تفتح العيادة كل صباح ما عدا الجمعة."

    def project(source: str, target: str, spans: object) -> list[tuple[int, int]]:
        return [(14, 27)]  # "every morning"

    text = "The clinic is every morning open."
    made = content.render(
        ["Clinic", "Hello, you have visits.", text],
        "en",
        lambda *a: project(*a) if "every" in a[1] else [None] * len(a[2]),
    )
    root = etree.fromstring(made)
    target = root.findall(".//{*}target")[2]
    assert target.find("{*}pc").text == "every morning"
    assert "".join(target.itertext()) == text
    assert [each.get("id") for each in root.findall(".//{*}target")[1]] == ["0", "1"]


def test_placeholders_are_read_and_replaced_by_their_codes() -> None:
    """A code that says what it shows stands where those words stand."""
    source = 'لك <x id="1" equiv-text="{count}"/> كتب من <mrk mtype="protected">Awda</mrk>'
    content = decode(make_xliff(f"<source>{source}</source>"), "a.xlf", target="en")
    assert content.texts == ("لك {count} كتب من Awda",)
    made = content.render(["From Awda come {count} books"], "en")
    target = etree.fromstring(made).find(".//{*}target")
    assert [each.tag.rpartition("}")[2] for each in target] == ["mrk", "x"]
    assert (target.text, target[0].text, target[0].tail, target[1].tail) == (
        "From ",
        "Awda",
        " come ",
        " books",
    )
    lost = etree.fromstring(content.render(["Some books"], "en")).find(".//{*}target")
    assert len(lost) == 2  # never lost, though their words are


def make_xliff(inside: str, attributes: str = "", unit: str = "") -> str:
    return (
        '<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">'
        f'<file original="a" datatype="plaintext" source-language="ar" {attributes}><body>'
        f'<trans-unit id="1" {unit}>{inside}</trans-unit></body></file></xliff>'
    )


@pytest.mark.parametrize(
    ("inside", "unit", "stays"),
    [
        ("<source>كتاب</source>", "", False),
        ("<source>كتاب</source><target/>", "", False),
        ("<source>كتاب</source><target>Book</target>", "", True),
        ('<source>كتاب</source><target state="new">كتاب</target>', "", False),
        ('<source>كتاب</source><target state="needs-translation">x</target>', "", False),
        ('<source>كتاب</source><target state="translated">Book</target>', "", True),
        ('<source>كتاب</source><target state="final"/>', "", True),
        ('<source>كتاب</source><target state="new">Book</target>', 'approved="yes"', True),
        ("<source>كتاب</source>", 'translate="no"', True),
    ],
)
def test_translations_of_others_stay(inside: str, unit: str, stays: bool) -> None:
    text = make_xliff(inside, unit=unit)
    content = decode(text, "a.xlf", target="en")
    assert content.texts == (() if stays else ("كتاب",))
    made = etree.fromstring(content.render(["A tome"] * len(content.texts), "en"))
    target = made.find(".//{*}target")
    if stays:
        before = etree.fromstring(text).find(".//{*}target")
        assert (target is None) == (before is None)
        assert target is None or (target.text, target.attrib) == (before.text, before.attrib)
    else:
        assert (target.text, target.get("state"), target.get("state-qualifier")) == (
            "A tome",
            "needs-review-translation",
            "leveraged-mt",
        )
        validate(etree.tostring(made))


def test_what_stays_is_counted() -> None:
    with pytest.warns(AwdaWarning, match="1 segments have a translation already"):
        read_content(DATA / "js-2.0.xlf", side="ar", target="en")
    with pytest.warns(AwdaWarning, match="2 messages have a translation already"):
        read_content(DATA / "desk.en.po", side="ar", target="en")


def test_segments_of_a_unit_are_translated_alone() -> None:
    inside = (
        '<source>واحد. اثنان.</source><seg-source><g id="1"><mrk mtype="seg" mid="0">واحد.</mrk> '
        '<mrk mtype="seg" mid="1">اثنان.</mrk></g></seg-source>'
        '<target><g id="1"><mrk mtype="seg" mid="0">One.</mrk></g></target>'
    )
    content = decode(make_xliff(inside), "a.xlf", target="en")
    assert content.texts == ("اثنان.",)
    made = content.render(["Two."], "en")
    target = etree.fromstring(made).find(".//{*}target")
    assert "".join(target.itertext()) == "One. Two."
    assert [each.get("mid") for each in target.iter("{*}mrk")] == ["0", "1"]
    validate(made)


def test_sides_by_language() -> None:
    assert read("js-2.0.xlf", "ar").texts[2] == "أهلا وسهلا"
    assert read("js-2.0.xlf", "en").texts == ("", "", "Welcome")  # untranslated ones are empty
    assert read("desk.tmx", "en").texts[0] == "The public library opened at eight in the morning."
    assert read("desk.en.po", "en").texts[1] == "Welcome, %(name)s! Two books are waiting for you."
    with pytest.raises(CorpusError, match="from 'ar' into 'en', not 'vi'"):
        read("js-2.0.xlf", "vi")
    with pytest.raises(CorpusError, match="is for a translation into 'en', not 'vi'"):
        read("js-2.0.xlf", target="vi")
    with pytest.raises(CorpusError, match="is for a translation into 'en', not 'vi'"):
        read("desk.en.po", target="vi")
    with pytest.raises(CorpusError, match="nothing in 'vi', but in ar, en"):
        read("desk.tmx", "vi")


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("desk.pot", "vi"),
        ("desk.pot", "en"),
        ("desk.pot", "ar"),
        ("desk.en.po", "en"),
        ("desk.cp1256.po", "vi"),
    ],
)
def test_gettext_takes_what_is_written(name: str, target: str, tmp_path: Path) -> None:
    if not shutil.which("msgfmt"):
        pytest.skip("no msgfmt: apt-get install gettext")
    content = read(name, target=target)
    path = tmp_path / "made.po"
    path.write_bytes(content.render([f"{VIETNAMESE}: {text}" for text in content.texts], target))
    command = ["msgfmt", "--check", "--use-fuzzy", "-o", os.devnull, str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    fuzzy = subprocess.run(
        ["msgattrib", "--only-fuzzy", "--no-obsolete", str(path)], capture_output=True, text=True
    )
    single = target == "vi"  # has no words of its own for one thing: that block is left out
    assert fuzzy.stdout.count(VIETNAMESE) >= len(content.texts) - single


def test_of_a_catalogue_only_new_translations_change() -> None:
    content = read("desk.en.po", target="en")
    before = (DATA / "desk.en.po").read_text("utf-8").splitlines()
    after = content.render(content.texts, "en").decode().splitlines()
    kept = iter(after)
    assert [
        line for line in before if not line.startswith(("#,", "msgstr")) and line not in kept
    ] == []
    assert '#~ msgid "حجز قاعة القراءة"' in after
    assert "# checked by Huda" in after


def test_a_memory_has_one_variant_more() -> None:
    """As the content model of TMX 1.4b has it: tu is (note | prop)*, tuv+, and tuv ends in seg."""
    made = read("desk.tmx", target="vi").render([VIETNAMESE], "vi")
    unit = etree.fromstring(made).find("body/tu")
    assert [[each.tag for each in variant] for variant in unit.findall("tuv")] == [["seg"]] * 3
    assert len(unit) == 3
    assert unit[2].findtext("seg") == VIETNAMESE
    dtd = os.environ.get("TMX_DTD")
    if dtd:
        etree.DTD(dtd).assertValid(etree.fromstring(made))


def test_a_table_names_its_languages() -> None:
    table = 'id;Arabic;en-US\n1;كتاب;Book\n2;"قلم\nباب";\n'
    assert decode(table, "a.csv", side="en").texts == ("Book", "")
    assert decode(table, "a.csv", side="ar").texts == ("كتاب", "قلم باب")
    content = decode(table, "a.csv", side="ar", target="en")
    assert content.texts == ("قلم", "باب")
    made = content.render(["Pen; blue", "Door"], "en").decode()
    assert made == 'id;Arabic;en-US\n1;كتاب;Book\n2;"قلم\nباب";"Pen; blue\nDoor"\n'
    with pytest.raises(CorpusError, match="no column for 'vi'; it has 'id', 'Arabic', 'en-US'"):
        decode(table, "a.csv", side="vi")
    with pytest.raises(CorpusError, match=r"a\.tsv:3: 1 cells, expected 2"):
        decode("ar\ten\nكتاب\tBook\nقلم\n", "a.tsv", side="ar")


def test_tables_keep_every_other_byte() -> None:
    tsv = 'id\tar\t"x"\r\n\r\n1\tكتاب\t"a"b\r\n'
    made = decode(tsv, "a.tsv", side="ar", target="en").render(["Book\tone"], "en").decode()
    assert made == 'id\tar\t"x"\ten\r\n\r\n1\tكتاب\t"a"b\tBook one\r\n'
    lines = '{"n": 1e2,"ar":"\\u0643", "m": {"b":1,"a":2}}\n\n{ }\n'
    made = decode(lines, "a.jsonl", side="ar", target="en").render(["K"], "en").decode()
    assert made == '{"n": 1e2,"ar":"\\u0643", "m": {"b":1,"a":2}, "en": "K"}\n\n{ }\n'


def test_the_toolkits_table_has_source_and_target() -> None:
    content = read("desk.csv", target="en")
    assert len(content.texts) == 4
    made = content.render(["a", "b", "c", "d"], "en").decode().splitlines()
    assert made[0] == '"location","source","target"'
    assert made[5].endswith(',"a"')


def test_parquet_keeps_schema_and_metadata(tmp_path: Path) -> None:
    schema = pa.schema(
        [pa.field("id", pa.int8(), metadata={"a": "b"}), ("ar", pa.large_string())],
        metadata={"made": "by hand"},
    )
    table = pa.table({"id": [1, 2, 3], "ar": ["كتاب", None, "قلم"]}, schema)
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, compression="zstd", row_group_size=2)
    content = read_content(path, side="ar", target="en")
    assert content.texts == ("كتاب", "قلم")
    (tmp_path / "b.parquet").write_bytes(content.render(["Book", "Pen"], "en"))
    made = pq.ParquetFile(tmp_path / "b.parquet")
    assert made.schema_arrow.remove(2).equals(schema, check_metadata=True)
    assert made.read().column("en").to_pylist() == ["Book", None, "Pen"]
    assert made.metadata.row_group(0).column(0).compression == "ZSTD"
    assert made.num_row_groups == 2


@pytest.mark.parametrize("name", ["angular.xlf.gz", "desk.pot.xz", "desk.csv.zst", "desk.csv.bz2"])
def test_packed_by_other_programs(name: str) -> None:
    bare = name.rpartition(".")[0]
    target = SOURCES[bare]
    assert read(name, target=target).texts == read(bare, target=target).texts


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_packed_files_are_whole_and_no_bombs(suffix: str) -> None:
    path = Path(f"a.txt{suffix}")
    data = "Xin chào\n".encode() * 99
    packed = pack(data, path)
    assert unpack(packed, path) == (data, Path("a.txt"))
    assert unpack(packed * 2, path)[0] == data * 2  # one behind the other, as cat makes them
    for cut in (len(packed) // 2, len(packed) - 1):
        with pytest.raises(CorpusError, match="damaged"):
            unpack(packed[:cut], path)
    with pytest.raises(CorpusError, match="packed twice"):
        unpack(packed, Path(f"a.gz{suffix}"))
    with pytest.raises(CorpusError, match="packed too tightly"):
        unpack(pack(bytes(20_000_000), path), path)


ENTITIES = '<!DOCTYPE {0} [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><{0} version="1.2">&b;</{0}>'
OUTSIDE = '<!DOCTYPE {0} [<!ENTITY a SYSTEM "file:///etc/passwd">]><{0} version="1.2">&a;</{0}>'


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.xlf", ENTITIES.format("xliff")),
        ("a.xlf", OUTSIDE.format("xliff")),
        ("a.tmx", ENTITIES.format("tmx")),
        ("a.tmx", OUTSIDE.format("tmx")),
        ("a.xlf", "<xliff>" * 400),
        ("a.xlf", "<html/>"),
        ("a.xlf", '<xliff version="3.0"/>'),
        ("a.xlf", "x\0y"),
        ("a.tmx", ""),
        ("a.po", 'msgid "a"\nmsgid "b"\n'),
        ("a.csv", ""),
        ("a.csv", 'ar,en\n"كتاب,x\n'),
        ("a.csv", "ar,ar\nكتاب,x\n"),
        ("a.jsonl", '{"ar": 1}'),
        ("a.jsonl", '{"ar": "\\ud800"}'),
        ("a.jsonl", "[" * 100_000),
        ("a.jsonl", "[]"),
        ("a.parquet", "PAR1"),
    ],
)
def test_files_that_lie_are_refused(name: str, text: str) -> None:
    with pytest.raises(CorpusError, match=r"^a\."):
        decode(text, name, side="ar", target="en")


@pytest.mark.parametrize("name", ["a.xlf", "a.tmx", "a.po", "a.csv", "a.jsonl"])
def test_a_line_without_an_end_is_refused(name: str) -> None:
    line = "ب" * 2_000_000
    texts = {
        "a.xlf": make_xliff(f"<source>{line}</source>"),
        "a.tmx": f'<tmx><body><tu><tuv xml:lang="ar"><seg>{line}</seg></tuv></tu></body></tmx>',
        "a.po": f'msgid ""\nmsgstr ""\n\nmsgid "{line}"\nmsgstr ""\n',
        "a.csv": f"ar,en\n{line},\n",
        "a.jsonl": json.dumps({"ar": line}),
    }
    with pytest.raises(CorpusError, match=r"1000000|limit"):
        decode(texts[name], name, side="ar", target="en")


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_files_are_refused_or_read(data: st.DataObject) -> None:
    """Nothing but ``CorpusError``, whatever bytes are changed, cut out or doubled."""
    name = data.draw(st.sampled_from(sorted(SOURCES)))
    found = bytearray((DATA / name).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, len(found) - 1)))
        size = data.draw(st.integers(0, 30))
        other = data.draw(st.binary(max_size=3) | st.just(bytes(found[at : at + size])))
        found[at : at + data.draw(st.integers(0, size))] = other
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AwdaWarning)
        try:
            content = decode_content(bytes(found), Path(name), side="ar", target=SOURCES[name])
            content.render(content.texts, SOURCES[name])
        except CorpusError:
            pass


CODES = st.deferred(lambda: st.lists(CODE, max_size=4).map("".join))
WORDS = st.text("abc \n", max_size=6)
CODE = WORDS | st.one_of(
    st.just('<x id="1"/>'),
    st.just('<ph id="2">%s</ph>'),
    st.just('<bpt id="3">&lt;b></bpt>'),
    st.just('<ept id="3">&lt;/b></ept>'),
    CODES.map(lambda inside: f'<g id="4">{inside}</g>'),
)


@example('<g id="4"> <ph id="2">%s</ph></g> <ph id="2">%s</ph>', "")
@given(CODES, st.text("xyz .%s\x01", max_size=20))
@settings(max_examples=200, deadline=None)
def test_no_code_is_lost_or_doubled(inside: str, text: str) -> None:
    """Whatever the translation: each code once, and all of the text."""
    element = etree.fromstring(f"<source>{inside}</source>")
    segment = read_segment(element)
    for translation in (segment.text, text):
        made = etree.Element("target")
        segment.write(made, translation)
        names = sorted(str(each.tag) for each in made.iterdescendants())
        assert names == sorted(str(each.tag) for each in element.iterdescendants())
    same = etree.Element("target")
    segment.write(same, segment.text)
    assert [each.tag for each in same.iter()][1:] == [each.tag for each in element.iter()][1:]
    assert read_segment(etree.fromstring(etree.tostring(same))).text == segment.text
