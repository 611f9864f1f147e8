-- name:    quantities_unique
-- dialect: clickhouse
-- about:   How many different values each line has, of those that came and did not go.
-- reads:   events, corrections
-- frames:  lines
-- params:  code String, field String, facets Array(String), start DateTime64(6, 'UTC'),
--          stop DateTime64(6, 'UTC'), until Int64
-- slots:   value, standing
-- returns: line Int64, facets String, value String, quantity Decimal(38, 12),
--          last Decimal(38, 0), events_count Int64, events_sum Decimal(38, 12),
--          events_digest Decimal(38, 0)
-- order:   (none)
-- notes:   As quantities. A value is there if the last event that named it did not remove it.
--          {{value}} is the value itself where values must be merged across facets, else empty.
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
        JSONExtractString(events.properties, {field:String}) as text,
        JSONExtractString(events.properties, 'operation_type') as operation
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

named as (
    select
        line,
        facets,
        text,
        argMax(operation != 'remove', rank) as is_there,
        max(rank) as newest,
        count() as events,
        sum(toUInt128(key_low)) as digest
    from picked
    where text != ''
    group by line, facets, text
)

select
    toInt64(line) as line,
    facets,
    {{value}} as value,
    toDecimal128(sum(is_there), 12) as quantity,
    toDecimal128(max(newest), 0) as last,
    toInt64(sum(events)) as events_count,
    toDecimal128(0, 12) as events_sum,
    toDecimal128(sum(digest), 0) as events_digest
from named
group by line, facets, value
