-- name:    events/streams
-- dialect: duckdb
-- about:   The streams of an organization.
-- reads:   streams
-- params:  organization VARCHAR
-- returns: stream BIGINT, external_subscription_id VARCHAR
-- order:   none
select
    stream,
    external_subscription_id
from streams
where organization_id = $organization
