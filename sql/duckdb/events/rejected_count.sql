-- name:    events/rejected_count
-- dialect: duckdb
-- about:   How many rows of an organization were rejected.
-- reads:   rejected_events, replays, receptions
-- params:  organization VARCHAR, id VARCHAR, reason VARCHAR, any_subscription BOOLEAN, subscription VARCHAR,
--          code VARCHAR, earliest TIMESTAMP WITH TIME ZONE, latest TIMESTAMP WITH TIME ZONE,
--          replayed BOOLEAN, before VARCHAR
-- returns: events BIGINT
-- order:   one row
-- notes:   an empty text admits all; so does any_subscription. An id is found whether or not it was
--          replayed. A row whose reception was never counted was never answered: it is not shown.
select count(*) as events
from rejected_events as r
left join (
    select
        rejected_id,
        min(replayed_at) as replayed_at
    from replays
    where organization_id = $organization
    group by rejected_id
) as d on d.rejected_id = r.id
where
    r.organization_id = $organization
    and ($id = '' or r.id = $id)
    and ($reason = '' or r.reason = $reason)
    and ($any_subscription or r.external_subscription_id = $subscription)
    and ($code = '' or r.code = $code)
    and r.received_at >= $earliest
    and r.received_at <= $latest
    and ($before = '' or r.id < $before)
    and ($id <> '' or (d.rejected_id is not null) = $replayed)
    and r.reception in (select reception from receptions where organization_id = $organization)
