-- name:    quantities_unique
-- dialect: duckdb
-- about:   How many different values each line has, of those that came and did not go.
-- reads:   events, corrections
-- frames:  lines
-- params:  code VARCHAR, field VARCHAR, facets VARCHAR[], start TIMESTAMP WITH TIME ZONE,
--          stop TIMESTAMP WITH TIME ZONE, until BIGINT
-- slots:   value, standing
-- returns: line BIGINT, facets VARCHAR, value VARCHAR, quantity DECIMAL(38,12),
--          last DECIMAL(38,0), events_count BIGINT, events_sum DECIMAL(38,12),
--          events_digest DECIMAL(38,0)
-- order:   (none)
-- notes:   As quantities. A value is there if the last event that named it did not remove it.
--          {{value}} is the value itself where values must be merged across facets, else empty.
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
        json_extract_string(events.properties, $field) as text,
        case
            when contains(events.properties, 'operation_type')
                then json_extract_string(events.properties, '/operation_type')
        end as operation
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

named as (
    select
        line,
        facets,
        text,
        arg_max(case when operation = 'remove' then 0 else 1 end, rank) as is_there,
        max(rank) as last,
        count(*) as events_count,
        sum(key_low) as events_digest
    from picked
    where text <> ''
    group by line, facets, text
)

select
    line::bigint as line,
    facets,
    {{value}} as value,
    sum(is_there)::decimal(38, 12) as quantity,
    max(last)::decimal(38, 0) as last,
    sum(events_count)::bigint as events_count,
    0::decimal(38, 12) as events_sum,
    sum(events_digest)::decimal(38, 0) as events_digest
from named
group by line, facets, value
