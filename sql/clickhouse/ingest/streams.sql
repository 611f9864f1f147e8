-- name:    ingest/streams
-- dialect: clickhouse
-- about:   The numbers that streams have been given.
-- reads:   streams
-- frames:  wanted
-- returns: organization_id String, external_subscription_id String, stream Int64
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
