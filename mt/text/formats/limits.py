"""How large a file may be before it is refused: one place, each limit moved by the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass

from mt.errors import CorpusError


@dataclass(frozen=True)
class Limit:
    variable: str  # of the environment
    default: int
    unit: str

    @property
    def value(self) -> int:
        given = os.environ.get(self.variable, "")
        if not given:
            return self.default
        if not (given.isascii() and given.isdigit() and int(given)):
            raise CorpusError(f"{self.variable}: expected a whole number above 0, not '{given}'")
        return int(given)

    def check(self, number: float, name: str, what: str) -> None:
        """Raise ``CorpusError`` where ``number`` is beyond the limit."""
        if number > self.value:
            raise CorpusError(
                f"{name}: {what}: more than {self.value} {self.unit}; "
                f"{self.variable}=NUMBER in the environment allows more"
            )


FILE = Limit("AWDA_MAX_FILE_MB", 512, "MB")  # a document as it lies on disk
PART = Limit("AWDA_MAX_PART_MB", 32, "MB")  # a text that is read as a whole: XML, HTML, PO
UNPACKED = Limit("AWDA_MAX_UNPACKED_MB", 1024, "MB")  # all parts of a ZIP, a compressed text
RATIO = Limit("AWDA_MAX_RATIO", 400, "times its size")  # of what is unpacked, above 1 MB
PARTS = Limit("AWDA_MAX_PARTS", 10_000, "files")  # in a ZIP
BLOCKS = Limit("AWDA_MAX_BLOCKS", 5_000_000, "paragraphs")
CHARACTERS = Limit("AWDA_MAX_CHARACTERS", 1_000_000, "characters")  # of a paragraph or line
INLINES = Limit("AWDA_MAX_INLINES", 2_000, "tags")  # and the like within a paragraph
DEPTH = Limit("AWDA_MAX_DEPTH", 200, "levels")  # of tags within tags

LIMITS = (FILE, PART, UNPACKED, RATIO, PARTS, BLOCKS, CHARACTERS, INLINES, DEPTH)
MB = 1_000_000
