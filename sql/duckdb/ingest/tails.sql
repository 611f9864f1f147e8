-- name:    ingest/tails
-- dialect: duckdb
-- about:   The last number in each table whose rows are numbered as they are stored.
-- reads:   streams, events, receptions, corrections
-- returns: streams BIGINT, events BIGINT, receptions BIGINT, corrections BIGINT
-- order:   one row
select
    coalesce((select max(stream) from streams), 0) as streams,
    coalesce((select max(sequence) from events), 0) as events,
    coalesce((select max(reception) from receptions), 0) as receptions,
    coalesce((select max(sequence) from corrections), 0) as corrections
