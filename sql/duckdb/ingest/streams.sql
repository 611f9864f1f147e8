-- name:    ingest/streams
-- dialect: duckdb
-- about:   The numbers that streams have been given.
-- reads:   streams
-- frames:  wanted
-- returns: organization_id VARCHAR, external_subscription_id VARCHAR, stream BIGINT
-- order:   none
-- notes:   wanted has organization_id and external_subscription_id. The lowest number counts, should
--          a stream ever have two.
select
    organization_id,
    external_subscription_id,
    min(stream) as stream
from streams
where (organization_id, external_subscription_id) in (
    select (organization_id, external_subscription_id) from wanted
)
group by organization_id, external_subscription_id
