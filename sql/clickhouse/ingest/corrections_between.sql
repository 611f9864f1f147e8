-- name:    ingest/corrections_between
-- dialect: clickhouse
-- about:   The corrections between two ingestion sequences, both inside, as the writer stored them.
-- reads:   corrections
-- params:  first Int64, last Int64
-- returns: sequence Int64, kind String, event_sequence Int64
-- order:   none
select
    sequence,
    kind,
    event_sequence
from corrections
where
    sequence >= {first:Int64}
    and sequence <= {last:Int64}
