"""``awda score``: a file of translations against references."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mt.errors import ScoreError


def score(
    hypothesis: Annotated[Path, typer.Option("--hyp", help="System output, a segment a line.")],
    references: Annotated[list[Path], typer.Option("--ref", help="A reference; repeatable.")],
    language: Annotated[str, typer.Option("--lang", metavar="LANG", help="Language of both.")],
    source: Annotated[
        Path | None, typer.Option("--src", help="The source, for metrics that read it.")
    ] = None,
    metrics: Annotated[
        str,
        typer.Option(
            help="Comma-separated: bleu, chrf, chrf2++, ter, comet:MODEL, e5; "
            "with options: bleu:intl:lc, ter:folded."
        ),
    ] = "bleu,chrf2++,ter",
    bootstrap: Annotated[int, typer.Option(min=0, help="Resamples for intervals.")] = 1000,
    seed: Annotated[int, typer.Option(min=1)] = 12345,
    width: Annotated[int, typer.Option(min=0, max=8, help="Digits after the point.")] = 1,
    form: Annotated[Literal["text", "json"], typer.Option("--format")] = "text",
) -> None:
    """Score a file against references with sacreBLEU: its numbers, its signatures.

    Example: `awda score --hyp out.en --ref ref.en --lang en`

    Example: `awda score --hyp out.ar --ref ref.ar --lang ar --metrics bleu,bleu:folded,chrf2++`
    """
    from eval.render.scores import render_scores, render_scores_json
    from eval.scores.metrics import find_metric, needs_source, score_corpus
    from mt.languages import find_language
    from mt.text.reader import read_lines

    find_language(language)
    names = [find_metric(name) for name in metrics.split(",")]
    if not source and (wanting := next(filter(needs_source, names), "")):
        raise ScoreError(f"{wanting} reads the source: name it with --src")
    sources = read_lines(source) if source else ()
    if source and not sources:
        raise ScoreError(f"{source}: empty; --src has a line for every line of --hyp")
    scores = score_corpus(
        names,
        read_lines(hypothesis),
        [read_lines(path) for path in references],
        language,
        bootstrap=bootstrap,
        seed=seed,
        sources=sources,
    )
    render = render_scores_json if form == "json" else render_scores
    print(render(scores, width), end="")
