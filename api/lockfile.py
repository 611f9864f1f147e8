"""Who owns a data folder: the file `invora.lock` in it, locked for as long as its owner lives."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct

NAME = "invora.lock"


class Owner(Struct, frozen=True, kw_only=True):
    """The process that owns a data folder."""

    pid: int
    url: str
    """Where it serves REST; empty if it does not serve."""


class Owned(Exception):
    """Another process owns the data folder."""

    def __init__(self, data: Path, owner: Owner) -> None:
        where = f", which serves {owner.url}" if owner.url else ""
        super().__init__(
            f"{data} is in use by process {owner.pid}{where}. "
            "One process owns the embedded stores: stop it, or give another INVORA_DATA."
        )
        self.owner = owner


@contextmanager
def owned(data: Path) -> Iterator[Callable[[str], None]]:
    """Own a data folder for the length of a block. Yields the function that says where it serves.

    The kernel holds the lock and lets go of it when the process ends, however that comes about: a
    file that a dead process has left behind locks nobody out.

    Raises: Owned, by another process.
    """
    with open(data / NAME, "a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Owned(data, _read(file.name)) from None
        announce = partial(_write, file.fileno())
        announce("")
        try:
            yield announce
        finally:
            os.truncate(file.name, 0)


def owner(data: Path) -> Owner | None:
    """Return the process that owns a data folder now, if there is one."""
    if not (data / NAME).exists():
        return None
    with open(data / NAME, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read(file.name)
    return None


def _write(handle: int, url: str) -> None:
    os.ftruncate(handle, 0)
    os.write(handle, msgspec.json.encode(Owner(pid=os.getpid(), url=url)))
    os.fsync(handle)


def _read(name: str) -> Owner:
    try:
        return msgspec.json.decode(Path(name).read_bytes(), type=Owner)
    except msgspec.DecodeError:  # it has the lock, and is about to say who it is
        return Owner(pid=0, url="")
