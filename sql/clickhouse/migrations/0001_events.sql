-- Usage events, and the dictionary of what they were sent for.
create table if not exists streams (
    stream Int64,
    organization_id String,
    external_subscription_id String
)
engine = MergeTree
order by (organization_id, external_subscription_id)
settings
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    non_replicated_deduplication_window = 10000;

create table if not exists events (
    stream Int64,
    code LowCardinality(String),
    at DateTime64(6, 'UTC'),
    transaction_id String,
    key_high UInt64,
    key_low UInt64,
    properties String,
    precise_total_amount_cents Nullable(Decimal(38, 12)),
    sequence Int64,
    received_at DateTime64(6, 'UTC'),
    index by_sequence sequence type minmax,
    projection by_key (
        select key_low, key_high, stream, code, at, sequence
        order by key_low
    )
)
engine = MergeTree
order by (stream, code, at, sequence)
settings
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    non_replicated_deduplication_window = 10000;

create table if not exists rejected_events (
    id String,
    reception Int64,
    organization_id String,
    received_at DateTime64(6, 'UTC'),
    transaction_id Nullable(String),
    external_subscription_id Nullable(String),
    code Nullable(String),
    reason LowCardinality(String),
    content String
)
engine = MergeTree
order by (organization_id, received_at)
settings
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    non_replicated_deduplication_window = 10000;
