-- name:    quantities_events
-- dialect: duckdb
-- about:   The single events of lines whose price depends on each of them.
-- reads:   events, corrections
-- frames:  lines
-- params:  code VARCHAR, field VARCHAR, facets VARCHAR[], start TIMESTAMP WITH TIME ZONE,
--          stop TIMESTAMP WITH TIME ZONE, until BIGINT
-- slots:   text, counted, number, standing
-- returns: line BIGINT, facets VARCHAR, value VARCHAR, number DECIMAL(38,12),
--          is_added BOOLEAN, day BIGINT, rank DECIMAL(38,0)
-- order:   (none)
-- notes:   As quantities, and the same events. day is the local day of the event, counted from
--          1970-01-01; of one from before the line began, the day before the line's first.
--          {{standing}} leaves out what was voided or amended up to `until`.
with picked as (
    select
        lines.line,
        case
            when len($facets) = 0 then '[]'
            else to_json(json_extract_string(events.properties, $facets))::varchar
        end as facets,
        epoch_us(events."at")::hugeint * 10000000000000000000 + events.sequence as rank,
        {{text}} as text,
        json_extract_string(events.properties, '/operation_type') as operation,
        case
            when events."at" < lines.begin then lines.first - 1
            else (epoch_us(events."at") + lines.ahead) // 86400000000
        end as day
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
)

select
    line::bigint as line,
    facets,
    text as value,
    {{number}} as number,
    operation is distinct from 'remove' as is_added,
    day,
    rank::decimal(38, 0) as rank
from picked
where {{counted}}
