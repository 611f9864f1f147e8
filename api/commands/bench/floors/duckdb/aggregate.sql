-- name:    aggregate
-- dialect: duckdb
-- about:   One aggregation of the events of one code, for every stream: the bare group by.
-- reads:   events
-- params:  code VARCHAR, start TIMESTAMP WITH TIME ZONE, stop TIMESTAMP WITH TIME ZONE
-- slots:   quantity
-- returns: stream BIGINT, quantity DECIMAL(38, 12)
-- notes:   One window for all, no filters, no groups, nothing about where a number came from.
select
    stream,
    {{quantity}} as quantity
from events
where
    code = $code
    and "at" >= $start
    and "at" < $stop
group by stream
