-- name:    quantities_values
-- dialect: duckdb
-- about:   Which values of one metric each line has, and how often, by its prices' properties.
-- reads:   events, corrections
-- frames:  lines
-- params:  code VARCHAR, field VARCHAR, facets VARCHAR[], start TIMESTAMP WITH TIME ZONE,
--          stop TIMESTAMP WITH TIME ZONE, until BIGINT
-- slots:   text, counted, standing
-- returns: line BIGINT, facets VARCHAR, value VARCHAR, quantity DECIMAL(38,12),
--          last DECIMAL(38,0), events_count BIGINT, events_sum DECIMAL(38,12),
--          events_digest DECIMAL(38,0)
-- order:   (none)
-- notes:   As quantities. One row for each number: events_count says how often it came.
--          {{standing}} leaves out what was voided or amended up to `until`.
with picked as (
    select
        lines.line,
        case
            when len($facets) = 0 then '[]'
            else to_json(json_extract_string(events.properties, $facets))::varchar
        end as facets,
        events.key_low,
        {{text}} as text
    from events
    join lines on events.stream = lines.stream
    where
        events.code = $code
        and events.sequence <= $until
        and {{standing}}
        and events."at" >= $start
        and events."at" < $stop
        and events."at" >= lines.start
        and events."at" < lines.stop
),

counted as (
    select
        line,
        facets,
        key_low,
        try_cast(text as decimal(38, 12)) as number
    from picked
    where {{counted}}
)

select
    line::bigint as line,
    facets,
    '' as value,
    number as quantity,
    0::decimal(38, 0) as last,
    count(*) as events_count,
    sum(number) as events_sum,
    sum(key_low)::decimal(38, 0) as events_digest
from counted
group by line, facets, number
