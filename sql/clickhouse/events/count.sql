-- name:    events/count
-- dialect: clickhouse
-- about:   How many events of an organization a filter admits.
-- reads:   events, streams, corrections
-- params:  organization String, any_subscription Bool, subscription String, code String,
--          earliest DateTime64(6, 'UTC'), latest DateTime64(6, 'UTC')
-- returns: events Int64
-- order:   one row
-- notes:   an empty code admits all; so does any_subscription. A row that was
--          amended is no event of its own.
select toInt64(count()) as events
from events as e
join streams as s on s.stream = e.stream
where
    s.organization_id = {organization:String}
    and ({any_subscription:Bool} or s.external_subscription_id = {subscription:String})
    and ({code:String} = '' or e.code = {code:String})
    and e.at >= {earliest:DateTime64(6, 'UTC')}
    and e.at <= {latest:DateTime64(6, 'UTC')}
    and e.sequence not in (select event_sequence from corrections where kind = 'amend')
