-- name:    reconciliation/stored
-- dialect: clickhouse
-- about:   The events that are stored of a period of reception: how many, and when they happened.
-- reads:   events, streams, corrections
-- params:  organization String, start DateTime64(6, 'UTC'), stop DateTime64(6, 'UTC'), until Int64
-- returns: events Int64, first Nullable(DateTime64(6, 'UTC')), last Nullable(DateTime64(6, 'UTC'))
-- order:   one row
-- notes:   What an amendment stored is no event that came in.
select
    toInt64(count()) as events,
    minOrNull(e.at) as first,
    maxOrNull(e.at) as last
from events as e
join streams as s on s.stream = e.stream
where
    s.organization_id = {organization:String}
    and e.received_at >= {start:DateTime64(6, 'UTC')}
    and e.received_at < {stop:DateTime64(6, 'UTC')}
    and e.sequence <= {until:Int64}
    and e.sequence not in (select sequence from corrections)
