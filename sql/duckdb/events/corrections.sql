-- name:    events/corrections
-- dialect: duckdb
-- about:   One page of the corrections of an organization's events, the latest first.
-- reads:   corrections, streams
-- params:  organization VARCHAR, any_subscription BOOLEAN, subscription VARCHAR, transaction VARCHAR,
--          start BIGINT, size BIGINT
-- returns: key_high UBIGINT, key_low UBIGINT, transaction_id VARCHAR, code VARCHAR, at TIMESTAMP WITH TIME ZONE,
--          precise_total_amount_cents DECIMAL(38, 12), properties VARCHAR,
--          external_subscription_id VARCHAR, received_at TIMESTAMP WITH TIME ZONE, sequence BIGINT,
--          corrected VARCHAR, reason VARCHAR, corrected_by VARCHAR, corrected_at TIMESTAMP WITH TIME ZONE
-- order:   sequence descending
-- notes:   an empty transaction admits all; so does any_subscription.
select
    c.key_high as key_high,
    c.key_low as key_low,
    c.transaction_id as transaction_id,
    c.code as code,
    c."at",
    c.precise_total_amount_cents as precise_total_amount_cents,
    c.properties as properties,
    s.external_subscription_id as external_subscription_id,
    c.received_at as received_at,
    c.sequence as sequence,
    c.kind as corrected,
    c.reason as reason,
    c.corrected_by as corrected_by,
    c.corrected_at as corrected_at
from corrections as c
join streams as s on s.stream = c.stream
where
    s.organization_id = $organization
    and ($any_subscription or s.external_subscription_id = $subscription)
    and ($transaction = '' or c.transaction_id = $transaction)
order by c.sequence desc
limit $size
offset $start
