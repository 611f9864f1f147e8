"""How much was used: the quantities of any number of lines, in one pass for each aggregation.

A line is a window of one subscription's events under one charge. The engine aggregates the events
of all lines of a metric in one statement, never line by line, and a line on a subscription without
events is not looked for at all. How many lines are asked for at once is bounded by the caller, and
with it the memory that their quantities take.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from hashlib import sha256

import polars as pl
from msgspec import Struct

from metering import windows
from metering.aggregations import KINDS, PARTS, Aggregation
from metering.columns import COUNT, QUANTITY, over_time, rounded, shaped, total
from sql.statement import statement
from sql.warehouse import Warehouse

INSTANT = pl.Datetime("us", "UTC")

LINES = {
    "line": pl.UInt32(), "external_subscription_id": pl.String(), "organization_id": pl.String(),
    "metric_id": pl.String(), "charge_id": pl.String(), "start": INSTANT, "stop": INSTANT,
    "timezone": pl.String(), "first_day": pl.Date(), "last_day": pl.Date(), "full_days": pl.Int32(),
    "full_seconds": pl.Int64(), "digits": pl.Int32(), "prorated": pl.Boolean(),
}  # fmt: skip
"""What is asked for: the events of a subscription from `start`, before `stop`. Each line once.

`first_day` and `last_day` are the local days that are billed, in `timezone`; the last instants may
lie on a day that is billed to what follows. `full_days` and `full_seconds` measure the whole period
that the window is a part of; `digits` are those of the currency. `prorated` says that units count
for the days that they were held."""

QUANTITIES = {
    "line": pl.UInt32(), "quantity": QUANTITY, "events_count": pl.Int64(), "events_sum": QUANTITY,
    "events_digest": pl.String(), "statement": pl.String(),
}  # fmt: skip
"""What is answered, and from which events: how many were aggregated, the exact sum of their values
(null where values are not numbers), a sum of their keys that does not depend on their order, and
the identity of the statement that asked."""

KNOWN = {
    "metric_id": pl.String(), "charge_id": pl.String(), "prorated": pl.Boolean(),
    "ask": pl.Int32(), "kind": pl.String(), "rounding_function": pl.String(),
    "rounding_precision": pl.Int32(), "percentile": QUANTITY, "statement": pl.String(),
}  # fmt: skip
"""What is known of a line by its metric and charge."""

SUMMED = [name for name, kind in KINDS.items() if kind.has_field and kind.has_numbers]
"""The aggregations of which events have values that add up."""

OVER_TIME = [name for name, kind in KINDS.items() if kind.is_over_time]
"""The aggregations that weigh by time."""

ZERO = Decimal(0)

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
    percentile: Decimal | None = None
    filters: dict[str, list[str]] = {}
    """The properties that prices may look at, and the values each may have."""

    @property
    def kind(self) -> type[Aggregation]:
        """How its events become a quantity."""
        return KINDS[self.aggregation_type]


class Ask(Struct, frozen=True, kw_only=True):
    """One statement: everything that lines have in common who share it."""

    statement: str
    kind: str
    code: str
    field: str
    recurring: bool
    by_day: bool
    """Whether time is counted in local days, or else in seconds."""
    facets: tuple[str, ...]
    by_value: bool = False
    """Whether each value is told by itself, where there is no need to merge any."""


def quantities(
    warehouse: Warehouse, lines: pl.DataFrame, metrics: Mapping[str, Metered], until: int
) -> pl.DataFrame:
    """Return the quantity of each line, rounded as its metric says and never below 0.

    Shape:   in, LINES; out, QUANTITIES, one row per line, by line. No events: 0.
    Rule:    an event counts if it has the metric's code, start <= timestamp < stop (a recurring
             metric: timestamp < stop), and an ingestion sequence up to `until`. Nothing is
             prorated: that is for prices (rating.py).
    Cost:    one statement to find the streams and one for each different aggregation: their number
             does not depend on the number of lines.
    Raises:  KeyError for a metric that is not given.
    """
    whole = lines.with_columns(prorated=pl.lit(False), digits=pl.lit(0, pl.Int32))
    asks, known = planned(warehouse.dialect, whole, metrics, {})
    found = parts(warehouse, known, asks, until)
    merged = merge(found.join(known.select("line", "kind", "percentile"), on="line"), by=["line"])
    made = finished(known.join(merged, on="line", how="left"))
    return made.select(*QUANTITIES).sort("line")


def planned(
    dialect: str,
    lines: pl.DataFrame,
    metrics: Mapping[str, Metered],
    facets: Mapping[str, tuple[str, ...]],
    name: str = "",
) -> tuple[list[Ask], pl.DataFrame]:
    """Decide which statements answer for which lines: those of their aggregations, or `name`.

    `facets` names, by charge, the properties by which its events are told apart. Returns the asks,
    and the lines with what is known of them: KNOWN beside LINES.
    """
    assert lines["line"].is_unique().all(), "a line is given twice"
    asks: dict[Ask, int] = {}
    rows = []
    charged = lines.select("metric_id", "charge_id", "prorated").unique()
    for metric_id, charge_id, is_prorated in charged.rows():
        metric = metrics[metric_id]
        kind = metric.kind
        ask = Ask(
            statement=name or (kind.prorated_statement if is_prorated else kind.statement),
            kind=metric.aggregation_type,
            code=metric.code,
            field=metric.field_name or "" if kind.has_field else "",
            recurring=metric.recurring,
            by_day=bool(name) or is_prorated,
            facets=facets.get(charge_id, ()),
        )
        rows.append((
            metric_id, charge_id, is_prorated, asks.setdefault(ask, len(asks)), ask.kind,
            metric.rounding_function, metric.rounding_precision, metric.percentile,
            identity(dialect, ask),
        ))  # fmt: skip
    pairs = pl.DataFrame(rows, schema=KNOWN, orient="row")
    same = ["metric_id", "charge_id", "prorated"]
    return list(asks), lines.select(*LINES).join(pairs, on=same)


def parts(
    warehouse: Warehouse, known: pl.DataFrame, asks: Sequence[Ask], until: int
) -> pl.DataFrame:
    """Aggregate the events of each line by its facets. Shape: in, KNOWN lines; out, PARTS."""
    found = (shaped(answer, PARTS) for answer in answers(warehouse, known, asks, until))
    return pl.concat([pl.DataFrame(schema=PARTS), *found])


def answers(
    warehouse: Warehouse, known: pl.DataFrame, asks: Sequence[Ask], until: int
) -> Iterator[pl.DataFrame]:
    """Yield what the engine answers to each ask."""
    reached = located(warehouse, known)
    for (place,), lines in reached.partition_by("ask", as_dict=True).items():
        ask = asks[place]
        asked = windows.windows(lines, ask.statement, ask.recurring, ask.by_day)
        yield warehouse.query(
            ask.statement,
            frames={"lines": asked},
            slots=slots(warehouse.dialect, ask, bool(lines["is_corrected"].any())),
            code=ask.code,
            field=path(warehouse.dialect, ask.field),
            facets=[path(warehouse.dialect, key) for key in ask.facets],
            start=asked["start"].min(),
            stop=asked["stop"].max(),
            until=until,
        )


def located(warehouse: Warehouse, known: pl.DataFrame) -> pl.DataFrame:
    """Give each line its stream, and say whether anything was ever put right in it.

    Lines whose subscription never sent an event are left out.
    """
    stream = ["organization_id", "external_subscription_id"]
    sought = known.select(stream).unique().with_row_index("line")
    if sought.is_empty():
        return known.with_columns(
            stream=pl.lit(None, pl.Int64), is_corrected=pl.lit(None, pl.Boolean)
        )
    found = warehouse.query("quantities_streams", frames={"lines": sought})
    streams = sought.join(found.with_columns(pl.col("line").cast(pl.UInt32)), on="line")
    return known.join(streams.drop("line"), on=stream)


STANDING = {
    "duckdb": "events.sequence not in "
    "(select event_sequence from corrections where sequence <= $until)",
    "clickhouse": "events.sequence not in "
    "(select event_sequence from corrections where sequence <= {until:Int64})",
}
"""What events must be where some were voided or amended. Elsewhere it is not asked."""


def slots(dialect: str, ask: Ask, is_corrected: bool = False) -> dict[str, str]:
    """What a statement says in its slots, for the aggregation that asks."""
    kind, is_duck = KINDS[ask.kind], dialect == "duckdb"
    field = "$field" if is_duck else "{field:String}"
    read = "json_extract_string" if is_duck else "JSONExtractString"
    fits = f"regexp_full_match(text, '{NUMBER}')" if is_duck else f"match(text, '^{NUMBER}$')"
    if not kind.has_numbers:
        fits = "text <> ''"
    number = "try_cast(text as decimal(38, 12))" if is_duck else "toDecimal128OrZero(text, 12)"
    nothing = "0::decimal(38, 12)" if is_duck else "toDecimal128(0, 12)"
    last = "max(rank)" if kind.is_ordered else "0"
    moment = 'epoch_us(events."at")' if is_duck else "toUnixTimestamp64Micro(events.at)"
    day = (
        f"({moment} + lines.ahead) // {windows.DAY}"
        if is_duck
        else f"intDiv({moment} + lines.ahead, {windows.DAY})"
    )
    said = {
        "standing": STANDING[dialect] if is_corrected else "true",
        "quantity": kind.duckdb if is_duck else kind.clickhouse,
        "text": f"{read}(events.properties, {field})" if kind.has_field else field,
        "counted": fits if kind.has_field else "true",
        "last": f"{last}::decimal(38, 0)" if is_duck else f"toDecimal128({last}, 0)",
        "value": "text" if ask.facets or ask.by_value else "''",
        "place": day if ask.by_day else moment,
        "unit": "1" if ask.by_day else "1000000",
        "number": number if kind.has_numbers else nothing,
    }
    return {name: said[name] for name in statement(dialect, ask.statement).slots}


def path(dialect: str, key: str) -> str:
    """Name a property as the engine wants it: DuckDB as a JSON pointer, ClickHouse as it is."""
    return f"/{key.replace('~', '~0').replace('/', '~1')}" if dialect == "duckdb" else key


@cache
def identity(dialect: str, ask: Ask) -> str:
    """Name the statement of an aggregation by its text: another text, another name.

    That what was corrected is left out goes without saying.
    """
    text = statement(dialect, ask.statement).fill(slots(dialect, ask))
    return sha256(text.encode()).hexdigest()[:16]


def merge(parts: pl.DataFrame, by: Sequence[str]) -> pl.DataFrame:
    """Put parts together: all that are alike in the columns `by`, which include `line`.

    Shape:   in, PARTS with `kind`, `percentile` and the columns `by`; out, one row for each
             different `by`.
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
    is_held = parts["held"].null_count() < parts.height
    held = {name: total(pl.col(name)) for name in ("held", "held_part")} if is_held else {}
    if kind.is_ordered:
        parts = parts.sort("last")
    if kind.tells_values:
        parts = parts.group_by(*by, "value").agg(pl.col("quantity").last(), **counts)
    merged = parts.group_by(*by).agg(quantity=kind.merge, **counts, **held)
    nothing = pl.lit(None, dtype=QUANTITY)
    if not (kind.has_numbers and kind.has_field):
        merged = merged.with_columns(events_sum=nothing)
    return merged if is_held else merged.with_columns(held=nothing, held_part=nothing)


def finished(merged: pl.DataFrame) -> pl.DataFrame:
    """Round quantities as their metrics say, lift negative ones to 0, and fill in what is nothing.

    Shape:   in, the lines with KNOWN, and what `merge` found for each, or null; out, the same with
             `quantity`, and the level at the end of the window as `level`.
    Rule:    quantity = max(round(quantity), 0); no part at all: 0. Of an average over time the
             quantity is what was held / the whole period.
    """
    nothing = pl.col("events_count").is_null()
    level = pl.col("quantity").fill_null(ZERO)
    merged = merged.with_columns(quantity=level, level=level)
    if merged["held"].null_count() < merged.height:
        average = over_time(pl.col("held"), pl.col("held_part"), pl.col("full_seconds"))
        is_average = pl.col("kind").is_in(OVER_TIME) & pl.col("held").is_not_null()
        merged = merged.with_columns(
            quantity=pl.when(is_average).then(average).otherwise("quantity")
        )
    return merged.with_columns(
        quantity=lifted(pl.col("quantity")),
        events_count=pl.col("events_count").fill_null(0),
        events_sum=pl.when(nothing & pl.col("kind").is_in(SUMMED))
        .then(ZERO)
        .otherwise("events_sum"),
        events_digest=pl.col("events_digest").cast(pl.String).fill_null("0"),
    )


def lifted(quantity: pl.Expr) -> pl.Expr:
    """Round as the metric of the row says, and lift what is negative to 0 (A10, A2)."""
    made = rounded(quantity, pl.col("rounding_function"), pl.col("rounding_precision"))
    return made.clip(lower_bound=ZERO)
