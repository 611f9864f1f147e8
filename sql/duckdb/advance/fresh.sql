-- name:    advance/fresh
-- dialect: duckdb
-- about:   The events of an organization that came after a sequence, of the codes that are paid for at once.
-- reads:   events, streams
-- params:  organization VARCHAR, codes VARCHAR[], since BIGINT, until BIGINT, most BIGINT
-- returns: sequence BIGINT, external_subscription_id VARCHAR, code VARCHAR,
--          at TIMESTAMP WITH TIME ZONE, received_at TIMESTAMP WITH TIME ZONE
-- order:   sequence
-- notes:   At most `most` of them, those that came first.
select
    events.sequence,
    streams.external_subscription_id,
    events.code,
    events."at",
    events.received_at
from events
join streams on events.stream = streams.stream
where
    events.sequence > $since
    and events.sequence <= $until
    and events.code in (select unnest($codes))
    and streams.organization_id = $organization
order by events.sequence
limit $most
