"""What usage costs: events are columns, prices are rows, and `rate` brings them together.

An invoice, a preview, current usage, a what-if and a verification are all calls of it. It writes
nothing anywhere.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import polars as pl

from metering import charges, filters
from metering.columns import AMOUNT, QUANTITY
from metering.filters import Price
from metering.quantities import ZERO, Metered, finished, merge, parts, planned
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

`amount` is in major units, unrounded; `columns.settle` makes it money. `events_count` is what a fee
shows: the events aggregated, or the units of a unique count. Where the quantity came from is told
by the last four: how many events were read, and the rest of quantities.QUANTITIES."""

ONE = Decimal(1)


def rate(
    warehouse: Warehouse,
    lines: pl.DataFrame,
    prices: Sequence[Price],
    metrics: Mapping[str, Metered],
    until: int,
) -> pl.DataFrame:
    """Price all lines by the events known up to the ingestion sequence `until`.

    Shape:   in, quantities.LINES; out, RATED: a row for each bucket of each line's charge, also
             where nothing was used, and for each group within a bucket; by line, the filters from
             the oldest, then the default price, then the group.
    Rule:    an event falls in one bucket and group (filters.py); each is aggregated, rounded as the
             metric says and priced by itself. unit_amount = amount / units, 0 for no units.
    Cost:    the statements of quantities.quantities, and joins: no step is taken line by line.
    Raises:  KeyError for a metric that is not given; AssertionError for a charge without a default
             price, or one whose price needs the single events; polars errors when an amount or a
             sum has more than 26 digits before the point.
    """
    asks, known = planned(warehouse.dialect, lines, metrics, filters.facets(prices))
    found = parts(warehouse, known, asks, until).join(
        known.select("line", "kind", "metric_id", "charge_id"), on="line"
    )
    merged = merge(filters.placed(found, prices, metrics), by=["line", "price", "grouped_by"])
    rows = finished(_everywhere(known, merged, prices)).with_row_index("row")
    return _told(rows.join(_priced(rows, prices), on="row"), prices)


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
    of_metric = ["kind", "rounding_function", "rounding_precision", "statement"]
    return (
        known.select("line", "charge_id", *of_metric)
        .join(buckets, on="charge_id")
        .join(merged, on=["line", "price"], how="left")
        .with_columns(grouped_by=pl.coalesce("grouped_by", "empty"))
    )


def _priced(rows: pl.DataFrame, prices: Sequence[Price]) -> pl.DataFrame:
    """Price the quantities: `row`, `amount`, `amount_details`."""
    lines = rows.select(line="row", price="price", quantity="quantity", events=_shown_count())
    terms = [(price.kind, price.properties) for price in prices]
    return charges.price(lines, terms).rename({"line": "row"})


def _shown_count() -> pl.Expr:
    """A fee on a unique count shows its units as its events."""
    units = pl.col("quantity").cast(pl.Int64)
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
    units, is_used = pl.col("quantity"), pl.col("quantity") > ZERO
    return (
        rows.join(named, on="price")
        .with_columns(
            units=units,
            total_aggregated_units=units,
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
