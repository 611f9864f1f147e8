"""What may be asked about events, and what many of them are answered with."""

from datetime import datetime

from msgspec import Raw, Struct

from ingest.event import instant_wrong
from ingest.verdicts import VerdictKind
from metering.measures.refusals import Checks, Invalid
from metering.measures.shapes import PageQuery, Query, Reply

LONGEST_SOURCE = 1_000
"""Characters of the name of a source."""


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
    """`field:code`."""
    code: str | None = None
    external_subscription_id: str | None = None
    received_from: datetime | None = None
    """The earliest reception, itself inside."""
    received_to: datetime | None = None
    """The latest reception, itself inside."""
    replayed: bool = False
    """Those that were replayed since, in place of those that still wait."""


class CorrectionQuery(PageQuery, kw_only=True):
    """Which corrections."""

    external_subscription_id: str | None = None
    transaction_id: str | None = None


class RejectedEventFilter(Struct, frozen=True, kw_only=True):
    """Which rejected rows are replayed: all that wait and fit what is said."""

    reason: str | None = None
    code: str | None = None
    external_subscription_id: str | None = None
    received_from: datetime | None = None
    received_to: datetime | None = None


class EventMending(Struct, frozen=True, kw_only=True):
    """What takes the place of what was sent; what is absent stays as it was."""

    transaction_id: str | None = None
    code: str | None = None
    external_subscription_id: str | None = None
    timestamp: Raw | None = None
    properties: dict[str, Raw] | None = None
    precise_total_amount_cents: Raw | None = None


class BulkQuery(Query, kw_only=True):
    """How a body of many events is read, and what is told of it."""

    verdicts: str | None = None
    """`all` for every row; else those that were not accepted."""
    columns: dict[str, str] = {}
    """Of a table: which column holds a field of an event, `columns[transaction_id]=Order`. A column
    that is not named holds the field of its own name."""
    source: str | None = None
    """Where the body comes from: with `position`, so that whoever reads it can go on from there."""
    position: int | None = None
    """How far the source is read with this body. Kept once every row of it was answered."""

    def __post_init__(self) -> None:
        checks = Checks()
        checks.that(self.source or self.position is None, source="value_is_mandatory")
        checks.that(self.position is not None or not self.source, position="value_is_mandatory")
        checks.that((self.position or 0) >= 0, position="value_is_out_of_range")
        checks.that(len(self.source or "") <= LONGEST_SOURCE, source="value_is_too_long")
        checks.done()


class SourcePosition(Struct, frozen=True, kw_only=True):
    """How far a source was read."""

    source: str
    position: int
    """What lies before it was answered, row by row. It means what the sender means by it."""
    received: int
    """How many rows that was."""


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
    unlisted: int
    """Verdicts beyond the 100,000 that are listed at most."""


class RejectedEvent(Struct, frozen=True, kw_only=True):
    """A row that could not be an event, as it was sent."""

    id: str
    received_at: datetime
    reason: str
    transaction_id: str | None
    external_subscription_id: str | None
    code: str | None
    content: str
    replayed_at: datetime | None


class ReplayVerdict(Struct, frozen=True):
    """What became of one rejected row that was sent again."""

    id: str
    verdict: VerdictKind
    is_same: bool | None
    """Of a duplicate: whether it equals the event that counts."""
    reason: str | None
    """Of a row that is rejected again: its first wrong field, and the code."""


class EventReplays(Reply, kw_only=True):
    """What became of rejected rows that were sent again."""

    replayed: int
    accepted: int
    duplicates: int
    rejected: int
    verdicts: list[ReplayVerdict]
    """The first thousand that were not accepted."""


class SampleEvent(Struct, kw_only=True):
    """An event that an expression is tried on."""

    code: str = ""
    timestamp: Raw | None = None
    """Unix seconds, whole or with decimals; now, if absent."""
    properties: dict[str, Raw] = {}

    def __post_init__(self) -> None:
        wrong = instant_wrong(self.timestamp) or "\0" in self.code
        if wrong:
            raise Invalid(event="invalid_event")


class ExpressionResult(Struct, frozen=True, kw_only=True):
    """What an expression is worth."""

    value: str
    """A number without spare zeros, or a text: what a property would become."""


class ExpressionEvaluation(Reply, kw_only=True):
    """An expression, evaluated on a sample."""

    expression_result: ExpressionResult
