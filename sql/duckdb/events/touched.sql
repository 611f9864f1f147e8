-- name:    events/touched
-- dialect: duckdb
-- about:   For which subscriptions of an organization events came after a sequence.
-- reads:   events, streams
-- params:  organization VARCHAR, since BIGINT, until BIGINT
-- returns: external_subscription_id VARCHAR
-- order:   none
-- notes:   Each once, by its external id.
select streams.external_subscription_id
from streams
where
    streams.organization_id = $organization
    and streams.stream in (
        select events.stream
        from events
        where
            events.sequence > $since
            and events.sequence <= $until
    )
