-- name:    ingest/uncounted
-- dialect: clickhouse
-- about:   How many events came in after what the door has counted, up to a sequence.
-- reads:   events, streams, corrections
-- params:  after Int64, last Int64
-- returns: organization_id String, received_at DateTime64(6, 'UTC'), accepted Int64
-- order:   none
-- notes:   What an amendment stored is no event that came in.
select
    s.organization_id as organization_id,
    e.received_at as received_at,
    toInt64(count()) as accepted
from events as e
join streams as s on s.stream = e.stream
where
    e.sequence > {after:Int64}
    and e.sequence <= {last:Int64}
    and e.sequence not in (select sequence from corrections)
group by s.organization_id, e.received_at
