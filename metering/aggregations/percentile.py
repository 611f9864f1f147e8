"""Percentile: the value that so many percent of all values do not pass."""

import polars as pl

from metering.aggregations.model import Aggregation
from metering.columns import nearest_rank


class Percentile(Aggregation):
    """The 95th of bandwidth samples, as carriers bill it. No events: 0.

    Rule:    nearest rank: of n values in order, the one at ceil(n * percentile / 100), and the
             first for the 0th. The result is always a value that was sent; nothing is averaged.
    """

    kind = "percentile_agg"
    statement = "quantities_values"
    merge = nearest_rank(pl.col("quantity"), pl.col("events_count"), pl.col("percentile"))
    has_percentile = True
