-- name:    reconciliation/received
-- dialect: duckdb
-- about:   What the door counted in a period of reception, and how far it has counted at all.
-- reads:   receptions
-- params:  organization VARCHAR, start TIMESTAMP WITH TIME ZONE, stop TIMESTAMP WITH TIME ZONE
-- returns: accepted BIGINT, duplicates BIGINT, withheld BIGINT, rejected BIGINT,
--          until BIGINT
-- order:   one row
select
    coalesce(sum(accepted), 0)::bigint as accepted,
    coalesce(sum(duplicates), 0)::bigint as duplicates,
    coalesce(sum(withheld), 0)::bigint as withheld,
    coalesce(sum(rejected), 0)::bigint as rejected,
    (select coalesce(max(sequence), 0) from receptions) as until
from receptions
where
    organization_id = $organization
    and received_at >= $start
    and received_at < $stop
