"""ZIP archives that may lie about their size and their names; nothing is unpacked to disk."""

from __future__ import annotations

import lzma
import shutil
import struct
import zlib
from collections.abc import Mapping
from io import BytesIO
from zipfile import BadZipFile, LargeZipFile, ZipFile, ZipInfo

from mt.errors import CorpusError
from mt.text.formats import limits

_DAMAGE = (
    *(BadZipFile, LargeZipFile, zlib.error, lzma.LZMAError, struct.error),
    *(EOFError, NotImplementedError, RuntimeError, OSError, ValueError, OverflowError),
)


class Archive:
    """The parts of a ZIP archive, by name.

    Raises:
        CorpusError: damaged, with a password, with names that lead elsewhere or come twice, or
            beyond a limit.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self._name = name
        try:
            self._zip = ZipFile(BytesIO(data))
        except _DAMAGE as error:
            raise CorpusError(f"{name}: not a ZIP archive, or damaged: {error}") from None
        parts = self._zip.infolist()
        limits.PARTS.check(len(parts), name, "too many parts")
        limits.UNPACKED.check(sum(p.file_size for p in parts) / limits.MB, name, "too large inside")
        for part in parts:
            self._check(part)
        if len(parts) > len(self._zip.namelist()) or len(set(self._zip.namelist())) < len(parts):
            raise CorpusError(f"{name}: damaged: two parts have the same name")

    def _check(self, part: ZipInfo) -> None:
        where = f"{self._name}: {part.filename[:80]!a}"
        steps = part.filename.replace("\\", "/").split("/")
        if ".." in steps or part.filename.startswith(("/", "\\")) or ":" in steps[0]:
            raise CorpusError(f"{where}: a part whose name leads out of the archive")
        if part.flag_bits & 1:
            raise CorpusError(f"{where}: has a password; save it without one")
        if part.file_size > limits.MB:
            ratio = part.file_size / max(1, part.compress_size)
            limits.RATIO.check(ratio, where, "unpacks to too much")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._zip.namelist())

    def read(self, part: str) -> bytes:
        """The bytes of a part."""
        where = f"{self._name}: {part}"
        try:
            limits.PART.check(self._zip.getinfo(part).file_size / limits.MB, where, "too large")
            return self._zip.read(part)
        except KeyError:
            raise CorpusError(f"{self._name}: damaged: has no {part}") from None
        except _DAMAGE as error:
            raise CorpusError(f"{where}: damaged: {error}") from None

    def test(self) -> None:
        """Read all parts, so that one that is damaged is found before there is work to lose."""
        try:
            damaged = self._zip.testzip()
        except _DAMAGE as error:
            raise CorpusError(f"{self._name}: damaged: {error}") from None
        if damaged is not None:  # a part may have no name
            raise CorpusError(f"{self._name}: {damaged[:80]!a}: damaged")

    def rewrite(self, parts: Mapping[str, bytes]) -> bytes:
        """The archive with the bytes of ``parts`` in place of theirs, all in the same order."""
        out = BytesIO()
        try:
            with ZipFile(out, "w") as made:
                for old in self._zip.infolist():
                    new = ZipInfo(old.filename, old.date_time)
                    new.compress_type, new.external_attr = old.compress_type, old.external_attr
                    if old.filename in parts:
                        made.writestr(new, parts[old.filename])
                        continue
                    new.file_size = old.file_size
                    with self._zip.open(old) as source, made.open(new, "w") as target:
                        shutil.copyfileobj(source, target)
        except _DAMAGE as error:
            raise CorpusError(f"{self._name}: damaged: {error}") from None
        return out.getvalue()
