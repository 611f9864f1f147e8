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

from ingest import limits, peers
from ingest.commit import Commit
from ingest.group import Group
from metering.measures.refusals import Busy, Refusal, Unavailable
from sql.lease import Lease
from sql.ledger import Ledger
from sql.warehouse import Warehouse

log = logging.getLogger("invora.ingest")

ROWS = 250_000
"""Rows of one commit, at most: unless one group alone is larger."""

BUFFER = 1_000_000
"""Rows that may wait. What comes then is told to come again."""

LINGER_MS = 2
"""How long a commit waits for others to join it, when little has come."""

COMPANY_MS = 10
"""How long it waits for as many requests as the last commit answered: they are likely to be back.

A commit costs as much for one event as for a hundred.
"""

NAME = "ingest"
"""What the writers of all processes hold in turn."""

RENEWAL_MS = 2_000
"""How often a lease is asked for, if nothing comes in."""

PATIENCE_S = 3
"""How long events wait for a process that writes, when there is none."""

PAUSE_MS = 100
"""How long they wait before the next try."""

SECONDS = 60
"""How long a request waits for its answer."""


class Writer:
    """A thread that writes what is put into its buffer, commit after commit."""

    def __init__(
        self, warehouse: Warehouse, lease: Lease | None = None, secret: bytes = b""
    ) -> None:
        self._warehouse = warehouse
        self._lease = lease
        self._secret = secret
        self._commit: Commit | None = None
        self._fence = 0
        self._waiting: deque[Group] = deque()
        self._rows = 0
        self._bytes = 0
        self._answered = 0
        """How many groups the last commit took."""
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

    @property
    def is_writing(self) -> bool:
        """Whether this process writes, and not another."""
        return self._lease is None or self._lease.is_ours

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
        return self._rows > 0 and (rows > BUFFER or room > limits.of(self._warehouse).buffer)

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
        """Commit groups and answer them, or hand them to the process that may."""
        until = time.monotonic() + PATIENCE_S
        while self._lease is not None and not self._lease.hold():
            self._commit = None
            if not groups or self._hand(groups):
                return
            if time.monotonic() > until:
                raise Unavailable("events_written_elsewhere", "No process writes events now.")
            time.sleep(PAUSE_MS / 1000)
        if groups:
            for group, outcome in zip(groups, self._current().write(groups), strict=True):
                group.answer.set_result(outcome)

    def _current(self) -> Commit:
        """Return what is known of the warehouse, read anew if others may have written to it."""
        lease, fence = self._lease, self._lease.fence if self._lease is not None else 0
        if self._commit is None or fence != self._fence:
            self._fence = fence
            self._commit = Commit(
                self._warehouse,
                is_alone=lambda: lease is None or (lease.is_ours and lease.fence == fence),
                is_busy=lambda: bool(self._waiting),
            )
        return self._commit

    def _hand(self, groups: list[Group]) -> bool:
        """Hand groups to the process that writes; False if it was not to be had.

        What was handed over once goes no further: two processes may each believe the other writes.
        """
        assert self._lease is not None
        own = [group for group in groups if not group.is_handed]
        for group in groups:
            if group.is_handed:
                said = "This process does not write events any more."
                group.answer.set_exception(Unavailable("events_written_elsewhere", said))
        groups[:] = own
        if not own:
            return True
        if not self._lease.holder:
            return False
        try:
            peers.hand(self._lease.holder, self._secret, own)
        except peers.Unreachable as away:
            log.info("events were not handed over: %s", away)
            return False
        return True

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
        begun = time.monotonic()
        while self._rows < ROWS:
            is_company = len(self._waiting) >= self._answered
            wait_ms = LINGER_MS if is_company else COMPANY_MS
            if (left := begun + wait_ms / 1000 - time.monotonic()) <= 0:
                return
            if self._answered > 1 and is_company:
                return
            self._change.wait(left)

    def _take(self) -> list[Group]:
        taken: list[Group] = []
        rows = 0
        while self._waiting and (not taken or rows + self._waiting[0].size <= ROWS):
            taken.append(self._waiting.popleft())
            rows += taken[-1].size
            self._bytes -= taken[-1].bytes
        self._rows -= rows
        self._answered = len(taken)
        return taken


_writers: dict[int, Writer] = {}
_opening = threading.Lock()


def start(
    warehouse: Warehouse,
    ledger: Ledger | None = None,
    clock: Callable[[], datetime] | None = None,
    *,
    url: str = "",
    secret: bytes = b"",
) -> Writer:
    """Start the writer of a warehouse: one in a process.

    Where other processes may write to the same warehouse, one of all that share the ledger does:
    the holder of a lease there. The others hand it their events at its `url`, with a key made of
    the `secret` that they share.
    """
    lease = None
    if warehouse.is_shared and ledger is not None and clock is not None:
        lease = Lease(ledger, NAME, clock, url)
    with _opening:
        assert id(warehouse) not in _writers, "this warehouse has its writer"
        made = _writers[id(warehouse)] = Writer(warehouse, lease, secret)
    return made


def take(warehouse: Warehouse, body: bytes) -> bytes | None:
    """Write what another process hands over, and return what it is told; None if not here.

    Raises: Unavailable `events_written_elsewhere`.
    """
    made = of(warehouse)
    if not made.is_writing:
        return None
    answers = []
    for group in peers.groups_of(body):
        try:
            answers.append(made.put(group))
        except Refusal as refused:
            group.answer.set_exception(refused)
            answers.append(group.answer)
    return peers.told(answers, peers.SECONDS)


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
