"""What every format does: chunks of bytes in, frames of texts out, a bounded part at a time."""

import io
from collections.abc import Iterator
from typing import ClassVar

import polars as pl
import pyarrow as pa

from metering.measures.refusals import Malformed, TooLarge
from metering.measures.shapes import Upload

BLOCK = 16 << 20
"""Bytes that are read at once, unpacked."""

LONGEST = 64 << 20
"""Bytes that one event may take with all that belongs to it."""

PACKED = {"gzip": "gzip", "x-gzip": "gzip", "zstd": "zstd"}
"""Content-Encodings, in the words of pyarrow."""


class Format:
    """A way to write events down. Members are one file each, found by their Content-Types."""

    types: ClassVar[tuple[str, ...]]
    """The Content-Types that say it."""

    def read(self, body: Upload) -> Iterator[pl.DataFrame]:
        """Yield frames of `batch.SENT`, in the order of the body.

        A row that cannot be read has a reason, and stops no other.

        Raises: Malformed when what follows cannot be read as rows at all.
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


def opened(body: Upload) -> io.BufferedReader | pa.NativeFile:
    """Return a body as a file, unpacked.

    Raises: Malformed for a Content-Encoding that is not known.
    """
    file = io.BufferedReader(Body(body), BLOCK)
    encoding = body.encoding.strip().lower()
    if encoding in ("", "identity"):
        return file
    if encoding not in PACKED:
        known = ", ".join(PACKED)
        raise Malformed(f"BadRequest: the Content-Encoding of events is one of {known}")
    return pa.CompressedInputStream(pa.PythonFile(file, "r"), PACKED[encoding])


def blocks(body: Upload) -> Iterator[bytes]:
    """Yield a body in blocks, unpacked.

    Raises: Malformed for a body that cannot be unpacked.
    """
    file = opened(body)
    try:
        while block := file.read(BLOCK):
            yield block
    except (pa.ArrowException, OSError) as error:
        raise Malformed(f"BadRequest: the body cannot be unpacked: {error}") from None


def pieces(body: Upload, end: bytes) -> Iterator[bytes]:
    """Yield a body in pieces that end with `end`, but for the last.

    Raises: Malformed; TooLarge when `end` is too far away.
    """
    rest: list[bytes] = []
    size = 0
    for block in blocks(body):
        place = block.rfind(end) + len(end)
        if place < len(end):
            rest.append(block)
            size += len(block)
            if size > LONGEST:
                raise TooLarge(f"BadRequest: an event is larger than {LONGEST >> 20} MB")
            continue
        yield b"".join([*rest, block[:place]])
        rest, size = [block[place:]], len(block) - place
    if last := b"".join(rest):
        yield last
