"""Make the dictionaries in ``mt/align/lexicons`` from the training split of ``vneco``.

    python corpora/lexicon.py            # writes them; about a minute a pair of languages
    python corpora/lexicon.py --check    # fails where they are not those that would be written

The same rows give the same files. Glossary terms count as segments. Nothing of the dev and test
splits is looked at.
"""

from __future__ import annotations

import argparse
import json
import lzma
import sys
from pathlib import Path

from mt.align.forms import find_words
from mt.align.lexicon import FOLDER, estimate_lexicon, format_lexicon
from mt.text.glossary import read_glossary

HERE = Path(__file__).parent
PAIRS = (("ar", "en"), ("ar", "vi"), ("en", "vi"))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    check = parser.parse_args().check
    texts = read_texts()
    differ = False
    FOLDER.mkdir(exist_ok=True)
    for pair in PAIRS:
        forms = {
            language: [[w.form for w in find_words(row[language], language)] for row in texts]
            for language in pair
        }
        lexicon = estimate_lexicon(list(zip(*forms.values(), strict=True)), pair)
        text = format_lexicon(lexicon)
        path = FOLDER / f"{'-'.join(pair)}.txt.xz"
        if check:
            same = path.is_file() and lzma.decompress(path.read_bytes()).decode() == text
            differ |= not same
            print(f"{path.name}: {'as it should be' if same else 'differs'}")
        else:
            path.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
            size = path.stat().st_size / 1000
            print(f"{path.name}: {len(lexicon.keys)} pairs of words, {size:.0f} kB")
    return 1 if differ else 0


def read_texts() -> list[dict[str, str]]:
    splits = json.loads((HERE / "vneco/splits.json").read_text(encoding="utf-8"))
    held_out = {*splits["dev"], *splits["test"]}
    with (HERE / "vneco/segments.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    terms = [dict(term.texts) for term in read_glossary(HERE / "glossary.tsv")]
    return [row for row in rows if row["doc"] not in held_out] + terms


if __name__ == "__main__":
    sys.exit(main())
