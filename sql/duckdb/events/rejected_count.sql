-- name:    events/rejected_count
-- dialect: duckdb
-- about:   How many rows of an organization were rejected.
-- reads:   rejected_events
-- params:  organization VARCHAR, reason VARCHAR
-- returns: events BIGINT
-- order:   one row
-- notes:   an empty reason admits all.
select count(*) as events
from rejected_events
where
    organization_id = $organization
    and ($reason = '' or reason = $reason)
