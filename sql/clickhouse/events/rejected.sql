-- name:    events/rejected
-- dialect: clickhouse
-- about:   One page of the rejected rows of an organization, the latest first.
-- reads:   rejected_events
-- params:  organization String, reason String, start Int64, size Int64
-- returns: received_at DateTime64(6, 'UTC'), reason String, content String
-- order:   received_at descending, reason, content
-- notes:   an empty reason admits all.
select
    received_at,
    reason,
    content
from rejected_events
where
    organization_id = {organization:String}
    and ({reason:String} = '' or reason = {reason:String})
order by
    received_at desc,
    reason,
    content
limit {size:Int64}
offset {start:Int64}
