-- name:    quantities_single
-- dialect: duckdb
-- about:   The single events of lines that are paid for at once, each with all that its fee says.
-- reads:   events, corrections
-- frames:  lines
-- params:  code VARCHAR, field VARCHAR, facets VARCHAR[], start TIMESTAMP WITH TIME ZONE,
--          stop TIMESTAMP WITH TIME ZONE, until BIGINT
-- slots:   text, counted, number, standing
-- returns: line BIGINT, facets VARCHAR, value VARCHAR, number DECIMAL(38,12),
--          is_added BOOLEAN, sequence BIGINT, at TIMESTAMP WITH TIME ZONE,
--          transaction_id VARCHAR, key_low UBIGINT, cents DECIMAL(38,12)
-- order:   (none)
-- notes:   As quantities, and the same events.
--          {{standing}} leaves out what was voided or amended up to `until`.
with picked as (
    select
        lines.line,
        case
            when len($facets) = 0 then '[]'
            else to_json(json_extract_string(events.properties, $facets))::varchar
        end as facets,
        {{text}} as text,
        json_extract_string(events.properties, '/operation_type') as operation,
        events.sequence,
        events."at",
        events.transaction_id,
        events.key_low,
        events.precise_total_amount_cents
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
    sequence,
    "at",
    transaction_id,
    key_low,
    coalesce(precise_total_amount_cents, 0)::decimal(38, 12) as cents
from picked
where {{counted}}
