"""What is done with the outbox after the commit: each topic has one who sees to it."""

import logging
import time
from collections.abc import Callable
from datetime import datetime

from analytics import facts
from metering.measures import ids
from sql.ledger import Ledger
from sql.outbox import Entry, claim, done, is_claimed, postpone
from sql.work import Shift

log = logging.getLogger("invora.outbox")

BATCH = 1_000
"""Rows claimed at once."""

PATIENCE_SECONDS = 30.0
"""How long a drain waits for another that is at the same rows."""

Handler = Callable[[Shift, list[Entry]], None]
"""`handle(shift, entries)`: sees to rows of one topic, in order, in units of work of its own.

It may be given a row again after a crash, and must not mind. If it raises, all of them come again.
"""


def unheard(shift: Shift, entries: list[Entry]) -> None:
    """See to notices: there is no endpoint that could listen, so nobody is left to be told."""


def copied(shift: Shift, entries: list[Entry]) -> None:
    """See to facts: invoices are copied into the warehouse, with their fees."""
    with shift.look() as work:
        facts.copy(work, [entry.subject_id for entry in entries])


HANDLERS: dict[str, Handler] = {"notice": unheard, "fact": copied}
"""Who sees to which topic. Rows of a topic that nobody sees to stay where they are."""


def drain(ledger: Ledger, shift: Shift, clock: Callable[[], datetime]) -> None:
    """See to all rows that an organization's outbox holds now, and to those that this brings.

    Returns when they are done or put off after a failure, also those that another drain has
    claimed: whoever waits for a response may rely on it. Claims go by the real `clock`.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if any(_step(ledger, shift, clock, topic) for topic in list(HANDLERS)):
            continue
        with ledger.snapshot(shift.organization) as rows:
            if not is_claimed(rows, list(HANDLERS), clock()):
                return
        time.sleep(0.01)


def _step(ledger: Ledger, shift: Shift, clock: Callable[[], datetime], topic: str) -> bool:
    """Claim and see to some rows of one topic; False if there were none to claim."""
    owner = ids.new()
    with ledger.transaction(shift.organization) as rows:
        entries = claim(rows, topic, owner, clock(), BATCH)
    if not entries:
        return False
    try:
        HANDLERS[topic](shift, entries)
    except Exception:
        log.exception("%d rows of topic %s were put off", len(entries), topic)
        with ledger.transaction(shift.organization) as rows:
            postpone(rows, entries, owner, clock())
        return False
    with ledger.transaction(shift.organization) as rows:
        done(rows, entries, owner)
    return True
