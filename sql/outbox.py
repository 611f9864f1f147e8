"""The outbox's rows, claimed and done with: at least once, and in order within a topic."""

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, func, or_, select, update

from sql.ledger import Rows, outbox

LEASE = timedelta(minutes=5)
"""How long a claim stands if whoever made it is never heard of again."""

PATIENCE = timedelta(hours=1)
"""The longest that a row waits between two attempts."""


class Entry(Struct, frozen=True, kw_only=True):
    """One row of the outbox."""

    sequence: int
    topic: str
    name: str
    subject_id: str
    created_at: datetime
    payload: Any
    attempts: int


def claim(rows: Rows, topic: str, owner: str, now: datetime, limit: int) -> list[Entry]:
    """Claim the oldest rows of a topic, unless somebody is at it, or it waits to try again.

    One statement both asks and claims. The lock makes claims of one topic wait for each other, so
    that later rows never overtake earlier ones.
    """
    rows.lock(f"outbox:{topic}")
    mine = (outbox.c.organization_id == rows.organization, outbox.c.topic == topic)
    busy = select(outbox.c.sequence).where(*mine, outbox.c.leased_until > now)
    oldest = select(outbox.c.sequence).where(*mine).order_by(outbox.c.sequence).limit(limit)
    columns = [outbox.c[name] for name in Entry.__struct_fields__]
    asked = (
        update(outbox)
        .where(outbox.c.sequence.in_(oldest.scalar_subquery()), ~busy.exists())
        .values(owner=owner, leased_until=now + LEASE, attempts=outbox.c.attempts + 1)
        .returning(*columns)
    )
    found = sorted(rows.execute(asked).all())
    return [Entry(**dict(zip(Entry.__struct_fields__, row, strict=True))) for row in found]


def done(rows: Rows, entries: list[Entry], owner: str) -> None:
    """Remove rows that were seen to, if their claim still stands."""
    rows.remove(outbox, *_these(entries, owner))


def postpone(rows: Rows, entries: list[Entry], owner: str, now: datetime) -> None:
    """Give rows back, to be tried again later and later: after 2, 4, 8 … seconds, up to an hour."""
    attempts = max(entry.attempts for entry in entries)
    wait = min(timedelta(seconds=2 ** min(attempts, 20)), PATIENCE)
    rows.change(outbox, *_these(entries, owner), owner=None, leased_until=now + wait)


def is_claimed(rows: Rows, topics: list[str], now: datetime) -> bool:
    """Whether somebody is at the rows of a topic right now."""
    mine = (outbox.c.topic.in_(topics), outbox.c.owner.is_not(None), outbox.c.leased_until > now)
    return rows.count(outbox, *mine) > 0


def waiting(rows: Rows, topics: list[str], now: datetime) -> list[str]:
    """Return the organizations that have rows to claim, whosever rows are asked."""
    asked = (
        select(outbox.c.organization_id, func.min(outbox.c.sequence))
        .where(
            outbox.c.topic.in_(topics),
            or_(outbox.c.leased_until.is_(None), outbox.c.leased_until <= now),
        )
        .group_by(outbox.c.organization_id)
        .order_by(func.min(outbox.c.sequence))
    )
    return [organization for organization, _ in rows.execute(asked)]


def _these(entries: list[Entry], owner: str) -> tuple[ColumnElement[bool], ...]:
    """The rows of one claim, found by their place in the ledger."""
    first, last = entries[0].sequence, entries[-1].sequence
    return outbox.c.sequence.between(first, last), outbox.c.owner == owner
