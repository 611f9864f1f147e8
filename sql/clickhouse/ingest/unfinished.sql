-- name:    ingest/unfinished
-- dialect: clickhouse
-- about:   The amendments whose row was not stored before a crash: the row, as it must be.
-- reads:   corrections, events
-- returns: stream Int64, code String, at DateTime64(6, 'UTC'), transaction_id String,
--          key_high UInt64, key_low UInt64, properties String,
--          precise_total_amount_cents Nullable(Decimal(38, 12)), received_at DateTime64(6, 'UTC'),
--          sequence Int64
-- order:   sequence
-- notes:   The last sequence of all is the only place where one can be missing.
select
    stream,
    code,
    at,
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
    and sequence > (select max(sequence) from events)
order by sequence
