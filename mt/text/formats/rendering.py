"""Sentences and their translations put back into the file that they came from."""

from __future__ import annotations

from collections.abc import Sequence

from mt.text.formats.content import Content, Project, Span, proportional
from mt.text.normalize import normalize
from mt.text.segment import split_sentences

VERSION = 1  # of what is written; raise it when files change

Pair = tuple[str, str]  # a sentence and its translation


def split_content(content: Content, language: str) -> list[tuple[str, ...]]:
    """The sentences of each block, as :func:`mt.text.reader.read_document` has them."""
    return [split_sentences(normalize(block.text)[0], language) for block in content.blocks]


def render_translation(
    content: Content,
    rows: Sequence[Sequence[Pair]],
    language: str,
    project: Project = proportional,
) -> bytes:
    """The file in ``language``: for each block, its sentences with their translations.

    Markup is projected sentence by sentence. A block without sentences stays as it is.

    Raises:
        CorpusError: as :meth:`Content.render`.
    """
    texts: list[str] = []
    known: dict[Pair, Sequence[Pair]] = {}
    for block, row in zip(content.blocks, rows, strict=True):
        text = " ".join(made for _, made in row if made) if row else block.text
        texts.append(text)
        if len(row) > 1 and block.inlines:
            known[block.text, text] = row

    def project_each(source: str, target: str, spans: Sequence[Span]) -> Sequence[Span | None]:
        row = known.get((source, target), ())
        places = _locate(source, target, row)
        if not places:
            return project(source, target, spans)
        return [_project_one(source, target, span, places, project) for span in spans]

    return content.render(texts, language, project_each)


def _locate(source: str, target: str, row: Sequence[Pair]) -> list[tuple[Span, Span]]:
    """Where each sentence stands in its block, and its translation; nothing if one is not found."""
    places = []
    left = right = 0
    for sentence, made in row:
        start, begin = source.find(sentence, left), target.find(made, right)
        if start < 0 or begin < 0:
            return []
        left, right = start + len(sentence), begin + len(made)
        places.append(((start, left), (begin, right)))
    return places


def _project_one(
    source: str,
    target: str,
    span: Span,
    places: Sequence[tuple[Span, Span]],
    project: Project,
) -> Span | None:
    """A span by the sentences that it has words in: from the first found place to the last."""
    found: list[Span] = []
    for (start, end), (begin, stop) in places:
        first, last = max(span[0], start) - start, min(span[1], end) - start
        if first >= last:
            continue
        if (first, last) == (0, end - start):
            found.append((begin, stop))
        elif there := project(source[start:end], target[begin:stop], [(first, last)])[0]:
            found.append((begin + there[0], begin + there[1]))
    if not found:
        return None
    return min(start for start, _ in found), max(end for _, end in found)
