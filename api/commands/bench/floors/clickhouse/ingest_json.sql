-- name:    ingest_json
-- dialect: clickhouse
-- about:   Loads events from lines of JSON, as they were sent, into the table of events.
-- reads:   streams
-- params:  file String
-- returns: nothing
-- notes:   The rows are those that our writer stores, found without a check: nobody asks whether an
--          event is there already, or is fit to be stored. Instants are whole seconds.
insert into events (
    stream,
    code,
    at,
    transaction_id,
    key_high,
    key_low,
    properties,
    sequence,
    received_at
)
with
    MD5(concat(toString(streams.stream), ':', sent.transaction_id)) as key
select
    streams.stream as stream,
    sent.code as code,
    fromUnixTimestamp64Micro(sent.timestamp * 1000000, 'UTC') as at,
    sent.transaction_id as transaction_id,
    reinterpretAsUInt64(substring(key, 9, 8)) as key_high,
    reinterpretAsUInt64(substring(key, 1, 8)) as key_low,
    sent.properties as properties,
    rowNumberInAllBlocks() + 1 as sequence,
    at as received_at
from file(
    {file:String},
    'JSONEachRow',
    'external_subscription_id String, transaction_id String, code String, timestamp Int64, properties String'
) as sent
inner join streams on streams.external_subscription_id = sent.external_subscription_id
