"""What can be asked about events."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from ingest.event import EPOCH, Event, identity, kept
from ingest.keys import KNOWN
from ingest.requests import EventQuery
from metering.measures.refusals import Invalid, Missing
from metering.measures.shapes import Page
from sql.duck import identities
from sql.work import Shift, Work

MICRO = timedelta(microseconds=1)

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2299, 12, 31, tzinfo=UTC)
"""What no event is before, or after."""


def find(work: Work, transaction_id: str, external_subscription_id: str | None = None) -> Event:
    """Return one event. Where several subscriptions have one of this id, it is the newest.

    Raises: Missing `event_not_found`.
    """
    (event,) = shown(newest(work, transaction_id, external_subscription_id))
    return event


def newest(
    work: Work | Shift, transaction_id: str, external_subscription_id: str | None
) -> pl.DataFrame:
    """Return the row of an event that counts, or did until it was voided.

    Raises: Missing `event_not_found`.
    """
    streams = work.warehouse.query("events/streams", organization=work.organization)
    if external_subscription_id is not None:
        streams = streams.filter(external_subscription_id=external_subscription_id)
    transactions = pl.repeat(transaction_id, len(streams), dtype=pl.String, eager=True)
    keys = identities(streams["stream"], transactions)
    asked = {"asked": keys.select("key_low")}
    known = work.warehouse.query("ingest/known", frames=asked) if len(keys) else KNOWN.to_frame()
    known = known.join(keys, on=["key_high", "key_low"], how="semi").sort("sequence").tail(1)
    if known.is_empty():
        raise Missing("event", transaction_id)
    found = known.select("stream", "code", "at", "sequence")
    content = work.warehouse.query("ingest/content", frames={"found": found})
    whole = known.join(content, on="sequence").join(streams, on="stream")
    kinds = work.warehouse.query("ingest/corrections_of", frames={"found": found})["kind"]
    corrected = max(kinds, default=None)  # a void is said rather than the amendment before it
    return whole.with_columns(
        transaction_id=pl.lit(transaction_id), corrected=pl.lit(corrected, pl.String)
    )


def browse(work: Work, query: EventQuery) -> Page[Event]:
    """List events, the latest first by their timestamp.

    Raises: Invalid `cursor: value_is_invalid`.
    """
    asked: dict[str, Any] = {
        "organization": work.organization,
        "any_subscription": query.external_subscription_id is None,
        "subscription": query.external_subscription_id or "",
        "code": query.code or "",
        "earliest": held(query.timestamp_from or EARLIEST),
        "latest": held(query.timestamp_to or LATEST),
    }
    total = int(work.warehouse.query("events/count", **asked)["events"][0])
    found = work.warehouse.query("events/page", **asked, **_place(query))
    more = None
    if len(found) == query.per_page:
        at, transaction, sequence = found.select("at", "transaction_id", "sequence").row(-1)
        more = f"{(at - EPOCH) // MICRO}.{sequence}.{transaction}"
    return Page(shown(found), total, query, more)


def held(instant: datetime) -> datetime:
    """Hold an instant to what every engine can say; no event lies beyond."""
    return min(max(instant, EARLIEST), LATEST)


def _place(query: EventQuery) -> dict[str, Any]:
    """Return where a page begins.

    Raises: Invalid `cursor: value_is_invalid`.
    """
    if query.cursor is None:
        start = (query.page - 1) * query.per_page
        at, sequence, transaction = EPOCH, 0, ""
    else:
        start = 0
        micros, _, rest = query.cursor.partition(".")
        number, _, transaction = rest.partition(".")
        try:
            at, sequence = EPOCH + int(micros) * MICRO, int(number)
        except (ValueError, OverflowError):
            raise Invalid(cursor="value_is_invalid") from None
    return {
        "start": start, "size": query.per_page, "after": query.cursor is not None,
        "after_at": at, "after_transaction": transaction, "after_sequence": sequence,
    }  # fmt: skip


def shown(found: pl.DataFrame) -> list[Event]:
    """Return events from their columns."""
    columns = found.select(
        "key_high", "key_low", "transaction_id", "code", pl.col("at").to_physical(),
        "precise_total_amount_cents", "properties", "external_subscription_id", "received_at",
        "corrected",
    )  # fmt: skip
    return [kept(identity(high, low), *cells) for high, low, *cells in columns.rows()]
