-- name:    ingest/position
-- dialect: clickhouse
-- about:   How far each source was read whose name begins so, and how many rows that were.
-- reads:   positions
-- params:  organization String, source String, any_behind Bool
-- returns: source String, position Int64, received Int64
-- order:   source
-- notes:   A part that was sent again has the same position, and counts once. any_behind also finds
--          the sources whose names go on behind the one that is asked for.
select
    source,
    max(position) as position,
    sum(received) as received
from (
    select
        source,
        position,
        max(received) as received
    from positions
    where
        organization_id = {organization:String}
        and (source = {source:String} or ({any_behind:Bool} and startsWith(source, {source:String})))
    group by source, position
) as parts
group by source
order by source
