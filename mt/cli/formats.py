"""``awda formats``: what files can be read and written."""

from __future__ import annotations


def formats() -> None:
    """List the formats of documents: what is read, what is written, and what is lost.

    Example: `awda formats`
    """
    from mt.text.formats import FORMATS

    for form in FORMATS.values():
        written = "written in the same format" if form.writes else "read only"
        print(f"{form.name:8} {form.title} ({', '.join(form.suffixes)}), {written}")
        print(f"{'':8} read: {form.read}")
        print(f"{'':8} lost: {form.lost}")
