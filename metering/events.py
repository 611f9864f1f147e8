"""The single events of lines whose price needs them, or what those events say that they cost.

Most prices need a quantity and a count. These lines are asked for once more: a prorated unique
count, since a value counts for the days that it was there; a price by tiers that is prorated; a
percentage with something free or with bounds per event; and a price that events bring with them.
"""

from collections.abc import Mapping, Sequence

import polars as pl
from msgspec import Struct

from metering import filters, proration
from metering.charges import EVENTS, MODELS
from metering.columns import COUNT, QUANTITY, shaped, total
from metering.filters import Only, Price
from metering.quantities import ZERO, Metered, answers, planned
from sql.warehouse import Warehouse

OF_LINE = ("kind", "metric_id", "charge_id", "percentile")
"""What parts take from their line, so that they can be placed and merged."""

SINGLE = {
    "line": pl.UInt32(), "facets": pl.String(), "value": pl.String(), "number": QUANTITY,
    "is_added": pl.Boolean(), "day": pl.Int64(), "rank": COUNT,
}  # fmt: skip
"""What an engine says of a single event."""

SAID = {"line": pl.UInt32(), "facets": pl.String(), "cents": QUANTITY}
"""What an engine says of what events cost."""

UNIQUE, COUNTED, SUMMED, GREATEST = "unique_count_agg", "count_agg", "sum_agg", "max_agg"


class Asked(Struct, frozen=True, kw_only=True, eq=False):
    """What `rating.rate` was asked, and the rows that it has so far."""

    warehouse: Warehouse
    known: pl.DataFrame
    rows: pl.DataFrame
    prices: Sequence[Price]
    metrics: Mapping[str, Metered]
    keys: Mapping[str, tuple[str, ...]]
    only: Only
    until: int


def needed(asked: Asked) -> pl.Expr:
    """Whether the price of a row is worked out from single events."""
    by_price = {
        is_prorated: [
            place
            for place, price in enumerate(asked.prices)
            if MODELS[price.kind].needs_events(price.properties, is_prorated)
        ]
        for is_prorated in (True, False)
    }
    place = pl.col("price")
    return (
        pl.when("prorated")
        .then(place.is_in(by_price[True]))
        .otherwise(place.is_in(by_price[False]))
    )


def single(asked: Asked) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the unit days of prorated unique counts, by row, and the EVENTS that prices need.

    Cost:    no statement where nothing needs events.
    """
    nothing = pl.DataFrame(schema={"row": pl.UInt32, "unit_days": QUANTITY})
    rows = asked.rows.with_columns(is_by_event=needed(asked))
    is_state = pl.col("prorated") & (pl.col("kind") == UNIQUE)
    if not rows.select((pl.col("is_by_event") | is_state).any()).item():
        return nothing, pl.DataFrame(schema=EVENTS)
    is_moved = pl.col("prorated") | pl.col("kind").is_in([SUMMED, GREATEST])
    wanted = rows.filter((pl.col("is_by_event") & is_moved) | is_state)["line"].unique()
    found = _placed(asked, wanted, "quantities_events", SINGLE).join(
        rows.select(
            "row", "line", "price", "grouped_by", "prorated", "is_by_event",
            first=pl.col("first_day").cast(pl.Int32).cast(pl.Int64),
            last=pl.col("last_day").cast(pl.Int32).cast(pl.Int64),
        ),
        on=["line", "price", "grouped_by"], nulls_equal=True,
    )  # fmt: skip
    states = proration.states(found.filter(is_state))
    held = states.group_by(row="line").agg(unit_days=pl.col("days").sum().cast(QUANTITY))
    by_event = found.filter("is_by_event")
    sums = proration.sums(by_event.filter(pl.col("prorated") & (pl.col("kind") == SUMMED)))
    values = _values(by_event.filter(~pl.col("prorated")))
    return held, pl.concat([states, sums, values, _made(rows)])


def amounts(asked: Asked, rows: pl.DataFrame) -> pl.DataFrame:
    """Add `cents`: what the events of a row say that they cost, where that is its price."""
    dynamic = [place for place, price in enumerate(asked.prices) if price.kind == "dynamic"]
    wanted = rows.filter(pl.col("price").is_in(dynamic))["line"].unique()
    if wanted.is_empty():
        return rows.with_columns(cents=pl.lit(ZERO, QUANTITY))
    slice_ = ["line", "price", "grouped_by"]
    found = _placed(asked, wanted, "quantities_amounts", SAID)
    said = found.group_by(slice_).agg(cents=total(pl.col("cents")))
    return rows.join(
        said, on=slice_, how="left", nulls_equal=True, maintain_order="left"
    ).with_columns(pl.col("cents").fill_null(ZERO))


def _placed(
    asked: Asked, wanted: pl.Series, name: str, shape: Mapping[str, pl.DataType]
) -> pl.DataFrame:
    """Ask a statement for some lines, and give what it answers a price and a group."""
    lines = asked.known.filter(pl.col("line").is_in(wanted.implode()))
    asks, known = planned(asked.warehouse.dialect, lines, asked.metrics, asked.keys, name)
    answered = answers(asked.warehouse, known, asks, asked.until)
    found = pl.concat([pl.DataFrame(schema=shape), *(shaped(one, shape) for one in answered)])
    told = found.join(known.select("line", *OF_LINE), on="line")
    counted = filters.admitted(told, asked.keys, asked.only)
    return filters.placed(counted, asked.keys, asked.prices, asked.metrics)


def _values(events: pl.DataFrame) -> pl.DataFrame:
    """Say what each event brings to a percentage: of a greatest value, the first that reached it.

    The others of a maximum bring nothing.
    """
    number = pl.col("number")
    rank = pl.col("rank")
    is_first = rank == rank.filter(number == number.max()).min()
    greatest = pl.when(is_first.over("row")).then(number).otherwise(ZERO)
    return events.select(
        line="row",
        order="rank",
        value=pl.when(pl.col("kind") == GREATEST).then(greatest).otherwise(number).cast(QUANTITY),
        days=pl.lit(0, pl.Int64),
    )


def _made(rows: pl.DataFrame) -> pl.DataFrame:
    """Make the events of rows whose quantity says all of them.

    Rule:    what is counted is as many events of 1; of another aggregation, whose events do not add
             up to its quantity, the first event brings the whole of it and the others nothing.
    """
    is_counted = pl.col("kind").is_in([COUNTED, UNIQUE])
    plain = ~pl.col("prorated") & ~pl.col("kind").is_in([SUMMED, GREATEST])
    times = (
        pl.when(pl.col("kind") == UNIQUE)
        .then(pl.col("quantity").cast(pl.Int64))
        .otherwise("events_count")
    )
    order = pl.col("order")
    whole = pl.when(order == 0).then("quantity").otherwise(ZERO)
    made = (
        rows.filter(pl.col("is_by_event") & plain & (times > 0))
        .with_columns(order=pl.int_ranges(0, times))
        .explode("order")
        .select(
            line="row",
            order=order,
            value=pl.when(is_counted).then(pl.lit(1, QUANTITY)).otherwise(whole),
            days=pl.lit(0, pl.Int64),
        )
    )
    return made.select(pl.col(name).cast(kind) for name, kind in EVENTS.items())
