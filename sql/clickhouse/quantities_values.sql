-- name:    quantities_values
-- dialect: clickhouse
-- about:   Which values of one metric each line has, and how often, by its prices' properties.
-- reads:   events, corrections
-- frames:  lines
-- params:  code String, field String, facets Array(String), start DateTime64(6, 'UTC'),
--          stop DateTime64(6, 'UTC'), until Int64
-- slots:   text, counted, standing
-- returns: line Int64, facets String, value String, quantity Decimal(38, 12),
--          last Decimal(38, 0), events_count Int64, events_sum Decimal(38, 12),
--          events_digest Decimal(38, 0)
-- order:   (none)
-- notes:   As quantities. One row for each number: events_count says how often it came.
--          {{standing}} leaves out what was voided or amended up to `until`.
with picked as (
    select
        lines.line as line,
        toJSONString(
            arrayMap(key -> JSONExtractString(events.properties, key), {facets:Array(String)})
        ) as facets,
        events.key_low as key_low,
        {{text}} as text
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
),

counted as (
    select
        line,
        facets,
        key_low,
        toDecimal128OrZero(text, 12) as number
    from picked
    where {{counted}}
)

select
    toInt64(line) as line,
    facets,
    '' as value,
    number as quantity,
    toDecimal128(0, 0) as last,
    toInt64(count()) as events_count,
    toDecimal128(sum(toDecimal256(number, 12)), 12) as events_sum,
    toDecimal128(sum(toUInt128(key_low)), 0) as events_digest
from counted
group by line, facets, number
