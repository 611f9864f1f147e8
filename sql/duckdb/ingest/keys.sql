-- name:    ingest/keys
-- dialect: duckdb
-- about:   The lower half of every identity, for the writer's memory.
-- reads:   events
-- returns: key_low UBIGINT
-- order:   none
select key_low
from events
