-- name:    events/corrections
-- dialect: clickhouse
-- about:   One page of the corrections of an organization's events, the latest first.
-- reads:   corrections, streams
-- params:  organization String, any_subscription Bool, subscription String, transaction String,
--          start Int64, size Int64
-- returns: key_high UInt64, key_low UInt64, transaction_id String, code String, at DateTime64(6, 'UTC'),
--          precise_total_amount_cents Nullable(Decimal(38, 12)), properties String,
--          external_subscription_id String, received_at DateTime64(6, 'UTC'), sequence Int64,
--          corrected String, reason String, corrected_by String, corrected_at DateTime64(6, 'UTC')
-- order:   sequence descending
-- notes:   an empty transaction admits all; so does any_subscription.
select
    c.key_high as key_high,
    c.key_low as key_low,
    c.transaction_id as transaction_id,
    c.code as code,
    c.at as at,
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
    s.organization_id = {organization:String}
    and ({any_subscription:Bool} or s.external_subscription_id = {subscription:String})
    and ({transaction:String} = '' or c.transaction_id = {transaction:String})
order by c.sequence desc
limit {size:Int64}
offset {start:Int64}
