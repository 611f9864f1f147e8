-- name:    events/corrections_count
-- dialect: duckdb
-- about:   How many corrections of events a filter admits.
-- reads:   corrections, streams
-- params:  organization VARCHAR, any_subscription BOOLEAN, subscription VARCHAR, transaction VARCHAR
-- returns: events BIGINT
-- order:   one row
-- notes:   an empty transaction admits all; so does any_subscription.
select count(*) as events
from corrections as c
join streams as s on s.stream = c.stream
where
    s.organization_id = $organization
    and ($any_subscription or s.external_subscription_id = $subscription)
    and ($transaction = '' or c.transaction_id = $transaction)
