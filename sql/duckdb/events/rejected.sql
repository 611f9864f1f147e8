-- name:    events/rejected
-- dialect: duckdb
-- about:   One page of the rejected rows of an organization, the latest first.
-- reads:   rejected_events
-- params:  organization VARCHAR, reason VARCHAR, start BIGINT, size BIGINT
-- returns: received_at TIMESTAMP WITH TIME ZONE, reason VARCHAR, content VARCHAR
-- order:   received_at descending, reason, content
-- notes:   an empty reason admits all.
select
    received_at,
    reason,
    content
from rejected_events
where
    organization_id = $organization
    and ($reason = '' or reason = $reason)
order by
    received_at desc,
    reason,
    content
limit $size
offset $start
