-- How far each source was read: one row for each part of it whose rows were all answered.
create table if not exists positions (
    organization_id String,
    source String,
    position Int64,
    received Int64,
    received_at DateTime64(6, 'UTC')
)
engine = MergeTree
order by (organization_id, source, position)
settings
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    non_replicated_deduplication_window = 10000;
