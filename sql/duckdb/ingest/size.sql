-- name:    ingest/size
-- dialect: duckdb
-- about:   How many events there are between two ingestion sequences, both inside.
-- reads:   events
-- params:  first BIGINT, last BIGINT
-- returns: events BIGINT
-- order:   one row
select count(*) as events
from events
where
    sequence >= $first
    and sequence <= $last
