-- name:    ingest/known
-- dialect: duckdb
-- about:   Which identities are taken, and by which row.
-- reads:   events
-- frames:  asked
-- returns: key_high UBIGINT, key_low UBIGINT, stream BIGINT, code VARCHAR, at TIMESTAMP WITH TIME ZONE, sequence BIGINT
-- order:   none
-- notes:   asked has key_low: half of an identity finds nearly always one row, and the writer compares
--          the other half itself. ClickHouse answers from the projection by_key alone.
select
    key_high,
    key_low,
    stream,
    code,
    "at",
    sequence
from events
where key_low in (select key_low from asked)
