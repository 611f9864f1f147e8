-- name:    ingest/unfinished
-- dialect: duckdb
-- about:   The amendments whose row was not stored before a crash: the row, as it must be.
-- reads:   corrections, events
-- returns: stream BIGINT, code VARCHAR, at TIMESTAMP WITH TIME ZONE, transaction_id VARCHAR,
--          key_high UBIGINT, key_low UBIGINT, properties VARCHAR,
--          precise_total_amount_cents DECIMAL(38, 12), received_at TIMESTAMP WITH TIME ZONE,
--          sequence BIGINT
-- order:   sequence
-- notes:   The last sequence of all is the only place where one can be missing.
select
    stream,
    code,
    "at",
    transaction_id,
    key_high,
    key_low,
    properties,
    precise_total_amount_cents,
    received_at,
    sequence
from corrections
where
    kind = 'amend'
    and sequence > (select coalesce(max(sequence), 0) from events)
order by sequence
