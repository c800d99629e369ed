"""Pages of the repository, made right for the site."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

_INCLUDE = re.compile(r"^--8<-- \"(.+)\"$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]*)\]\((?!https?:|#)([^)#\s]+)((?:#[^)\s]*)?)\)")


def on_page_markdown(markdown: str, config: dict[str, Any], **_: Any) -> str:
    """Files are put where they are named; a link out of ``docs/`` becomes its words alone."""
    root = Path(config["docs_dir"]).parent
    markdown = _INCLUDE.sub(lambda match: (root / match[1]).read_text("utf-8"), markdown)

    def turn(match: re.Match[str]) -> str:
        text, target, place = match.groups()
        name = target.removeprefix("../docs/")
        return f"[{text}]({name}{place})" if (root / "docs" / name).exists() else text

    return _LINK.sub(turn, markdown)
