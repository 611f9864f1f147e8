"""Max: the greatest value."""

import polars as pl

from metering.aggregations.model import Aggregation


class Max(Aggregation):
    """Peak seats, peak load. No events: 0."""

    kind = "max_agg"
    duckdb = "max(number)"
    clickhouse = "max(number)"
    merge = pl.col("quantity").max()
