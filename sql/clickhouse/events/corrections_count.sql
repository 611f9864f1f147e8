-- name:    events/corrections_count
-- dialect: clickhouse
-- about:   How many corrections of events a filter admits.
-- reads:   corrections, streams
-- params:  organization String, any_subscription Bool, subscription String, transaction String
-- returns: events Int64
-- order:   one row
-- notes:   an empty transaction admits all; so does any_subscription.
select toInt64(count()) as events
from corrections as c
join streams as s on s.stream = c.stream
where
    s.organization_id = {organization:String}
    and ({any_subscription:Bool} or s.external_subscription_id = {subscription:String})
    and ({transaction:String} = '' or c.transaction_id = {transaction:String})
