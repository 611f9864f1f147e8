-- name:    ingest/newest
-- dialect: duckdb
-- about:   Where the writer goes on: the highest stream number.
-- reads:   streams
-- returns: stream BIGINT
-- order:   one row
select coalesce(max(stream), 0) as stream
from streams
