-- name:    ingest_json
-- dialect: duckdb
-- about:   Loads events from lines of JSON, as they were sent, into the table of events.
-- reads:   streams
-- params:  file VARCHAR
-- returns: nothing
-- notes:   The rows are those that our writer stores, found without a check: nobody asks whether an
--          event is there already, or is fit to be stored. Instants are whole seconds.
insert into events
with sent as (
    select
        external_subscription_id,
        transaction_id,
        code,
        make_timestamptz("timestamp" * 1000000) as "at",
        properties
    from read_json(
        $file,
        format = 'newline_delimited',
        columns = {
            'external_subscription_id': 'varchar', 'transaction_id': 'varchar', 'code': 'varchar',
            'timestamp': 'bigint', 'properties': 'json'
        }
    )
),

keyed as (
    select
        streams.stream,
        sent.*,
        md5_number(streams.stream || ':' || sent.transaction_id) as key
    from sent
    join streams on streams.external_subscription_id = sent.external_subscription_id
)

select
    stream,
    code,
    "at",
    transaction_id,
    (key >> 64)::ubigint as key_high,
    (key & 18446744073709551615::uhugeint)::ubigint as key_low,
    properties::varchar as properties,
    null as precise_total_amount_cents,
    row_number() over () as sequence,
    "at" as received_at
from keyed
