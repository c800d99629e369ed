"""A first job file, written from the documents that someone has."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mt.errors import CorpusError
from mt.languages import LANGUAGES, find_language, guess_language, mismatch
from mt.text.formats import read_content
from mt.text.formats.address import find_address

# The strongest Marian models of the Hub, as published; ar-vi has none and goes through English.
_HUB = {
    "en": "models: [Helsinki-NLP/opus-mt-tc-big-ar-en]",
    "vi": "models: [Helsinki-NLP/opus-mt-tc-big-ar-en, Helsinki-NLP/opus-mt-en-vi], via: [en]",
}
_TARGETS = ("en", "vi")  # what the built-in model translates Arabic into
_PLAIN = re.compile(r"[A-Za-z0-9_./-]+")


@dataclass(frozen=True)
class Given:
    """A file with its language, and how that is known."""

    path: Path
    language: str
    known: str  # "as you said", "as the file says", "by its name", "by its letters"


@dataclass(frozen=True)
class Draft:
    """What a job file is written from; see :func:`render_draft`."""

    name: str
    source: Given
    references: tuple[Given, ...] = ()
    hypotheses: tuple[Given, ...] = ()
    encoding: str | None = None

    @property
    def targets(self) -> tuple[str, ...]:
        """Languages to translate into: those of the references, or else all there are."""
        asked = tuple(dict.fromkeys(given.language for given in self.references))
        return asked or tuple(code for code in _TARGETS if code != self.source.language)


def identify(argument: str, encoding: str | None = None) -> Given:
    """``FILE`` or ``LANG=FILE``, with the language said, declared, named or looked at, in order.

    A name says it with a part between dots: ``speech.vi.docx``. ``encoding`` is that of a file that
    is not UTF-8 and does not say what it is.

    Raises:
        CorpusError: no such file, unreadable or without text; an unknown language, or one that
            the text cannot be in.
    """
    said, equals, rest = argument.partition("=")
    if not equals or Path(argument).exists() or find_address(Path(argument)):
        said, rest = "", argument
    path = Path(rest)
    language = find_language(said).code if said else None
    content = read_content(path, language=language, encoding=encoding)
    text = " ".join(content.texts)
    if not text.strip():
        raise CorpusError(f"{path}: empty; expected a document")
    declared = (content.language or "").lower().partition("-")[0]
    named = [part for part in path.name.lower().split(".")[1:-1] if part in LANGUAGES]
    if said:
        found = Given(path, said, "as you said")
    elif named:
        found = Given(path, named[-1], "by its name")
    elif declared in LANGUAGES and not mismatch(text, declared):
        found = Given(path, declared, "as the file says")
    else:
        found = Given(path, guess_language(text), "by its letters")
    if reason := mismatch(text, found.language):
        hint = "" if said else f"; where that is right, say what it is in: LANG={path}"
        raise CorpusError(f"{path}: {reason}{hint}")
    return found


def draft_job(
    source: Given,
    references: Sequence[Given],
    hypotheses: Sequence[Given],
    name: str = "",
    encoding: str | None = None,
) -> Draft:
    """The job of these files, named after the source unless ``name`` is given.

    Raises:
        CorpusError: a translation in the source's own language, or one that nothing is made for.
    """
    for given in (*references, *hypotheses):
        if given.language == source.language:
            raise CorpusError(
                f"{given.path}: is {find_language(given.language).name} ({given.known}), as is "
                f"the source {source.path}; where that is wrong, say it: LANG={given.path}"
            )
    asked = {given.language for given in references}
    for given in hypotheses if asked else ():
        if given.language not in asked:
            raise CorpusError(
                f"{given.path}: is {find_language(given.language).name} ({given.known}), and no "
                "reference is, to score it against"
            )
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", name or source.path.name.split(".")[0]).strip("-")
    return Draft(stem or "job", source, tuple(references), tuple(hypotheses), encoding)


def render_draft(draft: Draft, folder: Path) -> str:
    """The job file, with comments, to stand in ``folder``."""

    def place(given: Given) -> str:
        address = find_address(given.path)
        if address and address.remote:
            return _quote(address.name)
        return _quote(os.path.relpath(given.path, folder))

    lines = [
        "# A job: awda check tries it, awda run does it. All keys: configs/README.md",
        f"name: {draft.name}  # results go to runs/{draft.name}/",
        *([f"encoding: {draft.encoding}  # of files that are not UTF-8"] if draft.encoding else ()),
        "source:",
        f"  language: {draft.source.language}  # {draft.source.known}",
        f"  path: {place(draft.source)}",
        "  split: sentence  # or line: a segment is a line, paragraph or cue of the file",
    ]
    if draft.references:
        lines.append("references:  # any number per language; their sentences need not match")
        for language in draft.targets:
            own = [given for given in draft.references if given.language == language]
            files = ", ".join(map(place, own))
            lines.append(f"  {language}: [{files}]  # {', '.join(given.known for given in own)}")
    lines.append("systems:")
    for target in draft.targets:
        lines += _list_systems(draft.source.language, target)
    for number, given in enumerate(draft.hypotheses, 1):
        system = f"name: theirs-{number}, target: {given.language}, hypothesis: {place(given)}"
        lines.append(f"  - {{{system}}}  # a line per source segment; {given.known}")
    lines += [
        "score:",
        "  metrics: [bleu, chrf2++, ter]",
        '  leave_out: [furniture]  # "Source", "Comment (0)"; see configs/README.md',
        "report: {formats: [html, markdown, json]}  # also csv, xlsx, latex",
    ]
    return "\n".join(lines) + "\n"


def _list_systems(source: str, target: str) -> list[str]:
    found = [f"  - {{name: builtin-{target}, target: {target}, models: [builtin]}}"]
    if source == "ar" and target in _HUB:
        hub = f"name: opus-{target}, target: {target}, {_HUB[target]}"
        found.append(f"  # much stronger, downloaded on first use:\n  # - {{{hub}}}")
    return found


def _quote(path: str) -> str:
    """As YAML takes it, in a list too."""
    return path if _PLAIN.fullmatch(path) else json.dumps(path, ensure_ascii=False)
