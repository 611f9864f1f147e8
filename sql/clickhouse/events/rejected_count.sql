-- name:    events/rejected_count
-- dialect: clickhouse
-- about:   How many rows of an organization were rejected.
-- reads:   rejected_events
-- params:  organization String, reason String
-- returns: events Int64
-- order:   one row
-- notes:   an empty reason admits all.
select toInt64(count()) as events
from rejected_events
where
    organization_id = {organization:String}
    and ({reason:String} = '' or reason = {reason:String})
