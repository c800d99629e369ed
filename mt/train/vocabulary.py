"""One SentencePiece model for all languages, written as Marian's tokenizer files.

Kudo and Richardson (2018), unigram model. Arabic marks, tatweel and direction marks are dropped
by the model's own normaliser, so that whoever loads the model gets the same pieces.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mt.train.recipe import Vocabulary

Ids = list[list[int]]

EOS, UNK, PAD = "</s>", "<unk>", "<pad>"

_DROPPED = (
    *range(0x064B, 0x0653),  # tashkeel
    0x0640,  # tatweel
    0x0670,
    *range(0x200B, 0x2010),  # zero-width characters and direction marks
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    0xFEFF,
)
_SPACES = (0x09, 0x0A, 0x0D, 0xA0, 0x2007, 0x2009, 0x202F, 0x3000)


def target_token(language: str) -> str:
    """Marian's way to ask a multilingual model for a language: ``>>vi<<``."""
    return f">>{language}<<"


def normalisation_rules() -> str:
    """SentencePiece's rule file: hexadecimal code points, a tab, what they become.

    Letters that NFD takes apart are put together again, Arabic presentation forms are undone,
    and Arabic and Persian digits become 0-9.
    """
    rules: dict[tuple[int, ...], tuple[int, ...]] = {(code,): () for code in _DROPPED}
    rules |= {(code,): (0x20,) for code in _SPACES}
    for first in (0x0660, 0x06F0):
        rules |= {(first + i,): (0x30 + i,) for i in range(10)}
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00), *range(0x0622, 0x0627)):
        parts = tuple(map(ord, unicodedata.normalize("NFD", chr(code))))
        if len(parts) > 1:
            rules[parts] = (code,)
    for code in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFEFD)):
        folded = unicodedata.normalize("NFKC", chr(code))
        if folded != chr(code) and " " not in folded:
            rules[(code,)] = tuple(map(ord, folded))

    def spell(codes: tuple[int, ...]) -> str:
        return " ".join(f"{code:X}" for code in codes)

    return "".join(f"{spell(left)}\t{spell(right)}\n" for left, right in sorted(rules.items()))


def train_vocabulary(
    sentences: Iterable[str], settings: Vocabulary, targets: Sequence[str], folder: Path
) -> None:
    """Train the pieces; write ``source.spm``, ``target.spm`` and ``vocab.json`` to ``folder``."""
    size = settings.size - len(targets) - 2  # <s> is unused; <pad> and targets are added
    write_vocabulary(train_pieces(sentences, size), targets, folder)


def train_pieces(sentences: Iterable[str], size: int) -> bytes:
    """A SentencePiece model of about ``size`` pieces, with our normaliser."""
    import sentencepiece

    model = io.BytesIO()
    with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf-8") as rules:
        rules.write(normalisation_rules())
        rules.flush()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences),
            model_writer=model,
            vocab_size=size,
            model_type="unigram",
            character_coverage=0.9998,
            normalization_rule_tsv=rules.name,
            split_digits=True,
            num_threads=2,
            hard_vocab_limit=False,
            minloglevel=2,
        )
    return model.getvalue()


def write_vocabulary(model: bytes, targets: Sequence[str], folder: Path) -> None:
    """Write a SentencePiece model as the tokenizer files of a Marian model into ``targets``."""
    import sentencepiece

    folder.mkdir(parents=True, exist_ok=True)
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    words = [processor.id_to_piece(i) for i in range(processor.get_piece_size())]
    special = ("<s>", EOS, UNK)
    order = [EOS, UNK, *(w for w in words if w not in special), *map(target_token, targets), PAD]
    for name in ("source.spm", "target.spm"):
        (folder / name).write_bytes(model)
    vocabulary = {piece: index for index, piece in enumerate(order)}
    text = json.dumps(vocabulary, ensure_ascii=False, indent=0)
    (folder / "vocab.json").write_text(text + "\n", encoding="utf-8")


def load_tokenizer(folder: Path, longest: int = 512):  # type: ignore[no-untyped-def]
    """Marian's tokenizer over the files in ``folder``.

    It is for inputs of ``longest`` pieces, unless the files say what it is for.
    """
    from transformers import MarianTokenizer

    if (folder / "tokenizer_config.json").exists():
        return MarianTokenizer.from_pretrained(folder)
    return MarianTokenizer(
        source_spm=str(folder / "source.spm"),
        target_spm=str(folder / "target.spm"),
        vocab=str(folder / "vocab.json"),
        source_lang="mul",
        target_lang="mul",
        eos_token=EOS,
        unk_token=UNK,
        pad_token=PAD,
        model_max_length=longest,
    )


class Codec:
    """Texts to ids in bulk, with the tokenizer files of any Marian model."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.source = _read_table(folder / "vocab.json")
        separate = folder / "target_vocab.json"
        self.target = _read_table(separate) if separate.exists() else self.source
        self._shared = self.source is self.target and (
            (folder / "source.spm").read_bytes() == (folder / "target.spm").read_bytes()
        )

    def encode(
        self, texts: Mapping[str, Sequence[str]], directions: Iterable[tuple[str, str]]
    ) -> tuple[dict[str, Ids], dict[str, Ids]]:
        """Ids of the texts of each language as a source and as a target, without ``</s>``."""
        directions = list(directions)
        asked = {source for source, _ in directions}, {target for _, target in directions}
        if self._shared:
            both = self._encode("source.spm", self.source, texts, asked[0] | asked[1])
            return both, both
        return (
            self._encode("source.spm", self.source, texts, asked[0]),
            self._encode("target.spm", self.target, texts, asked[1]),
        )

    def _encode(
        self,
        name: str,
        ids: Mapping[str, int],
        texts: Mapping[str, Sequence[str]],
        languages: Iterable[str],
    ) -> dict[str, Ids]:
        import sentencepiece

        processor = sentencepiece.SentencePieceProcessor(str(self._folder / name))
        pieces = (processor.id_to_piece(i) for i in range(processor.get_piece_size()))
        table = [ids.get(piece, ids[UNK]) for piece in pieces]
        threads = os.cpu_count() or 1
        return {
            language: [
                [table[i] for i in line]
                for line in processor.encode(list(texts[language]), num_threads=threads)
            ]
            for language in sorted(languages)
        }


def _read_table(path: Path) -> dict[str, int]:
    table: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
    return table
