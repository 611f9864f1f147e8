-- name:    quantities_streams
-- dialect: clickhouse
-- about:   Which stream of events each line reads. Lines on a stream nobody sent to are left out.
-- reads:   streams, corrections
-- frames:  lines
-- returns: line Int64, stream Int64, is_corrected Bool
-- order:   (none)
select
    toInt64(lines.line) as line,
    streams.stream as stream,
    toBool(streams.stream in (select stream from corrections)) as is_corrected
from streams
inner join lines
    on
        lines.organization_id = streams.organization_id
        and lines.external_subscription_id = streams.external_subscription_id
