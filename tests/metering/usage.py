"""Usage for tests: events put straight into a warehouse, as ingestion would leave them."""

import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import polars as pl

from metering.quantities import INSTANT, LINES

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
            event["sequence"], event["key_low"], json.dumps(event["properties"]), None,
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


def line(number, subscription, metric_id, charge_id="charge", start=0, stop=24 * 31, org="org"):
    """One line; its window is in hours after T0."""
    return {
        "line": number,
        "external_subscription_id": subscription,
        "organization_id": org,
        "metric_id": metric_id,
        "charge_id": charge_id,
        "start": T0 + timedelta(hours=start),
        "stop": T0 + timedelta(hours=stop),
    }


def frame(*lines):
    """Lines as the engine wants them."""
    return pl.DataFrame(list(lines), schema=LINES)


EVER = 10**12
"""An ingestion sequence later than all."""
