-- name:    usage
-- dialect: clickhouse
-- about:   One aggregation of the events of one code, of one stream.
-- reads:   events
-- params:  stream Int64, code String, start DateTime64(6, 'UTC'), stop DateTime64(6, 'UTC')
-- slots:   quantity
-- returns: stream Int64, quantity Decimal(38, 12)
-- notes:   As aggregate.
select
    stream,
    {{quantity}} as quantity
from events
where
    stream = {stream:Int64}
    and code = {code:String}
    and at >= {start:DateTime64(6, 'UTC')}
    and at < {stop:DateTime64(6, 'UTC')}
group by stream
