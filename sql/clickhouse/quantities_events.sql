-- name:    quantities_events
-- dialect: clickhouse
-- about:   The single events of lines whose price depends on each of them.
-- reads:   events, corrections
-- frames:  lines
-- params:  code String, field String, facets Array(String), start DateTime64(6, 'UTC'),
--          stop DateTime64(6, 'UTC'), until Int64
-- slots:   text, counted, number, standing
-- returns: line Int64, facets String, value String, number Decimal(38, 12), is_added Bool,
--          day Int64, rank Decimal(38, 0)
-- order:   (none)
-- notes:   As quantities, and the same events. day is the local day of the event, counted from
--          1970-01-01; of one from before the line began, the day before the line's first.
--          {{standing}} leaves out what was voided or amended up to `until`.
with picked as (
    select
        lines.line as line,
        toJSONString(
            arrayMap(key -> JSONExtractString(events.properties, key), {facets:Array(String)})
        ) as facets,
        toInt128(toUnixTimestamp64Micro(events.at)) * toInt128('10000000000000000000')
            + events.sequence as rank,
        {{text}} as text,
        JSONExtractString(events.properties, 'operation_type') as operation,
        if(
            events.at < lines.begin,
            lines.first - 1,
            intDiv(toUnixTimestamp64Micro(events.at) + lines.ahead, 86400000000)
        ) as day
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
    toInt64(day) as day,
    toDecimal128(rank, 0) as rank
from picked
where {{counted}}
