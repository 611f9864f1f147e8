-- name:    quantities
-- dialect: duckdb
-- about:   How much of one metric each line used, by the properties that its prices look at.
-- reads:   events, corrections
-- frames:  lines
-- params:  code VARCHAR, field VARCHAR, facets VARCHAR[], start TIMESTAMP WITH TIME ZONE,
--          stop TIMESTAMP WITH TIME ZONE, until BIGINT
-- slots:   quantity, text, counted, last, standing
-- returns: line BIGINT, facets VARCHAR, value VARCHAR, quantity DECIMAL(38,12),
--          last DECIMAL(38,0), events_count BIGINT, events_sum DECIMAL(38,12),
--          events_digest DECIMAL(38,0)
-- order:   (none)
-- notes:   Each line has its own window; start and stop span all of them. An event counts if it is
--          in the window of its line and was ingested by `until`. {{text}} is the value as it was
--          sent, {{counted}} says whether it is fit to be aggregated, {{quantity}} aggregates the
--          number that it is. facets is a JSON array of the properties that $facets names; a
--          missing one is null or empty in it. rank orders events by their instant, then by their
--          ingestion.
--          {{standing}} leaves out what was voided or amended up to `until`.
with picked as (
    select
        lines.line,
        case
            when len($facets) = 0 then '[]'
            else to_json(json_extract_string(events.properties, $facets))::varchar
        end as facets,
        epoch_us(events."at")::hugeint * 10000000000000000000 + events.sequence as rank,
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
        rank,
        key_low,
        try_cast(text as decimal(38, 12)) as number
    from picked
    where {{counted}}
)

select
    line::bigint as line,
    facets,
    '' as value,
    {{quantity}} as quantity,
    {{last}} as last,
    count(*) as events_count,
    sum(number) as events_sum,
    sum(key_low)::decimal(38, 0) as events_digest
from counted
group by line, facets
