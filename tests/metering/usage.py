"""Usage for tests: events put straight into a warehouse, as ingestion would leave them."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D
from uuid import uuid4
from zoneinfo import ZoneInfo

import polars as pl

from metering.quantities import INSTANT, LINES

TICK = timedelta(microseconds=1)

T0 = datetime(2026, 1, 1, tzinfo=UTC)
"""When time begins in these tests."""


def event(subscription, code, hours, properties=None, organization="org"):
    """One event, some hours after T0."""
    return {
        "organization": organization,
        "subscription": subscription,
        "code": code,
        "at": T0 + timedelta(hours=hours),
        "properties": properties or {},
    }


def send(warehouse, events, first=1):
    """Store events in the order given; the first gets the sequence `first`. Returns them keyed."""
    streams = sorted({(event["organization"], event["subscription"]) for event in events})
    places = {stream: place for place, stream in enumerate(streams, first * 1000)}
    kept = [
        {
            **event,
            "sequence": first + place,
            "key_low": 2**64 - 1 - (first + place) * 7919,
            "stream": places[event["organization"], event["subscription"]],
        }
        for place, event in enumerate(events)
    ]
    store(warehouse, kept, {place: stream for stream, place in places.items()})
    return kept


def store(warehouse, kept, streams):
    """Write events and the dictionary of their streams."""
    rows = [
        (
            event["stream"], event["code"], event["at"], f"t{event['sequence']}",
            event["sequence"], event["key_low"], json.dumps(event["properties"]), cents(event),
            event["sequence"], event["at"],
        )
        for event in kept
    ]  # fmt: skip
    events = pl.DataFrame(
        rows,
        schema={
            "stream": pl.Int64, "code": pl.String, "at": INSTANT, "transaction_id": pl.String,
            "key_high": pl.UInt64, "key_low": pl.UInt64, "properties": pl.String,
            "precise_total_amount_cents": pl.Decimal(38, 12), "sequence": pl.Int64,
            "received_at": INSTANT,
        },
        orient="row",
    )  # fmt: skip
    named = [(place, *stream) for place, stream in streams.items()]
    dictionary = pl.DataFrame(
        named,
        schema={
            "stream": pl.Int64, "organization_id": pl.String,
            "external_subscription_id": pl.String,
        },
        orient="row",
    )  # fmt: skip
    warehouse.append({"streams": dictionary, "events": events}, uuid4().hex)


def cents(event):
    """What an event says that it costs."""
    return D(event["cents"]) if event.get("cents") else None


def line(
    number,
    subscription,
    metric_id,
    charge_id="charge",
    start=0,
    stop=24 * 31,
    org="org",
    zone="UTC",
    full=None,
    **more,
):
    """One line; its window is in hours after T0, and so is the `full` period it is part of."""
    begin, end = (T0 + timedelta(hours=hours) for hours in (start, stop))
    whole = [T0 + timedelta(hours=hours) for hours in full or (start, stop)]
    days = [edge.astimezone(ZoneInfo(zone)).date() for edge in (begin, end - TICK)]
    full_days = [edge.astimezone(ZoneInfo(zone)).date() for edge in (whole[0], whole[1] - TICK)]
    return {
        "line": number,
        "external_subscription_id": subscription,
        "organization_id": org,
        "metric_id": metric_id,
        "charge_id": charge_id,
        "start": begin,
        "stop": end,
        "timezone": zone,
        "first_day": days[0],
        "last_day": days[1],
        "full_days": (full_days[1] - full_days[0]).days + 1,
        "full_seconds": int((whole[1] - whole[0]).total_seconds()),
        "digits": 2,
        "prorated": False,
        **more,
    }  # fmt: skip


def frame(*lines):
    """Lines as the engine wants them."""
    return pl.DataFrame(list(lines), schema=LINES)


EVER = 10**12
"""An ingestion sequence later than all."""
