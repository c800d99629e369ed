"""Files packed with gzip, xz, bzip2 or Zstandard: what is in them is read as what its name says."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

from mt.errors import CorpusError
from mt.text.formats import limits

_STEP = 1 << 20  # unpacked bytes at a time
_LITTLE = 1 << 10  # packed bytes at a time
_BOMB = 1_000_000  # bytes, below which no ratio is suspicious
_WINDOW = 1 << 27  # bytes that Zstandard may look back, as its command line has it


def _read_with(opener: Callable[[IO[bytes]], Any], data: bytes) -> Iterator[bytes]:
    with opener(io.BytesIO(data)) as stream:
        while piece := stream.read(_STEP):
            yield piece


def _read_zstd(data: bytes) -> Iterator[bytes]:
    """Frame by frame and a little at a time: a piece of 1 KB may become 32 MB."""
    import zstandard

    decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    at = 0
    try:
        while at < len(data):
            frame = decompressor.decompressobj()
            while at < len(data) and not frame.eof:
                yield frame.decompress(data[at : at + _LITTLE])
                at += _LITTLE
            if not frame.eof:
                raise EOFError("it ends too early")
            at = min(at, len(data)) - len(frame.unused_data)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from None


def _pack_zstd(data: bytes) -> bytes:
    import zstandard

    packed: bytes = zstandard.ZstdCompressor(write_checksum=True).compress(data)
    return packed


_READ: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    ".gz": partial(_read_with, lambda stream: gzip.GzipFile(fileobj=stream)),
    ".xz": partial(_read_with, lzma.LZMAFile),
    ".bz2": partial(_read_with, bz2.BZ2File),
    ".zst": _read_zstd,
}
_PACK: dict[str, Callable[[bytes], bytes]] = {
    ".gz": lambda data: gzip.compress(data, mtime=0),  # the same bytes whenever it is written
    ".xz": lzma.compress,
    ".bz2": bz2.compress,
    ".zst": _pack_zstd,
}
SUFFIXES = tuple(_READ)


def is_packed(path: Path) -> bool:
    """Whether the name of a file says that it is packed."""
    return path.suffix.lower() in _READ


def unpack(data: bytes, path: Path) -> tuple[bytes, Path]:
    """What is in a packed file, and the name without the ending; any other file as it is.

    Raises:
        CorpusError: damaged, cut off, packed twice, or beyond a limit when unpacked.
    """
    suffix = path.suffix.lower()
    if suffix not in _READ:
        return data, path
    inner = path.with_suffix("")
    if is_packed(inner):
        raise CorpusError(f"{path}: is packed twice; unpack it once")
    found = io.BytesIO()
    try:
        for piece in _READ[suffix](data):
            found.write(piece)
            size = found.tell()
            limits.UNPACKED.check(size / limits.MB, str(path), "too large when unpacked")
            if size > _BOMB:
                limits.RATIO.check(size / len(data), str(path), "is packed too tightly")
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise CorpusError(f"{path}: damaged, or not what its name says: {reason[0]}") from None
    return found.getvalue(), inner


def pack(data: bytes, path: Path) -> bytes:
    """``data`` packed as the name of the file to be written says, or as it is."""
    suffix = path.suffix.lower()
    return _PACK[suffix](data) if suffix in _PACK else data
