-- name:    settings
-- dialect: clickhouse
-- about:   What the speed of the engine depends on; whether inserts are synced is said by the table.
-- reads:   system.settings, system.tables
-- returns: version String, threads String, insert_threads String, events String
select
    version() as version,
    (select value from system.settings where name = 'max_threads') as threads,
    (select value from system.settings where name = 'max_insert_threads') as insert_threads,
    (
        select engine_full
        from system.tables
        where name = 'events' and database = currentDatabase()
    ) as events
