"""Word links: against hand-made ones, textbook examples, and what must hold for any text."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.fidelity.items import Item
from eval.fidelity.ledger import find_stand_ins
from eval.render.links import write_links
from eval.wordlinks import GoldLinks, number_links, read_gold_links, score_links
from mt.align.forms import find_words
from mt.align.lexicon import (
    empty_lexicon,
    estimate_lexicon,
    format_lexicon,
    load_lexicon,
    parse_lexicon,
)
from mt.align.words import LEAST, Link, WordAligner, fit_aligner, link_words, project_spans
from mt.errors import CorpusError

GOLD = ROOT / "corpora" / "vneco" / "words"
ARABIC = "وانخفضت نسبة الفقر متعدد الأبعاد في البلدية من 61.4% إلى 38.2%."
ENGLISH = "The commune's multidimensional poverty rate has fallen from 61.4% to 38.2%."


def pair_up(source: str, target: str, links: tuple[Link, ...]) -> set[tuple[str, str]]:
    return {(source[slice(*link.source)], target[slice(*link.target)]) for link in links}


def form(word: str, language: str) -> str:
    return find_words(word, language)[0].form


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("المدرسة", "ومدرسة", "ar"),  # the school, and a school
        ("للحكومة", "بالحكومة", "ar"),  # to the government, by the government
        ("معلّمون", "المعلمين", "ar"),  # teachers; with a vowel mark, in two cases
        ("أكاديمية", "اكاديميه", "ar"),  # spelled carelessly
        ("Parties", "party", "en"),
        ("commune's", "communes", "en"),
        ("٢٠٣", "203", "ar"),
        ("1,435", "1.435", "vi"),
    ],
)
def test_inflected_words_are_looked_up_as_one(one: str, other: str, language: str) -> None:
    assert form(one, language) == form(other, language)


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [("نهر", "قمر", "ar"), ("glass", "gla", "en"), ("ma", "mà", "vi"), ("12", "21", "en")],
)
def test_other_words_stay_apart(one: str, other: str, language: str) -> None:
    assert form(one, language) != form(other, language)


def test_words_have_places_without_the_punctuation_around_them() -> None:
    text = "“Tôi  muốn” – (héc-ta)!"
    assert [text[w.start : w.end] for w in find_words(text, "vi")] == ["Tôi", "muốn", "héc-ta"]


def test_the_textbook_example_of_expectation_maximization() -> None:
    """Koehn (2010, section 4.2.3): from three phrases EM learns which word is which."""
    pairs = [("das Haus", "the house"), ("das Buch", "the book"), ("ein Buch", "a book")]
    aligner = fit_aligner(pairs, ("de", "en"))
    assert aligner.lexicon.languages == ("de", "en")
    for source, target in pairs:
        one, other = source.split(), target.split()
        likeliest = {
            target[slice(*link.target)]: source[slice(*link.source)]
            for link in sorted(aligner.link(source, target), key=lambda link: link.probability)
        }
        assert likeliest == dict(zip(other, one, strict=True))


def test_numbers_and_names_need_no_dictionary() -> None:
    aligner = WordAligner(empty_lexicon(("ar", "en")))
    source, target = "قابل بيترسون ٢٠٣ عمال", "He saw 203 workers: Peterson did"
    found = pair_up(source, target, aligner.link(source, target))
    assert {("بيترسون", "Peterson"), ("٢٠٣", "203")} <= found


@pytest.mark.parametrize(
    ("word", "languages", "expected"),
    [
        ("مدرسة", ("ar", "en"), "school"),
        ("وزارة", ("ar", "en"), "ministry"),
        ("مستشفى", ("ar", "en"), "hospital"),
        ("nước", ("vi", "ar"), "مياه"),
        ("hospital", ("en", "vi"), "viện"),  # bệnh viện
    ],
)
def test_the_dictionary_knows_common_words(
    word: str, languages: tuple[str, str], expected: str
) -> None:
    lexicon = load_lexicon(languages)
    here = lexicon.index[0][form(word, languages[0])]
    keys, forward = lexicon.keys, lexicon.probabilities[0]
    mine = [
        (probability, lexicon.targets[key % len(lexicon.targets)])
        for key, probability in zip(keys.tolist(), forward.tolist(), strict=True)
        if key // len(lexicon.targets) == here
    ]
    assert form(expected, languages[1]) in [target for _, target in sorted(mine)[-2:]]


def test_a_dictionary_is_read_as_it_was_written() -> None:
    pairs = [(["ein", "haus"], ["a", "house"]), (["ein", "buch"], ["a", "book"])]
    text = format_lexicon(estimate_lexicon(pairs, ("de", "en")))
    assert format_lexicon(parse_lexicon(text)) == text
    assert text.startswith("awda lexicon 1 de en\n\n")
    with pytest.raises(ValueError, match="not a lexicon"):
        parse_lexicon("something else\n")


def score(aligner: WordAligner, language: str) -> float:
    sources, targets = (
        (GOLD / f"{code}.txt").read_text(encoding="utf-8").splitlines() for code in ("ar", language)
    )
    pairs = list(zip(sources, targets, strict=True))
    found = [
        number_links(*pair, links)
        for pair, links in zip(pairs, aligner.link_all(pairs), strict=True)
    ]
    return score_links(read_gold_links(GOLD / f"ar-{language}.txt"), found).error


@pytest.mark.parametrize("language", ["en", "vi"])
def test_links_come_near_to_those_made_by_hand(language: str) -> None:
    """Without a dictionary, little is known but numbers, names and the diagonal."""
    assert score(WordAligner(load_lexicon(("ar", language))), language) < 0.2
    assert score(WordAligner(empty_lexicon(("ar", language))), language) > 0.6


def test_alignment_error_rate_worked_by_hand() -> None:
    gold = [GoldLinks(frozenset({(0, 0), (1, 1)}), frozenset({(0, 0), (1, 1), (1, 2)}))]
    scores = score_links(gold, [frozenset({(0, 0), (1, 2), (2, 2)})])
    assert scores.precision == pytest.approx(2 / 3)  # one sure, one possible, of three
    assert scores.recall == pytest.approx(1 / 2)
    assert scores.error == pytest.approx(1 - (1 + 2) / (3 + 2))
    assert score_links(gold, [gold[0].sure]).error == 0
    assert score_links([], []).error == 0


def test_gold_links_are_read_with_what_is_only_possible(tmp_path: Path) -> None:
    path = tmp_path / "gold.txt"
    path.write_text("0-0 1?2\n\n", encoding="utf-8")
    both = frozenset({(0, 0), (1, 2)})
    assert read_gold_links(path)[0] == GoldLinks(frozenset({(0, 0)}), both)
    path.write_text("0-0\n1:2\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"gold.txt:2: expected links"):
        read_gold_links(path)


TEXT = st.text(st.sampled_from("aBé ،.-0٣كتابđ😀\u0651\n"), max_size=30)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), max_size=4))
def test_any_text_has_links_between_its_words(pairs: list[tuple[str, str]]) -> None:
    aligner = WordAligner(load_lexicon(("ar", "en")))
    found = aligner.link_all(pairs)
    assert found == [aligner.link(*pair) for pair in pairs]  # company does not matter
    turned = WordAligner(load_lexicon(("en", "ar")))
    for (source, target), links in zip(pairs, found, strict=True):
        words = [{(w.start, w.end) for w in find_words(t, "")} for t in (source, target)]
        for link in links:
            assert link.source in words[0]
            assert link.target in words[1]
            assert LEAST <= link.probability <= 1
        if not (source.strip() and target.strip()):
            assert links == ()
        spans = [(0, len(source)), (1, 3)]
        for place in aligner.project(source, target, spans):
            assert place is None or 0 <= place[0] < place[1] <= len(target)
        assert turned.project(target, source, []) == ()


def test_a_dictionary_turned_round_gives_the_same_links() -> None:
    there = WordAligner(load_lexicon(("ar", "en"))).link(ARABIC, ENGLISH)
    back = WordAligner(load_lexicon(("en", "ar"))).link(ENGLISH, ARABIC)
    assert {(link.source, link.target) for link in there} == {
        (link.target, link.source) for link in back
    }


def test_languages_are_guessed_from_the_letters() -> None:
    links = link_words(ARABIC, ENGLISH)
    assert links == link_words(ARABIC, ENGLISH, ("ar", "en"))
    assert {("الفقر", "poverty"), ("البلدية", "commune's"), ("61.4", "61.4")} <= pair_up(
        ARABIC, ENGLISH, links
    )


def place(source: str, target: str, part: str) -> str | None:
    start = source.index(part)
    (span,) = project_spans(source, target, [(start, start + len(part))])
    return None if span is None else target[slice(*span)]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("61.4%", "61.4%"),  # with its mark
        ("الفقر", "poverty"),
        ("في البلدية", "The commune's"),
        ("38.2%.", "38.2%."),
        (ARABIC, ENGLISH),
        (" ", None),
    ],
)
def test_a_part_is_found_in_the_translation(part: str, expected: str | None) -> None:
    assert place(ARABIC, ENGLISH, part) == expected


def test_what_no_dictionary_knows_stands_between_its_neighbours() -> None:
    source, target = "2021 qqq 2023", "in 2021 then something 2023 at last"
    (found,) = project_spans(source, target, [(5, 8)], ("de", "fr"))
    assert found is not None
    assert target[slice(*found)] == "then something"


def test_nothing_left_to_stand_for_it() -> None:
    source, target, spans = "2021 qqq 2023", "2021 2023", [(5, 8)]
    aligner = WordAligner(empty_lexicon(("de", "fr")))
    assert aligner.project(source, target, spans, guess=False) == (None,)
    assert aligner.project(source, target, spans) != (None,)  # a bold word stays bold somewhere
    assert project_spans("word", "", [(0, 4)]) == (None,)


def test_a_lost_term_is_told_with_what_stands_in_its_place() -> None:
    source = "عقدت اللجنة الشعبية اجتماعا في المدينة."
    term = Item("term", "اللجنة الشعبية", "lost", start=5, end=19)
    kept = Item("term", "المدينة", "kept", start=31, end=38)
    number = Item("number", "5", "lost", start=0, end=4)
    found = find_stand_ins(
        (term, kept, number),
        source,
        "The council held a committee meeting in the city.",
        ("ar", "en"),
    )
    assert [item.outcome for item in found] == ["lost", "kept", "lost"]
    assert "committee" in found[0].found
    assert (found[1].found, found[2].found) == ("", "")
    (blank,) = find_stand_ins((term,), source, "", ("ar", "en"))
    assert blank.found == ""


def test_links_are_written_for_the_page() -> None:
    source, target = "a (b) c", "x – y, z"
    links = (Link((0, 1), (0, 1), 0.9), Link((3, 4), (4, 5), 0.6), Link((6, 7), (4, 5), 0.4))
    assert write_links(source, target, links) == "0c  1b2a "
    assert write_links(source, target, ()) == ""
    unlikely = Link((0, 1), (4, 5), 0.3)
    assert write_links(source, target, (*links, unlikely)) == "0c  1b2a "
    assert write_links(source, target, (unlikely,)) == ""


@pytest.mark.parametrize("language", ["en", "vi"])
def test_words_of_texts_that_have_nothing_to_do_with_each_other_stay_apart(language: str) -> None:
    """Each source of the hand-made pairs against the other targets: what is linked there is chance
    (or a word that both do have), a quarter of what is linked in the pairs themselves at most."""
    folder = ROOT / "corpora" / "vneco" / "words"
    sources, targets = (
        (folder / f"{code}.txt").read_text(encoding="utf-8").splitlines()
        for code in ("ar", language)
    )
    aligner = WordAligner(load_lexicon(("ar", language)))

    def count(pairs: list[tuple[str, str]]) -> int:
        rows = zip(pairs, aligner.link_all(pairs), strict=True)
        return sum(
            write_links(*pair, links).count(letter) for pair, links in rows for letter in "abc"
        )

    own = count(list(zip(sources, targets, strict=True)))
    size = len(sources)
    others = [(sources[i], targets[(i + k) % size]) for k in range(1, size) for i in range(size)]
    assert count(others) / (size - 1) < own / 4
