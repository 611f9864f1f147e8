-- name:    ingest/receptions_between
-- dialect: duckdb
-- about:   The counts of the door between two numbers, both inside, as the writer stored them.
-- reads:   receptions
-- params:  first BIGINT, last BIGINT
-- returns: reception BIGINT, organization_id VARCHAR, received_at TIMESTAMP WITH TIME ZONE, accepted BIGINT,
--          duplicates BIGINT, withheld BIGINT, rejected BIGINT, sequence BIGINT
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
    reception >= $first
    and reception <= $last
