-- name:    events/touched
-- dialect: clickhouse
-- about:   For which subscriptions of an organization events came after a sequence.
-- reads:   events, streams
-- params:  organization String, since Int64, until Int64
-- returns: external_subscription_id String
-- order:   none
-- notes:   Each once, by its external id.
select distinct streams.external_subscription_id as external_subscription_id
from streams
where
    streams.organization_id = {organization:String}
    and streams.stream in (
        select events.stream
        from events
        where
            events.sequence > {since:Int64}
            and events.sequence <= {until:Int64}
    )
