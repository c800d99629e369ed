"""Texts in a language that they are not said to be in."""

from __future__ import annotations

import json
import warnings
from collections import defaultdict
from itertools import product
from pathlib import Path

import pytest
from conftest import ROOT

from mt.errors import AwdaWarning
from mt.job import load_job
from mt.languages import LANGUAGES, doubt
from mt.pipeline import read_inputs
from mt.text.reader import read_document

# Articles 1 and 2 of the Universal Declaration of Human Rights, by the United Nations.
DECLARATION = {
    "de": "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft "
    "und Gewissen begabt und sollen einander im Geist der Brüderlichkeit begegnen. Jeder hat "
    "Anspruch auf die in dieser Erklärung verkündeten Rechte und Freiheiten ohne irgendeinen "
    "Unterschied, etwa nach Rasse, Hautfarbe, Geschlecht, Sprache, Religion, politischer oder "
    "sonstiger Überzeugung, nationaler oder sozialer Herkunft, Vermögen, Geburt oder sonstigem "
    "Stand.",
    "en": "All human beings are born free and equal in dignity and rights. They are endowed with "
    "reason and conscience and should act towards one another in a spirit of brotherhood. Everyone "
    "is entitled to all the rights and freedoms set forth in this Declaration, without distinction "
    "of any kind, such as race, colour, sex, language, religion, political or other opinion, "
    "national or social origin, property, birth or other status.",
    "fr": "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués "
    "de raison et de conscience et doivent agir les uns envers les autres dans un esprit de "
    "fraternité. Chacun peut se prévaloir de tous les droits et de toutes les libertés proclamés "
    "dans la présente Déclaration, sans distinction aucune, notamment de race, de couleur, de "
    "sexe, de langue, de religion, d'opinion politique ou de toute autre opinion.",
    "es": "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como "
    "están de razón y conciencia, deben comportarse fraternalmente los unos con los otros. Toda "
    "persona tiene todos los derechos y libertades proclamados en esta Declaración, sin distinción "
    "alguna de raza, color, sexo, idioma, religión, opinión política o de cualquier otra índole, "
    "origen nacional o social, posición económica, nacimiento o cualquier otra condición.",
}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (language, said)
        for language, said in product(DECLARATION, ("de", "en", "fr"))
        if (language, said) != ("es", "fr")  # half of the common words of Spanish are French too
    ],
)
def test_the_declaration_in_a_wrong_language_is_noticed(language: str, said: str) -> None:
    found = doubt(DECLARATION[language], said)
    assert bool(found) == (said != language)
    if found and language in LANGUAGES:
        assert found.endswith(f"and many of {LANGUAGES[language].name}")


def test_documents_in_their_own_language_pass() -> None:
    documents: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    with (ROOT / "corpora" / "vneco" / "segments.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            for language in ("ar", "en", "vi"):
                documents[row["doc"], language].append(row[language])
    said = {key: doubt(" ".join(texts), key[1]) for key, texts in documents.items()}
    assert len(said) > 3000
    assert not [key for key, reason in said.items() if reason]


def test_a_hypothesis_in_a_wrong_language_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.ar").write_text("جملة واحدة للتجربة في هذا النص.\n", encoding="utf-8")
    (tmp_path / "h.en").write_text(DECLARATION["fr"] + "\n", encoding="utf-8")
    job = tmp_path / "job.yaml"
    job.write_text(
        "name: a\nsource: {language: ar, path: a.ar, split: line}\n"
        "systems: [{name: given, target: en, hypothesis: h.en}]\n"
    )
    with pytest.warns(AwdaWarning, match=r"h\.en: .* English, and many of French"):
        read_inputs(load_job(job))


def test_vowel_signs_hide_no_word() -> None:
    text = "ذَهَبَ الوَلَدُ إِلَى المَدْرَسَةِ فِي الصَّبَاحِ مِنْ بَيْتِهِ "
    assert doubt(text * 10, "ar") == ""


def test_too_little_text_to_tell() -> None:
    assert doubt("Hanoi Hue Vinh " * 10, "en") == ""
    assert doubt("", "ar") == ""


def test_reading_a_document_warns_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(DECLARATION["de"], encoding="utf-8")
    with pytest.warns(
        AwdaWarning, match=r"a\.txt: it has hardly any .* English, and many of German"
    ):
        assert " ".join(read_document(path, "en").texts) == DECLARATION["de"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_document(path, "de")
