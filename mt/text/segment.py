"""Split paragraphs into sentences with sentencex (Wikimedia), which knows all our languages."""

from __future__ import annotations


def split_sentences(text: str, language: str) -> tuple[str, ...]:
    """The sentences of one paragraph, stripped, in order; none is empty and no word is lost."""
    from sentencex import segment

    if not text.strip():
        return ()
    return tuple(part for piece in segment(language, text) if (part := piece.strip()))
