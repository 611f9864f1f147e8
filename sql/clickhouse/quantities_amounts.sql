-- name:    quantities_amounts
-- dialect: clickhouse
-- about:   What the events of each line say that they cost, by the properties of its prices.
-- reads:   events, corrections
-- frames:  lines
-- params:  code String, field String, facets Array(String), start DateTime64(6, 'UTC'),
--          stop DateTime64(6, 'UTC'), until Int64
-- slots:   text, counted, standing
-- returns: line Int64, facets String, cents Decimal(38, 12)
-- order:   (none)
-- notes:   As quantities, and of the same events. One that says no amount costs nothing.
--          {{standing}} leaves out what was voided or amended up to `until`.
with picked as (
    select
        lines.line as line,
        toJSONString(
            arrayMap(key -> JSONExtractString(events.properties, key), {facets:Array(String)})
        ) as facets,
        ifNull(events.precise_total_amount_cents, toDecimal128(0, 12)) as said,
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
)

select
    toInt64(line) as line,
    facets,
    toDecimal128(sum(toDecimal256(said, 12)), 12) as cents
from picked
where {{counted}}
group by line, facets
