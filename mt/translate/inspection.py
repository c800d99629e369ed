"""Whether a model is whole, and says something: checks that take seconds and save hours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from mt.errors import ModelError
from mt.languages import LANGUAGES, find_language, mismatch
from mt.translate.engine import ComputeType, Decoding, Engine
from mt.translate.models import ModelFiles, load_pieces

# A sentence that every translation model can read, of words that none has to split much.
CANARIES = {
    "ar": "عقد المجلس اجتماعه الأول في المدينة يوم الأحد.",
    "de": "Der Rat traf sich am Sonntag zum ersten Mal in der Stadt.",
    "en": "The council held its first meeting in the city on Sunday.",
    "fr": "Le conseil a tenu sa première réunion dans la ville dimanche.",
    "vi": "Hội đồng họp phiên đầu tiên tại thành phố vào Chủ nhật.",
}


@dataclass(frozen=True)
class Finding:
    """One line of a check's outcome; ``good`` is False where a job would fail or babble."""

    line: str
    good: bool = True


_SPECIAL = ("</s>", "<unk>", "<pad>")
_STRANGE = 0.5  # of a canary unknown, or of a tokenizer: it belongs to something else


def inspect_files(files: ModelFiles) -> list[str]:
    """What does not fit together: the tokenizers, the vocabularies and the network.

    Reads no weights: that the network has the size that its configuration says shows on loading.
    """
    try:
        vocabularies = (files.vocabulary, files.target_vocabulary)
        tokenizers = (load_pieces(files, "source.spm"), load_pieces(files, "target.spm"))
        sizes = files.network_vocabulary
    except ModelError as error:
        return [str(error).removeprefix(f"model '{files.name}': ")]
    names = ("vocab.json", "target_vocab.json" if files.separate_vocabulary else "vocab.json")
    faults = []
    for name, vocabulary, size in zip(names, vocabularies, sizes, strict=True):
        if len(vocabulary) != size:
            faults.append(f"{name} has {len(vocabulary)} pieces, but the network {size}")
        if lacking := [piece for piece in _SPECIAL if piece not in vocabulary]:
            faults.append(f"{name} lacks {' '.join(lacking)}")
    sides = zip(("source.spm", "target.spm"), tokenizers, vocabularies, strict=True)
    for name, tokenizer, vocabulary in sides:
        pieces = [tokenizer.id_to_piece(index) for index in range(tokenizer.get_piece_size())]
        if _unknown(pieces, vocabulary) > _STRANGE:
            faults.append(f"{name} and the vocabulary have hardly a piece in common")
    return list(dict.fromkeys(faults))


def inspect_source(files: ModelFiles, language: str) -> list[str]:
    """What speaks against a model's reading ``language``: it does not know its letters."""
    unknown = _unknown_of(files, language)
    if unknown <= _STRANGE:
        return []
    name = find_language(language).name
    return [f"{unknown:.0%} of a sentence in {name} is unknown to its vocabulary"]


def inspect_answer(files: ModelFiles, answer: str, source: str, target: str | None) -> list[str]:
    """What is wrong with the translation of the canary of ``source``."""
    pieces, words = load_pieces(files, "target.spm").encode(answer, out_type=str), answer.split()
    name = find_language(source).name
    if not answer.strip():
        return [f"answers nothing to a sentence in {name}"]
    if any(len(units) > 2 and len(set(units)) == 1 for units in (pieces, words)):
        return [f"answers the same over and over to a sentence in {name}: {answer[:30]!r}"]
    if answer == CANARIES[source]:
        return [f"copies a sentence in {name}"]
    if target and (reason := mismatch(answer, target)):
        return [f"{reason}: {answer[:30]!r}"]
    return []


def inspect_parity(files: ModelFiles, source: str, tokens: Sequence[str | None]) -> list[str]:
    """Where CTranslate2 in float32 and transformers differ on the canary, by greedy search.

    Both run the same weights: a difference is an error of the conversion or of an engine.
    """
    from mt.translate.marian import MarianEngine

    with TemporaryDirectory() as cache:  # of a size that the user's own need not keep
        fast: Engine = load_engine(files, "float32", beam_size=1, cache=Path(cache))
    slow: Engine = MarianEngine(files, Decoding(beam_size=1))
    faults = []
    for token in tokens:
        (((mine, *_), *_), *_) = fast.generate([CANARIES[source]], token)
        (((other, *_), *_), *_) = slow.generate([CANARIES[source]], token)
        if mine != other:
            to = f" with {token}" if token else ""
            faults.append(f"{fast.name} says {mine[:60]!r}{to}, {slow.name} {other[:60]!r}")
    return faults


def load_engine(
    files: ModelFiles, compute_type: ComputeType, *, beam_size: int = 5, cache: Path | None = None
) -> Engine:
    """A model in CTranslate2, on the CPU unless only a GPU runs it so; raises ``ModelError``."""
    from mt.translate.ctranslate import CTranslateEngine

    device = "cuda" if compute_type == "float16" else "cpu"
    return CTranslateEngine(
        files, Decoding(beam_size, device=device, compute_type=compute_type), cache
    )


def guess_source(files: ModelFiles, target: str | None = None) -> str:
    """The language whose canary the model knows best: the one it was made to read, or one of them.

    Never the ``target``. Fewest unknown pieces first, then fewest pieces a character.
    """

    def strangeness(language: str) -> tuple[float, float]:
        sentence = CANARIES[language]
        pieces = load_pieces(files, "source.spm").encode(sentence, out_type=str)
        return _unknown(pieces, files.vocabulary), len(pieces) / len(sentence)

    return min((each for each in CANARIES if each != target), key=strangeness)


def list_targets(files: ModelFiles) -> dict[str | None, str | None]:
    """The languages that can be asked for, by target token; no token for a model of one target.

    None for a language that is not known: then only the model's makers say what it is.
    """
    if not files.target_tokens:
        return {None: None}
    return {
        files.target_tokens[code]: language.code
        for language in LANGUAGES.values()
        for code in (language.code, language.iso3)
        if code in files.target_tokens
    }


def _unknown_of(files: ModelFiles, language: str) -> float:
    pieces = load_pieces(files, "source.spm").encode(CANARIES[language], out_type=str)
    return _unknown(pieces, files.vocabulary)


def _unknown(pieces: Sequence[str], vocabulary: dict[str, int]) -> float:
    """How much of the text in ``pieces`` is in none that the vocabulary has, from 0 to 1."""
    lengths = {piece: len(piece.strip("▁")) for piece in pieces}
    whole = sum(lengths[piece] for piece in pieces)
    return sum(lengths[piece] for piece in pieces if piece not in vocabulary) / max(1, whole)
