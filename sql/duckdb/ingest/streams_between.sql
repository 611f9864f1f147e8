-- name:    ingest/streams_between
-- dialect: duckdb
-- about:   The streams between two numbers, both inside.
-- reads:   streams
-- params:  first BIGINT, last BIGINT
-- returns: stream BIGINT, organization_id VARCHAR, external_subscription_id VARCHAR
-- order:   none
select
    stream,
    organization_id,
    external_subscription_id
from streams
where
    stream >= $first
    and stream <= $last
