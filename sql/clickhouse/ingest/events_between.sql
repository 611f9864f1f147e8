-- name:    ingest/events_between
-- dialect: clickhouse
-- about:   The events between two ingestion sequences, both inside, as the writer stored them.
-- reads:   events
-- params:  first Int64, last Int64
-- returns: sequence Int64, stream Int64, code String, at DateTime64(6, 'UTC'), key_high UInt64, key_low UInt64,
--          properties String, precise_total_amount_cents Nullable(Decimal(38, 12)), received_at DateTime64(6, 'UTC')
-- order:   none
select
    sequence,
    stream,
    code,
    at,
    key_high,
    key_low,
    properties,
    precise_total_amount_cents,
    received_at
from events
where
    sequence >= {first:Int64}
    and sequence <= {last:Int64}
