-- name:    usage
-- dialect: duckdb
-- about:   One aggregation of the events of one code, of one stream.
-- reads:   events
-- params:  stream BIGINT, code VARCHAR, start TIMESTAMP WITH TIME ZONE, stop TIMESTAMP WITH TIME ZONE
-- slots:   quantity
-- returns: stream BIGINT, quantity DECIMAL(38, 12)
-- notes:   As aggregate.
select
    stream,
    {{quantity}} as quantity
from events
where
    stream = $stream
    and code = $code
    and "at" >= $start
    and "at" < $stop
group by stream
