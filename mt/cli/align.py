"""``awda align``: two documents, sentence by sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mt.cli.console import bars
from mt.errors import CorpusError


def align(
    source_file: Annotated[Path, typer.Argument(metavar="SRC")],
    target_file: Annotated[Path, typer.Argument(metavar="TGT")],
    source_lang: Annotated[str, typer.Option(metavar="LANG")],
    target_lang: Annotated[str, typer.Option(metavar="LANG")],
    hypothesis: Annotated[
        list[Path] | None,
        typer.Option(
            "--hyp", help="A machine translation of SRC, a line per segment; it helps; repeatable."
        ),
    ] = None,
    split: Annotated[
        Literal["sentence", "line"] | None,
        typer.Option(help="What a segment is.", show_default="line, or what the gold file says"),
    ] = None,
    similarity: Annotated[
        Literal["auto", "e5", "ngram", "length"], typer.Option(help="What sides are compared by.")
    ] = "auto",
    gold: Annotated[
        Path | None, typer.Option(help="Score against this hand-made alignment instead.")
    ] = None,
    form: Annotated[
        Literal["pairs", "tsv", "jsonl", "tmx"], typer.Option("--format", help="Output format.")
    ] = "pairs",
) -> None:
    """Align two documents sentence by sentence; prints `[0]:[0, 1]:cost` lines.

    Example: `awda align a.ar.txt a.en.txt --source-lang ar --target-lang en --split sentence`
    """
    from mt.align.aligner import align_texts
    from mt.align.alignment import read_pairs
    from mt.align.formats import render_alignment
    from mt.errors import AlignmentError
    from mt.text.reader import read_document, read_lines

    wanted = read_pairs(gold) if gold else None
    unit = split or (wanted.split if wanted and wanted.split else "line")
    source = read_document(source_file, source_lang, unit)
    target = read_document(target_file, target_lang, unit)
    if wanted:
        try:
            wanted.alignment.check(len(source.segments), len(target.segments))
        except AlignmentError as error:
            raise AlignmentError(
                f"{gold}: {error}; does it count segments by --split {unit}?"
            ) from None
    hypotheses = [read_lines(path) for path in hypothesis or ()]
    for path, lines in zip(hypothesis or (), hypotheses, strict=True):
        if len(lines) != len(source.segments):
            raise CorpusError(
                f"{path}: {len(lines)} lines, but {source_file} has {len(source.segments)} segments"
            )
    with bars() as monitor:
        progress = monitor.start("align", len(source.segments))
        alignment = align_texts(
            source.texts,
            target.texts,
            hypotheses=hypotheses,
            similarity=similarity,
            progress=progress,
        )
    if wanted:
        from eval.links import score_alignment

        print(score_alignment(wanted.alignment, alignment))
        return
    text = render_alignment(alignment, source.texts, target.texts, form, source_lang, target_lang)
    print(text, end="")
