-- name:    reconciliation/found
-- dialect: duckdb
-- about:   The events of some sequences, as they are shown.
-- reads:   events, streams, corrections
-- frames:  wanted
-- params:  organization VARCHAR
-- returns: key_high UBIGINT, key_low UBIGINT, transaction_id VARCHAR, code VARCHAR, at TIMESTAMP WITH TIME ZONE,
--          precise_total_amount_cents DECIMAL(38, 12), properties VARCHAR,
--          external_subscription_id VARCHAR, received_at TIMESTAMP WITH TIME ZONE, sequence BIGINT,
--          corrected VARCHAR
-- order:   sequence descending
-- notes:   wanted has the sequences.
select
    e.key_high as key_high,
    e.key_low as key_low,
    e.transaction_id as transaction_id,
    e.code as code,
    e.at,
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
    s.organization_id = $organization
    and e.sequence in (select sequence from wanted)
order by e.sequence desc
