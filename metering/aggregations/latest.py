"""Latest: the value of the newest event."""

import polars as pl

from metering.aggregations.model import Aggregation


class Latest(Aggregation):
    """Stored gigabytes: the last report counts. Two at one instant: the one ingested later."""

    kind = "latest_agg"
    duckdb = "arg_max(number, rank)"
    clickhouse = "argMax(number, rank)"
    merge = pl.col("quantity").last()
    is_ordered = True
