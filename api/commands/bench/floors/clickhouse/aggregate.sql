-- name:    aggregate
-- dialect: clickhouse
-- about:   One aggregation of the events of one code, for every stream: the bare group by.
-- reads:   events
-- params:  code String, start DateTime64(6, 'UTC'), stop DateTime64(6, 'UTC')
-- slots:   quantity
-- returns: stream Int64, quantity Decimal(38, 12)
-- notes:   One window for all, no filters, no groups, nothing about where a number came from.
select
    stream,
    {{quantity}} as quantity
from events
where
    code = {code:String}
    and at >= {start:DateTime64(6, 'UTC')}
    and at < {stop:DateTime64(6, 'UTC')}
group by stream
