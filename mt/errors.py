"""What can go wrong, as types. Every message says where, what, and what to do next.

``exit_code`` is what the command line answers with: 2 when the request was wrong, 1 when the run
failed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches


class AwdaError(Exception):
    """Base of all errors that a user may cause and must understand without a traceback."""

    exit_code = 2


class JobError(AwdaError):
    """A job or training file is wrong; carries every problem found, one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


class CorpusError(AwdaError):
    """A text file is missing, empty, not UTF-8, in the wrong language or of the wrong length."""


class ModelError(AwdaError):
    """A translation model cannot be found, read or trusted."""


class AlignmentError(AwdaError):
    """An alignment file is malformed or does not fit its documents."""


class ScoreError(AwdaError):
    """Hypotheses and references cannot be scored against each other."""


class RunError(AwdaError):
    """The run directory is missing, damaged or busy."""


class VerdictError(AwdaError):
    """A file of reviewers' verdicts is malformed or belongs to another run."""


class CacheError(AwdaError):
    """A file of the cache is damaged, of another version, or cannot be used."""


class TranslationError(AwdaError):
    """The engine failed while translating; the request itself was fine."""

    exit_code = 1


class AwdaWarning(UserWarning):
    """What a user should know though the work goes on; the command line prints it as a line."""


def suggest(word: str, choices: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"``, or ``"; expected one of ..."`` when nothing is near."""
    known = sorted(choices)
    near = get_close_matches(word, known, n=1)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; expected one of: {', '.join(known)}" if known else ""
