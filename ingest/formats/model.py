"""What every format does: chunks of bytes in, frames of texts out, a bounded part at a time."""

import io
from collections.abc import Iterator, Mapping
from typing import ClassVar, NoReturn

import polars as pl
import pyarrow as pa
from msgspec import Struct

from ingest.limits import Limits
from metering.measures.refusals import Malformed, TooLarge
from metering.measures.shapes import Upload

BLOCK = 4 << 20
"""Bytes that are read at once, unpacked."""

PART = 8 << 20
"""Bytes of a file that are sent at once."""

BOM = b"\xef\xbb\xbf"
"""What some programs write before UTF-8. It says nothing."""

PACKED = {"gzip": "gzip", "x-gzip": "gzip", "zstd": "zstd"}
"""Content-Encodings, in the words of pyarrow."""


class Reading(Struct, frozen=True, kw_only=True):
    """How a body is to be read."""

    columns: Mapping[str, str] = {}
    """What the columns of tables are called that hold the fields of an event, by the field."""
    limits: Limits = Limits()


class Part(Struct, frozen=True, kw_only=True):
    """Whole rows of a file: a body of their own."""

    content_type: str
    data: bytes
    end: int
    """Where the file goes on behind them."""


class Format:
    """A way to write events down. Members are one file each, found by their Content-Types."""

    types: ClassVar[tuple[str, ...]]
    """The Content-Types that say it."""
    suffixes: ClassVar[tuple[str, ...]] = ()
    """The ends of the names of files that are written so."""

    def read(self, body: Upload, how: Reading) -> Iterator[pl.DataFrame]:
        """Yield frames of `batch.SENT`, in the order of the body.

        A row that cannot be read has a reason, and stops no other.

        Raises: Malformed when what follows cannot be read as rows at all; TooLarge.
        """
        raise NotImplementedError

    def parts(self, file: io.BufferedIOBase, start: int, limits: Limits) -> Iterator[Part]:
        """Cut a file into bodies, from a place on that was the end of one.

        Places are bytes of the unpacked text, or rows: no two parts of a file end at one place.

        Raises: Malformed; TooLarge.
        """
        raise NotImplementedError


class Body(io.RawIOBase):
    """A body as a file that is read once, front to back."""

    def __init__(self, body: Upload) -> None:
        self._chunks = iter(body.chunks)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """It is, and nothing else."""
        return True

    def readinto(self, room: memoryview) -> int:  # type: ignore[override]
        """Fill `room` as far as one chunk goes."""
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        size = min(len(room), len(self._rest))
        room[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


class Measured(io.RawIOBase):
    """A file that refuses to be longer than it may be."""

    def __init__(self, file: io.BufferedReader | pa.NativeFile, limit: int) -> None:
        self._file = file
        self._limit = self._left = limit

    def readable(self) -> bool:
        """It is, and nothing else."""
        return True

    def readinto(self, room: memoryview) -> int:  # type: ignore[override]
        """Fill `room`.

        Raises: Malformed for what cannot be unpacked; TooLarge.
        """
        try:
            found = self._file.read(len(room))
        except (pa.ArrowException, OSError) as error:
            raise Malformed(f"BadRequest: the body cannot be unpacked: {error}") from None
        self._left -= len(found)
        if self._left < 0:
            raise TooLarge(f"BadRequest: the body has more than {self._limit} bytes, unpacked")
        room[: len(found)] = found
        return len(found)


def opened(body: Upload, limits: Limits) -> io.BufferedReader:
    """Return a body as a file, unpacked.

    Raises: Malformed for a Content-Encoding that is not known.
    """
    file = io.BufferedReader(Body(body), BLOCK)
    encoding = body.encoding.strip().lower()
    if encoding not in ("", "identity", *PACKED):
        known = ", ".join(PACKED)
        raise Malformed(f"BadRequest: the Content-Encoding of events is one of {known}")
    unpacked = unpack(file, encoding) if encoding in PACKED else file
    return io.BufferedReader(Measured(unpacked, limits.body), 1 << 20)


def unpack(file: io.BufferedIOBase, encoding: str) -> pa.NativeFile:
    """Return a file that was packed as it was before, read once and front to back."""
    return pa.CompressedInputStream(pa.PythonFile(file, "r"), PACKED[encoding])


def blocks(file: io.BufferedIOBase, size: int | None = None) -> Iterator[bytes]:
    """Yield a file in blocks."""
    while block := file.read(BLOCK if size is None else size):
        yield block


def pieces(file: io.BufferedIOBase, end: bytes, longest: int, size: int = 0) -> Iterator[bytes]:
    """Yield a file in pieces that end with `end`, but for the last.

    Raises: TooLarge when `end` is too far away.
    """
    rest: list[bytes] = []
    waiting = 0
    for block in blocks(file, size or None):
        place = block.rfind(end) + len(end)
        if place < len(end):
            rest.append(block)
            waiting += len(block)
            if waiting > longest:
                too_long(longest)
            continue
        yield b"".join([*rest, block[:place]])
        rest, waiting = [block[place:]], len(block) - place
    if last := b"".join(rest):
        yield last


def too_long(longest: int) -> NoReturn:
    """Raises: TooLarge, since an event is longer than it may be."""
    raise TooLarge(f"BadRequest: an event is larger than {longest} bytes")
