"""``awda score``: a file of translations against references."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from mt.cli.console import say
from mt.errors import ScoreError


def score(
    hypothesis: Annotated[Path, typer.Option("--hyp", help="System output: a line a segment.")],
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
    encoding: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of files that are not UTF-8: windows-1256."),
    ] = None,
) -> None:
    """Score a file against references with sacreBLEU: its numbers, its signatures.

    Files are text, a segment a line, or any format of `awda formats`, a segment a paragraph, cell
    or cue; there must be as many in each.

    Example: `awda score --hyp out.en --ref ref.en --lang en`

    Example: `awda score --hyp out.ar --ref ref.ar --lang ar --metrics bleu,bleu:folded,chrf2++`
    """
    from eval.render.scores import render_scores, render_scores_json
    from eval.scores.metrics import find_metric, needs_source, score_corpus
    from mt.languages import find_language, mismatch
    from mt.text.normalize import normalize
    from mt.text.reader import read_segments

    find_language(language)
    names = [find_metric(name) for name in metrics.split(",")]
    if not source and (wanting := next(filter(needs_source, names), "")):
        raise ScoreError(f"{wanting} reads the source: name it with --src")
    sources = read_segments(source, encoding=encoding) if source else ()
    if source and not sources:
        raise ScoreError(f"{source}: empty; --src has a line for every line of --hyp")
    texts = {
        path: read_segments(path, language, encoding=encoding) for path in (hypothesis, *references)
    }
    for path, segments in texts.items():
        if reason := mismatch(normalize(" ".join(segments))[0], language):
            say(f"awda: {path}: {reason}; is --lang right?")
    scores = score_corpus(
        names,
        texts[hypothesis],
        [texts[path] for path in references],
        language,
        bootstrap=bootstrap,
        seed=seed,
        sources=sources,
    )
    render = render_scores_json if form == "json" else render_scores
    print(render(scores, width), end="")
