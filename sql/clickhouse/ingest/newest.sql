-- name:    ingest/newest
-- dialect: clickhouse
-- about:   Where the writer goes on: the highest stream number.
-- reads:   streams
-- returns: stream Int64
-- order:   one row
select max(stream) as stream
from streams
