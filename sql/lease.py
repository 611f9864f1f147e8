"""A lease: what one process at a time may do, for a while, among all that share a ledger."""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import ColumnElement

from metering.measures import ids
from sql.ledger import Ledger, leases

log = logging.getLogger("invora.lease")

NOBODY = ""
"""Leases belong to no organization."""

LENGTH_S = 20
"""How long a lease lasts that is not renewed."""

MARGIN_S = 10
"""How much of it is left when its owner stops: more than what is begun under it can take."""

RENEWAL_S = 4
"""How old it is when it is renewed."""


class Held(Struct, frozen=True, kw_only=True):
    """Who has a lease, as the ledger says."""

    id: str
    name: str
    owner: str
    fence: int
    until: datetime


class Lease:
    """The wish to hold a name. Each time it changes hands its fence is higher.

    The ledger's instants are the owner's clock; an owner measures what is left with a stopwatch.
    """

    def __init__(self, ledger: Ledger, name: str, clock: Callable[[], datetime]) -> None:
        self.fence = 0
        self._ledger = ledger
        self._name = name
        self._clock = clock
        self._owner = ids.new()
        self._taken_at: float | None = None

    def hold(self) -> bool:
        """Take or renew the lease, and say whether it is ours for `MARGIN_S` at least."""
        if self._age() > RENEWAL_S:
            begun = time.monotonic()
            try:
                if self._take():
                    self._taken_at = begun
            except Exception:
                log.exception("the lease %s could not be renewed", self._name)
        return self._age() < LENGTH_S - MARGIN_S

    def release(self) -> None:
        """Let another take it at once."""
        if self._age() < LENGTH_S:
            with self._ledger.transaction(NOBODY) as rows:
                rows.change(leases, *self._mine(), until=self._clock())
        self._taken_at = None

    def _age(self) -> float:
        return LENGTH_S if self._taken_at is None else time.monotonic() - self._taken_at

    def _take(self) -> bool:
        now = self._clock()
        until = now + timedelta(seconds=LENGTH_S)
        with self._ledger.transaction(NOBODY) as rows:
            if self.fence and rows.change(leases, *self._mine(), until=until):
                return True
            name, over = leases.c.name == self._name, leases.c.until <= now
            fence = leases.c.fence + 1
            if not rows.change(leases, name, over, owner=self._owner, fence=fence, until=until):
                fresh = Held(id=ids.new(), name=self._name, owner=self._owner, fence=1, until=until)
                rows.add(leases, fresh)
            found = rows.find(leases, Held, name=self._name)
        if found is None or found.owner != self._owner:
            return False
        self.fence = found.fence
        return True

    def _mine(self) -> tuple[ColumnElement[bool], ...]:
        return (
            leases.c.name == self._name,
            leases.c.owner == self._owner,
            leases.c.fence == self.fence,
        )
