"""The one writer of a warehouse: requests join a commit, and are answered when it is durable.

Uniqueness is decided here and nowhere else, so that no reader ever has to: a commit looks its
identities up among all that are stored, appends the rows that are new, and only then answers.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime

import polars as pl

from ingest.commit import Commit
from ingest.group import Group
from metering.measures.refusals import Busy, Unavailable
from sql.lease import Lease
from sql.ledger import Ledger
from sql.warehouse import Warehouse

log = logging.getLogger("invora.ingest")

ROWS = 250_000
"""Rows of one commit, at most: unless one group alone is larger."""

BUFFER = 1_000_000
"""Rows that may wait. What comes then is told to come again."""

ROOM = 256 << 20
"""Bytes that may wait."""

LINGER_MS = 2
"""How long a commit waits for others to join it, when little has come."""

NAME = "ingest"
"""What the writers of all processes hold in turn."""

RENEWAL_MS = 4_000
"""How often a lease is renewed."""

SECONDS = 60
"""How long a request waits for its answer."""


class Writer:
    """A thread that writes what is put into its buffer, commit after commit."""

    def __init__(self, warehouse: Warehouse, lease: Lease | None = None) -> None:
        self._warehouse = warehouse
        self._lease = lease
        self._commit: Commit | None = None
        self._waiting: deque[Group] = deque()
        self._rows = 0
        self._bytes = 0
        self._change = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)
        self._thread.start()

    def put(self, group: Group, *, waits: bool = False) -> "Future[pl.DataFrame]":
        """Let a group join the next commit, and return where its answer will be.

        A group that `waits` does so until there is room; it is part of a body half of which is
        written already.

        Raises: Busy `too_many_events`; Unavailable `event_writer_closed`.
        """
        with self._change:
            while waits and self._is_full(group) and not self._is_closed:
                self._change.wait()
            if self._is_closed:
                raise Unavailable("event_writer_closed", "The server is shutting down.")
            if self._is_full(group):
                raise Busy("too_many_events", "Too many events are waiting to be written.")
            self._waiting.append(group)
            self._rows += group.size
            self._bytes += group.bytes
            self._change.notify_all()
        return group.answer

    def close(self) -> None:
        """Write what waits, then end."""
        with self._change:
            self._is_closed = True
            self._change.notify_all()
        self._thread.join()
        if self._lease is not None:
            self._lease.release()

    def _is_full(self, group: Group) -> bool:
        rows, room = self._rows + group.size, self._bytes + group.bytes
        return self._rows > 0 and (rows > BUFFER or room > ROOM)

    # -- the thread

    def _run(self) -> None:
        while (groups := self._next()) is not None:
            try:
                self._write(groups)
            except Exception as failed:
                if not isinstance(failed, Unavailable):
                    log.exception("a commit failed")
                    self._forget()
                    failed = Unavailable("events_not_written", "The commit failed.")
                for group in groups:
                    if not group.answer.done():
                        group.answer.set_exception(failed)

    def _write(self, groups: list[Group]) -> None:
        """Commit groups under the lease, and answer them.

        Once the lease was lost, others may have written: all that was known is read anew.
        """
        if self._lease is not None and not self._lease.hold():
            self._commit = None
            raise Unavailable("events_written_elsewhere", "Another process writes events.")
        if not groups:
            return
        if self._commit is None:
            self._commit = Commit(self._warehouse, self._lease.fence if self._lease else 0)
        for group, outcome in zip(groups, self._commit.write(groups), strict=True):
            group.answer.set_result(outcome)

    def _forget(self) -> None:
        """Read anew what is known of the warehouse; but an open append must be settled first."""
        if self._commit is not None and not self._commit.is_open:
            self._commit = None

    def _next(self) -> list[Group] | None:
        """Wait for groups, and take as many as fit a commit. None when there will be no more."""
        with self._change:
            if not self._waiting and not self._is_closed:
                self._change.wait(RENEWAL_MS / 1000 if self._lease is not None else None)
            if self._waiting and not self._is_closed:
                self._linger()
            if not self._waiting and self._is_closed:
                return None
            taken = self._take()
            self._change.notify_all()
        return taken

    def _linger(self) -> None:
        until = time.monotonic() + LINGER_MS / 1000
        while self._rows < ROWS and (left := until - time.monotonic()) > 0:
            self._change.wait(left)

    def _take(self) -> list[Group]:
        taken: list[Group] = []
        rows = 0
        while self._waiting and (not taken or rows + self._waiting[0].size <= ROWS):
            taken.append(self._waiting.popleft())
            rows += taken[-1].size
            self._bytes -= taken[-1].bytes
        self._rows -= rows
        return taken


_writers: dict[int, Writer] = {}
_opening = threading.Lock()


def start(
    warehouse: Warehouse,
    ledger: Ledger | None = None,
    clock: Callable[[], datetime] | None = None,
) -> Writer:
    """Start the writer of a warehouse: one in a process.

    Where other processes may write to the same warehouse, it is one among all that share the
    ledger: it writes while it holds a lease there.
    """
    lease = None
    if warehouse.is_shared and ledger is not None and clock is not None:
        lease = Lease(ledger, NAME, clock)
    with _opening:
        assert id(warehouse) not in _writers, "this warehouse has its writer"
        made = _writers[id(warehouse)] = Writer(warehouse, lease)
    return made


def of(warehouse: Warehouse) -> Writer:
    """Return the writer of a warehouse. One that this process alone can write to needs no start.

    Raises: Unavailable `events_written_elsewhere`.
    """
    found = _writers.get(id(warehouse))
    if found is None:
        with _opening:
            if not warehouse.is_shared:
                found = _writers.get(id(warehouse)) or Writer(warehouse)
                _writers[id(warehouse)] = found
    if found is None:
        raise Unavailable("events_written_elsewhere", "This process does not write events.")
    return found


def stop(warehouse: Warehouse) -> None:
    """Write what waits, and let the writer end."""
    with _opening:
        found = _writers.pop(id(warehouse), None)
    if found is not None:
        found.close()
