-- name:    ingest/corrections_between
-- dialect: duckdb
-- about:   The corrections between two ingestion sequences, both inside, as the writer stored them.
-- reads:   corrections
-- params:  first BIGINT, last BIGINT
-- returns: sequence BIGINT, kind VARCHAR, event_sequence BIGINT
-- order:   none
select
    sequence,
    kind,
    event_sequence
from corrections
where
    sequence >= $first
    and sequence <= $last
