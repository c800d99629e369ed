"""What reviewers say of single translations: exported by the HTML page, read back by the report.

A verdict names the worst error of a translation, on the scale of severities of MQM (Lommel,
Uszkoreit and Burchardt 2014, "Multidimensional Quality Metrics"). Files are UTF-8, their fields
separated by tabs and quoted as spreadsheets quote them, so that a spreadsheet may save them::

    system    name of the system
    segments  source segments of the pair, counted from 1, joined by "+": "4", "4+5"
    verdict   a key of SEVERITIES, or nothing
    comment   one line, or nothing
    text      which translation was judged (:func:`identify_text`)
    run       which run it belongs to (:func:`identify_run`)
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from mt.errors import VerdictError, suggest
from mt.store import RunDirectory, write_bytes, write_text

FILE = "verdicts.tsv"  # in the run directory
EARLIER = FILE + ".bak"  # what the last change of FILE replaced
COLUMNS = ("system", "segments", "verdict", "comment", "text", "run")
SEVERITIES: Mapping[str, str] = {
    "good": "no error worth a correction",
    "minor": "noticed, but the meaning is there",
    "major": "misleads, or is hard to understand",
    "critical": "says something harmful or the opposite",
}

Key = tuple[str, tuple[int, ...]]  # system, source segments (0-based) of the pair

_SHOWN = 5  # problems or rows listed in a message
_DIGITS = 9  # of a segment's number


@dataclass(frozen=True)
class Verdict:
    """What a reviewer said of one translation; at least one of the two is there."""

    severity: str  # key of SEVERITIES, or ""
    comment: str = ""


@dataclass(frozen=True)
class Row:
    """A line of a file of verdicts."""

    where: str  # "verdicts.tsv:3"
    system: str
    sources: tuple[int, ...]  # 0-based source segments of the pair
    verdict: Verdict
    text: str
    run: str

    @property
    def key(self) -> Key:
        return self.system, self.sources

    @property
    def segments(self) -> str:
        """As in the file: counted from 1."""
        return "+".join(str(i + 1) for i in self.sources)


def identify_run(name: str, sources: Iterable[str]) -> str:
    """A name for all runs of one job over one source text, whatever they translate it to."""
    return "run-" + _digest("\n".join((name, *sources)), 12)


def identify_text(hypothesis: str) -> str:
    """A short name for a translation, to tell when it has changed since it was judged."""
    return "text-" + _digest(hypothesis, 8)


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:length]


def read_verdicts(path: Path) -> tuple[Row, ...]:
    """The rows of a file; those with neither verdict nor comment are left out.

    Raises:
        VerdictError: the file cannot be read, lacks a column, or has rows that are wrong; with
            the line of each.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # spreadsheets put a byte order mark
    except OSError as error:
        raise VerdictError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise VerdictError(f"{path}: not UTF-8; save it as text in UTF-8") from None
    reader = csv.reader(StringIO(text, newline=""), dialect="excel-tab", strict=True)
    rows, problems = [], []
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(path, header)
        for fields in reader:
            where = f"{path}:{reader.line_num}"
            if any(field.strip() for field in fields):
                row, problem = _read_row(where, header, fields)
                rows.append(row)
                problems += [f"{where}: {problem}"] if problem else []
    except csv.Error as error:
        problems.append(f"{path}:{reader.line_num}: {error}; is a quotation mark left open?")
    if problems:
        raise VerdictError("\n".join(_list_some(problems, "problems")))
    return tuple(row for row in rows if row and (row.verdict.severity or row.verdict.comment))


def _check_header(path: Path, header: Sequence[str]) -> None:
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise VerdictError(
            f"{path}:1: no column {', '.join(missing)}; "
            "give a file that the report's page has exported (fields separated by tabs)"
        )


def _read_row(where: str, header: Sequence[str], fields: Sequence[str]) -> tuple[Row | None, str]:
    """The row, or what is wrong with it."""
    if len(fields) < len(header):
        return None, f"{len(fields)} fields, expected {len(header)}"
    field = {name: " ".join(text.split()) for name, text in zip(header, fields, strict=False)}
    severity = field["verdict"].lower()
    if severity and severity not in SEVERITIES:
        return None, f"unknown verdict '{severity}'{suggest(severity, SEVERITIES)}"
    numbers = field["segments"].split("+")
    if not all(map(_is_number, numbers)):
        shown = field["segments"][:40]
        return None, f"segments '{shown}' are not numbers joined by '+', as in 4+5"
    sources = tuple(int(n) - 1 for n in numbers)
    verdict = Verdict(severity, field["comment"])
    return Row(where, field["system"], sources, verdict, field["text"], field["run"]), ""


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _DIGITS and int(text) > 0


def render_verdicts(rows: Iterable[Row]) -> str:
    """The text of a file that :func:`read_verdicts` reads back."""
    out = StringIO(newline="")
    writer = csv.writer(out, dialect="excel-tab", lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        verdict = (row.verdict.severity, row.verdict.comment)
        writer.writerow((row.system, row.segments, *verdict, row.text, row.run))
    return out.getvalue()


def keep_verdicts(run: Path, paths: Sequence[Path]) -> list[str]:
    """Make ``verdicts.tsv`` of a run from these files; of two rows on one translation, the last.

    An earlier file that says something else stays as ``verdicts.tsv.bak``. Returns sentences on
    what was replaced, and on rows that contradict each other.

    Raises:
        VerdictError: as :func:`read_verdicts`, or a file holds no verdict, or a row belongs to
            another run.
        RunError: ``run`` is no run directory.
    """
    directory = RunDirectory(run)
    manifest = directory.read_manifest()
    source = directory.read_document("segments.jsonl", str(manifest["source"]["language"]))
    identity = identify_run(str(manifest["name"]), source.texts)
    kept: dict[tuple[Key, str], Row] = {}
    conflicts = []
    for path in paths:
        rows = read_verdicts(path)
        if not rows:
            raise VerdictError(
                f"{path}: no verdict in it; to show none any more, delete {run / FILE}"
            )
        foreign = [row.where for row in rows if row.run != identity]
        if foreign:
            raise VerdictError(
                f"{foreign[0]}: a verdict on another run, or on another source text "
                f"({len(foreign)} of {len(rows)} rows); {run} takes rows of {identity}"
            )
        for row in rows:
            before = kept.get((row.key, row.text), row)
            if before.verdict != row.verdict:
                judged = f"{row.system} {row.segments}"
                conflicts.append(
                    f"two verdicts on {judged}: {row.where} counts, not {before.where}"
                )
            kept[row.key, row.text] = row
    return [*_list_some(conflicts, "contradictions"), *_replace(run, tuple(kept.values()))]


def _replace(run: Path, rows: Sequence[Row]) -> list[str]:
    """Write the file of a run; a sentence on the one that was there, if it said something else."""
    path, text = run / FILE, render_verdicts(rows)
    before = path.read_bytes() if path.exists() else None
    notes = []
    if before is not None and before != text.encode():
        try:
            earlier = read_verdicts(path)
        except VerdictError:
            count = "a file that could not be read"
        else:
            now = {(row.key, row.text): row.verdict for row in rows}
            pairs = [(row.verdict, now.get((row.key, row.text))) for row in earlier]
            gone = sum(new is None for _, new in pairs)
            changed = sum(old != new for old, new in pairs) - gone
            count = f"of {len(earlier)} earlier verdicts, {changed} changed and {gone} left out"
        write_bytes(run / EARLIER, before)
        notes = [f"replaced {path}: {count}; the earlier file is {EARLIER}"]
    write_text(path, text)
    return notes


def find_verdicts(run: Path, texts: Mapping[Key, str]) -> tuple[dict[Key, Verdict], list[str]]:
    """The verdicts kept in a run directory, and sentences on those that no longer fit.

    ``texts`` are the translations of the run as they are now. Without a file, nothing.

    Raises:
        VerdictError: as :func:`read_verdicts`.
    """
    path = run / FILE
    if not path.exists():
        return {}, []
    rows = read_verdicts(path)
    stale = [row for row in rows if _is_stale(row, texts)]
    found = {row.key: row.verdict for row in rows if not _is_stale(row, texts)}
    return found, list(_describe_stale(stale))


def _is_stale(row: Row, texts: Mapping[Key, str]) -> bool:
    return row.key not in texts or identify_text(texts[row.key]) != row.text


def _describe_stale(stale: Sequence[Row]) -> Iterator[str]:
    if stale:
        count = "1 verdict is" if len(stale) == 1 else f"{len(stale)} verdicts are"
        listed = [f"{row.system} {row.segments}" for row in stale]
        yield (
            f"{count} not shown, as the translation or its pair has changed since: "
            f"{', '.join(_list_some(listed, 'others'))}."
        )


def _list_some(entries: Sequence[str], name: str) -> list[str]:
    rest = len(entries) - _SHOWN
    return [*entries[:_SHOWN], *([f"and {rest} more {name}"] if rest > 0 else [])]
