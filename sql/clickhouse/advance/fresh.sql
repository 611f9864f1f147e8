-- name:    advance/fresh
-- dialect: clickhouse
-- about:   The events of an organization that came after a sequence, of the codes that are paid for at once.
-- reads:   events, streams
-- params:  organization String, codes Array(String), since Int64, until Int64, most Int64
-- returns: sequence Int64, external_subscription_id String, code String,
--          at DateTime64(6, 'UTC'), received_at DateTime64(6, 'UTC')
-- order:   sequence
-- notes:   At most `most` of them, those that came first.
select
    events.sequence as sequence,
    streams.external_subscription_id as external_subscription_id,
    toString(events.code) as code,
    events.at as at,
    events.received_at as received_at
from events
inner join streams on events.stream = streams.stream
where
    events.sequence > {since:Int64}
    and events.sequence <= {until:Int64}
    and has({codes:Array(String)}, events.code)
    and streams.organization_id = {organization:String}
order by events.sequence
limit {most:Int64}
