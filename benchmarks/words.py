"""Word links against hand-made ones, and against numbers and terms whose places are known.

    python benchmarks/words.py

Twenty pairs a language, from the dev split of ``corpora/vneco``, have hand-made links
(``corpora/vneco/words``); precision, recall and alignment error rate are Och and Ney's (2003), for
links of probability 0.5 or more. Beside the aligner stand two that know no dictionary: the
diagonal, and the same model estimated on the 211 segments of the dev split alone.

In the test split, a number or glossary term that stands once on either side is a known
correspondence. Recall is the share of its words on the target's side with a link into it on the
source's side, precision the share of all links of its source words that lead into it.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from eval.wordlinks import number_links, read_gold_links, score_links
from mt.align.forms import find_words
from mt.align.lexicon import estimate_lexicon, load_lexicon
from mt.align.words import Link, Span, WordAligner, fit_aligner
from mt.text.glossary import read_glossary
from mt.text.numbers import find_numbers

CORPORA = Path(__file__).parent.parent / "corpora"
LEAST = 0.5

Aligner = Callable[[Sequence[tuple[str, str]]], list[tuple[Link, ...]]]


def main() -> int:
    dev, test = _read_split("dev"), _read_split("test")
    for language in ("en", "vi"):
        known = [(row["ar"], row[language]) for row in dev]
        aligners = _make_aligners(known, ("ar", language))
        print(f"ar-{language}: 20 pairs with hand-made links")
        print(f"{'':32}precision   recall      AER")
        for name, aligner in aligners.items():
            print(f"{name:32}{_score_by_hand(aligner, language)}")
        print(f"ar-{language}: what stands once on either side, {len(test)} test segments")
        print(f"{'':18}places  precision   recall")
        pairs = [(row["ar"], row[language]) for row in test]
        for kind, places in (("numbers", _find_numbers), ("terms", _make_finder(language))):
            for name in ("diagonal", "dictionary"):
                print(f"{kind:8} {name:11}{_score_places(aligners[name], pairs, places)}")
        start = time.perf_counter()
        aligners["dictionary"](pairs)
        seconds = time.perf_counter() - start
        print(f"{1000 * seconds / len(pairs):.2f} ms a pair\n")
    return 0


def _read_split(name: str) -> list[dict[str, str]]:
    documents = json.loads((CORPORA / "vneco/splits.json").read_text(encoding="utf-8"))[name]
    with (CORPORA / "vneco/segments.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [row for row in rows if row["doc"] in documents]


def _make_aligners(
    known: Sequence[tuple[str, str]], languages: tuple[str, str]
) -> dict[str, Aligner]:
    own, other = languages
    forms = [
        ([w.form for w in find_words(source, own)], [w.form for w in find_words(target, other)])
        for source, target in known
    ]
    alone = WordAligner(estimate_lexicon(forms, languages))
    return {
        "diagonal": _link_diagonally,
        "211 segments, no dictionary": alone.link_all,
        "dictionary": WordAligner(load_lexicon(languages)).link_all,
        "dictionary and 211 segments": fit_aligner(known, languages).link_all,
    }


def _link_diagonally(pairs: Sequence[tuple[str, str]]) -> list[tuple[Link, ...]]:
    """Each target word with the source word that stands at the like place."""
    links = []
    for source, target in pairs:
        here, there = find_words(source, "ar"), find_words(target, "")
        found = []
        for number, word in enumerate(there if here else []):
            other = here[number * len(here) // len(there)]
            found.append(Link((other.start, other.end), (word.start, word.end), 1.0))
        links.append(tuple(found))
    return links


def _score_by_hand(aligner: Aligner, language: str) -> str:
    folder = CORPORA / "vneco/words"
    sources, targets = (
        (folder / f"{code}.txt").read_text(encoding="utf-8").splitlines()
        for code in ("ar", language)
    )
    pairs = list(zip(sources, targets, strict=True))
    found = [
        number_links(*pair, links, LEAST) for pair, links in zip(pairs, aligner(pairs), strict=True)
    ]
    score = score_links(read_gold_links(folder / f"ar-{language}.txt"), found)
    return f"{score.precision:9.3f}{score.recall:9.3f}{score.error:9.3f}"


Places = Iterator[tuple[Span, Span]]


def _find_numbers(source: str, target: str) -> Places:
    sides = [
        {n.value: (n.start, n.end) for n in numbers if times[n.value] == 1}
        for numbers in map(find_numbers, (source, target))
        for times in [Counter(n.value for n in numbers)]
    ]
    for value in sides[0].keys() & sides[1].keys():
        yield sides[0][value], sides[1][value]


def _make_finder(language: str) -> Callable[[str, str], Places]:
    terms = [
        (_search(term.texts["ar"]), _search(term.texts[language]))
        for term in read_glossary(CORPORA / "glossary.tsv")
    ]

    def find(source: str, target: str) -> Places:
        for one, other in terms:
            here, there = list(one.finditer(source)), list(other.finditer(target))
            if len(here) == len(there) == 1:
                yield here[0].span(), there[0].span()

    return find


def _search(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w){re.escape(text)}(?!\w)", re.IGNORECASE)


def _score_places(
    aligner: Aligner,
    pairs: Sequence[tuple[str, str]],
    find: Callable[[str, str], Places],
) -> str:
    places = right = leading = reached = words = 0
    for (source, target), links in zip(pairs, aligner(pairs), strict=True):
        likely = [link for link in links if link.probability >= LEAST]
        for here, there in find(source, target):
            places += 1
            mine = [link.target for link in likely if _meets(link.source, here)]
            inside = [place for place in mine if _meets(place, there)]
            leading += len(mine)
            right += len(inside)
            words += sum(_meets((w.start, w.end), there) for w in find_words(target, ""))
            reached += len(set(inside))
    return f"{places:6}{right / max(leading, 1):11.3f}{reached / max(words, 1):9.3f}"


def _meets(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


if __name__ == "__main__":
    sys.exit(main())
