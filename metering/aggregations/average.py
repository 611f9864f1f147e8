"""Average: the mean of the values of all events."""

import polars as pl

from metering.aggregations.model import Aggregation
from metering.columns import quotient, total


class Average(Aggregation):
    """Response times, temperatures: every event weighs the same. No events: 0.

    Rule:    quantity = sum / count. The engine gives both; the division is made once, here.
    Rounds:  at 12 decimals, halves away from zero.
    """

    kind = "average_agg"
    duckdb = "sum(number)"
    clickhouse = "toDecimal128(sum(toDecimal256(number, 12)), 12)"
    merge = quotient(total(pl.col("quantity")), pl.col("events_count").sum())
