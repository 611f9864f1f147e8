-- name:    ingest/position
-- dialect: duckdb
-- about:   How far each source was read whose name begins so, and how many rows that were.
-- reads:   positions
-- params:  organization VARCHAR, source VARCHAR, any_behind BOOLEAN
-- returns: source VARCHAR, position BIGINT, received BIGINT
-- order:   source
-- notes:   A part that was sent again has the same position, and counts once. any_behind also finds
--          the sources whose names go on behind the one that is asked for.
select
    source,
    max(position) as position,
    sum(received)::bigint as received
from (
    select
        source,
        position,
        max(received) as received
    from positions
    where
        organization_id = $organization
        and (source = $source or ($any_behind and starts_with(source, $source)))
    group by source, position
) as parts
group by source
order by source
