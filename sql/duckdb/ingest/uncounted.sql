-- name:    ingest/uncounted
-- dialect: duckdb
-- about:   How many events came in after what the door has counted, up to a sequence.
-- reads:   events, streams, corrections
-- params:  after BIGINT, last BIGINT
-- returns: organization_id VARCHAR, received_at TIMESTAMP WITH TIME ZONE, accepted BIGINT
-- order:   none
-- notes:   What an amendment stored is no event that came in.
select
    s.organization_id as organization_id,
    e.received_at as received_at,
    count(*) as accepted
from events as e
join streams as s on s.stream = e.stream
where
    e.sequence > $after
    and e.sequence <= $last
    and e.sequence not in (select sequence from corrections)
group by s.organization_id, e.received_at
