"""What usage costs: events are columns, prices are rows, and `rate` brings them together.

An invoice, a preview, current usage, a what-if and a verification are all calls of it. It writes
nothing anywhere.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import polars as pl

from metering import charges, events, filters
from metering.columns import AMOUNT, QUANTITY, prorated
from metering.events import OF_LINE, Asked
from metering.filters import ALL_EVENTS, Only, Price
from metering.quantities import (
    OVER_TIME,
    ZERO,
    Metered,
    finished,
    lifted,
    merge,
    parts,
    planned,
)
from sql.warehouse import Warehouse

__all__ = ["RATED", "Price", "rate"]

RATED = {
    "line": pl.UInt32(), "price_id": pl.String(), "filter_id": pl.String(),
    "grouped_by": pl.String(), "units": QUANTITY, "total_aggregated_units": QUANTITY,
    "events_count": pl.Int64(), "amount": AMOUNT, "unit_amount": AMOUNT,
    "amount_details": pl.String(), "events_read": pl.Int64(), "events_sum": QUANTITY,
    "events_digest": pl.String(), "statement": pl.String(),
}  # fmt: skip
"""A line's price in one bucket and group.

`units` are those used; `total_aggregated_units` is the level at the end where units are an average
over time, else the same. `amount` is in major units, unrounded; `columns.settle` makes it money.
`events_count` is what a fee shows: the events aggregated, or the units of a unique count. The last
four say where the quantity came from: how many events were read, and the rest of QUANTITIES."""

ONE = Decimal(1)

SLICE = ("line", "price", "grouped_by")
"""What events have in common that are aggregated and priced together."""


def rate(
    warehouse: Warehouse,
    lines: pl.DataFrame,
    prices: Sequence[Price],
    metrics: Mapping[str, Metered],
    until: int,
    only: Only = ALL_EVENTS,
) -> pl.DataFrame:
    """Price all lines by the events known up to the sequence `until`, those that `only` admits.

    Shape:   in, quantities.LINES; out, RATED: a row for each bucket of each line's charge, also
             where nothing was used, and for each group within a bucket; by line, the filters from
             the oldest, then the default price, then the group.
    Rule:    an event falls in one bucket and group (filters.py); each is aggregated, rounded as the
             metric says and priced by itself. unit_amount = amount / units, 0 for no units. Where a
             charge is prorated, `units` are all of them, and those of a part of the period's days
             are priced (proration.py).
    Cost:    the statements of quantities.quantities, one more for what needs the single events or
             their amounts, and joins: no step is taken line by line.
    Raises:  KeyError for a metric that is not given; AssertionError for a charge without a default
             price; polars errors when an amount or a sum has more than 26 digits before the point.
    """
    keys = filters.facets(prices, only)
    asks, known = planned(warehouse.dialect, lines, metrics, keys)
    found = parts(warehouse, known, asks, until).join(known.select("line", *OF_LINE), on="line")
    counted = filters.admitted(found, keys, only)
    placed = filters.placed(counted, keys, prices, metrics)
    rows = finished(_everywhere(known, merge(placed, by=SLICE), prices)).with_row_index("row")
    asked = Asked(
        warehouse=warehouse, known=known, rows=rows, prices=prices, metrics=metrics, keys=keys,
        only=only, until=until,
    )  # fmt: skip
    held, single = events.single(asked)
    whole = events.amounts(asked, _prorated(rows, held)).with_columns(
        is_by_event=events.needed(asked)
    )
    terms = [(price.kind, price.properties) for price in prices]
    priced = charges.price(_priced(whole), terms, single).rename({"line": "row"})
    return _told(whole.join(priced, on="row"), prices)


def _prorated(rows: pl.DataFrame, held: pl.DataFrame) -> pl.DataFrame:
    """Add `full`, the units, and make `quantity` the part of them that the days come to.

    `held` are the unit days of values that come and go; those of sums came with their quantities.
    """
    whole = rows.with_columns(full="quantity")
    if not rows["prorated"].any():
        return whole
    days = prorated(pl.coalesce("unit_days", "held").fill_null(ZERO), pl.col("full_days"))
    return whole.join(held, on="row", how="left", maintain_order="left").with_columns(
        quantity=pl.when("prorated").then(lifted(days)).otherwise("quantity")
    )


def _everywhere(known: pl.DataFrame, merged: pl.DataFrame, prices: Sequence[Price]) -> pl.DataFrame:
    """Give every line a row for each bucket of its charge: an empty one where nothing was used."""
    charged = {price.charge_id for price in prices}
    assert charged.issuperset(known["charge_id"].unique()), "a line's charge has no price"
    buckets = pl.DataFrame(
        {
            "charge_id": [price.charge_id for price in prices],
            "price": range(len(prices)),
            "empty": filters.empty_groups(prices),
        },
        schema={"charge_id": pl.String, "price": pl.UInt32, "empty": pl.String},
    )
    of_metric = ["rounding_function", "rounding_precision", "statement"]
    of_line = ["prorated", "first_day", "last_day", "full_days", "full_seconds", "digits"]
    return (
        known.select("line", *OF_LINE, *of_metric, *of_line)
        .join(buckets, on="charge_id")
        .join(merged, on=["line", "price"], how="left")
        .with_columns(grouped_by=pl.coalesce("grouped_by", "empty"))
    )


def _priced(rows: pl.DataFrame) -> pl.DataFrame:
    """Say of rows what a price wants to know: charges.LINES."""
    said = rows.with_columns(line="row", events=_shown_count())
    return said.select(pl.col(name).cast(kind) for name, kind in charges.LINES.items())


def _shown_count() -> pl.Expr:
    """A fee on a unique count shows its units as its events."""
    units = pl.col("full").cast(pl.Int64)
    return pl.when(pl.col("kind") == "unique_count_agg").then(units).otherwise("events_count")


def _told(rows: pl.DataFrame, prices: Sequence[Price]) -> pl.DataFrame:
    """Name the prices, and put the rows in the order in which they are read."""
    order = sorted(
        range(len(prices)), key=lambda n: (not prices[n].values, prices[n].position, n)
    )  # fmt: skip
    named = pl.DataFrame(
        [(n, prices[n].id, prices[n].filter_id, rank) for rank, n in enumerate(order)],
        schema={
            "price": pl.UInt32, "price_id": pl.String, "filter_id": pl.String, "order": pl.UInt32,
        },
        orient="row",
    )  # fmt: skip
    units, is_used = pl.col("full"), pl.col("full") > ZERO
    return (
        rows.join(named, on="price")
        .with_columns(
            units=units,
            total_aggregated_units=pl.when(pl.col("kind").is_in(OVER_TIME))
            .then("level")
            .otherwise(units),
            events_read="events_count",
            events_count=_shown_count(),
            unit_amount=pl.when(is_used)
            .then(pl.col("amount") / pl.when(is_used).then(units).otherwise(ONE))
            .otherwise(ZERO)
            .cast(AMOUNT),
        )
        .sort("line", "order", "grouped_by", nulls_last=True)
        .select(*RATED)
    )
