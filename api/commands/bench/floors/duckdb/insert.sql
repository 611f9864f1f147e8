-- name:    insert
-- dialect: duckdb
-- about:   Inserts rows that are ready into a table, column by column of the same name.
-- frames:  rows
-- slots:   table
-- returns: nothing
insert into {{table}} by name
select *
from rows
