-- name:    events/rejected_count
-- dialect: clickhouse
-- about:   How many rows of an organization were rejected.
-- reads:   rejected_events, replays, receptions
-- params:  organization String, id String, reason String, any_subscription Bool, subscription String,
--          code String, earliest DateTime64(6, 'UTC'), latest DateTime64(6, 'UTC'),
--          replayed Bool, before String
-- returns: events Int64
-- order:   one row
-- notes:   an empty text admits all; so does any_subscription. An id is found whether or not it was
--          replayed. A row whose reception was never counted was never answered: it is not shown.
select toInt64(count()) as events
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
