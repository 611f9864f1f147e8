-- name:    quantities_held
-- dialect: duckdb
-- about:   How much of one metric each line held for how long, by the properties of its prices.
-- reads:   events, corrections
-- frames:  lines
-- params:  code VARCHAR, field VARCHAR, facets VARCHAR[], start TIMESTAMP WITH TIME ZONE,
--          stop TIMESTAMP WITH TIME ZONE, until BIGINT
-- slots:   text, counted, place, unit, standing
-- returns: line BIGINT, facets VARCHAR, value VARCHAR, quantity DECIMAL(38,12),
--          last DECIMAL(38,0), events_count BIGINT, events_sum DECIMAL(38,12),
--          events_digest DECIMAL(38,0), held DECIMAL(38,12), held_part DECIMAL(38,12)
-- order:   (none)
-- notes:   As quantities. {{place}} is when an event was: its microsecond, or its local day, with
--          `ahead`, which a window of a line has for as long as its zone is so far ahead of UTC.
--          What an event brought is held from there to `until`, and at most for `whole`, if it
--          came before. held counts units times {{unit}}s, held_part units times what is left.
--          {{standing}} leaves out what was voided or amended up to `until`.
with picked as (
    select
        lines.line,
        case
            when len($facets) = 0 then '[]'
            else to_json(json_extract_string(events.properties, $facets))::varchar
        end as facets,
        events.key_low,
        {{text}} as text,
        greatest(least(lines.whole, lines.until - {{place}}), 0) as weight
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
        weight // {{unit}} as whole,
        weight % {{unit}} as part,
        try_cast(text as decimal(38, 12)) as number
    from picked
    where {{counted}}
)

select
    line::bigint as line,
    facets,
    '' as value,
    sum(number) as quantity,
    0::decimal(38, 0) as last,
    count(*) as events_count,
    sum(number) as events_sum,
    sum(key_low)::decimal(38, 0) as events_digest,
    sum(number * whole) as held,
    sum(number * part) as held_part
from counted
group by line, facets
