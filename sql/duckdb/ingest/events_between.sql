-- name:    ingest/events_between
-- dialect: duckdb
-- about:   The events between two ingestion sequences, both inside, as the writer stored them.
-- reads:   events
-- params:  first BIGINT, last BIGINT
-- returns: sequence BIGINT, stream BIGINT, code VARCHAR, at TIMESTAMP WITH TIME ZONE, key_high UBIGINT,
--          key_low UBIGINT, properties VARCHAR, precise_total_amount_cents DECIMAL(38, 12),
--          received_at TIMESTAMP WITH TIME ZONE
-- order:   none
select
    sequence,
    stream,
    code,
    "at",
    key_high,
    key_low,
    properties,
    precise_total_amount_cents,
    received_at
from events
where
    sequence >= $first
    and sequence <= $last
