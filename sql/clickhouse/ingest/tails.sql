-- name:    ingest/tails
-- dialect: clickhouse
-- about:   The last number in each table whose rows are numbered as they are stored.
-- reads:   streams, events, receptions, corrections
-- returns: streams Int64, events Int64, receptions Int64, corrections Int64
-- order:   one row
select
    assumeNotNull((select max(stream) from streams)) as streams,
    assumeNotNull((select max(sequence) from events)) as events,
    assumeNotNull((select max(reception) from receptions)) as receptions,
    assumeNotNull((select max(sequence) from corrections)) as corrections
