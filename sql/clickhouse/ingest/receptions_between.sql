-- name:    ingest/receptions_between
-- dialect: clickhouse
-- about:   The counts of the door between two numbers, both inside, as the writer stored them.
-- reads:   receptions
-- params:  first Int64, last Int64
-- returns: reception Int64, organization_id String, received_at DateTime64(6, 'UTC'), accepted Int64,
--          duplicates Int64, withheld Int64, rejected Int64, sequence Int64
-- order:   none
select
    reception,
    organization_id,
    received_at,
    accepted,
    duplicates,
    withheld,
    rejected,
    sequence
from receptions
where
    reception >= {first:Int64}
    and reception <= {last:Int64}
