-- name:    ingest/known
-- dialect: clickhouse
-- about:   Which identities are taken, and by which row.
-- reads:   events
-- frames:  asked
-- returns: key_high UInt64, key_low UInt64, stream Int64, code String, at DateTime64(6, 'UTC'), sequence Int64
-- order:   none
-- notes:   asked has key_low: half of an identity finds nearly always one row, and the writer compares
--          the other half itself. ClickHouse answers from the projection by_key alone.
select
    key_high,
    key_low,
    stream,
    code,
    at,
    sequence
from events
where key_low in (select key_low from asked)
