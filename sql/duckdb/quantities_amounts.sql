-- name:    quantities_amounts
-- dialect: duckdb
-- about:   What the events of each line say that they cost, by the properties of its prices.
-- reads:   events, corrections
-- frames:  lines
-- params:  code VARCHAR, field VARCHAR, facets VARCHAR[], start TIMESTAMP WITH TIME ZONE,
--          stop TIMESTAMP WITH TIME ZONE, until BIGINT
-- slots:   text, counted, standing
-- returns: line BIGINT, facets VARCHAR, cents DECIMAL(38,12)
-- order:   (none)
-- notes:   As quantities, and of the same events. One that says no amount costs nothing.
--          {{standing}} leaves out what was voided or amended up to `until`.
with picked as (
    select
        lines.line,
        case
            when len($facets) = 0 then '[]'
            else to_json(json_extract_string(events.properties, $facets))::varchar
        end as facets,
        events.precise_total_amount_cents,
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
)

select
    line::bigint as line,
    facets,
    coalesce(sum(precise_total_amount_cents), 0)::decimal(38, 12) as cents
from picked
where {{counted}}
group by line, facets
