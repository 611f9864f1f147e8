-- name:    ingest/counted
-- dialect: duckdb
-- about:   How far the door has counted: its last row, and the last event in one.
-- reads:   receptions, rejected_events
-- returns: reception BIGINT, sequence BIGINT
-- order:   one row
-- notes:   A number that rejected rows have is never given again, though its row was not stored.
select
    greatest(
        coalesce(max(reception), 0),
        (select coalesce(max(reception), 0) from rejected_events)
    ) as reception,
    coalesce(max(sequence), 0) as sequence
from receptions
