-- name:    ingest/size
-- dialect: clickhouse
-- about:   How many events there are between two ingestion sequences, both inside.
-- reads:   events
-- params:  first Int64, last Int64
-- returns: events Int64
-- order:   one row
select toInt64(count()) as events
from events
where
    sequence >= {first:Int64}
    and sequence <= {last:Int64}
