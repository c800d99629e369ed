"""``awda translate``: lines in, lines out; or a document in, a document out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal

import typer

from mt.cli.console import bars, say
from mt.cli.options import Engine
from mt.errors import CorpusError

if TYPE_CHECKING:
    from mt.text.formats import Content, Format

_UNLIKE = (b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b")  # UTF-16, gzip: not read line by line


def translate(
    target: Annotated[str, typer.Option("--to", metavar="LANG", help="Target language: en, vi.")],
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Text, a segment a line, or a document or dataset (awda formats); "
            "stdin without it, or for -."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Where to write; without it, or for -, stdout."
        ),
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option(
            "--model",
            "-m",
            metavar="MODEL",
            help="builtin, a folder, or a Hub id; repeat for a route.",
            show_default="builtin",
        ),
    ] = None,
    via: Annotated[
        list[str] | None,
        typer.Option(metavar="LANG", help="Pivot language after each model but the last."),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of a file that is not UTF-8: windows-1256."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="LANG",
            help="Source language; input that is not in it is refused.",
            show_default="what the file says, or else its letters",
        ),
    ] = None,
    beam_size: Annotated[int, typer.Option(min=1, max=64)] = 5,
    engine: Annotated[Engine, typer.Option(help="How the model is run.")] = "ctranslate2",
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option()] = "auto",
    compute_type: Annotated[
        Literal["auto", "int8", "float16", "float32"],
        typer.Option(help="Of the weights; auto is int8 on a CPU and float16 on a GPU."),
    ] = "auto",
    glossary: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Terms to be preferred: tab-separated, or TBX."),
    ] = None,
    fallback: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="Asked where all attempts of the first are at fault."),
    ] = None,
    no_memory: Annotated[
        bool, typer.Option("--no-memory", help="Translate also what was translated before.")
    ] = False,
    translation_memories: Annotated[
        list[Path] | None,
        typer.Option(
            "--tm",
            metavar="FILE",
            help="TMX or TSV: its exact matches go before the models; needs --from; repeatable.",
        ),
    ] = None,
) -> None:
    """Translate lines: exactly one line out per line in; blank stays blank.

    Input of any size is read and written as it goes; only the files of --tm are held in memory.
    A file that is not UTF-8 is refused before anything is written; a pipe at the lines in question,
    and what was written before them stands.

    Example: `awda translate --to en < source.ar.txt`

    A document keeps its structure, and each sentence is translated by itself:
    `awda translate speech.docx --to en -o speech.en.docx`

    A dataset becomes a Parquet file: `awda translate 'hf://datasets/OWNER/NAME?split=test&column=ar'
    --to en -o test.en.parquet`

    Through English: `awda translate -m builtin -m builtin --via en --to vi source.ar.txt`
    """
    from mt.job import System, TranslateSection
    from mt.pipeline import open_workshop
    from mt.store import write_bytes
    from mt.text.formats.compressed import pack
    from mt.translate.matches import read_matches
    from mt.translate.memory import Memory
    from mt.translate.translator import WINDOW, stream

    file, out = (None if str(path) == "-" else path for path in (file, out))
    names, pivots = tuple(models or ["builtin"]), tuple(via or ())
    _check_route(names, pivots, target, source)
    if translation_memories and not source:
        raise CorpusError("--tm needs to know the source language: name it with --from")
    document = _open_document(file, source, target, encoding, out)
    lines, count = _open_texts(document) if document else _open_lines(file, source)
    # Not validated: a model or a file that is not there is told as all commands tell it.
    system = System.model_construct(name=target, target=target, models=names, via=pivots)
    settings = TranslateSection.model_construct(
        engine=engine,
        beam_size=beam_size,
        device=device,
        compute_type=compute_type,
        glossary=glossary,
        fallback=fallback,
    )
    matches = read_matches(translation_memories or (), source or "", [target])[target]
    workshop = open_workshop(settings, source, [system], None if no_memory else Memory())
    with bars() as monitor:
        translator = workshop.build(names, system.targets, matches)
        progress = monitor.start("translate", None if count is None else count * len(names))
        rows = stream(translator, lines, progress)
        if document:
            _write_document(document, [row.text for row in rows], target, out)
        elif out:
            write_bytes(out, pack("".join(f"{row.text}\n" for row in rows).encode(), out))
        else:
            for number, row in enumerate(rows, 1):
                sys.stdout.write(row.text + "\n")
                if number % WINDOW == 0:
                    sys.stdout.flush()
        known = workshop.remembered
        monitor.finish("translate", "made", f"{known} segments from memory" if known else "")


def _check_route(
    models: Sequence[str], via: Sequence[str], target: str, source: str | None
) -> None:
    from mt.languages import find_language

    for language in (*via, target, *([source] if source else [])):
        find_language(language)
    if len(via) != len(models) - 1:
        raise CorpusError(
            f"{len(models)} models need {len(models) - 1} --via languages, not {len(via)}"
        )


@dataclass(frozen=True)
class _Document:
    """A file that is more than lines: its content, and the sentences of each block."""

    content: Content
    language: str
    rows: list[tuple[str, ...]]


def _open_document(
    file: Path | None, source: str | None, target: str, encoding: str | None, out: Path | None
) -> _Document | None:
    """The document that ``file`` is; None for text in UTF-8, which is read as it goes."""
    from mt.languages import mismatch
    from mt.text.formats import FORMATS, find_format, read_content, refuse_foreign
    from mt.text.formats.address import find_address
    from mt.text.formats.compressed import is_packed
    from mt.text.formats.rendering import split_content
    from mt.text.normalize import normalize
    from mt.text.reader import open_file

    if file is None:
        if encoding:
            raise CorpusError("--encoding goes with a file, not with stdin")
        _check_out("<stdin>", FORMATS["txt"], out)
        return None
    head = b""
    if not find_address(file):
        with open_file(file) as stream:
            head = stream.read(256)
    form = find_format(file, head)
    _check_out(str(file), form, out)
    if out and out.exists() and out.samefile(file):
        raise CorpusError(f"{out}: is what is to be translated; name another file with --out")
    if form.name == "txt" and not encoding and head[:2] not in _UNLIKE and not is_packed(file):
        refuse_foreign(form, head, file)
        return None
    content = read_content(file, language=source, target=target, encoding=encoding)
    sample = normalize(" ".join(block.text for block in content.blocks))[0]
    if source and (reason := mismatch(sample, source)):
        raise CorpusError(f"{file}: {reason}")
    if form.name == "txt":
        return _Document(content, source or "", [(block.text,) for block in content.blocks])
    language = source or _find_language(str(file), content, sample)
    return _Document(content, language, split_content(content, language))


def _find_language(file: str, content: Content, sample: str) -> str:
    """What the file says, unless its letters belie that; what is guessed by them, is told."""
    from mt.languages import LANGUAGES, guess_language, mismatch

    said = (content.language or "").lower().replace("_", "-").partition("-")[0]
    if said in LANGUAGES and not mismatch(sample, said):
        return said
    guess = guess_language(sample)
    if any(map(str.isalpha, sample)):
        instead = f", though it says '{content.language}'" if content.language else ""
        name = LANGUAGES[guess].name
        say(f"awda: {file}: taken for {name} by its letters{instead}; --from LANG says it")
    return guess


def _check_out(file: str, form: Format, out: Path | None) -> None:
    """Raise ``CorpusError`` where the translation could not be written."""
    from mt.store import check_writable
    from mt.text.formats import FORMATS, find_format

    if form.name == "dataset":
        form = FORMATS["parquet"]
    if not form.writes:
        raise CorpusError(f"{file}: {form.title} is read only; awda formats tells what is written")
    if out is None:
        if form.name in ("docx", "parquet"):
            raise CorpusError(f"{file}: {form.title} is no text for stdout; name a file with --out")
        return
    if out.is_dir():
        raise CorpusError(f"{out}: is a folder; name a file")
    if str(out).startswith("hf:/"):
        raise CorpusError(f"{out}: nothing is written to the Hub; name a file")
    check_writable(out)
    other = find_format(out).name != form.name or _has_tabs(out) != _has_tabs(Path(file))
    if other and (out.is_file() or not out.exists()):
        raise CorpusError(
            f"{out}: the translation of {file} is {form.title} too; "
            f"end its name in {_find_suffix(Path(file), form)}"
        )


def _find_suffix(file: Path, form: Format) -> str:
    suffix = _strip_pack(file).suffix.lower()
    return suffix if suffix in form.suffixes else form.suffixes[0]


def _has_tabs(path: Path) -> bool:
    """Whether it is TSV, which a translated CSV is not."""
    return _strip_pack(path).suffix.lower() in (".tsv", ".tab")


def _strip_pack(path: Path) -> Path:
    from mt.text.formats.compressed import is_packed

    return path.with_suffix("") if is_packed(path) else path


def _open_texts(document: _Document) -> tuple[Iterator[str], int]:
    texts = [text for row in document.rows for text in row]
    return iter(texts), len(texts)


def _write_document(
    document: _Document, texts: Sequence[str], target: str, out: Path | None
) -> None:
    """The document in its own format, to ``out`` or to stdout."""
    from functools import partial

    from mt.align.words import project_spans
    from mt.store import write_bytes
    from mt.text.formats.compressed import pack
    from mt.text.formats.rendering import render_translation

    given = iter(texts)
    rows = [[(sentence, next(given)) for sentence in row] for row in document.rows]
    project = partial(project_spans, languages=(document.language, target))
    made = render_translation(document.content, rows, target, project)
    if out:
        write_bytes(out, pack(made, out))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(made)


def _open_lines(file: Path | None, source: str | None) -> tuple[Iterator[str], int | None]:
    """The lines as they come, and how many where that is known; raises ``CorpusError``."""
    from mt.languages import mismatch
    from mt.text.normalize import normalize
    from mt.text.reader import iterate_lines, open_file
    from mt.translate.translator import WINDOW

    name = str(file) if file else "<stdin>"
    raw = open_file(file) if file else sys.stdin.buffer
    count = _check_lines(raw, name) if raw.seekable() else None
    lines = iterate_lines(raw, name)
    head = list(islice(lines, WINDOW))
    if source and (reason := mismatch(normalize(" ".join(head))[0], source)):
        raise CorpusError(f"{name}: {reason}")
    return chain(head, lines), count


def _check_lines(raw: BinaryIO, name: str) -> int:
    """Count the lines of a file; raises ``CorpusError`` for one that is not UTF-8."""
    from mt.text.reader import iterate_lines

    start = raw.tell()
    count = sum(1 for _ in iterate_lines(raw, name))
    raw.seek(start)
    return count
