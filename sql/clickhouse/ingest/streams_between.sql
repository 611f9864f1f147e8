-- name:    ingest/streams_between
-- dialect: clickhouse
-- about:   The streams between two numbers, both inside.
-- reads:   streams
-- params:  first Int64, last Int64
-- returns: stream Int64, organization_id String, external_subscription_id String
-- order:   none
select
    stream,
    organization_id,
    external_subscription_id
from streams
where
    stream >= {first:Int64}
    and stream <= {last:Int64}
