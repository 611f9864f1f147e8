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

LENGTH_S = 12
"""How long a lease lasts that is not renewed."""

MARGIN_S = 6
"""How much of it is left when its owner stops: more than the clocks of two machines differ."""

RENEWAL_S = 3
"""How old it is when it is renewed."""

PAUSE_S = 0.5
"""How long who was refused waits before it asks again."""


class Held(Struct, frozen=True, kw_only=True):
    """Who has a lease, as the ledger says."""

    id: str
    name: str
    owner: str
    url: str
    fence: int
    until: datetime


class Lease:
    """The wish to hold a name. Each time it changes hands its fence is higher.

    The ledger's instants are the owner's clock; an owner measures what is left with a stopwatch.
    `url` is where others reach whoever holds it.
    """

    def __init__(
        self, ledger: Ledger, name: str, clock: Callable[[], datetime], url: str = ""
    ) -> None:
        self.fence = 0
        self.holder = ""
        """Where the holder is reached, if another one holds it."""
        self._ledger = ledger
        self._name = name
        self._clock = clock
        self._url = url
        self._owner = ids.new()
        self._taken_at: float | None = None
        self._refused_at = -PAUSE_S

    @property
    def is_ours(self) -> bool:
        """Whether it surely is, for `MARGIN_S` at least."""
        return self._age() < LENGTH_S - MARGIN_S

    def hold(self) -> bool:
        """Take or renew the lease, and say whether it is ours."""
        if self._age() > RENEWAL_S and time.monotonic() - self._refused_at > PAUSE_S:
            begun = time.monotonic()
            try:
                if self._take():
                    self._taken_at = begun
                else:
                    self._taken_at, self._refused_at = None, begun
            except Exception:
                log.exception("the lease %s could not be renewed", self._name)
        return self.is_ours

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
            owner, url = self._owner, self._url
            if not rows.change(leases, name, over, fence=fence, owner=owner, url=url, until=until):
                mine = Held(
                    id=ids.new(), name=self._name, fence=1, owner=owner, url=url, until=until
                )
                rows.add(leases, mine)
            found = rows.find(leases, Held, name=self._name)
        if found is None or found.owner != self._owner:
            self.holder = found.url if found is not None else ""
            return False
        self.fence = found.fence
        return True

    def _mine(self) -> tuple[ColumnElement[bool], ...]:
        return (
            leases.c.name == self._name,
            leases.c.owner == self._owner,
            leases.c.fence == self.fence,
        )
