"""What an event is, and how one is asked for."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from uuid import UUID

from msgspec import Raw, Struct

from ingest import properties as texts
from metering.measures.forms import Millis
from metering.measures.money import exact, plain
from metering.measures.refusals import Checks

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLIS = Millis(1970, 1, 1, tzinfo=UTC)

EARLIEST = int((datetime(1900, 1, 1, tzinfo=UTC) - EPOCH).total_seconds())
LATEST = int((datetime(2299, 12, 31, tzinfo=UTC) - EPOCH).total_seconds())
"""Unix seconds that every engine can hold. Milliseconds sent by mistake lie far behind."""

MOST = 10_000
"""Events that one batch may hold."""


class CorrectionKind(StrEnum):
    """How an accepted event is put right."""

    void = "void"
    """It counts no more."""
    amend = "amend"
    """Another row counts in its place."""


class EventInput(Struct, kw_only=True):
    """Something that was used. The first event of a transaction id is the one that counts."""

    transaction_id: str
    """Makes sending it again harmless: unique for its `external_subscription_id`, for ever."""
    code: str
    """Of the billable metric."""
    external_subscription_id: str = ""
    timestamp: Raw | None = None
    """Unix seconds, whole or with decimals, as number or text; when it is received, if absent."""
    properties: dict[str, Raw] = {}
    """Values keep the text that was sent; nested ones are kept as JSON text."""
    precise_total_amount_cents: Raw | None = None
    """What it costs in minor units, for dynamic charges: number or text."""

    def __post_init__(self) -> None:
        checks = Checks()
        for field in ("transaction_id", "code"):
            checks.that(getattr(self, field).strip(), **{field: "value_is_mandatory"})
        for field in ("transaction_id", "code", "external_subscription_id"):
            checks.that("\0" not in getattr(self, field), **{field: "value_is_invalid"})
        if code := instant_wrong(self.timestamp):
            checks.add("timestamp", code)
        if (amount := figures(self.precise_total_amount_cents)) is not None:
            is_exact = exact(amount) is not None
            checks.that(is_exact, precise_total_amount_cents="value_is_invalid")
        checks.done()


class Event(Struct, frozen=True, kw_only=True):
    """A usage event as it is kept."""

    id: str
    """Its identity: the same for whoever asks, as long as it is kept."""
    transaction_id: str
    customer_id: str | None
    code: str
    timestamp: Millis
    precise_total_amount_cents: Decimal | None
    properties: dict[str, str]
    subscription_id: str | None
    external_subscription_id: str
    created_at: datetime
    corrected: CorrectionKind | None = None
    """`void` if it counts no more, `amend` if it is not what was sent first."""


def figures(sent: Raw | None) -> str | None:
    """Return a number as the text that was sent; None for null, or an empty text."""
    said = "" if sent is None else texts.text(sent)
    return None if said in ("", "null") else said


def instant_wrong(sent: Raw | None) -> str | None:
    """Return the code of what is wrong with a timestamp."""
    if (said := figures(sent)) is None:
        return None
    if (seconds := exact(said)) is None:
        return "invalid_format"
    return None if EARLIEST <= seconds < LATEST else "value_is_out_of_range"


def micros(seconds: str) -> int:
    """Return Unix seconds in whole microseconds, the rest cut off.

    >>> micros("1711929599.9999999"), micros("-0.5")
    (1711929599999999, -500000)
    """
    found = exact(seconds)
    assert found is not None, seconds
    return int((found * 1_000_000).to_integral_value(ROUND_FLOOR))


def instant(sent: Raw | None, now: datetime) -> int:
    """Return a timestamp in whole microseconds; now, if none was sent."""
    seconds = figures(sent)
    return (now - EPOCH) // timedelta(microseconds=1) if seconds is None else micros(seconds)


def row(event: EventInput, now: datetime) -> tuple[object, ...]:
    """Return an event as a row of `batch.ROWS`."""
    amount = figures(event.precise_total_amount_cents)
    return (
        event.external_subscription_id,
        event.transaction_id,
        event.code,
        instant(event.timestamp, now),
        figures(event.timestamp) is not None,
        texts.stored(event.properties),
        None if amount is None else exact(amount),
    )


def identity(high: int, low: int) -> str:
    """Return an event's identity as its id."""
    return str(UUID(int=high << 64 | low))


def shown(row: tuple[object, ...], now: datetime, id: str) -> Event:
    """Return a row as it is kept."""
    subscription, transaction, code, at, _, properties, amount = row
    return kept(id, transaction, code, at, amount, properties, subscription, now)


def kept(
    id: str, transaction_id: object, code: object, at: object, amount: object,
    properties: object, subscription: object, received_at: datetime,
    corrected: object = None,
) -> Event:  # fmt: skip
    """Return an event of which these are the columns; `at` in microseconds."""
    assert isinstance(at, int)
    assert isinstance(properties, str)
    return Event(
        id=id,
        transaction_id=str(transaction_id),
        customer_id=None,
        code=str(code),
        timestamp=MILLIS + timedelta(milliseconds=at // 1000),
        precise_total_amount_cents=plain(amount) if isinstance(amount, Decimal) else None,
        properties=texts.shown(properties),
        subscription_id=None,
        external_subscription_id=str(subscription),
        created_at=received_at,
        corrected=CorrectionKind(corrected) if isinstance(corrected, str) else None,
    )
