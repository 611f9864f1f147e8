-- name:    reconciliation/found
-- dialect: clickhouse
-- about:   The events of some sequences, as they are shown.
-- reads:   events, streams, corrections
-- frames:  wanted
-- params:  organization String
-- returns: key_high UInt64, key_low UInt64, transaction_id String, code String, at DateTime64(6, 'UTC'),
--          precise_total_amount_cents Nullable(Decimal(38, 12)), properties String,
--          external_subscription_id String, received_at DateTime64(6, 'UTC'), sequence Int64,
--          corrected Nullable(String)
-- order:   sequence descending
-- notes:   wanted has the sequences.
select
    e.key_high as key_high,
    e.key_low as key_low,
    e.transaction_id as transaction_id,
    e.code as code,
    e.at as at,
    e.precise_total_amount_cents as precise_total_amount_cents,
    e.properties as properties,
    s.external_subscription_id as external_subscription_id,
    e.received_at as received_at,
    e.sequence as sequence,
    coalesce(c.kind, a.kind) as corrected
from events as e
join streams as s on s.stream = e.stream
left join corrections as c on c.event_sequence = e.sequence
left join corrections as a on a.sequence = e.sequence
where
    s.organization_id = {organization:String}
    and e.sequence in (select sequence from wanted)
order by e.sequence desc
