"""``awda align``: two documents, sentence by sentence; or three; or the alignment of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from mt.align.embedding import E5_SMALL
from mt.cli.console import bars, say
from mt.errors import AlignmentError, CorpusError

if TYPE_CHECKING:
    from mt.align.aligner import Similarity
    from mt.align.alignment import Alignment
    from mt.align.formats import Bitext
    from mt.text.document import Document
    from mt.text.reader import Split


def align(
    source_file: Annotated[
        Path, typer.Argument(metavar="SRC", help="A document; or a run directory.")
    ],
    target_file: Annotated[
        Path, typer.Argument(metavar="TGT", help="Its translation; or a reference of the run.")
    ],
    source_lang: Annotated[str | None, typer.Option(metavar="LANG")] = None,
    target_lang: Annotated[str | None, typer.Option(metavar="LANG")] = None,
    hypothesis: Annotated[
        list[Path] | None,
        typer.Option(
            "--hyp", help="A machine translation of SRC, a line per segment; it helps; repeatable."
        ),
    ] = None,
    three_way: Annotated[
        bool,
        typer.Option(
            "--three-way",
            help="Show the one --hyp as a third side; it may have sentences of its own.",
        ),
    ] = False,
    anchors: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="What must stay: lines `[3]:[4, 5]` (a bead), `12:14` (a border)."
        ),
    ] = None,
    split: Annotated[
        Literal["sentence", "line"] | None,
        typer.Option(help="What a segment is.", show_default="line, or what the gold file says"),
    ] = None,
    similarity: Annotated[
        Literal["auto", "e5", "ngram", "length"], typer.Option(help="What sides are compared by.")
    ] = "auto",
    model: Annotated[
        str,
        typer.Option(
            metavar="MODEL",
            help="What compares meanings: e5-small, or a sentence-transformers model, a folder or "
            "Hub id such as sentence-transformers/LaBSE (needs `pip install 'awda[labse]'`).",
        ),
    ] = E5_SMALL,
    gold: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Score against this hand-made alignment instead; any format."
        ),
    ] = None,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="pairs, tsv, jsonl, tmx, ladder, hunalign, intertext, html.",
        ),
    ] = "pairs",
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Write here; for intertext, a folder.", show_default="stdout"
        ),
    ] = None,
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of documents that are not UTF-8: windows-1256."),
    ] = None,
) -> None:
    """Align two documents sentence by sentence; prints `[0]:[0, 1]:cost` lines.

    Example: `awda align a.ar.txt a.en.txt --source-lang ar --target-lang en --split sentence`

    To read or print: `awda align a.ar.docx a.en.docx --source-lang ar --target-lang en
    --split sentence --format html --out a.html`

    To correct in InterText: `awda align a.ar.txt a.en.txt --source-lang ar --target-lang en
    --format intertext --out edit`

    How good it is: `awda align a.ar.txt a.en.txt --source-lang ar --target-lang en --gold gold.txt`

    The alignment that a run has: `awda align runs/speech en.1 --format tmx --out speech.tmx`;
    when it was corrected: `awda report runs/speech --alignment en.1=speech.tmx`
    """
    from mt.align.formats import pair_up
    from mt.text.formats.address import find_address

    out = None if str(out) == "-" else out
    hypotheses = list(hypothesis or ())
    if three_way and (gold or len(hypotheses) != 1):
        raise AlignmentError("--three-way goes with one --hyp, and without --gold")
    _check_output(form, 3 if three_way else 2, out, gold)
    _check_inputs(out, [source_file, target_file, *hypotheses, *([anchors] if anchors else ())])
    if source_file.is_dir() and not find_address(source_file):
        if hypotheses or anchors or split or model != E5_SMALL:
            raise AlignmentError(
                f"{source_file}: a run, whose alignment is there already; --hyp, --anchors, "
                "--split and --model are for two documents"
            )
        source, target, known = _open_run(source_file, str(target_file))
        if gold:
            _score(_read_gold(gold, source, target, ""), known)
        else:
            _deliver(pair_up(known, source, target), form, out)
        return
    unit = split or (_find_unit(gold) if gold else None) or "line"
    source, target = _read_documents(
        (source_file, target_file), (source_lang, target_lang), unit, encoding
    )
    wanted = _read_gold(gold, source, target, unit) if gold else None
    if three_way:
        how = _How(similarity, model, anchors, encoding)
        _deliver(_align_three(source, target, hypotheses[0], how, unit), form, out)
        return
    lines = _read_lines(hypotheses, source, target.language, encoding)
    found = _align_two(source, target, lines, _How(similarity, model, anchors))
    if wanted:
        _score(wanted, found)
    else:
        _deliver(pair_up(found, source, target), form, out)


def _check_output(form: str, sides: int, out: Path | None, gold: Path | None) -> None:
    """Before the work, not after it."""
    from mt.align.formats import PAGE, check_format

    files = 1 if form == PAGE else check_format(form, sides).files
    if gold:
        if out:
            raise AlignmentError("--gold prints scores and writes no alignment; leave --out away")
    elif files > 1 and not out:
        raise AlignmentError(
            f"format '{form}' has {files} files; name a folder for them with --out"
        )
    elif out and files > 1 and out.is_file():
        raise AlignmentError(f"{out}: a file; format '{form}' wants a folder")
    elif out and files == 1 and out.is_dir():
        raise AlignmentError(f"{out}: a folder; name a file in it")


def _check_inputs(out: Path | None, inputs: Sequence[Path]) -> None:
    """What is read is not written over."""
    if out and out.is_file() and any(path.is_file() and out.samefile(path) for path in inputs):
        raise AlignmentError(f"{out}: is one of the inputs; name another file with --out")


def _open_run(directory: Path, name: str) -> tuple[Document, Document, Alignment]:
    """Source, reference and alignment of a run, as they are there."""
    from mt.correction import read_sides
    from mt.store import RunDirectory

    run = RunDirectory(directory)
    source, target = read_sides(run, name)
    alignment = run.read_alignment(
        f"alignments/{name}.jsonl", len(source.segments), len(target.segments)
    )
    return source, target, alignment


def _find_unit(gold: Path) -> Split | None:
    """What the indices of a gold file count, where it says so."""
    from mt.align.alignment import read_pairs
    from mt.align.formats import find_format

    return read_pairs(gold).split if find_format(gold) == "pairs" else None


def _read_documents(
    paths: tuple[Path, Path],
    languages: tuple[str | None, str | None],
    unit: Split,
    encoding: str | None,
) -> tuple[Document, Document]:
    from mt.text.reader import read_document

    for option, language in zip(("--source-lang", "--target-lang"), languages, strict=True):
        if language is None:
            raise CorpusError(f"{option}: say which language it is, for example {option} ar")
    source, target = (
        read_document(path, language or "", unit, encoding=encoding)
        for path, language in zip(paths, languages, strict=True)
    )
    return source, target


def _read_gold(path: Path, source: Document, target: Document, unit: str) -> Alignment:
    from mt.align.formats import read_alignment

    hint = f"; does it count segments by --split {unit}?" if unit else ""
    return read_alignment(path, source, target, hint)


def _read_lines(
    paths: Sequence[Path], source: Document, language: str, encoding: str | None
) -> list[tuple[str, ...]]:
    from mt.text.reader import read_segments

    hypotheses = [read_segments(path, language, encoding=encoding) for path in paths]
    for path, lines in zip(paths, hypotheses, strict=True):
        if len(lines) != len(source.segments):
            raise CorpusError(
                f"{path}: {len(lines)} lines, but {source.name} has {len(source.segments)} "
                "segments; a text with sentences of its own is aligned by --three-way"
            )
    return hypotheses


class _How(NamedTuple):
    """What the options say of the way to align."""

    similarity: Similarity
    model: str
    anchors: Path | None
    encoding: str | None = None  # of a document that is read on the way


def _align_two(
    source: Document, target: Document, hypotheses: Sequence[Sequence[str]], how: _How
) -> Alignment:
    from mt.align.aligner import align_texts
    from mt.align.anchors import read_anchors

    sizes = len(source.segments), len(target.segments)
    pinned = read_anchors(how.anchors, *sizes) if how.anchors else ()
    with bars() as monitor:
        return align_texts(
            source.texts,
            target.texts,
            hypotheses=hypotheses,
            similarity=how.similarity,
            model=how.model,
            anchors=pinned,
            progress=monitor.start("align", len(source.segments)),
        )


def _align_three(source: Document, target: Document, path: Path, how: _How, unit: Split) -> Bitext:
    """A hypothesis with a line per source segment has its indices; any other one is aligned."""
    from mt.align.formats import set_side_by_side
    from mt.align.threeway import align_three_ways, inherit_sources
    from mt.text.reader import read_document

    hypothesis = read_document(path, target.language, "line", encoding=how.encoding)
    if len(hypothesis.segments) == len(source.segments):
        alignment = _align_two(source, target, [hypothesis.texts], how)
        return set_side_by_side(
            inherit_sources(alignment, hypothesis.texts, source.texts), source, hypothesis, target
        )
    hypothesis = read_document(path, target.language, unit, encoding=how.encoding)
    pinned = _align_two(source, target, (), how) if how.anchors else None
    with bars() as monitor:
        found = align_three_ways(
            source.texts,
            hypothesis.texts,
            target.texts,
            source_reference=pinned,
            similarity=how.similarity,
            model=how.model,
            progress=monitor.start("align", len(source.segments)),
        )
    return set_side_by_side(found, source, hypothesis, target)


def _score(gold: Alignment, test: Alignment) -> None:
    from eval.links import score_alignment

    print(score_alignment(gold, test))


def _deliver(bitext: Bitext, form: str, out: Path | None) -> None:
    """Print the alignment, or write it."""
    from mt.align.formats import PAGE, render_bitext
    from mt.store import write_text

    rendered: str | Mapping[str, str]
    if form == PAGE:
        from eval.render.bitext import render_page

        rendered = render_page(bitext)
    else:
        rendered = render_bitext(bitext, form)
    if out is None:
        print(rendered, end="")
        return
    texts = (
        {out: rendered} if isinstance(rendered, str) else {out / n: t for n, t in rendered.items()}
    )
    for path, text in texts.items():
        write_text(path, text)
        say(f"wrote {path}")
