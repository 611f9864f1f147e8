"""What may be asked about events, and what many of them are answered with."""

from datetime import datetime

from msgspec import Struct

from ingest.verdicts import VerdictKind
from metering.measures.shapes import PageQuery, Query, Reply


class EventQuery(PageQuery, kw_only=True):
    """Which events."""

    external_subscription_id: str | None = None
    code: str | None = None
    timestamp_from: datetime | None = None
    """The earliest, itself inside."""
    timestamp_to: datetime | None = None
    """The latest, itself inside."""


class RejectedEventQuery(PageQuery, kw_only=True):
    """Which rejected rows."""

    reason: str | None = None


class VerdictQuery(Query, kw_only=True):
    """Which verdicts are listed."""

    verdicts: str | None = None
    """`all` for every row; else those that were not accepted."""


class Verdict(Struct, frozen=True):
    """What became of one row of a body."""

    row: int
    """Its place, from 0."""
    transaction_id: str
    external_subscription_id: str
    verdict: VerdictKind
    is_same: bool | None
    """Of a duplicate: whether it equals the event that counts."""
    reason: str | None
    """Of a rejected row: its first wrong field, and the code."""


class EventVerdicts(Reply, kw_only=True):
    """What became of many events."""

    received: int
    accepted: int
    duplicates: int
    rejected: int
    verdicts: list[Verdict]


class RejectedEvent(Struct, frozen=True, kw_only=True):
    """A row that could not be an event, as it was sent."""

    received_at: datetime
    reason: str
    content: str
