"""Exact matches: translations of one's own, which go before any model where a segment is known."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mt.errors import CorpusError
from mt.text.normalize import normalize
from mt.text.reader import read_lines
from mt.text.tmx import Unit, read_units
from mt.translate.translation import MATCHED, Progress, Translation, Translator

Matches = Mapping[str, Translation]  # by normalised source

_SEVERAL = ", the last of several"  # ends a note


def read_matches(
    paths: Sequence[Path],
    source: str,
    targets: Sequence[str],
    wanted: Container[str] | None = None,
) -> dict[str, Matches]:
    """Translations out of ``source`` by target language, from TMX and tab-separated files.

    The first line of a tab-separated file names its columns by language code. Both sides are
    normalised; a translation is noted as "from FILE". Where a source has several, the last one of
    the last file is taken, and that is noted too. Only the sources in ``wanted`` are kept.

    Raises:
        CorpusError: a file cannot be read, or translates nothing from the source into a target.
    """
    found: dict[str, dict[str, Translation]] = {target: {} for target in targets}
    for path in paths:
        if not _add_file(path, source, found, wanted):
            raise CorpusError(
                f"{path}: has no translations from '{source}' into "
                f"{' or '.join(repr(target) for target in found)}"
            )
    return dict(found)


def _add_file(
    path: Path,
    source: str,
    found: Mapping[str, dict[str, Translation]],
    wanted: Container[str] | None,
) -> bool:
    """Whether the file has any translations of these languages, wanted or not."""
    alone, several = (f"{MATCHED}{path.name}",), (f"{MATCHED}{path.name}{_SEVERAL}",)
    useful = False
    for unit in _read_file(path):
        texts = [(language, normalize(text)[0]) for language, text in unit]
        for original in (text for language, text in texts if language == source and text):
            for language, text in texts:
                if language not in found or not text:
                    continue
                useful = True
                if wanted is None or original in wanted:
                    before = found[language].get(original)
                    other = before and (before.text != text or before.notes[0].endswith(_SEVERAL))
                    notes = several if other else alone
                    found[language][original] = Translation(text, notes=notes)
    return useful


def _read_file(path: Path) -> Iterator[Unit]:
    if path.suffix.lower() == ".tsv":
        yield from _read_table(path)
        return
    try:
        yield from read_units(path)
    except CorpusError as error:
        table = path.suffix.lower() in (".csv", ".txt")
        hint = "; a table with tabs is read where its name ends in .tsv" if table else ""
        raise CorpusError(f"{error}{hint}") from None


def _read_table(path: Path) -> Iterator[Unit]:
    header, *lines = (line.split("\t") for line in read_lines(path) or ("",))
    for number, cells in enumerate(lines, 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(header):
            raise CorpusError(
                f"{path}:{number}: {len(cells)} columns, expected {len(header)} "
                f"({', '.join(header)})"
            )
        yield tuple(zip(header, cells, strict=True))


@dataclass(frozen=True)
class ExactFirst:
    """A translator that answers from ``matches`` what is there, and asks ``rest`` for the rest."""

    matches: Matches
    rest: Translator
    legs: int = 1  # of the rest's route: what progress counts a segment as

    @property
    def name(self) -> str:
        return self.rest.name

    def translate(
        self, texts: Sequence[str], progress: Progress | None = None
    ) -> list[Translation]:
        known = [self.matches.get(normalize(text)[0]) for text in texts]
        unknown = [text for text, match in zip(texts, known, strict=True) if match is None]
        if progress and len(unknown) < len(texts):
            progress((len(texts) - len(unknown)) * self.legs)
        others = iter(self.rest.translate(unknown, progress))
        return [match if match is not None else next(others) for match in known]
