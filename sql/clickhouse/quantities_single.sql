-- name:    quantities_single
-- dialect: clickhouse
-- about:   The single events of lines that are paid for at once, each with all that its fee says.
-- reads:   events, corrections
-- frames:  lines
-- params:  code String, field String, facets Array(String), start DateTime64(6, 'UTC'),
--          stop DateTime64(6, 'UTC'), until Int64
-- slots:   text, counted, number, standing
-- returns: line Int64, facets String, value String, number Decimal(38, 12), is_added Bool,
--          sequence Int64, at DateTime64(6, 'UTC'),
--          transaction_id String, key_low UInt64, cents Decimal(38, 12)
-- order:   (none)
-- notes:   As quantities, and the same events.
--          {{standing}} leaves out what was voided or amended up to `until`.
with picked as (
    select
        lines.line as line,
        toJSONString(
            arrayMap(key -> JSONExtractString(events.properties, key), {facets:Array(String)})
        ) as facets,
        {{text}} as text,
        JSONExtractString(events.properties, 'operation_type') as operation,
        events.sequence as sequence,
        events.at as at,
        events.transaction_id as transaction_id,
        events.key_low as key_low,
        coalesce(events.precise_total_amount_cents, toDecimal128(0, 12)) as cents
    from events
    inner join lines on events.stream = lines.stream
    where
        events.stream in (select stream from lines)
        and events.code = {code:String}
        and events.sequence <= {until:Int64}
        and {{standing}}
        and events.at >= {start:DateTime64(6, 'UTC')}
        and events.at < {stop:DateTime64(6, 'UTC')}
        and events.at >= lines.start
        and events.at < lines.stop
)

select
    toInt64(line) as line,
    facets,
    text as value,
    {{number}} as number,
    toBool(operation != 'remove') as is_added,
    sequence,
    at,
    transaction_id,
    key_low,
    cents
from picked
where {{counted}}
