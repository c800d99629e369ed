"""Glossaries are read from TSV and TBX, and asked what a translation should have."""

from __future__ import annotations

from pathlib import Path

import pytest

from mt.errors import CorpusError
from mt.text.glossary import Term, Terminology, read_glossary, read_source

# The three forms of TBX in use: element names as in ISO 30042:2019 with data categories as
# attributes (DCA), the same with categories as elements (DCT), and ISO 30042:2008.
DCA = """<?xml version="1.0" encoding="UTF-8"?>
<tbx type="TBX-Basic" style="dca" xml:lang="ar" xmlns="urn:iso:std:iso:30042:ed-2"><text><body>
  <conceptEntry id="c1">
    <descrip type="subjectField">body</descrip>
    <langSec xml:lang="ar"><termSec><term>اللجنة الشعبية</term></termSec></langSec>
    <langSec xml:lang="en-US">
      <termSec><term>People's Committee</term></termSec>
      <termSec><term>People's Commission</term>
        <termNote type="administrativeStatus">deprecatedTerm-admn-sts</termNote></termSec>
    </langSec>
    <langSec xml:lang="tlh"><termSec><term>x</term></termSec></langSec>
  </conceptEntry>
  <conceptEntry id="c2">
    <langSec xml:lang="en"><termSec><term>alone</term></termSec></langSec>
  </conceptEntry>
</body></text></tbx>
"""
DCT = (
    DCA.replace('style="dca"', 'style="dct" xmlns:min="http://www.tbxinfo.net/ns/min"')
    .replace(
        '<descrip type="subjectField">body</descrip>', "<min:subjectField>body</min:subjectField>"
    )
    .replace('<termNote type="administrativeStatus">', "<min:administrativeStatus>")
    .replace("</termNote>", "</min:administrativeStatus>")
)
OLD = """<?xml version="1.0"?>
<!DOCTYPE martif SYSTEM "TBXcoreStructV02.dtd">
<martif type="TBX" xml:lang="en"><text><body><termEntry id="c1">
  <descripGrp><descrip type="subjectField">body</descrip></descripGrp>
  <langSet xml:lang="ar"><tig><term>اللجنة الشعبية</term></tig></langSet>
  <langSet xml:lang="en"><ntig><termGrp><term>People's Committee</term></termGrp></ntig></langSet>
</termEntry></body></text></martif>
"""


@pytest.mark.parametrize("content", [DCA, DCT, OLD])
def test_tbx_in_its_three_forms(tmp_path: Path, content: str) -> None:
    path = tmp_path / "glossary.tsv"  # as a run directory names it
    path.write_text(content, encoding="utf-8")
    expected = Term({"ar": "اللجنة الشعبية", "en": "People's Committee"}, "body")
    assert read_glossary(path) == (expected,)


def test_tbx_in_another_encoding_is_read_and_kept_in_utf_8(tmp_path: Path) -> None:
    path, kept = tmp_path / "terms.tbx", tmp_path / "kept"
    declared = f'<?xml version="1.0" encoding="UTF-16"?>{DCA[DCA.index("<tbx ") :]}'
    path.write_bytes(declared.encode("utf-16"))
    kept.write_text(read_source(path), encoding="utf-8")
    assert read_glossary(kept) == read_glossary(path)
    assert len(read_glossary(path)) == 1


def test_synonyms_of_tbx_are_terms_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "terms.tbx"
    path.write_text(DCA.replace("deprecatedTerm", "admittedTerm"), encoding="utf-8")
    assert [term.texts["en"] for term in read_glossary(path)] == [
        "People's Committee",
        "People's Commission",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<tbx>\n<text>\n</tbx>", "terms.tbx:3: not a TBX file"),
        ("<tbx><text/></tbx>", "no concept has terms in two of the languages"),
    ],
)
def test_what_is_no_tbx_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "terms.tbx"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(CorpusError, match=message):
        read_glossary(path)


def test_entities_of_tbx_are_left_alone(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    entity = f'<!DOCTYPE tbx [<!ENTITY x SYSTEM "{secret.as_uri()}">]>\n<tbx '
    path = tmp_path / "terms.tbx"
    content = DCA.replace("<tbx ", entity).replace(">People's Committee<", ">People &x;<")
    path.write_text(content, encoding="utf-8")
    assert "secret" not in str(read_glossary(path))


TERMS = [
    Term({"ar": "هانوي", "en": "Hanoi", "vi": "Hà Nội"}),
    Term({"ar": "اللجنة الشعبية", "en": "People's Committee", "vi": "Ủy ban nhân dân"}),
    Term({"ar": "اللجنة", "en": "committee"}),
    Term({"ar": "رئيس", "en": "chairman"}),
    Term({"ar": "رئيس", "en": "president"}),
    Term({"ar": "قرية", "vi": "làng"}),
]


@pytest.mark.parametrize(
    ("source", "text", "missing"),
    [
        ("في هانوي", "in HANOI.", ()),
        ("وبهانوي", "in Hanoian streets", ("Hanoi",)),
        ("أصدرت اللّجنة الشّعبيّة قرارا", "the people's committee decided", ()),
        ("واللجنة الشعبية", "the committee", ("People's Committee",)),
        ("للجنة الشعبية", "the People’s Committee", ()),
        ("الرئيس", "the President", ()),
        ("الرئيس", "the head", ("chairman",)),
        ("رئيسي", "main", ()),
        ("قرية", "a village", ()),
        ("Hà Nội và Hà Nội", "Paris", ("Hanoi",)),
        ("", "", ()),
    ],
)
def test_missing_terms(source: str, text: str, missing: tuple[str, ...]) -> None:
    assert Terminology(TERMS, "en").find_missing(source, text) == missing


def test_into_arabic_with_what_sticks_to_words() -> None:
    terms = Terminology(TERMS, "ar")
    assert terms.find_missing("The People's Committee in Hanoi", "وللجنة الشعبية بهانوي") == ()
    assert terms.find_missing("the chairman", "المدير") == ("رئيس",)
