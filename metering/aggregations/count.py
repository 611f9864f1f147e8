"""Count: how many events there were."""

from metering.aggregations.model import Aggregation


class Count(Aggregation):
    """Requests, messages, flights: every event is one."""

    kind = "count_agg"
    duckdb = "count(*)::decimal(38, 12)"
    clickhouse = "toDecimal128(count(), 12)"
    has_field = False
    in_advance = True
