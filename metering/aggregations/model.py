"""What every aggregation has: how events become a quantity, written once for each engine.

    class Sum(Aggregation):
        kind = "sum_agg"                   its name on the wire, `aggregation_type`
        duckdb, clickhouse                 an aggregate over what the statement calls `number`
        merge                              the same over parts of a quantity, in columns

An engine aggregates the events of a line by their facets (the properties that prices look at); what
falls in one bucket of prices is merged afterwards. An aggregation therefore has to be one whose
parts can be put together again: `tests/metering/aggregations` splits and shuffles each of them. One
that is not (a percentile) is told by the engine value by value, with how often each came.
"""

from typing import ClassVar

import polars as pl

from metering.columns import COUNT, QUANTITY, total

PARTS = {
    "line": pl.UInt32(), "facets": pl.String(), "value": pl.String(), "quantity": QUANTITY,
    "last": COUNT, "events_count": pl.Int64(), "events_sum": QUANTITY, "events_digest": COUNT,
    "held": QUANTITY, "held_part": QUANTITY,
}  # fmt: skip
"""What the engines answer: the quantity of the events of a line that are alike in their facets.

`value` is empty but for aggregations that tell values apart; `last` orders parts by their newest
event. The next three say from which events the quantity came: how many, the exact sum of what was
aggregated, and a sum of their keys that does not depend on their order. `held` and `held_part` are
units times the time they were held: whole days or seconds, and millionths of them; null where time
does not matter."""


class Aggregation:
    """One way to turn events into a quantity. A subclass in its own file joins the family."""

    kind: ClassVar[str]
    """The name in the API, `aggregation_type`."""
    statement: ClassVar[str] = "quantities"
    """Which of sql/<dialect>/quantities*.sql it fills."""
    prorated_statement: ClassVar[str] = "quantities"
    """Which one it fills where days matter, if it `recurs` and may be prorated."""

    duckdb: ClassVar[str] = ""
    """An aggregate over the columns number, rank of the statement, in the words of DuckDB."""
    clickhouse: ClassVar[str] = ""
    """The same in the words of ClickHouse."""
    merge: ClassVar[pl.Expr] = total(pl.col("quantity"))
    """The quantity of several parts together, ordered by `last` if `is_ordered`. It may look at
    every column of PARTS, and at `percentile`."""

    has_field: ClassVar[bool] = True
    """Whether it reads a property of the event. Events without a fit value are then not counted."""
    has_numbers: ClassVar[bool] = True
    """Whether that property must be a decimal; else any text that is not empty will do."""
    is_ordered: ClassVar[bool] = False
    """Whether it matters which event came last."""
    tells_values: ClassVar[bool] = False
    """Whether what counts is told value by value."""
    is_over_time: ClassVar[bool] = False
    """Whether the quantity is an average over the period, by the time that units were held."""
    has_percentile: ClassVar[bool] = False
    """Whether the metric must say which percentile."""

    recurs: ClassVar[bool] = False
    """Whether a metric of this kind may keep its state beyond the period."""
    in_advance: ClassVar[bool] = False
    """Whether a charge on it may be paid in advance."""
