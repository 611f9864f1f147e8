-- name:    ingest/keys
-- dialect: clickhouse
-- about:   The lower half of every identity, for the writer's memory.
-- reads:   events
-- returns: key_low UInt64
-- order:   none
select key_low
from events
