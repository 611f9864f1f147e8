-- name:    quantities_held
-- dialect: clickhouse
-- about:   How much of one metric each line held for how long, by the properties of its prices.
-- reads:   events, corrections
-- frames:  lines
-- params:  code String, field String, facets Array(String), start DateTime64(6, 'UTC'),
--          stop DateTime64(6, 'UTC'), until Int64
-- slots:   text, counted, place, unit, standing
-- returns: line Int64, facets String, value String, quantity Decimal(38, 12),
--          last Decimal(38, 0), events_count Int64, events_sum Decimal(38, 12),
--          events_digest Decimal(38, 0), held Decimal(38, 12), held_part Decimal(38, 12)
-- order:   (none)
-- notes:   As quantities. {{place}} is when an event was: its microsecond, or its local day, with
--          `ahead`, which a window of a line has for as long as its zone is so far ahead of UTC.
--          What an event brought is held from there to `until`, and at most for `whole`, if it
--          came before. held counts units times {{unit}}s, held_part units times what is left.
--          {{standing}} leaves out what was voided or amended up to `until`.
with picked as (
    select
        lines.line as line,
        toJSONString(
            arrayMap(key -> JSONExtractString(events.properties, key), {facets:Array(String)})
        ) as facets,
        events.key_low as key_low,
        {{text}} as text,
        greatest(least(lines.whole, lines.until - {{place}}), 0) as weight
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
        intDiv(weight, {{unit}}) as whole,
        weight % {{unit}} as part,
        toDecimal256(toDecimal128OrZero(text, 12), 12) as number
    from picked
    where {{counted}}
)

select
    toInt64(line) as line,
    facets,
    '' as value,
    toDecimal128(sum(number), 12) as quantity,
    toDecimal128(0, 0) as last,
    toInt64(count()) as events_count,
    quantity as events_sum,
    toDecimal128(sum(toUInt128(key_low)), 0) as events_digest,
    toDecimal128(sum(number * whole), 12) as held,
    toDecimal128(sum(number * part), 12) as held_part
from counted
group by line, facets
