"""Sum: the values of all events, added up."""

from metering.aggregations.model import Aggregation


class Sum(Aggregation):
    """Gigabytes sent, seconds computed: every event adds its value. No events: 0.

    DuckDB raises when a sum of decimals overflows. ClickHouse wraps: it sums in 256 bits, and the
    way back to 128 raises.
    """

    kind = "sum_agg"
    prorated_statement = "quantities_held"
    duckdb = "sum(number)"
    clickhouse = "toDecimal128(sum(toDecimal256(number, 12)), 12)"
    recurs = True
    in_advance = True
