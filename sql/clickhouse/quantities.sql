-- name:    quantities
-- dialect: clickhouse
-- about:   How much of one metric each line used, by the properties that its prices look at.
-- reads:   events, corrections
-- frames:  lines
-- params:  code String, field String, facets Array(String), start DateTime64(6, 'UTC'),
--          stop DateTime64(6, 'UTC'), until Int64
-- slots:   quantity, text, counted, last, standing
-- returns: line Int64, facets String, value String, quantity Decimal(38, 12),
--          last Decimal(38, 0), events_count Int64, events_sum Decimal(38, 12),
--          events_digest Decimal(38, 0)
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
        lines.line as line,
        toJSONString(
            arrayMap(key -> JSONExtractString(events.properties, key), {facets:Array(String)})
        ) as facets,
        toInt128(toUnixTimestamp64Micro(events.at)) * toInt128('10000000000000000000')
            + events.sequence as rank,
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
        rank,
        key_low,
        toDecimal128OrZero(text, 12) as number
    from picked
    where {{counted}}
)

select
    toInt64(line) as line,
    facets,
    '' as value,
    {{quantity}} as quantity,
    {{last}} as last,
    toInt64(count()) as events_count,
    toDecimal128(sum(toDecimal256(number, 12)), 12) as events_sum,
    toDecimal128(sum(toUInt128(key_low)), 0) as events_digest
from counted
group by line, facets
