-- name:    events/count
-- dialect: duckdb
-- about:   How many events of an organization a filter admits.
-- reads:   events, streams, corrections
-- params:  organization VARCHAR, any_subscription BOOLEAN, subscription VARCHAR, code VARCHAR,
--          earliest TIMESTAMP WITH TIME ZONE, latest TIMESTAMP WITH TIME ZONE
-- returns: events BIGINT
-- order:   one row
-- notes:   an empty code admits all; so does any_subscription. A row that was
--          amended is no event of its own.
select count(*) as events
from events as e
join streams as s on s.stream = e.stream
where
    s.organization_id = $organization
    and ($any_subscription or s.external_subscription_id = $subscription)
    and ($code = '' or e.code = $code)
    and e.at >= $earliest
    and e.at <= $latest
    and e.sequence not in (select event_sequence from corrections where kind = 'amend')
