-- name:    quantities_streams
-- dialect: duckdb
-- about:   Which stream of events each line reads. Lines on a stream nobody sent to are left out.
-- reads:   streams, corrections
-- frames:  lines
-- returns: line BIGINT, stream BIGINT, is_corrected BOOLEAN
-- order:   (none)
select
    lines.line::bigint as line,
    streams.stream,
    streams.stream in (select stream from corrections) as is_corrected
from lines
join streams
    on
        lines.organization_id = streams.organization_id
        and lines.external_subscription_id = streams.external_subscription_id
