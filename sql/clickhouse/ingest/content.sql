-- name:    ingest/content
-- dialect: clickhouse
-- about:   What stands in stored rows, to compare it with what was sent again.
-- reads:   events
-- frames:  found
-- returns: sequence Int64, properties String, precise_total_amount_cents Nullable(Decimal(38, 12)),
--          received_at DateTime64(6, 'UTC')
-- order:   none
-- notes:   found is what ingest/known answered.
select
    sequence,
    properties,
    precise_total_amount_cents,
    received_at
from events
where (stream, code, at, sequence) in (select stream, code, at, sequence from found)
