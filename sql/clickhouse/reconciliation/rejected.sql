-- name:    reconciliation/rejected
-- dialect: clickhouse
-- about:   The rejected rows that are kept, by their reason, and how many of them count since.
-- reads:   rejected_events, replays, receptions
-- params:  organization String, start DateTime64(6, 'UTC'), stop DateTime64(6, 'UTC')
-- returns: reason String, events Int64, replayed Int64
-- order:   reason
select
    r.reason as reason,
    toInt64(count()) as events,
    toInt64(count(d.rejected_id)) as replayed
from rejected_events as r
left join (
    select distinct rejected_id
    from replays
    where organization_id = {organization:String}
) as d on d.rejected_id = r.id
where
    r.organization_id = {organization:String}
    and r.received_at >= {start:DateTime64(6, 'UTC')}
    and r.received_at < {stop:DateTime64(6, 'UTC')}
    and r.reception in (select reception from receptions where organization_id = {organization:String})
group by r.reason
order by r.reason
