"""Files of events: what a file is known by, and how it is read in parts from any place on."""

import hashlib
import io
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
from msgspec import Struct

from ingest import formats
from ingest.formats.model import Part, unpack
from ingest.limits import Limits
from metering.measures.refusals import Malformed

PACKED = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
"""The ends of the names of packed files, and what they are packed with."""

ENDS = 1 << 16
"""Bytes at either end of a file that it is known by."""

PREFIX = "file/"
"""How the sources begin that are files."""


class EventFile(Struct, frozen=True, kw_only=True):
    """A file of events, as it was when it was found."""

    path: Path
    size: int
    source: str
    """What its positions are kept under. Another once any of it is changed: then all is read."""


def found(path: Path, columns: Mapping[str, str]) -> EventFile:
    """Return a file as it is now, to be read with these columns.

    Raises: Malformed, when its name does not say how it is written; OSError.
    """
    formats.of_file(plain(path))
    state = path.stat()
    known = hashlib.sha256()
    for said in (str(path.absolute()), str(state.st_size), str(state.st_mtime_ns)):
        known.update(f"{said}\n".encode(errors="surrogateescape"))
    known.update(repr(sorted(columns.items())).encode())
    with path.open("rb") as file:
        known.update(file.read(ENDS))
        file.seek(max(state.st_size - ENDS, 0))
        known.update(file.read(ENDS))
    source = f"{PREFIX}{shown(path)}/{known.hexdigest()[:32]}"
    return EventFile(path=path, size=state.st_size, source=source)


def shown(path: Path) -> str:
    """Return the name of a file as text; file systems also keep names that are none."""
    return path.name.encode(errors="surrogateescape").decode(errors="replace")


def plain(path: Path) -> str:
    """Return the name of a file without that of its packing."""
    name = shown(path)
    packing = next((end for end in PACKED if name.lower().endswith(end)), "")
    return name[: len(name) - len(packing)]


def is_known(path: Path) -> bool:
    """Whether the name of a file says how it is written."""
    try:
        formats.of_file(plain(path))
    except Malformed:
        return False
    return True


def parts(file: EventFile, start: int, limits: Limits) -> Iterator[tuple[Part, int]]:
    """Yield whole rows of a file from a place on, and how many of its bytes were read by then.

    What lies before is passed over: it is not read, or, if the file is packed, not looked at.

    Raises: Malformed; TooLarge; OSError.
    """
    form = formats.of_file(plain(file.path))
    end = "." + shown(file.path).rpartition(".")[2].lower()
    with file.path.open("rb", buffering=0) as raw:
        opened = io.BufferedReader(Unpacked(raw, PACKED[end]) if end in PACKED else raw, 1 << 20)
        try:
            for part in form.parts(opened, start, limits):
                yield part, min(os.lseek(raw.fileno(), 0, os.SEEK_CUR), file.size)
        except (pa.ArrowException, OSError) as error:
            raise Malformed(f"BadRequest: the file cannot be read: {error}") from None


class Unpacked(io.RawIOBase):
    """A packed file as it was before. To go back, it is unpacked again from its start."""

    def __init__(self, raw: io.RawIOBase, encoding: str) -> None:
        self._raw, self._encoding = raw, encoding
        self._open()

    def _open(self) -> None:
        self._raw.seek(0)
        self._file = unpack(io.BufferedReader(self._raw, 1 << 20), self._encoding)
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is, at a price."""
        return True

    def tell(self) -> int:
        """Return the place in what is unpacked."""
        return self._at

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place.

        Raises: OSError, when it is told from the end, which is not known.
        """
        if whence == os.SEEK_END:
            raise OSError("a packed file is read from its start; unpack it first")
        wanted = place + (self._at if whence == os.SEEK_CUR else 0)
        if wanted < self._at:
            self._open()
        while self._at < wanted and self.read(min(wanted - self._at, 1 << 20)):
            pass
        return self._at

    def readinto(self, room: memoryview) -> int:  # type: ignore[override]
        """Fill `room`."""
        found = self._file.read(len(room))
        room[: len(found)] = found
        self._at += len(found)
        return len(found)
