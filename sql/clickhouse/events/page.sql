-- name:    events/page
-- dialect: clickhouse
-- about:   One page of the events of an organization, the latest first.
-- reads:   events, streams, corrections
-- params:  organization String, any_subscription Bool, subscription String, code String,
--          earliest DateTime64(6, 'UTC'), latest DateTime64(6, 'UTC'),
--          start Int64, size Int64, after Bool, after_at DateTime64(6, 'UTC'),
--          after_transaction String, after_sequence Int64
-- returns: key_high UInt64, key_low UInt64, transaction_id String, code String, at DateTime64(6, 'UTC'),
--          precise_total_amount_cents Nullable(Decimal(38, 12)), properties String,
--          external_subscription_id String, received_at DateTime64(6, 'UTC'), sequence Int64,
--          corrected Nullable(String)
-- order:   at descending, transaction_id, sequence
-- notes:   an empty code admits all; so does any_subscription. Where after is true, the page follows
--          the event that the three after_ parameters name. A row that was amended is not shown: the one
--          that counts in its place is.
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
    and ({any_subscription:Bool} or s.external_subscription_id = {subscription:String})
    and ({code:String} = '' or e.code = {code:String})
    and e.at >= {earliest:DateTime64(6, 'UTC')}
    and e.at <= {latest:DateTime64(6, 'UTC')}
    and coalesce(c.kind, '') <> 'amend'
    and (
        not {after:Bool}
        or e.at < {after_at:DateTime64(6, 'UTC')}
        or (
            e.at = {after_at:DateTime64(6, 'UTC')}
            and (e.transaction_id, e.sequence) > ({after_transaction:String}, {after_sequence:Int64})
        )
    )
order by
    e.at desc,
    e.transaction_id,
    e.sequence
limit {size:Int64}
offset {start:Int64}
