-- What the door counted, what was rejected and came again, and what was put right afterwards.
create table if not exists receptions (
    reception Int64,
    organization_id String,
    received_at DateTime64(6, 'UTC'),
    accepted Int64,
    duplicates Int64,
    withheld Int64,
    rejected Int64,
    sequence Int64
)
engine = MergeTree
order by (organization_id, received_at, reception)
settings
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    non_replicated_deduplication_window = 10000;

create table if not exists replays (
    rejected_id String,
    organization_id String,
    replayed_at DateTime64(6, 'UTC'),
    verdict LowCardinality(String)
)
engine = MergeTree
order by (organization_id, rejected_id)
settings
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    non_replicated_deduplication_window = 10000;

create table if not exists corrections (
    sequence Int64,
    kind LowCardinality(String),
    reason String,
    corrected_by String,
    corrected_at DateTime64(6, 'UTC'),
    event_sequence Int64,
    stream Int64,
    code LowCardinality(String),
    at DateTime64(6, 'UTC'),
    transaction_id String,
    key_high UInt64,
    key_low UInt64,
    properties String,
    precise_total_amount_cents Nullable(Decimal(38, 12)),
    received_at DateTime64(6, 'UTC')
)
engine = MergeTree
order by (stream, event_sequence)
settings
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    non_replicated_deduplication_window = 10000;
