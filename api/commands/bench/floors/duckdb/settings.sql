-- name:    settings
-- dialect: duckdb
-- about:   What the speed of the engine depends on. Every commit is synced: it knows no other way.
-- returns: version VARCHAR, threads VARCHAR, memory_limit VARCHAR, checkpoint_threshold VARCHAR
select
    version() as version,
    current_setting('threads')::varchar as threads,
    current_setting('memory_limit')::varchar as memory_limit,
    current_setting('checkpoint_threshold')::varchar as checkpoint_threshold
