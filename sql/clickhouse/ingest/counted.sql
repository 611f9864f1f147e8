-- name:    ingest/counted
-- dialect: clickhouse
-- about:   How far the door has counted: its last row, and the last event in one.
-- reads:   receptions, rejected_events
-- returns: reception Int64, sequence Int64
-- order:   one row
-- notes:   A number that rejected rows have is never given again, though its row was not stored.
select
    greatest(max(reception), (select max(reception) from rejected_events)) as reception,
    max(sequence) as sequence
from receptions
