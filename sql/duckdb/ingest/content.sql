-- name:    ingest/content
-- dialect: duckdb
-- about:   What stands in stored rows, to compare it with what was sent again.
-- reads:   events
-- frames:  found
-- returns: sequence BIGINT, properties VARCHAR, precise_total_amount_cents DECIMAL(38, 12),
--          received_at TIMESTAMP WITH TIME ZONE
-- order:   none
-- notes:   found is what ingest/known answered.
select
    sequence,
    properties,
    precise_total_amount_cents,
    received_at
from events
where sequence in (select sequence from found)
