-- name:    reconciliation/rejected
-- dialect: duckdb
-- about:   The rejected rows that are kept, by their reason, and how many of them count since.
-- reads:   rejected_events, replays, receptions
-- params:  organization VARCHAR, start TIMESTAMP WITH TIME ZONE, stop TIMESTAMP WITH TIME ZONE
-- returns: reason VARCHAR, events BIGINT, replayed BIGINT
-- order:   reason
select
    r.reason as reason,
    count(*) as events,
    (count(d.rejected_id))::bigint as replayed
from rejected_events as r
left join (
    select distinct rejected_id
    from replays
    where organization_id = $organization
) as d on d.rejected_id = r.id
where
    r.organization_id = $organization
    and r.received_at >= $start
    and r.received_at < $stop
    and r.reception in (select reception from receptions where organization_id = $organization)
group by r.reason
order by r.reason
