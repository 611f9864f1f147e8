-- name:    reconciliation/stored
-- dialect: duckdb
-- about:   The events that are stored of a period of reception: how many, and when they happened.
-- reads:   events, streams, corrections
-- params:  organization VARCHAR, start TIMESTAMP WITH TIME ZONE, stop TIMESTAMP WITH TIME ZONE, until BIGINT
-- returns: events BIGINT, first TIMESTAMP WITH TIME ZONE, last TIMESTAMP WITH TIME ZONE
-- order:   one row
-- notes:   What an amendment stored is no event that came in.
select
    count(*) as events,
    min(e.at) as first,
    max(e.at) as last
from events as e
join streams as s on s.stream = e.stream
where
    s.organization_id = $organization
    and e.received_at >= $start
    and e.received_at < $stop
    and e.sequence <= $until
    and e.sequence not in (select sequence from corrections)
