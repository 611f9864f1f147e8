-- name:    events/rejected
-- dialect: clickhouse
-- about:   One page of the rejected rows of an organization, the latest first.
-- reads:   rejected_events, replays, receptions
-- params:  organization String, id String, reason String, any_subscription Bool, subscription String,
--          code String, earliest DateTime64(6, 'UTC'), latest DateTime64(6, 'UTC'),
--          replayed Bool, before String, start Int64, size Int64
-- returns: id String, received_at DateTime64(6, 'UTC'), reason String,
--          transaction_id Nullable(String), external_subscription_id Nullable(String),
--          code Nullable(String), content String, replayed_at Nullable(DateTime64(6, 'UTC'))
-- order:   id descending
-- notes:   an empty text admits all; so does any_subscription. An id is found whether or not it was
--          replayed. A row whose reception was never counted was never answered: it is not shown.
select
    r.id as id,
    r.received_at as received_at,
    r.reason as reason,
    r.transaction_id as transaction_id,
    r.external_subscription_id as external_subscription_id,
    r.code as code,
    r.content as content,
    d.replayed_at as replayed_at
from rejected_events as r
left join (
    select
        rejected_id,
        min(replayed_at) as replayed_at
    from replays
    where organization_id = {organization:String}
    group by rejected_id
) as d on d.rejected_id = r.id
where
    r.organization_id = {organization:String}
    and ({id:String} = '' or r.id = {id:String})
    and ({reason:String} = '' or r.reason = {reason:String})
    and ({any_subscription:Bool} or r.external_subscription_id = {subscription:String})
    and ({code:String} = '' or r.code = {code:String})
    and r.received_at >= {earliest:DateTime64(6, 'UTC')}
    and r.received_at <= {latest:DateTime64(6, 'UTC')}
    and ({before:String} = '' or r.id < {before:String})
    and ({id:String} <> '' or (d.rejected_id is not null) = {replayed:Bool})
    and r.reception in (select reception from receptions where organization_id = {organization:String})
order by r.id desc
limit {size:Int64}
offset {start:Int64}
