-- name:    ingest/corrections_of
-- dialect: duckdb
-- about:   What was put right about rows: those that took them out, and those that made them.
-- reads:   corrections
-- frames:  found
-- returns: sequence BIGINT, kind VARCHAR, event_sequence BIGINT
-- order:   none
-- notes:   found has the sequences of rows.
select
    sequence,
    kind,
    event_sequence
from corrections
where
    event_sequence in (select sequence from found)
    or sequence in (select sequence from found)
