"""How much was used: the quantities of any number of lines, in one pass for each aggregation.

A line is a window of one subscription's events under one charge. The engine aggregates the events
of all lines of a metric in one statement, never line by line, and a line on a subscription without
events is not looked for at all. How many lines are asked for at once is bounded by the caller, and
with it the memory that their quantities take.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256

import polars as pl
from msgspec import Struct

from metering.aggregations import KINDS, PARTS, Aggregation
from metering.columns import COUNT, QUANTITY, rounded, total
from sql.statement import statement
from sql.warehouse import Warehouse

INSTANT = pl.Datetime("us", "UTC")

LINES = {
    "line": pl.UInt32(), "external_subscription_id": pl.String(), "organization_id": pl.String(),
    "metric_id": pl.String(), "charge_id": pl.String(), "start": INSTANT, "stop": INSTANT,
}  # fmt: skip
"""What is asked for: the events of a subscription from `start`, before `stop`. Each line once."""

QUANTITIES = {
    "line": pl.UInt32(), "quantity": QUANTITY, "events_count": pl.Int64(), "events_sum": QUANTITY,
    "events_digest": pl.String(), "statement": pl.String(),
}  # fmt: skip
"""What is answered, and from which events: how many were aggregated, the exact sum of their values
(null where values are not numbers), a sum of their keys that does not depend on their order, and
the identity of the statement that asked."""

KNOWN = {
    "metric_id": pl.String(), "charge_id": pl.String(), "ask": pl.Int32(), "kind": pl.String(),
    "rounding_function": pl.String(), "rounding_precision": pl.Int32(), "statement": pl.String(),
}  # fmt: skip
"""What is known of a line by its metric and charge."""

SUMMED = [name for name, kind in KINDS.items() if kind.has_field and kind.has_numbers]
"""The aggregations of which events have values that add up."""

ZERO = Decimal(0)

EVER = datetime(1900, 1, 1, tzinfo=UTC)
"""Where the window of a recurring metric begins: its state survives the period."""

NUMBER = "-?0*[0-9]{1,26}([.][0-9]{1,12}0*)?"
"""A plain decimal of 26 digits and 12 decimals: the texts that `measures.money.exact` reads."""


class Metered(Struct, frozen=True, kw_only=True):
    """What is counted for one metric, and how."""

    id: str
    code: str
    aggregation_type: str
    field_name: str | None = None
    recurring: bool = False
    rounding_function: str | None = None
    rounding_precision: int | None = None
    filters: dict[str, list[str]] = {}
    """The properties that prices may look at, and the values each may have."""

    @property
    def kind(self) -> type[Aggregation]:
        """How its events become a quantity."""
        return KINDS[self.aggregation_type]


class Ask(Struct, frozen=True):
    """One statement: everything that lines have in common who share it."""

    kind: str
    code: str
    field: str
    recurring: bool
    facets: tuple[str, ...]


def quantities(
    warehouse: Warehouse, lines: pl.DataFrame, metrics: Mapping[str, Metered], until: int
) -> pl.DataFrame:
    """Return the quantity of each line, rounded as its metric says and never below 0.

    Shape:   in, LINES; out, QUANTITIES, one row per line, by line. No events: 0.
    Rule:    an event counts if it has the metric's code, start <= timestamp < stop (a recurring
             metric: timestamp < stop), and an ingestion sequence up to `until`.
    Cost:    one statement to find the streams and one for each different aggregation: their number
             does not depend on the number of lines.
    Raises:  KeyError for a metric that is not given; AssertionError for one that is not ready.
    """
    asks, known = planned(warehouse.dialect, lines, metrics, {})
    found = parts(warehouse, known, asks, until)
    merged = merge(found.join(known.select("line", "kind"), on="line"), by=["line"])
    return finished(known.join(merged, on="line", how="left")).select(*QUANTITIES).sort("line")


def planned(
    dialect: str,
    lines: pl.DataFrame,
    metrics: Mapping[str, Metered],
    facets: Mapping[str, tuple[str, ...]],
) -> tuple[list[Ask], pl.DataFrame]:
    """Decide which statements answer for which lines.

    `facets` names, by charge, the properties by which its events are told apart. Returns the asks,
    and the lines with what is known of them: KNOWN beside LINES.
    """
    assert lines["line"].is_unique().all(), "a line is given twice"
    asks: dict[Ask, int] = {}
    rows = []
    for metric_id, charge_id in lines.select("metric_id", "charge_id").unique().rows():
        metric = metrics[metric_id]
        assert metric.kind.is_ready, f"{metric.aggregation_type} cannot be aggregated"
        ask = Ask(
            kind=metric.aggregation_type,
            code=metric.code,
            field=metric.field_name or "" if metric.kind.has_field else "",
            recurring=metric.recurring,
            facets=facets.get(charge_id, ()),
        )
        place = asks.setdefault(ask, len(asks))
        rounding = (metric.rounding_function, metric.rounding_precision)
        named = identity(dialect, ask.kind, bool(ask.facets))
        rows.append((metric_id, charge_id, place, ask.kind, *rounding, named))
    pairs = pl.DataFrame(rows, schema=KNOWN, orient="row")
    return list(asks), lines.select(*LINES).join(pairs, on=["metric_id", "charge_id"])


def parts(
    warehouse: Warehouse, known: pl.DataFrame, asks: Sequence[Ask], until: int
) -> pl.DataFrame:
    """Aggregate the events of each line by its facets. Shape: in, KNOWN lines; out, PARTS."""
    found = [pl.DataFrame(schema=PARTS)]
    reached = located(warehouse, known)
    for (place,), windows in reached.partition_by("ask", as_dict=True).items():
        ask = asks[place]
        if ask.recurring:
            windows = windows.with_columns(start=pl.lit(EVER, dtype=INSTANT))
        found.append(
            warehouse.query(
                KINDS[ask.kind].statement,
                frames={"lines": windows.select("line", "stream", "start", "stop")},
                slots=slots(warehouse.dialect, ask.kind, bool(ask.facets)),
                code=ask.code,
                field=path(warehouse.dialect, ask.field),
                facets=[path(warehouse.dialect, key) for key in ask.facets],
                start=windows["start"].min(),
                stop=windows["stop"].max(),
                until=until,
            ).select(pl.col(name).cast(kind) for name, kind in PARTS.items())
        )
    return pl.concat(found)


def located(warehouse: Warehouse, known: pl.DataFrame) -> pl.DataFrame:
    """Give each line its stream; lines whose subscription never sent an event are left out."""
    stream = ["organization_id", "external_subscription_id"]
    sought = known.select(stream).unique().with_row_index("line")
    found = warehouse.query("quantities_streams", frames={"lines": sought})
    streams = sought.join(found.with_columns(pl.col("line").cast(pl.UInt32)), on="line")
    return known.join(streams.drop("line"), on=stream)


def slots(dialect: str, name: str, has_facets: bool) -> dict[str, str]:
    """What the statement of an aggregation says in its slots."""
    kind, is_duck = KINDS[name], dialect == "duckdb"
    if kind.tells_values:
        return {"value": "text" if has_facets else "''"}
    field = "$field" if is_duck else "{field:String}"
    read = "json_extract_string" if is_duck else "JSONExtractString"
    fits = f"regexp_full_match(text, '{NUMBER}')" if is_duck else f"match(text, '^{NUMBER}$')"
    last = "max(rank)" if kind.is_ordered else "0"
    return {
        "quantity": kind.duckdb if is_duck else kind.clickhouse,
        "text": f"{read}(events.properties, {field})" if kind.has_field else field,
        "counted": fits if kind.has_field else "true",
        "last": f"{last}::decimal(38, 0)" if is_duck else f"toDecimal128({last}, 0)",
    }


def path(dialect: str, key: str) -> str:
    """Name a property as the engine wants it: DuckDB as a JSON pointer, ClickHouse as it is."""
    return f"/{key.replace('~', '~0').replace('/', '~1')}" if dialect == "duckdb" else key


@cache
def identity(dialect: str, name: str, has_facets: bool) -> str:
    """Name the statement of an aggregation by its text: another text, another name."""
    text = statement(dialect, KINDS[name].statement).fill(slots(dialect, name, has_facets))
    return sha256(text.encode()).hexdigest()[:16]


def merge(parts: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Put parts together: all that are alike in the columns `by`, which include `line`.

    Shape:   in, PARTS with `kind` and the columns `by`; out, one row for each different `by`.
    """
    merged = [
        _merged(KINDS[kind], some, by)
        for (kind,), some in parts.partition_by("kind", as_dict=True).items()
    ]
    return pl.concat(merged) if merged else _merged(Aggregation, parts, by)


def _merged(kind: type[Aggregation], parts: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    counts = {
        "events_count": pl.col("events_count").sum(),
        "events_sum": total(pl.col("events_sum")),
        "events_digest": pl.col("events_digest").to_physical().sum().cast(COUNT),
    }
    if kind.is_ordered:
        parts = parts.sort("last")
    if kind.tells_values:
        parts = parts.group_by(*by, "value").agg(pl.col("quantity").last(), **counts)
    merged = parts.group_by(*by).agg(quantity=kind.merge, **counts)
    return (
        merged
        if kind.has_numbers and kind.has_field
        else merged.with_columns(events_sum=pl.lit(None, dtype=QUANTITY))
    )


def finished(merged: pl.DataFrame) -> pl.DataFrame:
    """Round quantities as their metrics say, lift negative ones to 0, and fill in what is nothing.

    Rule:    quantity = max(round(quantity), 0); no part at all: 0.
    """
    nothing = pl.col("events_count").is_null()
    quantity = rounded(
        pl.col("quantity").fill_null(ZERO),
        pl.col("rounding_function"),
        pl.col("rounding_precision"),
    )
    return merged.with_columns(
        quantity=quantity.clip(lower_bound=ZERO),
        events_count=pl.col("events_count").fill_null(0),
        events_sum=pl.when(nothing & pl.col("kind").is_in(SUMMED))
        .then(ZERO)
        .otherwise("events_sum"),
        events_digest=pl.col("events_digest").cast(pl.String).fill_null("0"),
    )
