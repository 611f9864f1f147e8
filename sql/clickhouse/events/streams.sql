-- name:    events/streams
-- dialect: clickhouse
-- about:   The streams of an organization.
-- reads:   streams
-- params:  organization String
-- returns: stream Int64, external_subscription_id String
-- order:   none
select
    stream,
    external_subscription_id
from streams
where organization_id = {organization:String}
